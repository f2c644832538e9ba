"""Find the libraries of this machine that installed distributions link, each with its own."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from accel_doctor.elf import ElfFacts, libraries_asked_by, read_elf
from accel_doctor.model.wheels import Link

_MOST_FILES = 20_000
_LARGEST_RECORD = 64 << 20  # bytes


class Linking(NamedTuple):
    """An installed distribution: its metadata directory, whether it was built on this machine, and the libraries that
    its extension modules link and that the environment does not have itself."""

    metadata: str  # numpy-2.1.0.dist-info
    built_here: bool
    links: tuple[Link, ...]


def installed_links(directories: Sequence[Path]) -> list[Linking]:
    """Return the distributions with extension modules in these site directories."""
    found: dict[Path, dict[str, ElfFacts]] = {}
    for metadata in (path for directory in directories for path in sorted(directory.glob("*.dist-info"))):
        if files := dict(_elf_files(metadata)):
            found[metadata] = files
    own = {name for files in found.values() for path, facts in files.items() for name in _names(path, facts)}
    return [
        Linking(
            metadata.name,
            _built_here(metadata),
            tuple(Link(one.soname, one.versions) for one in libraries_asked_by(files) if one.soname not in own),
        )
        for metadata, files in found.items()
    ]


def _names(path: str, facts: ElfFacts) -> set[str]:
    return {path.rpartition("/")[2], facts.soname or ""}


def _elf_files(metadata: Path) -> Iterator[tuple[str, ElfFacts]]:
    for name in islice(_recorded(metadata), _MOST_FILES):
        path = metadata.parent / name
        if ".so" in path.name and not path.is_symlink():
            with suppress(OSError), path.open("rb") as stream:
                if facts := read_elf(stream):
                    yield str(path), facts


def _recorded(metadata: Path) -> Iterator[str]:
    """Yield the paths in RECORD, relative to the site directory
    (https://packaging.python.org/en/latest/specifications/recording-installed-packages/)."""
    with suppress(OSError, csv.Error), (metadata / "RECORD").open(encoding="utf-8", errors="replace") as stream:
        if metadata.joinpath("RECORD").stat().st_size <= _LARGEST_RECORD:
            yield from (row[0] for row in csv.reader(stream) if row)


def _built_here(metadata: Path) -> bool:
    """Return whether the wheel was built from source: wheels of an index have a manylinux or musllinux tag."""
    try:
        text = (metadata / "WHEEL").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    tags = [line for line in text.splitlines() if line.startswith("Tag: ")]
    return any("-linux_" in tag for tag in tags)
