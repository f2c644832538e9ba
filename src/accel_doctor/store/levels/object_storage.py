"""Shared levels in object storage: S3 and what speaks like it, Google Cloud Storage, Azure Blob, through obstore.

obstore reads the usual variables of each provider (``AWS_*``, ``GOOGLE_*``, ``AZURE_*``) and asks the metadata service
of a cloud's own machines; what it does not do is added here: AWS profiles, and going without credentials where there
are none. https://developmentseed.org/obstore/latest/authentication/
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from accel_doctor.errors import LevelDeniedError, LevelError, UsageError
from accel_doctor.redaction import redacted
from accel_doctor.store.levels.address import LevelAddress
from accel_doctor.store.levels.aws_profiles import Profile, read_profile

_BLOCK = 1 << 20
_CONNECTING = timedelta(seconds=5)
# Of one attempt from end to end. obstore wants one; what bounds the time of a run is the caller's deadline.
_LONGEST = timedelta(hours=1)

# Variables that say where credentials are. Without any of them, asking the metadata service is a guess.
_CREDENTIALS = {
    "s3": (
        "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_SKIP_SIGNATURE",
    ),
    "gs": (
        "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH", "GOOGLE_SERVICE_ACCOUNT_KEY",
        "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SKIP_SIGNATURE",
    ),
    "az": (
        "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_MASTER_KEY", "AZURE_STORAGE_SAS_KEY",
        "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_TOKEN", "AZURE_STORAGE_CLIENT_ID", "AZURE_CLIENT_ID",
        "AZURE_FEDERATED_TOKEN_FILE", "AZURE_USE_AZURE_CLI", "AZURE_SKIP_SIGNATURE",
        "AZURE_STORAGE_USE_EMULATOR",
    ),
}  # fmt: skip
_GOOGLE_DEFAULT = ".config/gcloud/application_default_credentials.json"


class ObjectStorageLevel:
    """Objects in a bucket or container, below a prefix."""

    def __init__(self, address: LevelAddress, open_store: Callable[[bool], Any], *, evident: bool) -> None:
        """``open_store(anonymous)`` gives obstore's store; ``evident`` says that it is known where credentials are."""
        self.name = address.name
        self.writable = not address.read_only
        self._open = open_store
        self._anonymous = address.anonymous
        self._evident = evident or address.anonymous
        self._store: Any = None
        self._opening = threading.Lock()

    def fetch(self, object_name: str, target: Path, limit: int) -> bool:
        """GET, streamed."""
        import obstore

        try:
            result = obstore.get(self._opened(), object_name)
            if result.meta["size"] > limit:
                raise LevelError(f"{object_name}: larger than {limit} bytes")
            with target.open("wb") as writing:
                for block in result.stream(min_chunk_size=_BLOCK):
                    writing.write(block)
        except FileNotFoundError as error:
            if _NO_CONTAINER.search(str(error)):
                raise _trouble(object_name, error) from None
            return False
        except (obstore.exceptions.BaseError, OSError) as error:
            raise _trouble(object_name, error) from None
        return True

    def send(self, object_name: str, source: Path) -> None:
        """PUT, in parts where the object is large; it appears when all of it is there."""
        import obstore

        try:
            obstore.put(self._opened(), object_name, source)
        except (obstore.exceptions.BaseError, OSError) as error:
            raise _trouble(object_name, error) from None

    def _opened(self) -> Any:
        with self._opening:
            if self._store is None:
                anonymous = self._anonymous or not (self._evident or self._is_served(self._open(False)))
                self._store = self._open(anonymous)
            return self._store

    def _is_served(self, store: Any) -> bool:
        """Whether the metadata service has credentials for us: whether anything was answered to a signed request."""
        import obstore

        try:
            obstore.head(store, "wheels")
        except (FileNotFoundError, obstore.exceptions.PermissionDeniedError):
            return True
        except (obstore.exceptions.BaseError, OSError):
            return False
        return True


def open_object_storage(address: LevelAddress, environment: Mapping[str, str]) -> ObjectStorageLevel:
    """The level at ``s3://``, ``gs://`` or ``az://``; nothing is asked of it yet. Raises UsageError."""
    from importlib.util import find_spec

    if find_spec("obstore") is None:
        raise UsageError(
            f"the shared level {address.name} needs the package obstore, which is not installed",
            hint="install accel-doctor with its extra: pip install 'accel-doctor[remote]'",
        )
    if not address.host or "@" in address.url.partition("://")[2].partition("/")[0]:
        raise UsageError(f"{address.name} names no bucket", hint=f"the form is {address.scheme}://BUCKET/PREFIX")
    evident = any(environment.get(name) for name in _CREDENTIALS[address.scheme])
    if address.scheme == "s3":
        return _open_s3(address, environment, evident)
    if address.scheme == "gs":
        evident = evident or (Path(environment.get("HOME", "/")) / _GOOGLE_DEFAULT).is_file()
        return ObjectStorageLevel(address, lambda anonymous: _gcs(address, anonymous), evident=evident)
    return ObjectStorageLevel(address, lambda anonymous: _azure(address, environment, anonymous), evident=evident)


