"""Addresses of shared levels: a URL or a path, whose query holds the options. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from accel_doctor.errors import UsageError
from accel_doctor.redaction import redacted

_LONGEST_TIMEOUT = 600.0  # seconds
_MOST_RETRIES = 10
_SWITCHES = ("read-only", "anonymous")
_WORDS = ("endpoint", "region", "account", "profile")
_TRUE, _FALSE = frozenset({"", "1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True)
class LevelAddress:
    """Where a level is and how it is to be used."""

    url: str  # without the options; may hold a password
    scheme: str  # "file" for plain paths
    host: str  # the bucket or container, in object storage
    path: str  # unquoted
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
        """The address as people may see it."""
        return redacted(self.url)

    @property
    def prefix(self) -> str:
        """The path as a prefix of object names, without slashes at its ends."""
        return self.path.strip("/")


def parse_address(text: str) -> LevelAddress:
    """``scheme://host/path?option=value&switch``, or a path likewise. Raises UsageError for what is not one."""
    bare, _, query = text.partition("?")
    options = _options(redacted(text).partition("?")[0], query)
    if "://" not in bare:
        return LevelAddress(bare, "file", "", bare, **options)
    try:
        parts = urlsplit(bare)
        _ = parts.port  # read, it is checked
    except ValueError as error:
        raise UsageError(f"{redacted(bare)} is not the address of a shared level: {error}") from None
    host = parts.netloc.rpartition("@")[2]  # ``hostname`` would lower the case of a bucket's name
    return LevelAddress(bare, parts.scheme.lower(), host, unquote(parts.path), **options)


def _options(shown: str, query: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, max_num_fields=50):
        if name in _SWITCHES and value.lower() in _TRUE | _FALSE:
            options[name.replace("-", "_")] = value.lower() in _TRUE
        elif name in _WORDS and value:
            options[name] = value
        elif name == "timeout" and (seconds := _number(value)) is not None and 0 < seconds <= _LONGEST_TIMEOUT:
            options[name] = seconds
        elif name == "retries" and value.isdecimal() and int(value) <= _MOST_RETRIES:
            options[name] = int(value)
        else:
            # Only what is one of our words is quoted: a query is where tokens are given by mistake.
            quoted = f"the value of {name!r}" if name in (*_SWITCHES, *_WORDS, "timeout", "retries") else "an option"
            raise UsageError(f"the shared level {shown} has {quoted} that cannot be used", hint=_HINT)
    return options


_HINT = (
    f"options: {', '.join(_SWITCHES)} (switches); {', '.join(_WORDS)} (words); "
    f"timeout (seconds, up to {_LONGEST_TIMEOUT:.0f}); retries (up to {_MOST_RETRIES})"
)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
