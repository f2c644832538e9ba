"""What an installer put where: the RECORD files of installed distributions
(https://packaging.python.org/en/latest/specifications/recording-installed-packages/)."""

from __future__ import annotations

import csv
import os
import posixpath
from collections.abc import Iterable, Sequence
from pathlib import Path

_SIZE_LIMIT = 32 << 20  # bytes of one RECORD; a hundred thousand files


class NotKeptError(Exception):
    """Why an installation cannot be made again by links alone."""


def recorded_files(root: str, metadata: Sequence[str]) -> dict[str, set[str]]:
    """The files of the distributions whose metadata directories are ``metadata``: names by directory, both relative to
    ``root``. Raises NotKeptError, OSError."""
    files: dict[str, set[str]] = {}
    for directory in metadata:
        site = posixpath.dirname(directory)
        for row in record_rows(f"{root}/{directory}/RECORD"):
            where, _, name = placed(site, row).rpartition("/")
            files.setdefault(where, set()).add(name)
        for where, _, names in os.walk(f"{root}/{directory}"):  # not all of it is in every RECORD
            files.setdefault(where[len(root) + 1 :], set()).update(names)
    return files


def record_rows(path: str) -> Iterable[str]:
    """The paths that a RECORD lists, as they stand in it. Raises NotKeptError, OSError."""
    try:
        return [row[0] for row in csv.reader(_text(path).splitlines()) if row]
    except csv.Error as error:
        raise NotKeptError(f"{path}: {error}") from error


def placed(site: str, row: str) -> str:
    """The path, relative to the root, that a row of a RECORD in ``site`` names. Raises NotKeptError for one outside."""
    path = f"{site}/{row}"
    if ".." in row or "//" in row or "./" in row:
        path = posixpath.normpath(path)
    if row.startswith("/") or path.startswith("../") or "/" not in path:
        raise NotKeptError(f"{row} is outside of the environment")
    return path


def _text(path: str) -> str:
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(_SIZE_LIMIT + 1)
        if len(content) > _SIZE_LIMIT:
            raise NotKeptError(f"{path} is larger than {_SIZE_LIMIT} bytes")
        return content.decode()
    except FileNotFoundError:
        raise NotKeptError(f"{path} is missing") from None
    except UnicodeDecodeError as error:
        raise NotKeptError(f"{path}: {error}") from error
