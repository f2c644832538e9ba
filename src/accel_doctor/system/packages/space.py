"""Whether what a simulation says fits on the disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from accel_doctor.errors import PackageManagerError
from accel_doctor.interfaces import Runner
from accel_doctor.model import Simulation
from accel_doctor.system.packages.outputs import ENGLISH

_UNPACKED_TO = "/usr"  # where development packages have all but a few small files


def refuse_without_space(simulation: Simulation, downloads_to: str, runner: Runner, manager: str) -> None:
    """PackageManagerError where the disk has no room for what would be downloaded and unpacked.

    Package managers find out later, apt when half of it is unpacked. Where df(1) tells nothing, nothing is refused.
    """
    needed: dict[str, int] = {}
    free: dict[str, int] = {}
    for path, size in ((_UNPACKED_TO, simulation.disk_bytes), (downloads_to, simulation.download_bytes)):
        found = _file_system(path, runner) if size and size > 0 else None
        if found and size:
            place, available = found
            free[place] = available
            needed[place] = needed.get(place, 0) + size
    lacking = [_shortage(place, size, free[place]) for place, size in needed.items() if size > free[place]]
    if lacking:
        raise PackageManagerError(
            f"refused, nothing was changed: the disk is too full for what {manager} would do: {'; '.join(lacking)}",
            hint="free some disk space, then run the same command again",
        )


def _shortage(place: str, needed: int, free: int) -> str:
    from rich.filesize import decimal

    return f"{decimal(needed)} would go to {place}, where {decimal(free)} are free"


def _file_system(path: str, runner: Runner) -> tuple[str, int] | None:
    """The mount point of the file system that a path, or the nearest directory above it, is on, and its free bytes."""
    for place in _upwards(path):
        done = runner.capture(["df", "-Pk", place], environment=ENGLISH)
        # POSIX: Filesystem 1024-blocks Used Available Capacity Mounted-on
        columns = done.output.splitlines()[-1].split(None, 5) if done.returncode == 0 and done.output else []
        if len(columns) == 6 and columns[1].isdigit() and columns[3].lstrip("-").isdigit():
            # A file system that has no size (some containers show one) says nothing about what fits.
            return (columns[5], int(columns[3]) * 1024) if int(columns[1]) else None
    return None


def _upwards(path: str) -> Iterable[str]:
    yield path
    yield from map(str, PurePosixPath(path).parents)
