"""Processes: started only here; captured, recorded, or connected to a terminal."""
