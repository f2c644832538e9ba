"""Needs, and the findings that show them in a log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from accel_doctor.model.wheels import Link


class NeedKind(str, Enum):
    """A kind of thing that a build can lack; the same on every distribution."""

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
    def facts(self) -> KindFacts:
        """Return the facts of this kind of need."""
        return _FACTS[self]

    @property
    def curable_by_packages(self) -> bool:
        """Return whether system packages can ever meet this kind of need."""
        return _FACTS[self].curable_by_packages


_PLAIN = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"


@dataclass(frozen=True)
class KindFacts:
    """The facts about one kind of need, except how it is found in a file index and on this machine.

    Templates know the need's ``{name}``, the same in ``{lower}`` case, and its ``{base}`` without directories. They are
    filled only with names of this ``shape``, for names come from build output, and become arguments: none can be an
    option, a pattern, or a path outside the directories that builds search.
    """

    curable_by_packages: bool = True
    shape: str = _PLAIN  # a regular expression
    base_only: bool = False  # directories before a name in a message are not part of the name
    capabilities: tuple[str, ...] = ()  # of RPM packages, the likeliest first
    apk_prefix: str | None = None  # of capabilities that Alpine packages provide
    paths: tuple[str, ...] = ()  # of files that meet the need, the likeliest first
    file_names: tuple[str, ...] = ()
    found_with: str | None = None  # the tool that builds use to find it, as a need

    @property
    def with_directories(self) -> bool:
        """Return whether messages may include directories in the name."""
        return self.base_only or self.shape != _PLAIN


_NO_PACKAGE = KindFacts(curable_by_packages=False)
_FACTS = {
    NeedKind.HEADER: KindFacts(
        shape=rf"{_PLAIN}(?:/{_PLAIN})*",
        paths=("/usr/include/{name}", "/usr/include/*/{name}"),
        file_names=("{base}",),
        found_with="compiler:c",
    ),
    NeedKind.LIBRARY: KindFacts(
        capabilities=("pkgconfig({name})", "pkgconfig(lib{name})"),
        paths=("/usr/lib64/lib{name}.so", "/usr/lib/lib{name}.so"),
        file_names=("lib{name}.so",),
        found_with="compiler:c",
    ),
    NeedKind.PKGCONFIG: KindFacts(
        capabilities=("pkgconfig({name})",),
        apk_prefix="pc:",
        file_names=("{name}.pc",),
        found_with="command:pkg-config",
    ),
    NeedKind.CMAKE: KindFacts(
        capabilities=("cmake({name})", "cmake({lower})"), file_names=("{name}Config.cmake", "{lower}-config.cmake")
    ),
    NeedKind.COMMAND: KindFacts(base_only=True, apk_prefix="cmd:", paths=("/usr/bin/{name}",), file_names=("{name}",)),
    NeedKind.COMPILER: KindFacts(base_only=True),
    NeedKind.FILE: KindFacts(
        shape=rf"usr/(?:include|lib|lib64|share|bin)/{_PLAIN}(?:/{_PLAIN})*",
        paths=("/{name}",),
        file_names=("{base}",),
    ),
    NeedKind.SONAME: KindFacts(
        base_only=True, capabilities=("{name}()(64bit)", "{name}"), apk_prefix="so:", file_names=("{name}",)
    ),
    NeedKind.PYTHON_MODULE: _NO_PACKAGE,
    NeedKind.BUILD_CONSTRAINT: _NO_PACKAGE,
    NeedKind.RESOURCE: _NO_PACKAGE,
    NeedKind.NETWORK: _NO_PACKAGE,
}

# Names come out of build logs, which an sdist may forge: text that does not look like a name is not a need.
_LONGEST = 200
_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_OTHERS = _FIRST | frozenset(".+-/:@<>=!,~ []")


class _Need(NamedTuple):
    kind: NeedKind
    name: str


class Need(_Need):
    """One thing a build lacks, such as ``header:libpq-fe.h``; ``str()`` and :meth:`parse` are inverse.

    Raises ValueError if ``name`` is not a valid name of this kind.
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

    @property
    def capabilities(self) -> tuple[str, ...]:
        """Return the RPM capabilities that meet the need, the likeliest first; empty if none is defined."""
        return self._filled(self.kind.facts.capabilities)

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths of files that meet the need, the likeliest first; a ``*`` in a path is our wildcard."""
        return self._filled(self.kind.facts.paths)

    @property
    def file_names(self) -> tuple[str, ...]:
        """Return the names of files that meet the need, without directories."""
        return self._filled(self.kind.facts.file_names)

    @property
    def apk_name(self) -> str | None:
        """Return the Alpine capability that meets the need; None if Alpine has no such capability."""
        prefix = self.kind.facts.apk_prefix
        return next(iter(self._filled((f"{prefix}{{name}}",))), None) if prefix else None

    @property
    def any_version(self) -> bool:
        """Return whether it is a library that programs open by name, in any version: ``soname:libmagic``."""
        return self.kind is NeedKind.SONAME and Link(self.name).any_version

    @property
    def least_version(self) -> tuple[int, ...] | None:
        """Return the oldest version that meets the need: that of ``compiler:rust-1.88``; None if any version does."""
        found = re.fullmatch(r"[a-z+]+-(\d+(?:\.\d+)*)", self.name) if self.kind is NeedKind.COMPILER else None
        return version_of(found[1]) if found else None

    @property
    def keeps_from_import(self) -> bool:
        """Return whether nothing keeps the distribution from being built, but from being imported."""
        return (self.kind, self.name) == (NeedKind.BUILD_CONSTRAINT, "python-too-new-to-import")

    @property
    def older_dependency(self) -> str | None:
        """Return the Python module of which an older release is needed: that of ``build-constraint:older:flask``."""
        older, colon, module = self.name.partition(":") if self.kind is NeedKind.BUILD_CONSTRAINT else ("", "", "")
        return module if colon and older == "older" else None

    @property
    def found_with(self) -> Need | None:
        """Return the need for the tool that builds use to find this one."""
        finder = self.kind.facts.found_with
        return Need.parse(finder) if finder else None

    def _filled(self, templates: tuple[str, ...]) -> tuple[str, ...]:
        if not re.fullmatch(self.kind.facts.shape, self.name):
            return ()
        values = {"name": self.name, "lower": self.name.lower(), "base": self.name.rpartition("/")[2]}
        return tuple(dict.fromkeys(template.format(**values) for template in templates))

    @classmethod
    def parse(cls, text: str) -> Need:
        """Parse ``kind:name``. Raises ValueError for an unknown kind or a malformed name."""
        kind, colon, name = text.partition(":")
        if not colon:
            raise ValueError(f"expected kind:name, got {text!r}")
        if kind not in {one.value for one in NeedKind}:
            raise ValueError(f"no kind of need is called {kind!r}")
        return cls(NeedKind(kind), name)


def version_of(text: str) -> tuple[int, ...]:
    """Return the first version in a text as numbers, without a Debian epoch; empty if there is none."""
    found = re.search(r"(?:\d+:)?(\d+(?:\.\d+)*)", text)
    return tuple(map(int, found[1].split("."))) if found else ()


class Role(str, Enum):
    """The role of a finding: it stopped the build, or it is a consequence or harmless."""

    CAUSE = "cause"
    ECHO = "echo"


@dataclass(frozen=True)
class Finding:
    """One symptom seen in one log: the need, the Python package whose build reported it, and the quoted line."""

    need: Need
    package: str | None
    line: int  # 1-based, in the original log
    evidence: str  # the line, cleaned of margins and control characters
    symptom: str  # id in rules/symptoms.yaml
    role: Role


@dataclass(frozen=True)
class Diagnosis:
    """The diagnosis of one log; ``summary`` is the line to show if no symptom matched.

    ``failed`` says whether the log contains any error message.
    """

    findings: tuple[Finding, ...]
    summary: str | None = None
    failed: bool = True

    @property
    def causes(self) -> tuple[Finding, ...]:
        """Return the findings that stopped the build, in log order."""
        return tuple(finding for finding in self.findings if finding.role is Role.CAUSE)


@dataclass(frozen=True)
class UnmetLink:
    """A link that the loader here cannot meet: the library is missing, or it lacks ``versions``."""

    link: Link
    versions: tuple[str, ...] = ()

    @property
    def need(self) -> Need | None:
        """Return the need that a system package may meet; None if the library is present but too old, or is named by
        a path."""
        if self.versions or "/" in self.link.soname:
            return None
        try:
            return Need(NeedKind.SONAME, self.link.soname)
        except ValueError:
            return None

    def __str__(self) -> str:
        if self.versions:
            return f"{self.link.soname} here has no {', '.join(self.versions)}"
        return f"{self.link.soname} is not on this machine"
