"""Redact passwords in URLs, and convert file URLs to paths."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

# scheme://user:password@host, and the token-as-user form scheme://token@host
_USERINFO = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]{0,20}://)[^/\s@'\"]{1,2000}@")


def redacted(text: str) -> str:
    """Replace user and password of every URL in ``text`` with ``****``."""
    return _USERINFO.sub(r"\g<scheme>****@", text)


def local_path(location: str) -> Path | None:
    """Return the path that a path or a ``file:`` URL names; None for any other URL."""
    try:
        parts = urlsplit(location)
    except ValueError:  # https://[
        return None
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if parts.scheme else Path(location)
