"""pip-accel's variables, which its users still have set: what they mean here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

_CACHE = "PIP_ACCEL_CACHE"
_BUCKET = "PIP_ACCEL_S3_BUCKET"
_DEFAULT_URL = "https://s3.amazonaws.com"


def pip_accel_level(environment: Mapping[str, str]) -> str | None:
    """The level that pip-accel's S3 variables name: its bucket, with our own objects in it."""
    bucket = environment.get(_BUCKET)
    if not bucket:
        return None
    options = {}
    url = environment.get("PIP_ACCEL_S3_URL", "").rstrip("/")
    if url and url != _DEFAULT_URL:
        options["endpoint"] = url
    if environment.get("PIP_ACCEL_S3_READONLY", "").lower() in {"1", "true", "yes", "on"}:
        options["read-only"] = "true"
    prefix = quote(environment.get("PIP_ACCEL_S3_PREFIX", "").strip("/"))
    address = f"s3://{bucket}/{prefix}".rstrip("/")
    return f"{address}?{urlencode(options)}" if options else address


def pip_accel_cache(environment: Mapping[str, str]) -> str | None:
    """A directory of our own in the one that pip-accel's variable names: the two lay their files out differently."""
    chosen = environment.get(_CACHE)
    return f"{chosen}/accel-doctor" if chosen else None


def pip_accel_notice(values: Mapping[str, Any], environment: Mapping[str, str]) -> str | None:
    """What is said once where pip-accel's variables are in force: what they mean here, and how to say it."""
    meant = []
    if not values["level"] and (level := pip_accel_level(environment)):
        from accel_doctor.redaction import redacted

        meant.append(f"{_BUCKET} as ACCEL_DOCTOR_LEVELS={redacted(level)}")
    if not values["cache_dir"] and (cache := pip_accel_cache(environment)):
        meant.append(f"{_CACHE} as ACCEL_DOCTOR_CACHE_DIR={cache}")
    return f"pip-accel's variables are understood: {', '.join(meant)}" if meant else None
