"""Turn pip's installation report into a PEP 751 lock. Pure.

https://pip.pypa.io/en/stable/reference/installation-report/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.pylock import (
    Package,
    PackageArchive,
    PackageDirectory,
    PackageSdist,
    PackageVcs,
    PackageWheel,
    Pylock,
    PylockValidationError,
)
from packaging.utils import canonicalize_name
from packaging.version import Version

from accel_doctor.errors import ToolError
from accel_doctor.frontends.legacy_archives import SDIST_ENDINGS


def lock_from_report(text: str) -> Pylock:
    """Return the lock of all distributions to install in the report. Raises ToolError if the report cannot be read."""
    try:
        report = json.loads(text)
        if str(report["version"]) != "1":
            raise ToolError(f"unknown version of pip's installation report: {report['version']} (expected 1)")
        packages = [_package(item) for item in report["install"]]
        lock = Pylock(lock_version=Version("1.0"), created_by="pip", packages=packages)
        lock.validate()
    except (ValueError, KeyError, TypeError, PylockValidationError) as error:
        raise ToolError(f"cannot read pip's installation report: {error!r}") from error
    return lock


def _package(item: Mapping[str, Any]) -> Package:
    name = canonicalize_name(item["metadata"]["name"])
    version = Version(item["metadata"]["version"])
    info: Mapping[str, Any] = item["download_info"]
    url, subdirectory = info["url"], info.get("subdirectory")
    parts = urlsplit(url)
    path = unquote(parts.path)
    if vcs := info.get("vcs_info"):
        origin = PackageVcs(
            type=vcs["vcs"],
            url=url,
            requested_revision=vcs.get("requested_revision"),
            commit_id=vcs["commit_id"],
            subdirectory=subdirectory,
        )
        return Package(name=name, version=version, vcs=origin)
    if "dir_info" in info:
        editable = info["dir_info"].get("editable") or None
        directory = PackageDirectory(path=path, editable=editable, subdirectory=subdirectory)
        return Package(name=name, version=None, directory=directory)
    place = {"path": path} if parts.scheme == "file" else {"url": url}
    file = {**place, "hashes": dict(info["archive_info"]["hashes"])}
    file_name = unquote(parts.path.rpartition("/")[2])
    # A lock's sdists are .tar.gz or .zip; archives may be of any format.
    if item.get("is_direct") or subdirectory or not file_name.endswith((".whl", *SDIST_ENDINGS)):
        return Package(name=name, version=version, archive=PackageArchive(**file, subdirectory=subdirectory))
    if file_name.endswith(".whl"):
        return Package(name=name, version=version, wheels=[PackageWheel(name=file_name, **file)])
    return Package(name=name, version=version, sdist=PackageSdist(name=file_name, **file))
