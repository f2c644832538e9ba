"""Whether a kept installation is still what was installed: every file's size and time, and its hash where the RECORD of
its distribution has one."""

from __future__ import annotations

import base64
import csv
from collections.abc import Iterator
from pathlib import Path

from accel_doctor.hashing import sha256_of
from accel_doctor.store.environments.installation import KeptInstallation, file_name
from accel_doctor.store.environments.installations import FILES, Installations
from accel_doctor.store.environments.recorded import NotKeptError, placed

_METADATA = ".dist-info"


def damage(installations: Installations, key: str) -> str | None:
    """What is wrong with an installation; None where it is as it was kept. Raises OSError."""
    kept = installations.find(key)
    if kept is None:
        return "its manifest cannot be read"
    files = installations.place(key) / FILES
    try:
        numbers = dict(_numbered(kept))
        hashes = _recorded_hashes(kept, files, {path: number for path, (number, _) in numbers.items()})
    except (ValueError, csv.Error, NotKeptError) as error:
        return str(error)
    for path, (number, state) in numbers.items():
        file = files / file_name(number)
        try:
            status = file.lstat()
        except FileNotFoundError:
            return f"{path} is missing"
        if (status.st_size, status.st_mtime_ns) != state:
            return f"{path} was changed"
        if path in hashes and path not in kept.placed and sha256_of(file) != hashes[path]:
            return f"{path} has not the hash of its RECORD"
    return None


def _numbered(kept: KeptInstallation) -> Iterator[tuple[str, tuple[int, tuple[int, int]]]]:
    number = 0
    for directory, some in kept.directories.items():
        for name, size, time in some.rows():
            yield f"{directory}/{name}", (number, (size, time))
            number += 1


def _recorded_hashes(kept: KeptInstallation, files: Path, numbers: dict[str, int]) -> dict[str, str]:
    """The SHA-256 that RECORD files have, in hex, by path."""
    hashes = {}
    for directory in kept.directories:
        parent = directory.rpartition("/")[0]
        if not (directory.endswith(_METADATA) and parent.endswith("-packages")):
            continue
        record = files / file_name(numbers[f"{directory}/RECORD"])
        if record.is_file():
            for row in csv.reader(record.read_text(encoding="utf-8").splitlines()):
                if len(row) > 1 and row[1].startswith("sha256="):
                    hashes[placed(parent, row[0])] = base64.urlsafe_b64decode(f"{row[1][7:]}==").hex()
    return hashes
