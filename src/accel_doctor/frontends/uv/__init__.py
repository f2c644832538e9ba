"""Run uv through its command line."""
