"""Tools for rule authors: draft rules from logs, write, format, check and show them."""
