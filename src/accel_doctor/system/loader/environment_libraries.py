"""What the extension modules of an environment ask of this machine's libraries."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from accel_doctor.elf import ElfFacts, libraries_asked_by, read_elf
from accel_doctor.interfaces import Loader
from accel_doctor.model import Link

_MOST_FILES = 5000


def loader_of(executable: str, environment: Mapping[str, str], cache: Path) -> Loader:
    """Return the dynamic loader as this interpreter will find it; ``cache`` is where answers are kept between runs."""
    # most restores ask nothing of the loader
    from accel_doctor.system.loader.library_versions import LibraryVersions
    from accel_doctor.system.loader.machine_loader import MachineLoader
    from accel_doctor.system.process.runner import ProcessRunner
    from accel_doctor.system.python.interpreter import describe

    runner = ProcessRunner(environment)
    versions = LibraryVersions(cache / "libraries.json")
    return MachineLoader(runner, describe(Path(executable), runner), environment, versions=versions)


def environment_links(root: Path, loader: Loader) -> Sequence[Link]:
    """Return the libraries that files below ``root`` need and do not bring, as far as they are met here."""
    files: dict[str, ElfFacts] = {}
    libraries = (path for path in root.glob("lib/**/*.so*") if not path.is_symlink())
    for path in islice(libraries, _MOST_FILES):
        with suppress(OSError), path.open("rb") as stream:
            if facts := read_elf(stream):
                files[str(path)] = facts
    links = [Link(asked.soname, asked.versions) for asked in libraries_asked_by(files)]
    return [link for link in links if not loader.unmet([link])]


def unmet_links(
    links: Sequence[Link], key: str, cache: Path, executable: str, environment: Mapping[str, str]
) -> list[str]:
    """Return those that this machine cannot meet, in words; remembered as long as its libraries stay the same."""
    if not links:
        return []
    state = _libraries_state(environment)
    remembered = cache / "checked" / key
    with suppress(OSError):
        if state and remembered.read_text() == state:
            return []
    unmet = loader_of(executable, environment, cache).unmet(links)
    if not unmet and state:
        with suppress(OSError):
            remembered.parent.mkdir(parents=True, exist_ok=True)
            aside = remembered.with_suffix(f".{os.getpid()}")
            aside.write_text(state)
            aside.replace(remembered)
    return [str(link) for link in unmet]


def _libraries_state(environment: Mapping[str, str]) -> str:
    """Return what changes whenever libraries are installed or removed: ldconfig(8) writes its cache then."""
    try:
        found = Path("/etc/ld.so.cache").stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns} {found.st_size} {environment.get('LD_LIBRARY_PATH', '')}"
