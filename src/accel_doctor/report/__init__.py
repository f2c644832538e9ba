"""Rendering of values: text for people, JSON for programs. Pure; only the command line prints."""
