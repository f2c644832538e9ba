"""Shared levels in object storage: S3 and compatible services, Google Cloud Storage, Azure Blob, through obstore.

obstore reads each provider's usual variables (``AWS_*``, ``GOOGLE_*``, ``AZURE_*``). In addition, AWS credentials are
found by botocore, profiles included, and requests are sent unsigned if there are no credentials.
https://developmentseed.org/obstore/latest/authentication/
"""

from __future__ import annotations

import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import obstore
from botocore.exceptions import BotoCoreError, ProfileNotFound
from botocore.session import Session
from obstore.store import AzureStore, GCSStore, S3Store

from accel_doctor.errors import LevelDeniedError, LevelError, UsageError
from accel_doctor.store.levels.address import LevelAddress
from accel_doctor.urls import redacted

_BLOCK = 1 << 20
_CONNECTING = timedelta(seconds=5)
# For one whole attempt. obstore requires one; the caller's deadline bounds the time of a run.
_LONGEST = timedelta(hours=1)
# Less than the 10 minutes before expiry at which botocore renews credentials.
_CREDENTIALS_LAST = timedelta(minutes=5)

# Variables that say where credentials are. Without any of them, querying the metadata service is a guess.
_GOOGLE_CREDENTIALS = (
    "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH", "GOOGLE_SERVICE_ACCOUNT_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SKIP_SIGNATURE",
)  # fmt: skip
_GOOGLE_DEFAULT = ".config/gcloud/application_default_credentials.json"
_AZURE_CREDENTIALS = (
    "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_MASTER_KEY", "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_TOKEN", "AZURE_STORAGE_CLIENT_ID", "AZURE_CLIENT_ID",
    "AZURE_FEDERATED_TOKEN_FILE", "AZURE_USE_AZURE_CLI", "AZURE_SKIP_SIGNATURE",
    "AZURE_STORAGE_USE_EMULATOR",
)  # fmt: skip


class ObjectStorageLevel(ABC):
    """Objects in a bucket or container, below a prefix."""

    def __init__(self, address: LevelAddress) -> None:
        if not address.host or "@" in address.url.partition("://")[2].partition("/")[0]:
            raise UsageError(f"{address.name}: no bucket in the address", hint=f"use {address.scheme}://BUCKET/PREFIX")
        self.name = address.name
        self.writable = not address.read_only
        self._address = address
        self._store: Any = None
        self._connecting = threading.Lock()

    def fetch(self, object_name: str, target: Path, limit: int) -> bool:
        try:
            result = obstore.get(self._connected(), object_name)
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
        try:
            obstore.put(self._connected(), object_name, source)
        except (obstore.exceptions.BaseError, OSError) as error:
            raise _trouble(object_name, error) from None

    def _connected(self) -> Any:
        with self._connecting:
            if self._store is None:
                self._store = self._connect()
            return self._store

    @abstractmethod
    def _connect(self) -> Any:
        """Return obstore's store, with credentials if there are any; may query a metadata service."""


