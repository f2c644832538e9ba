"""Read requirement files from disk and from the web."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from accel_doctor.model.requests import Connection
from accel_doctor.requirements.requirement_files import SIZE_LIMIT
from accel_doctor.urls import local_path, redacted


@dataclass(frozen=True)
class FileReader:
    """Implement :class:`accel_doctor.requirements.requirement_files.Files` on this machine's disk and network."""

    connection: Connection
    variables: Mapping[str, str]

    def read(self, location: str) -> bytes:
        """Return the content of a path or URL; of a file, at most one byte more than the limit. Raises OSError."""
        try:
            scheme, path = urlsplit(location).scheme, local_path(location)
        except ValueError as error:
            raise OSError(f"{location}: {error}") from error
        if scheme in ("http", "https"):
            from accel_doctor.http import HttpClient, HttpError, TooLargeError

            with HttpClient(self.connection, self.variables) as client:
                try:
                    return client.read(location, SIZE_LIMIT)
                except (HttpError, TooLargeError) as error:
                    raise OSError(f"{redacted(location)}: {error}") from error
        with (path or Path(location)).open("rb") as stream:
            return stream.read(SIZE_LIMIT + 1)

    def is_directory(self, path: str) -> bool:
        return Path(path).is_dir()

    def is_file(self, path: str) -> bool:
        return Path(path).is_file()
