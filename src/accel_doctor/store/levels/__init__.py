"""Shared levels behind the local wheel store: object stores by URL scheme, and how a run deals with their trouble."""
