"""uv, driven through its command line."""
