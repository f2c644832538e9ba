"""The interpreter of a machine that cannot be asked."""

from __future__ import annotations

from pathlib import Path

from accel_doctor.model import Distribution, Interpreter, Origin

# End of SOABI (sysconfig), platform and C library; the first entry is that of all others.
_PLATFORMS = {
    "": ("x86_64-linux-gnu", "linux-x86_64", "glibc"),
    "alpine": ("x86_64-linux-musl", "linux-x86_64", "musl"),
    "postmarketos": ("x86_64-linux-musl", "linux-x86_64", "musl"),
    "darwin": ("darwin", "macosx-11.0-arm64", ""),
    "macos": ("darwin", "macosx-11.0-arm64", ""),
}


def assumed_interpreter(distribution: Distribution, version: str | None, fallback: str) -> Interpreter:
    """Return an interpreter of this version, or ``fallback``, as the distribution installs it."""
    version = version or fallback
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
        in_virtual_environment=False,
        externally_managed=None,
        pip_version=None,
        debug=False,
        free_threaded=False,
        environment={},
    )
