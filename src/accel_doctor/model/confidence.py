"""How sure a package choice is."""

from __future__ import annotations

from enum import Enum


class Confidence(str, Enum):
    """How a package was found: a curated rule; the distribution's file list; one guess of several."""

    RULE = "rule"
    INDEX = "index"
    GUESS = "guess"

    @property
    def covered_by_yes(self) -> bool:
        """Whether ``--yes`` alone agrees to it."""
        return self is not Confidence.GUESS
