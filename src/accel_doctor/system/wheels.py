"""Which wheels a Linux machine takes that cannot be asked: taken to be x86-64, with glibc 2.28 or musl 1.2.

Those are what uv takes for ``--python-platform linux`` and its musl twin, and what Debian 11, Ubuntu 20.04, RHEL 8 and
Alpine 3.13 have at least.
"""

from __future__ import annotations

from collections.abc import Mapping

_MACHINE = "x86_64"
_GLIBC, _MUSL = 28, 2  # minor versions
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}  # PEP 600


def platform_tags(*, musl: bool) -> tuple[str, ...]:
    """Platform tags, best first (PEP 600, PEP 656)."""
    if musl:
        tags = [f"musllinux_1_{minor}" for minor in range(_MUSL, -1, -1)]
    else:
        tags = []
        for minor in range(_GLIBC, 4, -1):
            tags += [f"manylinux_2_{minor}", *([_LEGACY[minor]] if minor in _LEGACY else [])]
    return tuple(f"{tag}_{_MACHINE}" for tag in (*tags, "linux"))


def marker_values(python: str) -> Mapping[str, str]:
    """The values of environment markers (PEP 508) for a version of CPython there."""
    feature = ".".join(python.split(".")[:2])
    full = python if python.count(".") > 1 else f"{python}.0"
    return {
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": "posix",
        "platform_machine": _MACHINE,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": full,
        "python_version": feature,
        "sys_platform": "linux",
    }
