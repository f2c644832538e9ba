"""Source archives brought to this machine, checked against their hash, and kept by it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from accel_doctor.errors import NetworkError, RequirementsError
from accel_doctor.hashing import sha256_of
from accel_doctor.http import AS_THEY_ARE, TooLargeError, netrc, receive, retrying, tls_context
from accel_doctor.model import IndexSettings, Source

if TYPE_CHECKING:
    import ssl

    import httpx

_TIMEOUT = 30.0  # seconds without a byte; pip's own 15 is short for large sdists behind slow mirrors
_RETRIES = 3
_ARCHIVE_LIMIT = 4 << 30  # bytes: a bound, not a size anybody should meet


class SourceFetcher:
    """Fetches sdists into ``<root>/<sha256>/<file name>``; what was fetched once is not fetched again."""

    def __init__(
        self, root: Path, environment: Mapping[str, str], in_use: Callable[[str], None] = lambda source: None
    ) -> None:
        """``in_use`` is told the hash of every source that is handed out, before it is looked at."""
        self._root = root
        self._environment = environment
        self._in_use = in_use

    def fetch(self, source: Source, index: IndexSettings, scratch: Path) -> Path:
        """The archive of an sdist on disk, its hash checked.

        Raises NetworkError where it cannot be had, RequirementsError where its bytes are not the locked ones.
        """
        local = _local_path(source.location)
        if local is not None:
            return _checked_local(source, local)
        name = _file_name(source.location)
        kept = self._root / source.sha256 / name if source.sha256 else None
        if source.sha256:
            self._in_use(source.sha256)
        if kept and _is_whole(kept, source):
            with suppress(OSError):  # another user's
                os.utime(kept)  # when it was last used, for who makes room
            return kept
        if index.offline:
            raise NetworkError(
                f"{source}: {source.location} was never fetched on this machine, and this run is offline",
                hint="run once without --offline, or put the file into a --find-links directory",
            )
        try:
            return self._download(source, index, kept or scratch / name)
        except OSError:  # a full disk, a directory that may not be written: then it is not kept
            if kept is None:
                raise
            return self._download(source, index, scratch / name)

    def _download(self, source: Source, index: IndexSettings, target: Path) -> Path:
        import httpx

        attempts = retrying(_RETRIES if index.retries is None else index.retries)
        try:
            with self._client(source.location, index) as client:
                attempts(_download_once, client, source, target)
        except httpx.HTTPError as error:
            raise NetworkError(
                f"{source}: {source.location} could not be fetched: {error or type(error).__name__}",
                hint="check the network, the proxy and the index settings, then run the same command again",
            ) from error
        return target

    def _client(self, url: str, index: IndexSettings) -> httpx.Client:
        import httpx

        address = urlsplit(url).netloc.rpartition("@")[2]
        trusted = address in index.trusted_hosts or urlsplit(url).hostname in index.trusted_hosts
        return httpx.Client(
            auth=_credentials(url, index) or netrc(self._environment),
            timeout=index.timeout or _TIMEOUT,
            follow_redirects=True,
            verify=False if trusted else _tls_context(index, self._environment),
            proxy=index.proxy,
            headers=AS_THEY_ARE,
        )


def _is_whole(kept: Path, source: Source) -> bool:
    # A file published there had this hash, but disks rot: what is built from must be what was locked.
    try:
        return kept.is_file() and sha256_of(kept) == source.sha256
    except OSError:
        return False


def _checked_local(source: Source, path: Path) -> Path:
    if not path.is_file():
        raise RequirementsError(f"{source}: no such file: {path}")
    if source.sha256:
        _check(source, sha256_of(path))
    return path


def _download_once(client: httpx.Client, source: Source, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        client.stream("GET", source.location) as response,
        tempfile.TemporaryDirectory(dir=target.parent) as scratch,
    ):
        aside = Path(scratch) / target.name
        _check(source, _receive(source, response, aside))
        aside.replace(target)


def _receive(source: Source, response: httpx.Response, aside: Path) -> str:
    try:
        return receive(response, aside, _ARCHIVE_LIMIT)
    except TooLargeError as error:
        raise RequirementsError(f"{source}: {source.location} is {error}") from None


def _check(source: Source, found: str) -> None:
    if source.sha256 and found != source.sha256:
        raise RequirementsError(
            f"{source}: {source.location} has the SHA-256 {found}, the lock says {source.sha256}",
            hint="the file is not the one that was locked: find out why before you install it",
        )


def _tls_context(index: IndexSettings, environment: Mapping[str, str]) -> ssl.SSLContext:
    context = tls_context(environment, index.cert)
    if index.client_cert:
        context.load_cert_chain(index.client_cert)
    return context


def _credentials(url: str, index: IndexSettings) -> tuple[str, str] | None:
    """User and password given with an index URL, for files on that index's host (what pip does too)."""
    host = urlsplit(url).hostname
    for candidate in _index_urls(index):
        parts = urlsplit(candidate)
        if parts.hostname == host and parts.username is not None:
            return unquote(parts.username), unquote(parts.password or "")
    return None


def _index_urls(index: IndexSettings) -> Iterator[str]:
    if index.index_url:
        yield index.index_url
    yield from index.extra_index_urls
    yield from index.find_links


def _local_path(location: str) -> Path | None:
    parts = urlsplit(location)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if parts.scheme else Path(location)


def _file_name(location: str) -> str:
    # The name comes from an index: it may be anything, but never a way out of the directory.
    name = unquote(urlsplit(location).path).replace("\\", "/").rpartition("/")[2]
    if not name or name in {".", ".."} or "\0" in name:
        raise RequirementsError(f"no file name in {location}")
    return name