def _open_s3(address: LevelAddress, environment: Mapping[str, str], evident: bool) -> ObjectStorageLevel:
    profile = None if address.anonymous else read_profile(environment, address.profile)
    settings = _s3_settings(address, environment, profile)
    # Keys in the environment win over AWS_PROFILE's, and lose to a profile's that was asked for: as botocore has it.
    provider = _provider(profile) if profile and (address.profile or not evident) else None

    def open_store(anonymous: bool) -> Any:
        from obstore.store import S3Store

        if anonymous:
            return S3Store(address.host, **_common(address, settings), skip_signature=True)
        return S3Store(address.host, **_common(address, settings), credential_provider=provider)

    return ObjectStorageLevel(address, open_store, evident=evident or provider is not None)


def _s3_settings(address: LevelAddress, environment: Mapping[str, str], profile: Profile | None) -> dict[str, Any]:
    profile = profile or Profile("")
    endpoint = (
        address.endpoint
        or environment.get("AWS_ENDPOINT_URL_S3")
        or environment.get("AWS_ENDPOINT_URL")
        or environment.get("AWS_ENDPOINT")
        or profile.endpoint
    )
    region = address.region or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or profile.region
    settings = {
        # This one is asked first, so that the environment's does not win over the address's.
        "aws_endpoint_url_s3": endpoint,
        "region": region,
    }
    return {name: value for name, value in settings.items() if value}


def _provider(profile: Profile) -> Any:
    """What gives obstore a profile's keys; None where it has none. Settings would be mixed with the environment's: a
    profile's keys with the variables' session token."""
    if profile.fetched:
        return _boto3_provider(profile)
    if profile.access_key_id is None:
        return None
    keys = {
        "access_key_id": profile.access_key_id,
        "secret_access_key": profile.secret_access_key,
        "token": profile.session_token,
        "expires_at": None,
    }
    return lambda: keys


def _boto3_provider(profile: Profile) -> Any:
    try:
        from obstore.auth.boto3 import Boto3CredentialProvider
    except ImportError:
        raise UsageError(
            f"the AWS profile {profile.name!r} has its keys fetched, which needs the package boto3",
            hint="pip install boto3, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ) from None
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        return Boto3CredentialProvider(boto3.Session(profile_name=profile.name))
    except (BotoCoreError, ValueError) as error:
        raise UsageError(f"the AWS profile {profile.name!r} gives no keys: {error}") from error


def _gcs(address: LevelAddress, anonymous: bool) -> Any:
    from obstore.store import GCSStore

    settings: dict[str, Any] = {"base_url": address.endpoint} if address.endpoint else {}
    return GCSStore(address.host, **_common(address, settings), **({"skip_signature": True} if anonymous else {}))


def _azure(address: LevelAddress, environment: Mapping[str, str], anonymous: bool) -> Any:
    from obstore.store import AzureStore

    endpoint = address.endpoint or environment.get("AZURE_STORAGE_ENDPOINT") or environment.get("AZURE_ENDPOINT")
    settings = {"account_name": address.account, "endpoint": endpoint}
    settings = {name: value for name, value in settings.items() if value}
    return AzureStore(address.host, **_common(address, settings), **({"skip_signature": True} if anonymous else {}))


def _common(address: LevelAddress, settings: dict[str, Any]) -> dict[str, Any]:
    endpoint = settings.get("aws_endpoint_url_s3") or settings.get("base_url") or settings.get("endpoint") or ""
    silence = timedelta(seconds=address.timeout)
    return {
        **settings,
        "prefix": address.prefix or None,
        "client_options": {
            # Without TLS only where an address says so.
            "allow_http": endpoint.startswith("http://"),
            "connect_timeout": min(silence, _CONNECTING),
            "read_timeout": silence,
            "timeout": _LONGEST,
        },
        "retry_config": {
            "max_retries": address.retries,
            "retry_timeout": silence,
            "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=5), "base": 2},
        },
    }


_NO_CONTAINER = re.compile(r"<Code>(NoSuchBucket|ContainerNotFound)</Code>|The specified (bucket|container) does not")
# "Generic S3 error: Error performing GET http://... in 1.2ms, after 2 retries, ... - what happened"
_OPENING = re.compile(r"^.*?Error performing [A-Z]+ .*? - ")
_QUERY = re.compile(r"\?\S+")  # Azure's signatures are in it


def _trouble(object_name: str, error: Exception) -> LevelError:
    import obstore

    denied = (obstore.exceptions.PermissionDeniedError, obstore.exceptions.UnauthenticatedError)
    if _NO_CONTAINER.search(str(error)):
        return LevelError("there is no such bucket")
    first = (str(error).splitlines() or [""])[0]
    said = redacted(_QUERY.sub("?...", _OPENING.sub("", first))).rstrip(": ")[:300]
    kind = LevelDeniedError if isinstance(error, denied) else LevelError
    return kind(f"{object_name}: {said or type(error).__name__}")
