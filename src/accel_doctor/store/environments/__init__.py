"""Cached environments: stored by content, restored at any path in the time it takes to create hard links."""
