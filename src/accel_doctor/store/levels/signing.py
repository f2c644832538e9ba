"""Signatures of entries: they remove the need to trust everyone who can write to a shared level.

A signature covers the whole entry, including its key and its wheel's hash, so a wheel cannot be served for another
build. Keys are files: PEM for ed25519 (``openssl genpkey -algorithm ed25519``); anything else is a secret
for HMAC-SHA256 (``openssl rand -hex 32``).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from accel_doctor.errors import UsageError
from accel_doctor.model.wheels import Entry
from accel_doctor.store.wheels.wheel_entries import SCHEMA

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_FILE_LIMIT = 16 << 10  # bytes
_SHORTEST_SECRET = 32  # bytes: the size of the hash
_HEADER = b"accel-doctor: an entry of the wheel store\n"  # a domain separator: signatures fit nothing else
_IDENTITY = b"accel-doctor: which key this is\n"  # part of every identity: never changes


class Secret:
    """An HMAC-SHA256 secret: it signs and verifies. The identity that prefixes its signatures does not reveal it."""

    signs = True

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.identity = f"hmac-sha256:{self.sign(_IDENTITY).hex()[:16]}"

    def sign(self, content: bytes) -> bytes:
        """Return the signature of ``content``."""
        return hmac.digest(self._secret, content, "sha256")

    def accepts(self, content: bytes, signature: bytes) -> bool:
        """Return whether this key made this signature of ``content``."""
        return hmac.compare_digest(self.sign(content), signature)


class KeyPair:
    """An ed25519 key pair: only the private half signs."""

    def __init__(self, private: Ed25519PrivateKey | None, public: Ed25519PublicKey) -> None:
        self._private = private
        self._public = public
        self.signs = private is not None
        self.identity = f"ed25519:{hashlib.sha256(_IDENTITY + public.public_bytes_raw()).hexdigest()[:16]}"

    def sign(self, content: bytes) -> bytes:
        """Return the signature of ``content``."""
        assert self._private is not None  # noqa: S101  only called if it can sign
        signature: bytes = self._private.sign(content)
        return signature

    def accepts(self, content: bytes, signature: bytes) -> bool:
        """Return whether this pair's private half made this signature of ``content``."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._public.verify(signature, content)
        except InvalidSignature:
            return False
        return True


Key = Secret | KeyPair


@dataclass(frozen=True)
class Signatures:
    """The signing key, the trusted keys, and whether entries without a trusted signature are refused."""

    signer: Key | None = None
    trusted: Sequence[Key] = ()
    required: bool = False

    def signed(self, entry: Entry) -> Entry:
        """Return the entry with our signature, or unchanged if there is no signing key."""
        if self.signer is None:
            return entry
        return replace(entry, signature=f"{self.signer.identity}:{self.signer.sign(_content(entry)).hex()}")

    def objection(self, entry: Entry) -> str | None:
        """Return why an entry from a level must not be used ("not signed"); None if it may be."""
        if entry.signature is None:
            return "not signed" if self.required else None
        identity, _, text = entry.signature.rpartition(":")
        key = next((key for key in self.trusted if key.identity == identity), None)
        if key is None:
            return "signed with an untrusted key" if self.required else None
        try:
            signature = bytes.fromhex(text)
        except ValueError:
            signature = b""
        return None if key.accepts(_content(entry), signature) else "the signature does not match"


def read_signatures(signing_key: Path | None, trusted_keys: Sequence[Path], *, required: bool) -> Signatures:
    """Read the keys in these files; the signing key is trusted too. Raise UsageError for a file that is no key, for a
    secret that others can read, and if signatures are required but no key is trusted."""
    signer = read_key(signing_key) if signing_key else None
    if signer is not None and not signer.signs:
        raise UsageError(f"{signing_key} is a public key, which cannot sign")
    trusted = [*([signer] if signer else []), *map(read_key, trusted_keys)]
    if required and not trusted:
        raise UsageError("--require-signature: no trusted key", hint="name one with --trusted-key FILE")
    return Signatures(signer, tuple(trusted), required)


def read_key(path: Path) -> Key:
    """Read the key in a file. Raise UsageError."""
    try:
        with path.expanduser().open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            content = stream.read(_FILE_LIMIT + 1)
    except OSError as error:
        raise UsageError(f"cannot read the key {path}: {error.strerror}") from error
    if len(content) > _FILE_LIMIT:
        raise UsageError(f"{path}: too large for a key")
    public = b"-----BEGIN PUBLIC KEY-----" in content
    if mode & (0o022 if public else 0o077):
        allowed = "writable" if public else "readable"
        raise UsageError(f"{path} is {allowed} by other users", hint=f"chmod {'644' if public else '600'} {path}")
    if b"-----BEGIN " in content:
        return _pem_key(path, content, public)
    secret = content.strip()
    if len(secret) < _SHORTEST_SECRET:
        raise UsageError(
            f"{path}: a secret needs at least {_SHORTEST_SECRET} characters", hint=f"openssl rand -hex 32 > {path}"
        )
    return Secret(secret)


def _pem_key(path: Path, content: bytes, public: bool) -> Key:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
    except ImportError:
        raise UsageError(
            f"the key {path}: cryptography is not installed",
            hint="install 'accel-doctor[remote]' with pipx, uv tool or pip",
        ) from None
    try:
        key = load_pem_public_key(content) if public else load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UsageError(f"cannot read the key {path}: {error}") from None
    if isinstance(key, Ed25519PublicKey):
        return KeyPair(None, key)
    if isinstance(key, Ed25519PrivateKey):
        return KeyPair(key, key.public_key())
    raise UsageError(f"{path} is not an ed25519 key", hint="openssl genpkey -algorithm ed25519")


def _content(entry: Entry) -> bytes:
    fields = asdict(entry)
    del fields["signature"]
    return _HEADER + json.dumps({"schema": SCHEMA, **fields}, sort_keys=True, separators=(",", ":")).encode()
