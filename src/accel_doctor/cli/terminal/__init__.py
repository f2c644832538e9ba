"""Output and questions for a person at a terminal."""
