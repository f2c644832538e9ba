"""Run pip through its command line."""
