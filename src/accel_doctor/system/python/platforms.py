"""Machines that cannot be queried: the wheels they accept, and the interpreter they are assumed to have.

Linux is assumed to be x86-64 with glibc 2.28, which Debian 11, Ubuntu 20.04 and RHEL 8 have at least, or musl 1.2,
which Alpine 3.13 has; macOS to be 13 on Apple silicon. uv assumes the same for the platforms of these names.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

import packaging.tags

from accel_doctor.model.machine import Distribution, Interpreter, Origin

_GLIBC, _MUSL = 28, 2  # minor versions
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}  # PEP 600


class Platform(str, Enum):
    """The platform of a machine, which determines its wheels; named as in uv."""

    GNU = "x86_64-unknown-linux-gnu"
    MUSL = "x86_64-unknown-linux-musl"
    MACOS = "aarch64-apple-darwin"


def platform_of(interpreter: Interpreter) -> Platform:
    """Return the platform of an interpreter's machine."""
    if interpreter.platform.startswith("macosx"):
        return Platform.MACOS
    return Platform.MUSL if interpreter.libc.startswith("musl") else Platform.GNU


def platform_tags(platform: Platform) -> tuple[str, ...]:
    """Return platform tags, best first (PEP 600, PEP 656)."""
    if platform is Platform.MACOS:
        return tuple(packaging.tags.mac_platforms((13, 0), "arm64"))
    if platform is Platform.MUSL:
        tags = [f"musllinux_1_{minor}" for minor in range(_MUSL, -1, -1)]
    else:
        tags = []
        for minor in range(_GLIBC, 4, -1):
            tags += [f"manylinux_2_{minor}", *([_LEGACY[minor]] if minor in _LEGACY else [])]
    return tuple(f"{tag}_x86_64" for tag in (*tags, "linux"))


def marker_values(python: str, platform: Platform) -> Mapping[str, str]:
    """Return the values of environment markers (PEP 508) for a CPython version on that platform."""
    feature = ".".join(python.split(".")[:2])
    macos = platform is Platform.MACOS
    full = python if python.count(".") > 1 else f"{python}.0"
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": "arm64" if macos else "x86_64",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Darwin" if macos else "Linux",
        "platform_version": "",
        "python_full_version": full,
        "python_version": feature,
        "sys_platform": "darwin" if macos else "linux",
    }


OWN_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
# End of SOABI (sysconfig), platform and C library; the first entry is the default for others.
_PLATFORMS = {
    "": ("x86_64-linux-gnu", "linux-x86_64", "glibc"),
    "alpine": ("x86_64-linux-musl", "linux-x86_64", "musl"),
    "postmarketos": ("x86_64-linux-musl", "linux-x86_64", "musl"),
    "darwin": ("darwin", "macosx-11.0-arm64", ""),
    "macos": ("darwin", "macosx-11.0-arm64", ""),
}


def assumed_interpreter(distribution: Distribution, version: str | None) -> Interpreter:
    """Return an interpreter of this version, by default our own, as the distribution installs it."""
    version = version or OWN_VERSION
    compact = version.replace(".", "")
    abi, platform, libc = _PLATFORMS.get(distribution.id, _PLATFORMS[""])
    return Interpreter(
        executable=Path("/usr/bin/python3"),
        prefix=Path("/usr"),
        base_prefix=Path("/usr"),
        implementation="cpython",
        version=version,
        soabi=f"cpython-{compact}-{abi}",
        cache_tag=f"cpython-{compact}",
        platform=platform,
        libc=libc,
        include=Path(f"/usr/include/python{version}"),
        origin=Origin.DISTRIBUTION,
    )
