"""Shared levels behind the local store: object stores by URL scheme, and the handling of their failures."""
