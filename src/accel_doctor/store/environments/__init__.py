"""Cached environments: stored by content, restored at any path in the time of making links."""
