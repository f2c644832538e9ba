"""pip's installation report (https://pip.pypa.io/en/stable/reference/installation-report/) as a PEP 751 lock. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name
from packaging.version import Version

from accel_doctor.errors import ToolError

if TYPE_CHECKING:
    from packaging.pylock import Package, Pylock


def lock_from_report(text: str) -> Pylock:
    """The lock of everything the report would install. Raises ToolError where it cannot be read."""
    from packaging.pylock import Pylock, PylockValidationError

    try:
        report = json.loads(text)
        if str(report["version"]) != "1":
            raise ToolError(f"pip wrote an installation report of version {report['version']}, only 1 is known")
        lock = Pylock(
            lock_version=Version("1.0"),
            created_by="pip",
            packages=[_package(item) for item in report["install"]],
        )
        lock.validate()
    except (ValueError, KeyError, TypeError, PylockValidationError) as error:
        raise ToolError(f"pip's installation report is not usable: {error!r}") from error
    return lock


def _package(item: Mapping[str, Any]) -> Package:
    from packaging.pylock import Package

    name = canonicalize_name(item["metadata"]["name"])
    version = Version(item["metadata"]["version"])
    info = cast("Mapping[str, Any]", item["download_info"])
    subdirectory = info.get("subdirectory")
    if "vcs_info" in info:
        return Package(name=name, version=version, vcs=_vcs(info))
    if "dir_info" in info:
        return Package(name=name, version=None, directory=_directory(info))
    if item.get("is_direct") or subdirectory:
        return Package(name=name, version=version, archive=_archive(info))
    if _file_name(info["url"]).endswith(".whl"):
        return Package(name=name, version=version, wheels=[_wheel(info)])
    return Package(name=name, version=version, sdist=_sdist(info))


def _vcs(info: Mapping[str, Any]) -> Any:
    from packaging.pylock import PackageVcs

    vcs = info["vcs_info"]
    return PackageVcs(
        type=vcs["vcs"],
        url=info["url"],
        requested_revision=vcs.get("requested_revision"),
        commit_id=vcs["commit_id"],
        subdirectory=info.get("subdirectory"),
    )


def _directory(info: Mapping[str, Any]) -> Any:
    from packaging.pylock import PackageDirectory

    return PackageDirectory(
        path=unquote(urlsplit(info["url"]).path),
        editable=info["dir_info"].get("editable") or None,
        subdirectory=info.get("subdirectory"),
    )


def _archive(info: Mapping[str, Any]) -> Any:
    from packaging.pylock import PackageArchive

    return PackageArchive(**_place(info), hashes=_hashes(info), subdirectory=info.get("subdirectory"))


def _wheel(info: Mapping[str, Any]) -> Any:
    from packaging.pylock import PackageWheel

    return PackageWheel(name=_file_name(info["url"]), **_place(info), hashes=_hashes(info))


def _sdist(info: Mapping[str, Any]) -> Any:
    from packaging.pylock import PackageSdist

    return PackageSdist(name=_file_name(info["url"]), **_place(info), hashes=_hashes(info))


def _place(info: Mapping[str, Any]) -> dict[str, Any]:
    parts = urlsplit(info["url"])
    return {"path": unquote(parts.path)} if parts.scheme == "file" else {"url": info["url"]}


def _hashes(info: Mapping[str, Any]) -> dict[str, str]:
    return dict(info["archive_info"]["hashes"])


def _file_name(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])
