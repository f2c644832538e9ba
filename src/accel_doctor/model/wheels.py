"""Records that the wheel store keeps with a wheel: its key, its links, its provenance."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """One shared library that a wheel's extension modules ask the loader for."""

    soname: str  # libpq.so.5
    versions: tuple[str, ...] = ()  # versioned symbols it must provide (GLIBC_2.38), sorted
    package: str | None = None  # the system package that provided it where the wheel was built

    @property
    def any_version(self) -> bool:
        """Return whether it is opened by name at run time, in any version: ``libmagic``."""
        return self.soname.startswith("lib") and not any(mark in self.soname for mark in (".so", ".dylib", "/"))


@dataclass(frozen=True)
class Provenance:
    """The origin of a stored wheel: its source, where and when it was built; for people and checks, not for lookups."""

    name: str  # normalized
    version: str
    source: str  # "sha256:..." or "git+https://...@commit", without credentials
    distribution: str  # "debian 13"
    interpreter: str  # "cpython 3.13.5"
    platform: str  # "linux-x86_64"
    libc: str  # "glibc 2.41"
    built_at: str  # UTC, ISO 8601
    build_requirements: tuple[str, ...] = ()  # contents of the backend's environment, "setuptools==80.9.0"
    lacks: tuple[str, ...] = ()  # needs without which its build left out an extension module: "compiler:c"
    changes: tuple[str, ...] = ()  # by cures, in words: "build constraint setuptools<58"
    settings: tuple[
        str, ...
    ] = ()  # of the user, that are not everybody's: "config setting with-ssl", "variable CFLAGS"
    built_with: tuple[str, ...] = ()  # system packages that its build is known to use, "libpq-dev 17.6-0+deb13u1"


@dataclass(frozen=True)
class BuildKey:
    """The names of one build in a store: SHA-256 in hex, twice.

    ``exact`` covers everything that affects a binary, ``pure`` only what affects a wheel without binaries. If both
    are equal, the wheel is never shared with other interpreters.
    """

    exact: str
    pure: str
    shared: bool = True  # through levels

    @property
    def poorer(self) -> BuildKey:
        """Return the key of a wheel whose build left out an extension module: for this machine alone."""
        name = hashlib.sha256(f"poorer {self.exact}".encode()).hexdigest()
        return BuildKey(name, name, shared=False)


@dataclass(frozen=True)
class Entry:
    """One stored wheel, as its ``entry.json`` describes it."""

    key: str  # the half of its BuildKey that it is stored under
    file: str  # the wheel's file name
    sha256: str
    size: int  # bytes
    provenance: Provenance
    links: tuple[Link, ...] = ()
    signature: str | None = None
