"""What an environment consists of: its directories, files and symlinks, and which distribution each file is of."""

from __future__ import annotations

import csv
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from accel_doctor.errors import AccelDoctorError

_RECORD_LIMIT = 64 << 20
_DISTRIBUTION = re.compile(r"(?P<name>[A-Za-z0-9._-]+?)-(?P<version>[^-/]+)\.dist-info")
_BYTECODE = re.compile(r"(?P<folder>(?:.*/)?)__pycache__/(?P<module>[^/]+?)\.[^/.]+(?:\.opt-[^/.]+)?\.pyc")


class ChangingError(AccelDoctorError):
    """An environment that is changed while it is stored, or holds what cannot be stored."""


class Found(NamedTuple):
    """A regular file."""

    size: int
    time_ns: int
    executable: bool


class Tree(NamedTuple):
    """An environment as it was found; paths are relative to its root."""

    directories: dict[str, int]  # with the time of their last change
    files: dict[str, Found]
    symlinks: dict[str, str]


def scan(root: Path) -> Tree:
    """Return everything below ``root``. Raise ChangingError for sockets, devices and names with control characters."""
    tree = Tree({}, {}, {})
    waiting = [""]
    while waiting:
        directory = waiting.pop()
        place = f"{root}/{directory}" if directory else str(root)
        try:
            tree.directories[directory] = os.stat(place).st_mtime_ns
            with os.scandir(place) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            for entry in found:
                path = f"{directory}/{entry.name}" if directory else entry.name
                if _note(entry, path, tree):
                    waiting.append(path)
        except FileNotFoundError:
            raise ChangingError(f"{place} was removed while being stored") from None
    return tree


def _note(entry: os.DirEntry[str], path: str, tree: Tree) -> bool:
    if not entry.name.isprintable() and any(ord(character) < 32 for character in entry.name):
        raise ChangingError(f"cannot store {path!r}: control characters in its name")
    if entry.is_symlink():
        tree.symlinks[path] = os.readlink(entry.path)
        return False
    if entry.is_dir():
        return True
    facts = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(facts.st_mode):
        raise ChangingError(f"cannot store {entry.path}: neither a file nor a directory")
    tree.files[path] = Found(facts.st_size, facts.st_mtime_ns, bool(facts.st_mode & 0o111))
    return False


def check_unchanged(root: Path, tree: Tree, inode: int) -> None:
    """Raise ChangingError where the environment is not the one that was scanned."""
    try:
        if os.stat(root).st_ino == inode and all(
            os.stat(f"{root}/{path}").st_mtime_ns == time for path, time in tree.directories.items()
        ):
            return
    except FileNotFoundError:
        pass
    raise ChangingError(f"{root} changed while being stored: not kept", hint="run it again")


def owners(root: Path, files: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the distribution (normalized name, version) that claims each file by its RECORD; leave out other files.

    Bytecode belongs to whom its source belongs to: who made it, and when, differs from one environment to the next.
    """
    known = set(files)
    result: dict[str, tuple[str, str]] = {}
    for record in sorted(path for path in known if path.endswith(".dist-info/RECORD")):
        site, _, name = record.removesuffix("/RECORD").rpartition("/")
        found = _DISTRIBUTION.fullmatch(name)
        if found:
            distribution = (re.sub(r"[-_.]+", "-", found["name"]).lower(), found["version"])
            for path in _recorded(root / record, site):
                if path in known:
                    result.setdefault(path, distribution)
            inside = f"{site}/{name}/"
            result.update({path: distribution for path in known if path.startswith(inside)})
    for path in known - result.keys():
        source = source_of(path)
        if source in result:
            result[path] = result[source]
    return result


def source_of(path: str) -> str:
    """Return the module that bytecode was made of; "" for other files."""
    found = _BYTECODE.fullmatch(path)
    return f"{found['folder']}{found['module']}.py" if found else ""


def _recorded(record: Path, site: str) -> Iterable[str]:
    try:
        with record.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
            text = stream.read(_RECORD_LIMIT)
        for row in csv.reader(text.splitlines()):
            if row and not row[0].startswith("/"):
                yield os.path.normpath(f"{site}/{row[0]}") if row[0].startswith(".") else f"{site}/{row[0]}"
    except (OSError, csv.Error):
        return
