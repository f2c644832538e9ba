"""Build wheels with what all builds of a run have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from accel_doctor.builder.bytecode import LibraryBytecode
from accel_doctor.interfaces import Frontend, Runner, Sandbox
from accel_doctor.model.machine import Interpreter
from accel_doctor.model.requests import BuildSettings, IndexSettings


class Product(Enum):
    """Name what a build is to make; where a backend makes no metadata alone, it makes the wheel."""

    WHEEL = "wheel"
    METADATA = "metadata"


@dataclass(frozen=True)
class MadeWheel:
    """Tell how a build ended: its wheel if it made one, the contents of its environment (``setuptools==80.9.0``)."""

    returncode: int
    wheel: Path | None = None
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Builds:
    """Build wheels for one interpreter, each by its own backend in an environment of its own."""

    frontend: Frontend
    runner: Runner
    sandbox: Sandbox
    interpreter: Interpreter
    variables: Mapping[str, str]  # that builds inherit
    bytecode: LibraryBytecode

    def wheel_of(
        self,
        name: str,
        source: Path,
        subdirectory: str,
        settings: BuildSettings,
        index: IndexSettings,
        work: Path,
        log: Path,
        hear: Callable[[str], None],
        what: Product = Product.WHEEL,
    ) -> MadeWheel:
        """Build a wheel from an archive or a tree, below the existing directory ``work``; what the build says goes into
        ``log``, and each line of it to ``hear``."""
        # Most runs build nothing, and calling backends takes a tenth of what these take to start.
        from accel_doctor.builder.isolated_build import IsolatedBuild

        return IsolatedBuild(self, name, settings, index, work, log, hear).made(source, subdirectory, what)
