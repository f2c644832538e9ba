"""Build source distributions into wheels: fetch, verify, build in parallel, store."""
