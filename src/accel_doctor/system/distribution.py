"""Detect the distribution of this machine, and parse the name of another."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Distribution
from accel_doctor.ownership import read_own

_VERSIONS = {
    ("debian", "bullseye"): "11",
    ("debian", "bookworm"): "12",
    ("debian", "trixie"): "13",
    ("debian", "forky"): "14",
    ("ubuntu", "focal"): "20.04",
    ("ubuntu", "jammy"): "22.04",
    ("ubuntu", "noble"): "24.04",
}
_CODENAMES = {(identifier, version): codename for (identifier, codename), version in _VERSIONS.items()}
_DEBIAN_RELEASE = re.compile(r"[0-9]+|[a-z][a-z-]*")
_LONGEST_RELEASE = 64
_NAMED = re.compile(r"(?P<id>[a-z0-9][a-z0-9._-]{0,63})(?::(?P<version>[A-Za-z0-9][A-Za-z0-9._-]{0,63}))?")


def read_distribution(root: Path = Path("/")) -> Distribution:
    """Return the distribution installed in ``root``, from its os-release file (os-release(5)).

    The id is os-release's own (``ol``, ``opensuse-leap``), not one that a library renamed; ``unknown`` where
    there is no such file, which every distribution since 2012 has. ``version`` is empty for rolling releases and for
    Debian testing and unstable, which carry no VERSION_ID.
    """
    import distro

    # lsb_release and uname would start processes, and would describe the running system instead of ``root``.
    found = distro.LinuxDistribution(include_lsb=False, include_uname=False, root_dir=str(root))
    attribute = found.os_release_attr
    identifier = attribute("id").lower() or "unknown"
    return Distribution(
        id=identifier,
        version=attribute("version_id"),
        # Linux Mint and others have their own codenames, and also name the release they are based on.
        codename=attribute("ubuntu_codename") or attribute("debian_codename") or attribute("version_codename"),
        like=tuple(attribute("id_like").lower().split()),
        pretty_name=attribute("pretty_name"),
        base="" if identifier == "debian" else _debian_release(root),
    )


def machine_mark(root: Path = Path("/")) -> str:
    """Return what tells this machine from others: a hash of its machine-id(5), which itself is not to be passed on.
    Empty without one, as in most containers."""
    try:
        identifier = read_own(root / "etc/machine-id", _LONGEST_RELEASE).strip()
    except OSError:
        return ""
    known = re.fullmatch(rb"[0-9a-f]{32}", identifier)
    return hashlib.sha256(b"accel-doctor " + identifier).hexdigest()[:16] if known else ""


def _debian_release(root: Path) -> str:
    """Return the release in ``/etc/debian_version``, which derivatives keep: ``12.7`` is 12, ``trixie/sid`` is trixie.

    Empty if there is no such file, or if it says something else.
    """
    try:
        with (root / "etc/debian_version").open(encoding="utf-8", errors="replace") as stream:
            found = _DEBIAN_RELEASE.match(stream.readline(_LONGEST_RELEASE))
    except OSError:
        return ""
    return found[0] if found else ""


def named_distribution(text: str) -> Distribution:
    """Return the distribution that ``ID[:VERSION]`` names; VERSION may be a codename.

    Its ``ID_LIKE`` is unknown here: rules say which family it belongs to (``matches.ids``). Raises UsageError for
    anything else.
    """
    found = _NAMED.fullmatch(text)
    if not found:
        raise UsageError(f"not a distribution: {text!r}", hint="write ID or ID:VERSION, such as debian:13 or fedora")
    identifier, version = found["id"], found["version"] or ""
    codename = _CODENAMES.get((identifier, version), "")
    if version and not version[0].isdigit():
        codename, version = version, _VERSIONS.get((identifier, version), "")
    return Distribution(identifier, version, codename)
