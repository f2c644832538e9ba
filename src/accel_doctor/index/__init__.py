"""Package indexes: pages of the Simple API, and what releases offer an interpreter. Pure but for ``serving``."""
