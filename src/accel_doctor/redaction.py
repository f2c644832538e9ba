"""Keeps passwords out of logs and messages."""

from __future__ import annotations

import re

# scheme://user:password@host, and the token-as-user form scheme://token@host
_USERINFO = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]{0,20}://)[^/\s@'\"]{1,2000}@")


def redacted(text: str) -> str:
    """Replace user and password of every URL in ``text`` with ``****``."""
    return _USERINFO.sub(r"\g<scheme>****@", text)
