"""accel-doctor: install Python requirements on fresh machines, with the system packages their builds need."""

__version__ = "0.1.0"
