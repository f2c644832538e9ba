"""Rules, opened for the package managers that accel-doctor knows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from accel_doctor.rulebook import Rulebook, load
from accel_doctor.system.packages.managers import MANAGERS


def load_rules(directories: Sequence[Path] = ()) -> Rulebook:
    """Return the shipped rules with these directories laid over them."""
    return load(directories, MANAGERS)
