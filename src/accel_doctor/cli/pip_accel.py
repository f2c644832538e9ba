"""pip-accel's variables, which its former users may still set, and what they mean here."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from accel_doctor.redaction import redacted

_DEFAULT_URL = "https://s3.amazonaws.com"


def pip_accel_level(variables: Mapping[str, str]) -> str | None:
    """Return the level in pip-accel's bucket: its variables, our own objects."""
    bucket = variables.get("PIP_ACCEL_S3_BUCKET")
    if not bucket:
        return None
    options = {}
    url = variables.get("PIP_ACCEL_S3_URL", "").rstrip("/")
    if url and url != _DEFAULT_URL:
        options["endpoint"] = url
    if variables.get("PIP_ACCEL_S3_READONLY", "").lower() in {"1", "true", "yes", "on"}:
        options["read-only"] = "true"
    prefix = quote(variables.get("PIP_ACCEL_S3_PREFIX", "").strip("/"))
    address = f"s3://{bucket}/{prefix}".rstrip("/")
    return f"{address}?{urlencode(options)}" if options else address


def pip_accel_cache(variables: Mapping[str, str]) -> str | None:
    """Return our own directory inside pip-accel's cache: the two lay their files out differently."""
    chosen = variables.get("PIP_ACCEL_CACHE")
    return f"{chosen}/accel-doctor" if chosen else None


# pip-accel's variable, our option and our variable that win over it, and what it means
_MEANINGS = (
    ("PIP_ACCEL_S3_BUCKET", "level", "ACCEL_DOCTOR_LEVELS", pip_accel_level),
    ("PIP_ACCEL_CACHE", "cache_dir", "ACCEL_DOCTOR_CACHE_DIR", pip_accel_cache),
)


def pip_accel_notice(given: Mapping[str, object], variables: Mapping[str, str]) -> str | None:
    """Return what to set instead of pip-accel's variables; None where none applies. ``given`` are our options."""
    used = [
        f"{theirs} as {ours}={redacted(meaning)}"
        for theirs, option, ours, meaning_of in _MEANINGS
        if not given.get(option) and (meaning := meaning_of(variables))
    ]
    return f"using pip-accel's variables: {', '.join(used)}" if used else None
