"""The one HTTP client, for requirement files, sources and shared levels.

It retries transient failures, limits the size of bodies, and handles certificates, proxies, logins and netrc. Its
libraries take 0.1 s to import, so modules that every command imports must import this one lazily.
"""

from __future__ import annotations

import hashlib
import os
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeVar
from urllib.parse import unquote, urlsplit

import httpx
import tenacity

from accel_doctor.model.requests import Connection
from accel_doctor.urls import redacted

DEFAULT_TIMEOUT = 30.0  # seconds without a byte; pip's own 15 is short for large sdists behind slow mirrors
DEFAULT_RETRIES = 3
_MOST_REDIRECTS = 10
_CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

# An archive must arrive as the bytes that were hashed, not decompressed on the way.
_UNCHANGED = {"Accept-Encoding": "identity"}
_MAX_AGE = re.compile(r"max-age=([0-9]{1,9})")

T = TypeVar("T")
Told = Callable[[int, int | None], None]  # so many bytes are there, of so many


class HttpError(Exception):
    """Raised when a URL cannot be fetched; ``status`` is the HTTP status, if the server answered."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Page(NamedTuple):
    """The content at a URL, with the URL that redirects led to."""

    url: str
    content_type: str
    content: bytes
    etag: str | None = None
    max_age: int | None = None  # seconds for which the server promises that it does not change


class TooLargeError(ValueError):
    """Raised when a body exceeds its limit."""


class HttpClient:
    """Fetch URLs over one :class:`Connection`; safe to use from several threads."""

    def __init__(self, connection: Connection, variables: Mapping[str, str], logins: Sequence[str] = ()) -> None:
        """Set up the client; ``logins`` are URLs whose user and password apply to their whole host, as in pip."""
        self._connection = connection
        self._variables = variables
        self._logins = logins
        self._clients: dict[bool, httpx.Client] = {}  # by whether certificates are verified
        self._opening = threading.Lock()

    def __enter__(self) -> HttpClient:
        """Do nothing: connections open on demand."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close all connections."""
        with self._opening:
            while self._clients:
                self._clients.popitem()[1].close()

    def download(self, url: str, target: Path, limit: int, told: Told = lambda done, total: None) -> str:
        """Download a URL to the file ``target``, durably, and return its SHA-256; ``told`` hears how many bytes there
        are, of how many.

        Raises HttpError, TooLargeError beyond ``limit`` bytes, and OSError if writing fails.
        """
        return self._fetched(url, lambda response: _save(response, target, limit, told))

    def read(self, url: str, limit: int) -> bytes:
        """Return the content of a URL. Raises HttpError, and TooLargeError beyond ``limit`` bytes."""
        return self.read_page(url, limit, "*/*").content

    def read_page(self, url: str, limit: int, accept: str, etag: str | None = None) -> Page:
        """Return the content of a URL in one of the content types that ``accept`` lists. Raises like :meth:`read`;
        HttpError with the status 304 if it still has this ``etag``."""

        def page(response: httpx.Response) -> Page:
            content = b"".join(_bounded(response.iter_bytes(), limit))
            headers = response.headers
            age = _MAX_AGE.search(headers.get("Cache-Control", ""))
            kind, mark = headers.get("Content-Type", ""), headers.get("ETag")
            return Page(str(response.url), kind, content, mark, int(age[1]) if age else None)

        wanted = {"Accept": accept, **({"If-None-Match": etag} if etag else {})}
        return self._fetched(url, page, wanted if accept == "*/*" else {**wanted, "Accept-Encoding": "gzip"})

    def _fetched(
        self, url: str, take: Callable[[httpx.Response], T], headers: Mapping[str, str] = MappingProxyType({})
    ) -> T:
        def once() -> T:
            with self._response(url, headers) as response:
                return take(response)

        retries = self._connection.retries
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_transient),
            stop=tenacity.stop_after_attempt(1 + (DEFAULT_RETRIES if retries is None else retries)),
            wait=tenacity.wait_random_exponential(multiplier=0.3, max=5),
            reraise=True,
        )
        with _http_errors():
            return attempts(once)

    @contextmanager
    def _response(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Follow redirects by hand, because httpx reads the whole body of a redirect, however long."""
        wanted = {**_UNCHANGED, "Accept": "*/*", **headers}
        request = self._client(httpx.URL(url)).build_request("GET", url, headers=wanted)
        auth = self._login(request.url) or self._netrc()
        for _ in range(1 + _MOST_REDIRECTS):
            client = self._client(request.url)
            with closing(client.send(request, stream=True, auth=auth)) as response:
                following = response.next_request  # without the login, when it leads to another host
                if following is None:
                    response.raise_for_status()
                    yield response
                    return
                if response.url.scheme == "https" and following.url.scheme != "https":
                    raise httpx.UnsupportedProtocol("the server redirects from https to http", request=request)
            request, auth = following, None
        raise httpx.TooManyRedirects(f"more than {_MOST_REDIRECTS} redirects", request=request)

    def _client(self, url: httpx.URL) -> httpx.Client:
        port = url.port or (443 if url.scheme == "https" else 80)
        verify = {url.host, f"{url.host}:{port}"}.isdisjoint(self._connection.trusted_hosts)
        with self._opening:
            if verify not in self._clients:
                self._clients[verify] = self._new_client(verify)
            return self._clients[verify]

    def _new_client(self, verify: bool) -> httpx.Client:
        timeout, proxy = self._connection.timeout, self._connection.proxy
        if proxy and "://" not in proxy:
            proxy = f"http://{proxy}"  # as pip reads it
        try:
            return httpx.Client(
                timeout=DEFAULT_TIMEOUT if timeout is None else timeout,
                verify=self._tls_context(verify),
                proxy=proxy,
            )
        except (ValueError, ImportError) as error:  # an unknown scheme; SOCKS needs a library
            raise HttpError(f"cannot use the proxy: {redacted(str(error))}") from error

    def _tls_context(self, verify: bool) -> ssl.SSLContext:
        """Trust the given bundle, else the one the environment names, else those of the system and of httpx.

        Raises HttpError if a certificate cannot be read.
        """
        own = self._connection.client_cert
        named = (self._variables.get(name) for name in _CERTIFICATE_VARIABLES)
        bundle = self._connection.cert or next((Path(name) for name in named if name), None)
        try:
            if bundle and bundle.is_dir():
                context = ssl.create_default_context(capath=bundle)
            elif bundle:
                context = ssl.create_default_context(cafile=bundle)
            else:
                context = httpx.create_ssl_context()
                context.load_default_certs()
            if own:
                context.load_cert_chain(own)
        except OSError as error:  # ssl.SSLError is one
            raise HttpError(f"cannot read the certificates in {own or bundle}: {error.strerror or error}") from error
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _login(self, url: httpx.URL) -> tuple[str, str] | None:
        """Return the user and password for a URL: its own, or those given with another URL on the same host."""
        known = [parts for one in (str(url), *self._logins) if (parts := urlsplit(one)).hostname == url.host]
        named = [parts for parts in known if parts.username is not None]
        # A user alone is a token, or one whose password is known from elsewhere.
        best = next((parts for parts in named if parts.password is not None), named[0] if named else None)
        return (unquote(best.username or ""), unquote(best.password or "")) if best else None

    def _netrc(self) -> httpx.Auth | None:
        path = Path(self._variables.get("NETRC") or f"{self._variables.get('HOME', '/')}/.netrc")
        return httpx.NetRCAuth(str(path)) if path.is_file() else None


@contextmanager
def _http_errors() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPStatusError as error:
        answer = error.response
        message = f"the server answered {answer.status_code} {answer.reason_phrase}".rstrip()
        raise HttpError(message, answer.status_code) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise HttpError(redacted(str(error)) or type(error).__name__) from error


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= 500 or error.response.status_code == 429
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def _save(response: httpx.Response, target: Path, limit: int, told: Told) -> str:
    digest = hashlib.sha256()
    length = response.headers.get("Content-Length", "")
    total, done = int(length) if length.isdecimal() and len(length) < 16 else None, 0
    with target.open("wb") as writing:
        for block in _bounded(response.iter_raw(), limit):
            digest.update(block)
            writing.write(block)
            done += len(block)
            told(done, total)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest()


def _bounded(blocks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for block in blocks:
        size += len(block)
        if size > limit:
            raise TooLargeError(f"larger than {limit} bytes")
        yield block
