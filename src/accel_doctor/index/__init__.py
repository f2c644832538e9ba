"""Package indexes: the pages of the Simple API, and what their releases offer an interpreter. Pure."""
