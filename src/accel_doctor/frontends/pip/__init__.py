"""pip, driven through its command line."""
