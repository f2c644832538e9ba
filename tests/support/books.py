"""Rulebooks for tests, with the package managers that accel-doctor knows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from accel_doctor import rulebook
from accel_doctor.rulebook import Rulebook
from accel_doctor.system.packages.managers import MANAGERS


def load(directories: Sequence[Path] = ()) -> Rulebook:
    """Return the shipped rules with these directories laid over them; the shipped ones alone are read once."""
    return rulebook.load(directories, MANAGERS) if directories else _shipped()


@cache
def _shipped() -> Rulebook:
    return rulebook.load((), MANAGERS)


def book_of(directories: Sequence[Path]) -> Rulebook:
    """Return the rules of these directories alone."""
    return Rulebook(directories, MANAGERS)


def book_of_files(directory: Path, name: str, *texts: str) -> Rulebook:
    """Return the rules of files called ``name``, each laid over those before it, written below ``directory``."""
    layers = [directory / str(number) for number in range(len(texts))]
    for layer, text in zip(layers, texts, strict=True):
        layer.mkdir()
        (layer / name).write_text(text)
    return book_of(layers)
