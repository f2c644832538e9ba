"""A read-only shared level on a web server: files below a URL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from accel_doctor.errors import LevelDeniedError, LevelError, UsageError
from accel_doctor.http import HttpClient, HttpError, TooLargeError
from accel_doctor.model.requests import Connection
from accel_doctor.store.levels.address import LevelAddress

_NOT_THERE = frozenset({404, 410})
_DENIED = frozenset({401, 403})


class WebLevel:
    """Objects are files on the server. User and password come from the URL or the netrc file."""

    writable = False

    def __init__(self, address: LevelAddress, variables: Mapping[str, str]) -> None:
        if not address.host:
            raise UsageError(f"{address.name}: no host in the address")
        parts = urlsplit(address.url)
        self.name = address.name
        self._base = urlunsplit((parts.scheme, address.host, parts.path.rstrip("/"), "", ""))
        connection = Connection(timeout=address.timeout, retries=address.retries)
        self._client = HttpClient(connection, variables, logins=[address.url])

    def fetch(self, object_name: str, target: Path, limit: int) -> bool:
        try:
            self._client.download(f"{self._base}/{quote(object_name)}", target, limit)
        except HttpError as error:
            if error.status in _NOT_THERE:
                return False
            kind = LevelDeniedError if error.status in _DENIED else LevelError
            raise kind(f"{object_name}: {error}") from error
        except (TooLargeError, OSError) as error:
            raise LevelError(f"{object_name}: {error}") from error
        return True

    def send(self, object_name: str, source: Path) -> None:
        raise LevelError(f"{object_name}: web servers are only read from")
