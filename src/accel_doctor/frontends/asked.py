"""What a resolution depends on: the request, the frontend's own settings, what is already installed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from accel_doctor.model import InstallRequest

# What a distribution's metadata directory ends with; anything else in a site directory is no installed distribution.
_METADATA = (".dist-info", ".egg-info", ".egg-link", ".pth", ".egg")


def resolved_by(request: InstallRequest) -> str:
    """Return what a resolution depends on in a request: not where a line stood, nor how things are fetched or shown."""
    lines = [[replace(line, origin="") for line in part] for part in (request.requirements, request.constraints)]
    index = replace(request.index, timeout=None, retries=None, offline=False, proxy=None, cert=None, client_cert=None)
    settings = replace(
        request,
        requirements=(),
        constraints=(),
        index=index,
        verbosity=0,
        compile_bytecode=None,
        break_system_packages=False,
    )
    return repr((lines, settings))


def surroundings_of(environment: Mapping[str, str], directory: Path, files: Iterable[Path]) -> dict[str, object]:
    """Return what a resolution depends on besides the request.

    Its variables (``UV_*``, ``PIP_*``), uv's configuration files for ``directory`` and those in ``files`` (binaries,
    more configuration), each by size and time of change.
    https://docs.astral.sh/uv/concepts/configuration-files/ says where uv looks.
    """
    home = environment.get("XDG_CONFIG_HOME") or f"{environment.get('HOME', '/')}/.config"
    configured = [Path(home, "uv/uv.toml"), Path("/etc/uv/uv.toml")]
    if named := environment.get("UV_CONFIG_FILE"):
        configured.append(directory / named)
    for parent in (directory, *directory.parents):
        configured += [parent / "uv.toml", parent / "pyproject.toml"]
    return {
        "variables": {name: value for name, value in environment.items() if name.startswith(("UV_", "PIP_"))},
        "files": [(str(path), status) for path in (*configured, *files) if (status := status_of(path))],
    }


def status_of(path: Path) -> tuple[int, int] | None:
    """Return size in bytes and time of modification in nanoseconds; None where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def installed_metadata(directories: Sequence[Path]) -> Iterator[str]:
    """Yield the names of metadata directories, which hold name and version of everything installed."""
    for directory in directories:
        with contextlib.suppress(OSError), os.scandir(directory) as entries:
            yield from (entry.name for entry in entries if entry.name.endswith(_METADATA))
