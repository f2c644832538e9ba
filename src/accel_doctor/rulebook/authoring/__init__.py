"""New rules drafted from logs and written into rule files."""
