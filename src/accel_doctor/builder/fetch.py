"""Source archives brought to this machine, checked against their hash, and kept by it."""

from __future__ import annotations

import hashlib
import os
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from accel_doctor.errors import NetworkError, RequirementsError
from accel_doctor.hashing import sha256_of
from accel_doctor.model import IndexSettings, Source

if TYPE_CHECKING:
    import httpx

_TIMEOUT = 30.0  # seconds without a byte; pip's own 15 is short for large sdists behind slow mirrors
_RETRIES = 3
_ARCHIVE_LIMIT = 4 << 30  # bytes: a bound, not a size anybody should meet


class SourceFetcher:
    """Fetches sdists into ``<root>/<sha256>/<file name>``; what was fetched once is not fetched again."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self._root = root
        self._environment = environment

    def fetch(self, source: Source, index: IndexSettings, scratch: Path) -> Path:
        """The archive of an sdist on disk, its hash checked.

        Raises NetworkError where it cannot be had, RequirementsError where its bytes are not the locked ones.
        """
        local = _local_path(source.location)
        if local is not None:
            return _checked_local(source, local)
        name = _file_name(source.location)
        kept = self._root / source.sha256 / name if source.sha256 else None
        # A file published here had this hash, but disks rot: what is built from must be what was locked.
        if kept and kept.is_file() and sha256_of(kept) == source.sha256:
            return kept
        if index.offline:
            raise NetworkError(
                f"{source}: {source.location} was never fetched on this machine, and this run is offline",
                hint="run once without --offline, or put the file into a --find-links directory",
            )
        return self._download(source, index, kept or scratch / name)

    def _download(self, source: Source, index: IndexSettings, target: Path) -> Path:
        import httpx
        import tenacity

        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_pass),
            stop=tenacity.stop_after_attempt(1 + (_RETRIES if index.retries is None else index.retries)),
            wait=tenacity.wait_random_exponential(multiplier=0.3, max=5),
            reraise=True,
        )
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
            auth=_credentials(url, index) or self._netrc(),
            timeout=index.timeout or _TIMEOUT,
            follow_redirects=True,
            verify=False if trusted else _tls_context(index, self._environment),
            proxy=index.proxy,
            headers={"Accept-Encoding": "identity"},  # a .tar.gz must arrive as the bytes that were hashed
        )

    def _netrc(self) -> httpx.NetRCAuth | None:
        import httpx

        home = self._environment.get("HOME", "/")
        path = Path(self._environment.get("NETRC") or f"{home}/.netrc")
        return httpx.NetRCAuth(str(path)) if path.is_file() else None


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
    response.raise_for_status()
    digest, size = hashlib.sha256(), 0
    with aside.open("xb") as writing:
        for block in response.iter_raw():
            size += len(block)
            if size > _ARCHIVE_LIMIT:
                raise RequirementsError(f"{source}: {source.location} is larger than {_ARCHIVE_LIMIT} bytes")
            digest.update(block)
            writing.write(block)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest()


def _check(source: Source, found: str) -> None:
    if source.sha256 and found != source.sha256:
        raise RequirementsError(
            f"{source}: {source.location} has the SHA-256 {found}, the lock says {source.sha256}",
            hint="the file is not the one that was locked: find out why before you install it",
        )


def _may_pass(error: BaseException) -> bool:
    """Whether another attempt may go better: the connection broke, or the server says the trouble is its own."""
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= 500 or error.response.status_code == 429
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def _tls_context(index: IndexSettings, environment: Mapping[str, str]) -> ssl.SSLContext:
    bundle = index.cert or environment.get("SSL_CERT_FILE") or environment.get("REQUESTS_CA_BUNDLE")
    context = ssl.create_default_context(cafile=bundle or None)
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
