"""Installations that are kept, so that the next one like them is hard links and nothing else.

``<root>/v1/<first two of key>/<key>/`` has ``manifest`` and, in ``files/``, one link a file, named by its number in the
manifest. A frontend that links what it installs out of its own cache shares those files with every environment already;
one more link costs a name. What it writes anew each time, scripts and records, is copied. An installation appears in
one rename. That a file was edited in place, in whichever environment, shows in its size and time.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from accel_doctor.store.environments.installation import (
    LIMIT,
    KeptInstallation,
    installation_from_bytes,
    installation_to_bytes,
)
from accel_doctor.values import TYPE_CHECKING

if TYPE_CHECKING:
    from accel_doctor.store.environments.collecting import Collected

DIRECTORY = "installations"  # in the cache
LAYOUT = "v1"
UNFINISHED = "unfinished"
MANIFEST, FILES = "manifest", "files"
MOST = 20  # installations
# https://bford.info/cachedir/
_CACHEDIR_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Installations kept by accel-doctor; safe to delete.\n"


class Installations:
    """Kept installations by key, in one directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def place(self, key: str) -> Path:
        """Where an installation is kept."""
        return self.root / LAYOUT / key[:2] / key

    def find(self, key: str) -> KeptInstallation | None:
        """The one kept under a key; None where there is none that can be read, or where it is another user's, who
        could change it at any time."""
        manifest = self.place(key) / MANIFEST
        try:
            with manifest.open("rb") as stream:
                if os.fstat(stream.fileno()).st_uid != os.geteuid():
                    return None
                return installation_from_bytes(stream.read(LIMIT + 1))
        except (OSError, ValueError):
            return None

    def used(self, key: str) -> None:
        """It was used just now."""
        with suppress(OSError):
            os.utime(self.place(key) / MANIFEST)

    def keep(self, key: str, collected: Collected, hold: Callable[[str], None]) -> None:
        """Keep what was collected, in the place of what was kept under this key. Raises OSError.

        ``hold`` says that a name is in use, so that nobody takes an unfinished installation for one left behind.
        """
        self._prepare()
        aside = self._aside()
        hold(aside.name)
        try:
            aside.mkdir()
            (aside / FILES).mkdir()
            kept = collected.put_into(str(aside / FILES))
            (aside / MANIFEST).write_bytes(installation_to_bytes(kept))
            place = self.place(key)
            place.parent.mkdir(parents=True, exist_ok=True)
            self.forget(key)
            with suppress(OSError):  # another process was faster
                aside.rename(place)
        finally:
            _remove(aside)
        self._limit()

    def forget(self, key: str) -> None:
        """Nothing is kept under this key any more. Raises OSError."""
        aside = self._aside()
        with suppress(FileNotFoundError):
            aside.parent.mkdir(exist_ok=True)
            self.place(key).rename(aside)
            _remove(aside)

    def stored_keys(self) -> list[str]:
        """Every key."""
        return [place.name for shelf in _inside(self.root / LAYOUT) for place in _inside(shelf)]

    def last_used(self, key: str) -> float:
        """When it was last used, as a timestamp; 0 where that cannot be told."""
        with suppress(OSError):
            return (self.place(key) / MANIFEST).stat().st_mtime
        return 0.0

    def size(self, key: str) -> int:
        """The bytes of what nothing else has: files that the frontend's cache or an environment shares are not free
        when they are removed here."""
        total = 0
        for directory in [self.place(key), *_inside(self.place(key) / FILES)]:
            with suppress(OSError), os.scandir(directory) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    if entry.is_file(follow_symlinks=False) and status.st_nlink == 1:
                        total += status.st_size
        return total

    def left_behind(self) -> list[Path]:
        """What runs that were killed did not finish, and what is being written just now."""
        return _inside(self.root / UNFINISHED)

    def _aside(self) -> Path:
        import secrets

        return self.root / UNFINISHED / secrets.token_hex(16)

    def _limit(self) -> None:
        for key in sorted(self.stored_keys(), key=self.last_used, reverse=True)[MOST:]:
            self.forget(key)

    def _prepare(self) -> None:
        (self.root / UNFINISHED).mkdir(parents=True, exist_ok=True)
        tag = self.root / "CACHEDIR.TAG"
        if not tag.exists():
            tag.write_text(_CACHEDIR_TAG)


def _inside(directory: Path) -> list[Path]:
    try:
        return sorted(directory.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _remove(directory: Path) -> None:
    import shutil

    shutil.rmtree(directory, ignore_errors=True)
