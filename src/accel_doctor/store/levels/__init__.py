"""Shared levels behind the local store: object stores by URL scheme, and what a run does when one fails."""
