"""What a build lacks, and where its log says so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class NeedKind(str, Enum):
    """What kind of thing a build can lack; the same on every distribution."""

    HEADER = "header"
    LIBRARY = "library"
    PKGCONFIG = "pkgconfig"
    CMAKE = "cmake"
    COMMAND = "command"
    COMPILER = "compiler"
    FILE = "file"
    SONAME = "soname"
    PYTHON_MODULE = "python-module"
    BUILD_CONSTRAINT = "build-constraint"
    RESOURCE = "resource"
    NETWORK = "network"

    __hash__ = str.__hash__  # Enum's own is written in Python, and needs are looked up for every line

    @property
    def curable_by_packages(self) -> bool:
        """Whether a system package can ever be the answer."""
        return self not in _NO_PACKAGE_CURES


_NO_PACKAGE_CURES = frozenset({NeedKind.PYTHON_MODULE, NeedKind.BUILD_CONSTRAINT, NeedKind.RESOURCE, NeedKind.NETWORK})

# Names come out of build logs, which an sdist may forge: what does not look like a name is no need at all.
_LONGEST = 200
_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_OTHERS = _FIRST | frozenset(".+-/:@<>=!,~ []")


class _Need(NamedTuple):
    kind: NeedKind
    name: str


class Need(_Need):
    """One thing a build lacks, such as ``header:libpq-fe.h``; ``str()`` and :meth:`parse` are inverse.

    ValueError where ``name`` cannot be the name of anything.
    """

    # A named tuple: made and looked up for every line of a log, and without dataclasses a look-up starts sooner.
    __slots__ = ()

    def __new__(cls, kind: NeedKind, name: str) -> Need:
        proper = name[:1] in _FIRST and len(name) <= _LONGEST and _OTHERS.issuperset(name)
        if not proper or (".." in name and ".." in name.split("/")):
            raise ValueError(f"not the name of a {kind.value}: {name!r}")
        return super().__new__(cls, kind, name)

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> Need:
        """The need that ``kind:name`` writes; ValueError for an unknown kind or a malformed name."""
        kind, colon, name = text.partition(":")
        if not colon:
            raise ValueError(f"expected kind:name, got {text!r}")
        return cls(NeedKind(kind), name)


class Role(str, Enum):
    """What part a finding played: it stopped the build, or it only follows from that (or is harmless)."""

    CAUSE = "cause"
    ECHO = "echo"


@dataclass(frozen=True)
class Finding:
    """One symptom seen in one log: the need, the Python package whose build spoke, and the quoted line."""

    need: Need
    package: str | None
    line: int  # 1-based, in the log as it was read
    evidence: str  # the line, cleaned of margins and control characters
    symptom: str  # id in rules/symptoms.yaml
    role: Role


@dataclass(frozen=True)
class Diagnosis:
    """What one log says; ``summary`` is the line to show when no symptom matched.

    ``failed`` says whether any tool complains in it at all.
    """

    findings: tuple[Finding, ...]
    summary: str | None = None
    failed: bool = True

    @property
    def causes(self) -> tuple[Finding, ...]:
        """The findings that stopped the build, in order of the log."""
        return tuple(finding for finding in self.findings if finding.role is Role.CAUSE)