class S3Level(ObjectStorageLevel):
    """A bucket of Amazon S3 or a compatible service. Raises UsageError, also for an unusable AWS profile."""

    def __init__(self, address: LevelAddress, variables: Mapping[str, str]) -> None:
        super().__init__(address)
        self._session = Session(profile=address.profile)
        try:
            profile = self._session.get_scoped_config()
            region = address.region or variables.get("AWS_REGION") or self._session.get_config_variable("region")
        except ProfileNotFound as error:
            raise UsageError(
                f"AWS profile {error.kwargs['profile']!r} not found", hint="`aws configure list-profiles` lists them"
            ) from None
        except BotoCoreError as error:
            raise UsageError(f"AWS configuration: {error}") from None
        named = map(variables.get, ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"))
        endpoint = address.endpoint or next(filter(None, named), None) or profile.get("endpoint_url")
        # obstore reads this setting first, so the address overrides the variables, which it reads too.
        self._settings = _settings(address, endpoint, aws_endpoint_url_s3=endpoint, region=region)

    def _connect(self) -> Any:
        credentials = None if self._address.anonymous else self._session.get_credentials()
        if credentials is None:
            return S3Store(self._address.host, **self._settings, skip_signature=True)
        return S3Store(self._address.host, **self._settings, credential_provider=_AwsCredentials(credentials))


@dataclass(frozen=True)
class _AwsCredentials:
    """A credential provider for obstore: settings would mix with variables, such as a profile's keys with
    the variables' session token. (``obstore.auth.boto3`` needs Python 3.11.)"""

    credentials: Any  # botocore's

    def __call__(self) -> dict[str, Any]:
        keys = self.credentials.get_frozen_credentials()
        return {
            "access_key_id": keys.access_key,
            "secret_access_key": keys.secret_key,
            "token": keys.token,
            "expires_at": datetime.now(timezone.utc) + _CREDENTIALS_LAST,
        }


class GoogleLevel(ObjectStorageLevel):
    """A bucket of Google Cloud Storage."""

    def __init__(self, address: LevelAddress, variables: Mapping[str, str]) -> None:
        super().__init__(address)
        default = Path(variables.get("HOME", "/")) / _GOOGLE_DEFAULT
        self._evident = any(map(variables.get, _GOOGLE_CREDENTIALS)) or default.is_file()

    def _connect(self) -> Any:
        endpoint = self._address.endpoint
        settings = _settings(self._address, endpoint, base_url=endpoint)
        return _signed_if_possible(GCSStore, self._address, settings, self._evident)


class AzureLevel(ObjectStorageLevel):
    """A container of Azure Blob Storage."""

    def __init__(self, address: LevelAddress, variables: Mapping[str, str]) -> None:
        super().__init__(address)
        self._evident = any(map(variables.get, _AZURE_CREDENTIALS))
        named = variables.get("AZURE_STORAGE_ENDPOINT") or variables.get("AZURE_ENDPOINT")
        self._endpoint = address.endpoint or named

    def _connect(self) -> Any:
        account = self._address.account
        settings = _settings(self._address, self._endpoint, account_name=account, endpoint=self._endpoint)
        return _signed_if_possible(AzureStore, self._address, settings, self._evident)


def _signed_if_possible(kind: Any, address: LevelAddress, settings: dict[str, Any], evident: bool) -> Any:
    if not address.anonymous:
        store = kind(address.host, **settings)
        if evident or _has_credentials(store):
            return store
    return kind(address.host, **settings, skip_signature=True)


def _has_credentials(store: Any) -> bool:
    """Return whether the metadata service has credentials for us, that is, whether a signed request got any answer."""
    try:
        obstore.head(store, "wheels")
    except (FileNotFoundError, obstore.exceptions.PermissionDeniedError):
        return True
    except (obstore.exceptions.BaseError, OSError):
        return False
    return True


def _settings(address: LevelAddress, server: str | None, **own: str | None) -> dict[str, Any]:
    silence = timedelta(seconds=address.timeout)
    return {
        **{name: value for name, value in own.items() if value},
        "prefix": address.prefix or None,
        "client_options": {
            # Without TLS only if the address says so.
            "allow_http": (server or "").startswith("http://"),
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
_QUERY = re.compile(r"\?\S+")  # it contains Azure's signatures


def _trouble(object_name: str, error: Exception) -> LevelError:
    denied = (obstore.exceptions.PermissionDeniedError, obstore.exceptions.UnauthenticatedError)
    if _NO_CONTAINER.search(str(error)):
        return LevelError("no such bucket")
    first = (str(error).splitlines() or [""])[0]
    said = redacted(_QUERY.sub("?...", _OPENING.sub("", first))).rstrip(": ")[:300]
    kind = LevelDeniedError if isinstance(error, denied) else LevelError
    return kind(f"{object_name}: {said or type(error).__name__}")
