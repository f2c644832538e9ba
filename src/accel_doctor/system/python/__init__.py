"""The interpreter to install into: find it, describe it, test imports with it."""
