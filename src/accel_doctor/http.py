"""Files brought over HTTP: what may pass is tried again, bodies are bounded, netrc and certificates are found."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

    import httpx
    import tenacity

# An archive must arrive as the bytes that were hashed, not unpacked on the way.
AS_THEY_ARE = {"Accept-Encoding": "identity"}


class TooLargeError(ValueError):
    """A body went on beyond its limit."""


def retrying(retries: int) -> tenacity.Retrying:
    """Calls again, with growing pauses, what failed in a way that may pass; the last failure is raised as it was."""
    import tenacity

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(_may_pass),
        stop=tenacity.stop_after_attempt(1 + retries),
        wait=tenacity.wait_random_exponential(multiplier=0.3, max=5),
        reraise=True,
    )


def _may_pass(error: BaseException) -> bool:
    """Whether another attempt may go better: the connection broke, or the server says the trouble is its own."""
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= 500 or error.response.status_code == 429
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def receive(response: httpx.Response, target: Path, limit: int) -> str:
    """The body into the file ``target``, durably, and its SHA-256.

    Raises TooLargeError beyond ``limit`` bytes, httpx.HTTPError, and OSError of the disk.
    """
    response.raise_for_status()
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as writing:
        for block in response.iter_raw():
            size += len(block)
            if size > limit:
                raise TooLargeError(f"larger than {limit} bytes")
            digest.update(block)
            writing.write(block)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest()


def netrc(environment: Mapping[str, str]) -> httpx.NetRCAuth | None:
    """The user's netrc file, where there is one."""
    import httpx

    path = Path(environment.get("NETRC") or f"{environment.get('HOME', '/')}/.netrc")
    return httpx.NetRCAuth(str(path)) if path.is_file() else None


def tls_context(environment: Mapping[str, str], bundle: str | None = None) -> ssl.SSLContext:
    """Certificates to trust: ``bundle``, else what the environment names, else the system's."""
    import ssl

    bundle = bundle or environment.get("SSL_CERT_FILE") or environment.get("REQUESTS_CA_BUNDLE")
    return ssl.create_default_context(cafile=bundle or None)
