"""Tools for authors of rules: draft rules from logs, write, format, check and show them."""
