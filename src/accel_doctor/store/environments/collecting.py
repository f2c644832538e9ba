"""What an installation put into an environment, collected to be kept."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from accel_doctor.store.environments.halves import HalfError, together, worth_it
from accel_doctor.store.environments.installation import SHELF, Conditions, Files, KeptInstallation, file_name
from accel_doctor.store.environments.recorded import NotKeptError, placed, record_rows, recorded_files
from accel_doctor.store.environments.relocation import without_place

_METADATA = ".dist-info"
_LARGEST_COPY = 32 << 20  # bytes of a script or a RECORD


@dataclass(frozen=True)
class Collected:
    """The files of an installation, still where they were installed."""

    root: str
    metadata: Sequence[str]  # directories, relative to the root
    files: Mapping[str, Collection[str]]  # names by directory, relative to the root
    packages: int
    built: int
    quiet: bool
    conditions: Conditions
    touched: Sequence[str]

    def put_into(self, directory: str) -> KeptInstallation:
        """Link or copy each file into ``directory``, named by its number. Raises NotKeptError, OSError."""
        return _Putting(self, directory).run()


def metadata_in(root: str, site: str) -> list[str]:
    """The metadata directories in one site directory, both relative to ``root``."""
    with os.scandir(f"{root}/{site}") as entries:
        return sorted(f"{site}/{entry.name}" for entry in entries if entry.name.endswith(_METADATA))


def collect(
    root: str,
    metadata: Sequence[str],
    *,
    packages: int,
    built: int,
    quiet: bool,
    conditions: Conditions,
    touched: Sequence[str],
) -> Collected:
    """The files of the distributions with these metadata directories. Raises NotKeptError, OSError."""
    if len(metadata) != packages:
        raise NotKeptError("something was there before, or was not installed")
    files = recorded_files(root, metadata)
    if any(_is_compiled(f"{root}/{directory}", names) for directory, names in files.items()):
        raise NotKeptError("bytecode was made, which no record lists")
    return Collected(root, metadata, files, packages, built, quiet, conditions, touched)


class _Putting:
    def __init__(self, collected: Collected, target: str) -> None:
        self._collected = collected
        self._target = target
        self._links: list[tuple[str, str]] = []
        self._copies: list[tuple[str, str, int]] = []  # with the mode
        self._placed: set[str] = set()
        self._device = os.stat(target).st_dev

    def run(self) -> KeptInstallation:
        found = self._look()
        number = sum(map(len, found.values()))
        for shelf in range(-(-number // SHELF)):
            os.mkdir(f"{self._target}/{shelf}")
        self._link()
        copied = {path: self._copy(path, target, mode) for path, target, mode in self._copies}
        directories = {
            directory: Files.of([(name, *copied.get(f"{directory}/{name}", state)) for name, state in rows])
            for directory, rows in found.items()
        }
        return KeptInstallation(
            self._collected.packages,
            self._collected.built,
            self._collected.quiet,
            directories,
            frozenset(self._placed),
            self._records(),
            self._collected.conditions,
            self._collected.touched,
        )

    def _look(self) -> dict[str, list[tuple[str, tuple[int, int]]]]:
        """Names with size and time by directory, parents first; what is linked and what is copied is settled then."""
        files = self._collected.files
        user = os.geteuid()
        found = {}
        number = 0
        for directory in sorted(files.keys() | _parents(files)):
            rows = []
            for name in sorted(files.get(directory, ())):
                path = f"{directory}/{name}"
                status = os.lstat(f"{self._collected.root}/{path}")
                if not stat.S_ISREG(status.st_mode) or status.st_uid != user or status.st_dev != self._device:
                    raise NotKeptError(f"{path} is no file that can be linked")
                target = f"{self._target}/{file_name(number)}"
                number += 1
                if status.st_nlink == 1 and name == "METADATA" and directory in self._collected.metadata:
                    raise NotKeptError("the frontend copies what it installs")
                if status.st_nlink > 1:  # the frontend's cache has it too
                    self._links.append((f"{self._collected.root}/{path}", target))
                else:
                    self._copies.append((path, target, status.st_mode))
                rows.append((name, (status.st_size, status.st_mtime_ns)))
            found[directory] = rows
        return found

    def _link(self) -> None:
        """Two processes, each into directories of its own but for one."""

        def link(some: Sequence[tuple[str, str]], check: Callable[[], None] = lambda: None) -> None:
            for done, (source, target) in enumerate(some):
                if done % 100 == 0:
                    check()
                os.link(source, target, follow_symlinks=False)

        if not worth_it({"": self._links}):
            link(self._links)
            return
        half = len(self._links) // 2
        try:
            together(lambda: link(self._links[:half]), lambda check: link(self._links[half:], check))
        except HalfError as error:
            raise NotKeptError(error.message) from error

    def _copy(self, path: str, target: str, mode: int) -> tuple[int, int]:
        with open(f"{self._collected.root}/{path}", "rb") as stream:
            content = stream.read(_LARGEST_COPY + 1)
        if len(content) > _LARGEST_COPY:
            raise NotKeptError(f"{path} is large, and a copy")
        bare = without_place(path, content, self._collected.root)
        if bare is not None:
            self._placed.add(path)
            content = bare
        elif content.startswith(b"#!"):
            raise NotKeptError(f"{path} names another place than this environment")
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, stat.S_IMODE(mode))
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        status = os.lstat(target)
        return status.st_size, status.st_mtime_ns

    def _records(self) -> dict[str, list[str]]:
        """Which rows of which RECORD are about files that are written for their place."""
        records = {}
        for directory in self._collected.metadata if self._placed else ():
            site = directory.rpartition("/")[0]
            record = f"{directory}/RECORD"
            rows = [
                row
                for row in record_rows(f"{self._collected.root}/{record}")
                if row.startswith("..") and placed(site, row) in self._placed
            ]
            if any('"' in row or "," in row for row in rows):
                raise NotKeptError(f"{record} has a script with a comma in its name")
            if rows:
                records[record] = rows
        return records


def _is_compiled(directory: str, names: Collection[str]) -> bool:
    if not (directory.endswith("-packages") or directory.rpartition("/")[0].endswith("-packages")):
        return False  # one look a distribution is enough
    try:
        compiled = os.listdir(f"{directory}/__pycache__")
    except FileNotFoundError:
        return False
    return not {name.partition(".")[0] for name in compiled}.isdisjoint(name.removesuffix(".py") for name in names)


def _parents(directories: Iterable[str]) -> set[str]:
    parents = set()
    for directory in directories:
        while directory := directory.rpartition("/")[0]:
            if directory in parents:
                break
            parents.add(directory)
    return parents
