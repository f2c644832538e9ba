"""A shared level on a web server: files under a URL, read and never written."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from accel_doctor.errors import LevelDeniedError, LevelError, UsageError
from accel_doctor.http import AS_THEY_ARE, TooLargeError, netrc, receive, retrying, tls_context
from accel_doctor.redaction import redacted
from accel_doctor.store.levels.address import LevelAddress

if TYPE_CHECKING:
    import httpx

_NOT_THERE = frozenset({404, 410})
_DENIED = frozenset({401, 403})
_MOST_REDIRECTS = 5


class WebLevel:
    """Objects are files that the server hands out. User and password come from the URL or the netrc file."""

    writable = False

    def __init__(self, address: LevelAddress, environment: Mapping[str, str]) -> None:
        if not address.host:
            raise UsageError(f"{address.name} names no host")
        parts = urlsplit(address.url)
        self.name = address.name
        self._credentials = None
        if parts.username is not None:
            self._credentials = (unquote(parts.username), unquote(parts.password or ""))
        self._base = urlunsplit((parts.scheme, address.host, parts.path.rstrip("/"), "", ""))
        self._timeout = address.timeout
        self._retries = address.retries
        self._environment = environment
        self._opened: httpx.Client | None = None
        self._opening = threading.Lock()

    def fetch(self, object_name: str, target: Path, limit: int) -> bool:
        """GET, with retries of what may pass."""
        import httpx

        try:
            retrying(self._retries)(self._fetch_once, object_name, target, limit)
        except httpx.HTTPStatusError as error:
            code = error.response.status_code
            if code in _NOT_THERE:
                return False
            kind = LevelDeniedError if code in _DENIED else LevelError
            raise kind(f"{object_name}: the server answered {code} {error.response.reason_phrase}".rstrip()) from error
        except httpx.HTTPError as error:
            raise LevelError(f"{object_name}: {redacted(str(error)) or type(error).__name__}") from error
        except (TooLargeError, OSError) as error:
            raise LevelError(f"{object_name}: {error}") from error
        return True

    def send(self, object_name: str, source: Path) -> None:
        """Refused: web servers are read."""
        raise LevelError(f"{object_name}: a web server is only read from")

    def _fetch_once(self, object_name: str, target: Path, limit: int) -> None:
        import httpx

        client = self._client()
        request = client.build_request("GET", f"{self._base}/{quote(object_name)}")
        auth: httpx.Auth | tuple[str, str] | None = self._credentials or netrc(self._environment)
        # Followed here, not by httpx: that reads the body of a redirect whole, however long it is.
        for _ in range(1 + _MOST_REDIRECTS):
            with closing(client.send(request, stream=True, auth=auth)) as response:
                following = response.next_request  # without our credentials, where it is another host's
                if following is None:
                    receive(response, target, limit)
                    return
                if response.url.scheme == "https" and following.url.scheme != "https":
                    raise httpx.RequestError("the server redirects from https to http", request=request)
            request, auth = following, None
        raise httpx.TooManyRedirects(f"more than {_MOST_REDIRECTS} redirects", request=request)

    def _client(self) -> httpx.Client:
        import httpx

        with self._opening:
            if self._opened is None:
                self._opened = httpx.Client(
                    timeout=self._timeout, verify=tls_context(self._environment), headers=AS_THEY_ARE
                )
            return self._opened
