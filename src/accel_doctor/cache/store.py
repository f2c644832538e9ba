"""The local wheel store: ``<root>/v1/<first two of key>/<key>/`` holds one wheel and its ``entry.json``.

An entry appears in one rename and is never changed afterwards, so a reader sees a whole entry or none, whoever
else is writing or was killed. A wheel is handed out only if its bytes still have the hash they were stored with.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from accel_doctor.hashing import sha256_of
from accel_doctor.model import Wheel

LAYOUT = "v1"
_ENTRY = "entry.json"
_ENTRY_LIMIT = 64 * 1024  # bytes; ours are a few hundred

# https://bford.info/cachedir/: backup tools leave marked directories alone
_CACHEDIR_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Wheels built by accel-doctor; safe to delete.\n"


class LocalWheelStore:
    """Wheels under one directory. A store that cannot be used warns once and otherwise behaves as if empty."""

    def __init__(self, root: Path, warn: Callable[[str], None]) -> None:
        self._root = root / LAYOUT
        self._top = root
        self._warn = warn
        self._usable = True

    def get(self, key: str) -> Wheel | None:
        """The wheel kept under ``key``, verified; a damaged entry is taken away and counts as none."""
        place = self._place(key)
        try:
            with (place / _ENTRY).open("rb") as stream:
                entry = json.loads(stream.read(_ENTRY_LIMIT))
            wheel = place / Path(entry["file"]).name
            if sha256_of(wheel) == entry["sha256"]:
                return Wheel(wheel, entry["sha256"])
        except FileNotFoundError:
            if not place.exists():
                return None
        except (ValueError, KeyError, TypeError):
            pass
        except OSError as error:
            self._give_up(error)
            return None
        self._warn(f"a stored wheel was damaged and is built again: {place}")
        self._discard(place)
        return None

    def put(self, key: str, wheel: Path) -> Wheel:
        """Keep a copy of ``wheel`` and return the kept one; where nothing can be kept, the one given."""
        given = Wheel(wheel, sha256_of(wheel))
        if not self._usable:
            return given
        place = self._place(key)
        try:
            self._prepare()
            with tempfile.TemporaryDirectory(dir=self._top / "unfinished") as scratch:
                aside = Path(scratch) / key
                aside.mkdir()
                _copy_durably(wheel, aside / wheel.name)
                _write_durably(aside / _ENTRY, {"file": wheel.name, "sha256": given.sha256})
                place.parent.mkdir(parents=True, exist_ok=True)
                _publish(aside, place)
        except OSError as error:
            self._give_up(error)
            return given
        return self.get(key) or given

    @contextmanager
    def building(self, key: str) -> Iterator[None]:
        """Held while the wheel of ``key`` is built, so that a second process waits and takes it instead."""
        from filelock import FileLock

        try:
            self._prepare()
            lock = FileLock(self._top / "locks" / f"{key}.lock")
            lock.acquire()
        except OSError as error:
            self._give_up(error)
            yield
            return
        try:
            yield
        finally:
            lock.release()

    def _place(self, key: str) -> Path:
        return self._root / key[:2] / key

    def _prepare(self) -> None:
        for directory in (self._root, self._top / "unfinished", self._top / "locks"):
            directory.mkdir(parents=True, exist_ok=True)
        tag = self._top / "CACHEDIR.TAG"
        if not tag.exists():
            tag.write_text(_CACHEDIR_TAG)

    def _discard(self, place: Path) -> None:
        try:
            self._prepare()
            with tempfile.TemporaryDirectory(dir=self._top / "unfinished") as scratch:
                place.rename(Path(scratch) / place.name)
        except FileNotFoundError:
            pass  # another process was faster
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        if self._usable:
            self._usable = False
            self._warn(f"the wheel store {self._top} cannot be used, wheels are not kept in this run: {error}")


def _publish(aside: Path, place: Path) -> None:
    try:
        aside.rename(place)
    except OSError:
        if not place.is_dir():
            raise
        return  # another process published the same key first
    _sync_directory(place.parent)


def _copy_durably(source: Path, target: Path) -> None:
    with source.open("rb") as reading, target.open("xb") as writing:
        shutil.copyfileobj(reading, writing, 1 << 20)
        writing.flush()
        os.fsync(writing.fileno())


def _write_durably(target: Path, entry: dict[str, str]) -> None:
    with target.open("x", encoding="utf-8") as writing:
        json.dump(entry, writing)
        writing.flush()
        os.fsync(writing.fileno())


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
