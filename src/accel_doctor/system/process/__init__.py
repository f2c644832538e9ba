"""Processes: started here only, captured, recorded, joined to a terminal."""
