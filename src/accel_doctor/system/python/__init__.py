"""The interpreter that is installed into: found, described, asked to import."""
