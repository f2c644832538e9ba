"""A kept installation put into an environment that has nothing of it: one link a file, and the scripts written anew.

Metadata directories come last, each whole under another name before it gets its own, so that a distribution counts as
installed only once all of its files are there. What is in the way is left as it is, and so is what was put there by
then: the frontend, which runs instead, overwrites it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from accel_doctor.errors import AccelDoctorError
from accel_doctor.model.stored_environments import Place
from accel_doctor.store.environments.halves import HalfError, parted, together, worth_it
from accel_doctor.store.environments.installation import SHELF, file_name
from accel_doctor.store.environments.installations import FILES, Installations
from accel_doctor.store.environments.relocation import for_place
from accel_doctor.values import TYPE_CHECKING

if TYPE_CHECKING:
    from accel_doctor.store.environments.installation import Files, KeptInstallation


_METADATA = ".dist-info"
_UNFINISHED = ".accel-doctor"  # behind the name of a metadata directory; what ends so is none to anybody


class NotRepeatedError(AccelDoctorError):
    """An installation that was not made again, and may be there in part; ``damaged`` says whether what is kept is."""

    def __init__(self, message: str, *, damaged: bool = False) -> None:
        super().__init__(message)
        self.damaged = damaged


def repeat(installations: Installations, key: str, kept: KeptInstallation, root: str) -> None:
    """Make the installation kept under ``key`` in the environment at ``root``. Raises NotRepeatedError."""
    try:
        with _opened(root) as environment, _opened(str(installations.place(key) / FILES)) as files:
            repeating = _Repeating(kept, files, root, environment)
            try:
                repeating.run()
            finally:
                repeating.close()
    except FileNotFoundError as error:
        raise NotRepeatedError(f"what was kept is not whole: {error}", damaged=True) from error
    except HalfError as error:
        raise NotRepeatedError(error.message, damaged=True) from error
    except ValueError as error:
        raise NotRepeatedError(f"what was kept cannot be read: {error}", damaged=True) from error
    except OSError as error:
        raise NotRepeatedError(str(error)) from error
    installations.used(key)


@contextmanager
def _opened(directory: str) -> Iterator[int]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class _Repeating:
    def __init__(self, kept: KeptInstallation, files: int, root: str, environment: int) -> None:
        """``files`` and ``environment`` are open directories, the latter that at ``root``."""
        self._kept = kept
        self._files = files
        self._root = root
        self._environment = environment
        self._first: dict[str, int] = {}  # number of a directory's first file
        number = 0
        for directory, some in kept.directories.items():
            self._first[directory] = number
            number += len(some)
        self._shelves: dict[int, int] = {}
        self._place = Place(root, "", "", "")  # only an environment's own configuration names the others
        self._written: dict[str, set[str]] = {}  # names by directory of what differs from place to place
        for path in (*kept.placed, *kept.records):
            directory, _, name = path.rpartition("/")
            self._written.setdefault(directory, set()).add(name)

    def run(self) -> None:
        code: dict[str, Files] = {}
        metadata: dict[str, Files] = {}
        for directory, some in self._kept.directories.items():
            (metadata if _is_metadata(directory) else code)[directory] = some
        self._refuse_what_is_there()
        self._fill_all(code)
        self._fill_all(metadata)
        for directory in metadata:
            if _is_site(directory.rpartition("/")[0]):
                os.rename(self._path(directory), directory, src_dir_fd=self._environment, dst_dir_fd=self._environment)

    def close(self) -> None:
        """Close what was opened on the way."""
        for descriptor in self._shelves.values():
            os.close(descriptor)

    def _refuse_what_is_there(self) -> None:
        """What a killed run or somebody else left is found before anything is done, not in the midst of it."""
        wanted: dict[str, set[str]] = {}
        for directory, some in self._kept.directories.items():
            parent, _, name = directory.rpartition("/")
            if _is_site(parent):
                wanted.setdefault(parent, set()).add(name)
            if _is_site(directory) or directory == "bin":
                wanted.setdefault(directory, set()).update(row[0] for row in some.rows())
        for directory, names in wanted.items():
            if os.path.isdir(place := f"{self._root}/{directory}"):
                there = names.intersection(os.listdir(place))
                if there:
                    raise NotRepeatedError(f"{directory}/{min(there)} is there already")

    def _fill_all(self, directories: Mapping[str, Files]) -> None:
        if not worth_it(directories):
            self._fill_each(list(directories.items()))
            return
        top, mine, theirs = parted(directories)
        self._fill_each(top)
        together(lambda: self._fill_each(mine), lambda check: self._fill_each(theirs, check))

    def _fill_each(self, part: Sequence[tuple[str, Files]], check: Callable[[], None] = lambda: None) -> None:
        for done, (directory, some) in enumerate(part):
            if done % 20 == 0:
                check()
            self._fill(directory, some)

    def _fill(self, directory: str, wanted: Files) -> None:
        here, look, link = self._environment, os.stat, os.link
        shelf, opened = -1, -1
        written = self._written.get(directory, ())
        place = self._path(directory)
        try:
            os.mkdir(place, dir_fd=here)
        except FileExistsError:
            if "-packages/" in directory or os.path.islink(f"{self._root}/{directory}"):
                raise
        for number, (name, size, time) in enumerate(wanted.rows(), self._first[directory]):
            if number // SHELF != shelf:
                shelf = number // SHELF
                opened = self._opened(shelf)
            source = str(number % SHELF)
            found = look(source, dir_fd=opened, follow_symlinks=False)
            if found.st_mtime_ns != time or found.st_size != size:
                raise NotRepeatedError(f"{directory}/{name} was changed since it was installed", damaged=True)
            if name in written:
                self._write(file_name(number), f"{directory}/{name}", f"{place}/{name}", found.st_mode)
            else:
                link(source, f"{place}/{name}", src_dir_fd=opened, dst_dir_fd=here, follow_symlinks=False)

    def _opened(self, shelf: int) -> int:
        """One of the directories that files are kept in; the way there is looked up once, and not for each file."""
        if shelf not in self._shelves:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            self._shelves[shelf] = os.open(str(shelf), flags, dir_fd=self._files)
        return self._shelves[shelf]

    @staticmethod
    def _path(directory: str) -> str:
        """Where the files of a directory are put first."""
        if not _is_metadata(directory):
            return directory
        return directory.replace(_METADATA, _METADATA + _UNFINISHED, 1)

    def _write(self, source: str, path: str, place: str, mode: int) -> None:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(source, flags, dir_fd=self._files), "rb") as stream:
            content = stream.read()
        record = path in self._kept.records
        content = self._record(path, content) if record else for_place(path, content, self._place)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(place, flags, mode & 0o777, dir_fd=self._environment), "wb") as stream:
            stream.write(content)

    def _record(self, record: str, content: bytes) -> bytes:
        """A RECORD with hash and size of the scripts as they are here."""
        import base64
        import hashlib

        site = record.rpartition("/")[0].rpartition("/")[0]
        new = {}
        for row in self._kept.records[record]:
            with open(os.path.normpath(f"{self._root}/{site}/{row}"), "rb") as stream:
                script = stream.read()
            digest = base64.urlsafe_b64encode(hashlib.sha256(script).digest()).rstrip(b"=").decode()
            new[row] = f"{row},sha256={digest},{len(script)}"
        lines = content.decode().split("\n")
        return "\n".join(new.get(line.partition(",")[0], line) for line in lines).encode()


def _is_site(directory: str) -> bool:
    return directory.endswith("-packages")


def _is_metadata(directory: str) -> bool:
    """Whether it is a distribution's metadata directory, or below one; what a package has inside of itself is not."""
    _, site, inside = directory.partition("-packages/")
    return bool(site) and inside.partition("/")[0].endswith(_METADATA)
