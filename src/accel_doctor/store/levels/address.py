"""Addresses of shared levels: a URL or a path, with options as its query. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from accel_doctor.errors import UsageError
from accel_doctor.urls import redacted

_LONGEST_TIMEOUT = 600.0  # seconds
_MOST_RETRIES = 10
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?", re.ASCII)
_SWITCHES = ("read-only", "anonymous")
_WORDS = ("endpoint", "region", "account", "profile")
_TRUE, _FALSE = frozenset({"", "1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True)
class LevelAddress:
    """The address of a level, and its options."""

    url: str  # without the options; may hold a password
    scheme: str  # "file" for plain paths
    host: str  # the bucket or container, in object storage
    path: str  # unquoted
    directory: Path = Path()  # the base of relative paths
    read_only: bool = False
    anonymous: bool = False
    timeout: float = 10.0  # seconds of silence
    retries: int = 2
    endpoint: str | None = None
    region: str | None = None
    account: str | None = None
    profile: str | None = None

    @property
    def name(self) -> str:
        """Return the address without secrets."""
        return redacted(self.url)

    @property
    def prefix(self) -> str:
        """Return the path as a prefix of object names, without leading and trailing slashes."""
        return self.path.strip("/")


def parse_address(text: str, directory: Path = Path()) -> LevelAddress:
    """Parse ``scheme://host/path?option=value&switch``, or a path with such a query. Raise UsageError."""
    bare, _, query = text.partition("?")
    options = _options(redacted(text).partition("?")[0], query)
    if "://" not in bare:
        return LevelAddress(bare, "file", "", bare, directory, **options)
    try:
        parts = urlsplit(bare)
        _ = parts.port  # reading it checks it
    except ValueError as error:
        raise UsageError(f"invalid shared level address {redacted(bare)}: {error}") from None
    host = parts.netloc.rpartition("@")[2]  # ``hostname`` would lowercase a bucket's name
    return LevelAddress(bare, parts.scheme.lower(), host, unquote(parts.path), directory, **options)


def _options(shown: str, query: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=50):
        if name in _SWITCHES and value.lower() in _TRUE | _FALSE:
            options[name.replace("-", "_")] = value.lower() in _TRUE
        elif name in _WORDS and value:
            options[name] = value
        elif name == "timeout" and _SECONDS.fullmatch(value) and 0 < float(value) <= _LONGEST_TIMEOUT:
            options[name] = float(value)
        elif name == "retries" and value.isdecimal() and int(value) <= _MOST_RETRIES:
            options[name] = int(value)
        else:
            # Quote only our own option names: tokens may end up in a query by mistake.
            known = name in (*_SWITCHES, *_WORDS, "timeout", "retries")
            mistake = f"invalid value for option {name!r}" if known else "unknown option"
            raise UsageError(f"shared level {shown}: {mistake}", hint=_HINT)
    return options


_HINT = (
    f"options: {', '.join(_SWITCHES)}; with a value: {', '.join(_WORDS)}, "
    f"timeout (seconds, up to {_LONGEST_TIMEOUT:.0f}), retries (up to {_MOST_RETRIES})"
)
