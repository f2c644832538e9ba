"""Serve a package index of our own: sources that wrap one another, what they keep, and HTTP in front of them."""
