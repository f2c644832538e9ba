"""What the extension modules of an environment ask of this machine's libraries."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from accel_doctor.elf import read_elf
from accel_doctor.model import Link

if TYPE_CHECKING:
    from accel_doctor.interfaces import Loader

_MOST_FILES = 5000


def machine_loader(executable: str, environment: Mapping[str, str], cache: Path) -> Loader:
    """The dynamic loader as the interpreter will find it."""
    from accel_doctor.system.library_versions import LibraryVersions
    from accel_doctor.system.loader import MachineLoader
    from accel_doctor.system.process.runner import ProcessRunner
    from accel_doctor.system.python.interpreter import describe

    runner = ProcessRunner(dict(environment))
    return MachineLoader(
        runner, describe(Path(executable), runner), environment, versions=LibraryVersions(cache / "libraries.json")
    )


def environment_links(root: Path, loader: Loader) -> Sequence[Link]:
    """The libraries that files below ``root`` need and that it has not itself, as far as they are met here."""
    needed: dict[str, set[str]] = {}
    own: set[str] = set()
    for count, path in enumerate(_libraries(root)):
        own.add(path.name)
        if count >= _MOST_FILES:
            break
        with suppress(OSError), path.open("rb") as stream:
            facts = read_elf(stream)
            if facts:
                own.add(facts.soname or path.name)
                for soname in facts.needed:
                    needed.setdefault(soname, set()).update(facts.required.get(soname, ()))
    links = [Link(soname, tuple(sorted(needed[soname]))) for soname in sorted(needed.keys() - own)]
    return [link for link in links if not loader.unmet([link])]


def _libraries(root: Path) -> Sequence[Path]:
    return [path for path in root.glob("lib/**/*.so*") if not path.is_symlink()]


def libraries_state(environment: Mapping[str, str]) -> str:
    """What changes whenever libraries are installed or removed: ldconfig(8) writes its cache then."""
    try:
        found = Path("/etc/ld.so.cache").stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns} {found.st_size} {environment.get('LD_LIBRARY_PATH', '')}"


def unmet_links(
    links: Sequence[Link], key: str, cache: Path, executable: str, environment: Mapping[str, str]
) -> list[str]:
    """Those that this machine cannot meet, in words; remembered as long as its libraries stay the same."""
    if not links:
        return []
    state = libraries_state(environment)
    remembered = cache / "checked" / key
    with suppress(OSError):
        if state and remembered.read_text() == state:
            return []
    unmet = machine_loader(executable, environment, cache).unmet(links)
    if not unmet and state:
        with suppress(OSError):
            remembered.parent.mkdir(parents=True, exist_ok=True)
            aside = remembered.with_suffix(f".{os.getpid()}")
            aside.write_text(state)
            aside.replace(remembered)
    return [str(link) for link in unmet]
