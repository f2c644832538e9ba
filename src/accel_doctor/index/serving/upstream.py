"""Ask one upstream: any index that speaks the Simple API, such as PyPI or another accel-doctor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from accel_doctor.http import HttpClient, HttpError, Page, TooLargeError
from accel_doctor.index.pages import ACCEPTED
from accel_doctor.index.serving.index_source import Absent, Unavailable
from accel_doctor.model.requests import Connection
from accel_doctor.urls import redacted

PAGE_LIMIT = 64 << 20  # bytes; PyPI's largest pages have 10 MB
_NOT_MODIFIED = 304
_ABSENT = (404, 410)

Told = Callable[[int, int | None], None]


class NotModified:
    """Say that the page has not changed since it was asked for with this ETag."""


class Upstream(Protocol):
    """Ask an index elsewhere. Its methods wait for the network: call them in threads."""

    name: str  # the address, without passwords

    def page(self, project: str, etag: str | None) -> Page | NotModified | Absent | Unavailable:
        """Fetch the page of a project."""
        ...

    def download(self, url: str, target: Path, limit: int, told: Told) -> str | Absent | Unavailable:
        """Download a file and return its SHA-256; ``told`` hears how many bytes there are, of how many.

        Raises OSError if it cannot be written.
        """
        ...

    def has_host_of(self, url: str) -> bool:
        """Return whether a URL leads to the host of the index itself."""
        ...


class HttpUpstream(Upstream):
    """Ask an index over HTTP; a user and a password in its URL are for everything on its host."""

    def __init__(self, url: str, connection: Connection, variables: Mapping[str, str]) -> None:
        self.name = redacted(url)
        self._url = url.rstrip("/")
        self._client = HttpClient(connection, variables, [url])

    def page(self, project: str, etag: str | None) -> Page | NotModified | Absent | Unavailable:
        try:
            return self._client.read_page(f"{self._url}/{project}/", PAGE_LIMIT, ACCEPTED, etag)
        except HttpError as error:
            if error.status == _NOT_MODIFIED:
                return NotModified()
            return self._trouble(error)
        except TooLargeError as error:
            return Unavailable(f"{self.name}: the page of {project} is {error}")

    def download(self, url: str, target: Path, limit: int, told: Told) -> str | Absent | Unavailable:
        try:
            return self._client.download(url, target, limit, told)
        except HttpError as error:
            return self._trouble(error)
        except TooLargeError as error:
            return Unavailable(f"{redacted(url)}: {error}")

    def has_host_of(self, url: str) -> bool:
        return urlsplit(url).netloc.rpartition("@")[2] == urlsplit(self._url).netloc.rpartition("@")[2]

    def _trouble(self, error: HttpError) -> Absent | Unavailable:
        if error.status in _ABSENT:
            return Absent(f"not on {self.name}")
        return Unavailable(f"{self.name}: {error}")
