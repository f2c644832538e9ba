"""What authors of rules do: draft rules from logs, write, format, check and show them."""
