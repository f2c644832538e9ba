"""Tokens with which clients publish, and read: shown once, kept as hashes, each for some projects and some time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from accel_doctor.index.serving.audit import Change, moment, record_change
from accel_doctor.index.serving.records import Records

_SECRET = re.compile(r"ad_([0-9a-f]{8})_[A-Za-z0-9_-]{43}")  # 256 random bits: a plain hash protects them
_PATTERN = re.compile(r"[a-z0-9*?][a-z0-9*?-]{0,99}")
_LONGEST_LOGIN = 1000


@dataclass(frozen=True)
class Token:
    """Describe a token without its secret."""

    identifier: str
    label: str
    projects: tuple[str, ...]  # patterns of normalized names
    created: float
    expires: float | None
    publishes: bool = True  # else it only reads

    def covers(self, project: str) -> bool:
        """Return whether it is for this project, by normalized name."""
        return any(fnmatchcase(project, pattern) for pattern in self.projects)


class Tokens:
    """Keep the tokens of an index; its methods raise sqlite3.Error."""

    def __init__(self, records: Records, clock: Callable[[], float]) -> None:
        self._records = records
        self._clock = clock

    def add(
        self, projects: Sequence[str], label: str, lifetime: float | None, who: str, *, publishes: bool = True
    ) -> tuple[Token, str]:
        """Make a token for projects, valid for ``lifetime`` seconds; return it and its secret."""
        identifier, now = secrets.token_hex(4), self._clock()
        secret = f"ad_{identifier}_{secrets.token_urlsafe(32)}"
        token = Token(identifier, label, tuple(projects), now, None if lifetime is None else now + lifetime, publishes)
        with self._records.changing() as database:
            database.execute(
                "INSERT INTO tokens (identifier, digest, label, projects, created, expires, publishes)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (identifier, _digest(secret), label, " ".join(projects), token.created, token.expires, publishes),
            )
            record_change(database, Change(moment(now), who, "token added", identifier, " ".join(projects)))
        return token, secret

    def all(self) -> tuple[Token, ...]:
        """Return all tokens, those that expired as well, the oldest first."""
        return tuple(token for token, _ in self._rows("ORDER BY created, identifier"))

    def revoke(self, identifier: str, who: str) -> bool:
        """Make a token invalid; return whether there was one."""
        with self._records.changing() as database:
            found = database.execute("DELETE FROM tokens WHERE identifier = ?", (identifier,)).rowcount
            if found:
                record_change(database, Change(moment(self._clock()), who, "token revoked", identifier))
        return bool(found)

    def holder(self, authorization: str) -> Token | None:
        """Return the valid token in an Authorization header: the password of Basic, whoever the user, or Bearer."""
        secret = _secret_in(authorization)
        parts = _SECRET.fullmatch(secret)
        if parts is None:
            return None
        for token, digest in self._rows("WHERE identifier = ?", parts[1]):
            is_valid = token.expires is None or self._clock() < token.expires
            if hmac.compare_digest(digest, _digest(secret)) and is_valid:
                return token
        return None

    def _rows(self, condition: str, *values: str) -> list[tuple[Token, str]]:
        with self._records.reading() as database:
            rows = database.execute(
                f"SELECT identifier, label, projects, created, expires, publishes, digest FROM tokens {condition}",  # noqa: S608
                values,
            ).fetchall()
        return [(Token(row[0], row[1], tuple(row[2].split()), row[3], row[4], bool(row[5])), row[6]) for row in rows]


def is_pattern(text: str) -> bool:
    """Return whether this is a normalized name, in which ``*`` and ``?`` stand for others."""
    return _PATTERN.fullmatch(text) is not None


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _secret_in(authorization: str) -> str:
    kind, _, value = authorization[:_LONGEST_LOGIN].strip().partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode("utf-8", "replace").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
