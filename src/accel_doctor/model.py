"""The nouns of accel-doctor: frozen values, no input or output.

The words are those of ``docs/explanation/architecture.md``: need, symptom, finding, cause, remedy, plan.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from accel_doctor.errors import ExitCode

if TYPE_CHECKING:
    from packaging.pylock import Pylock

# --- needs -----------------------------------------------------------------------------------------------


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

    @property
    def curable_by_packages(self) -> bool:
        """Whether a system package can ever be the answer."""
        return self not in _NO_PACKAGE_CURES


_NO_PACKAGE_CURES = frozenset({NeedKind.PYTHON_MODULE, NeedKind.BUILD_CONSTRAINT, NeedKind.RESOURCE, NeedKind.NETWORK})

# Names come out of build logs, which an sdist may forge: what does not look like a name is no need at all.
_NEED_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+\-/:@<>=!,~ ]{0,199}")


@dataclass(frozen=True, order=True)
class Need:
    """One thing a build lacks, such as ``header:libpq-fe.h``; ``str()`` and :meth:`parse` are inverse."""

    kind: NeedKind
    name: str

    def __post_init__(self) -> None:
        if not _NEED_NAME.fullmatch(self.name) or ".." in self.name.split("/"):
            raise ValueError(f"not the name of a {self.kind.value}: {self.name!r}")

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> Need:
        """The need that ``kind:name`` writes; ValueError for an unknown kind or a malformed name."""
        kind, colon, name = text.partition(":")
        if not colon:
            raise ValueError(f"expected kind:name, got {text!r}")
        return cls(NeedKind(kind), name)


# --- findings --------------------------------------------------------------------------------------------


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
    """What one log says; ``summary`` is the line to show when no symptom matched."""

    findings: tuple[Finding, ...]
    summary: str | None = None

    @property
    def causes(self) -> tuple[Finding, ...]:
        """The findings that stopped the build, in order of the log."""
        return tuple(finding for finding in self.findings if finding.role is Role.CAUSE)


# --- the machine -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Distribution:
    """A distribution as os-release names it (os-release(5)); ``like`` is ID_LIKE, nearest first."""

    id: str
    version: str = ""  # VERSION_ID: "12", "24.04", "41"; empty for rolling releases
    codename: str = ""
    like: tuple[str, ...] = ()
    pretty_name: str = ""

    def __str__(self) -> str:
        return self.pretty_name or f"{self.id} {self.version}".strip()


class Origin(str, Enum):
    """Who installed the interpreter: decides where its headers come from."""

    DISTRIBUTION = "distribution"
    PYENV = "pyenv"
    UV = "uv"
    CONDA = "conda"
    OTHER = "other"


@dataclass(frozen=True)
class Interpreter:
    """The interpreter that is installed into, as it described itself.

    ``environment`` holds PEP 508 marker values; ``include`` is where its own ``Python.h`` is or would be.
    """

    executable: Path
    prefix: Path
    base_prefix: Path
    implementation: str  # sys.implementation.name: cpython, pypy
    version: str  # 3.13.5
    soabi: str  # cpython-313-x86_64-linux-gnu; "" where there is none
    cache_tag: str
    platform: str  # sysconfig.get_platform(): linux-x86_64
    libc: str  # "glibc 2.41", "musl 1.2"
    include: Path
    origin: Origin
    in_virtual_environment: bool
    externally_managed: str | None  # the distribution's own words (PEP 668), "" if it gives none
    pip_version: str | None  # of the pip inside it
    debug: bool
    free_threaded: bool
    environment: Mapping[str, str] = field(hash=False)

    @property
    def feature_version(self) -> str:
        """Major and minor: ``3.13``."""
        return ".".join(self.version.split(".")[:2])


# --- requirements, locks, sources ------------------------------------------------------------------------


@dataclass(frozen=True)
class RequirementLine:
    """One requirement as the user wrote it, and where it stood: ``requirements.txt:3``, ``command line``."""

    text: str  # "psycopg2>=2.9 ; python_version > '3'", a path, or a URL
    origin: str
    editable: bool = False
    name: str | None = None  # normalized (PEP 503) where the text tells
    hashes: tuple[str, ...] = ()  # "sha256:..."
    config_settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class IndexSettings:
    """Where distributions come from, and how they are reached. None: not said, the frontend's own default."""

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timeout: float | None = None  # seconds
    retries: int | None = None
    keyring_provider: str | None = None
    no_cache: bool = False
    offline: bool = False


@dataclass(frozen=True)
class BuildSettings:
    """What changes how a source is built; part of every build key."""

    config_settings: tuple[str, ...] = ()  # KEY=VALUE
    build_constraints: tuple[str, ...] = ()  # requirement lines, their files already read
    no_build_isolation: bool = False


@dataclass(frozen=True)
class InstallRequest:
    """pip's argument line, its files and its configuration, read and checked: what the user asked for."""

    requirements: tuple[RequirementLine, ...]
    constraints: tuple[RequirementLine, ...] = ()
    index: IndexSettings = IndexSettings()
    build: BuildSettings = BuildSettings()
    no_binary: tuple[str, ...] = ()  # names, or ":all:"
    only_binary: tuple[str, ...] = ()
    pre: bool = False
    upgrade: bool = False
    require_hashes: bool = False
    no_deps: bool = False
    target: Path | None = None
    prefix: Path | None = None
    user: bool = False
    break_system_packages: bool = False
    verbosity: int = 0

    @property
    def checks_hashes(self) -> bool:
        """pip's rule: one ``--hash`` anywhere turns hash-checking on for all."""
        return self.require_hashes or any(line.hashes for line in self.requirements)


class SourceKind(str, Enum):
    """What a build starts from. Only archives and commits have a stable identity, so only they are stored."""

    SDIST = "sdist"
    VCS = "vcs"
    DIRECTORY = "directory"


@dataclass(frozen=True)
class Source:
    """One distribution to be built. ``location`` is a URL or an absolute path."""

    name: str  # normalized
    version: str | None
    kind: SourceKind
    location: str
    sha256: str | None = None  # of an sdist
    commit: str | None = None  # of a VCS source
    vcs: str | None = None  # git, hg, ...
    subdirectory: str | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else self.name


@dataclass(frozen=True)
class Locked:
    """The requirements resolved: a PEP 751 lock, relative paths already absolute."""

    lock: Pylock


@dataclass(frozen=True)
class Wheel:
    """A wheel on disk, with the SHA-256 its bytes had when it was read."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class Failed:
    """A frontend or a build stopped, and its output may say why. ``package`` is None while resolving many."""

    package: str | None
    log: Path
    step: str  # "resolve", "build", "install"
    returncode: int
    seconds: float = 0.0


@dataclass(frozen=True)
class Built:
    """A source became a wheel; ``reused`` says that the store had it."""

    source: Source
    wheel: Wheel
    reused: bool
    seconds: float = 0.0
    log: Path | None = None


@dataclass(frozen=True)
class BuildFailed:
    """A source did not become a wheel."""

    source: Source
    failure: Failed


BuildOutcome = Built | BuildFailed

# --- plans -----------------------------------------------------------------------------------------------


class Confidence(str, Enum):
    """How a package was found: a curated rule; the distribution's file list; one guess of several."""

    RULE = "rule"
    INDEX = "index"
    GUESS = "guess"

    @property
    def covered_by_yes(self) -> bool:
        """Whether ``--yes`` alone agrees to it."""
        return self is not Confidence.GUESS


@dataclass(frozen=True)
class Remedy:
    """What satisfies one need here: all of ``packages`` together, or, with none, ``advice`` to follow.

    ``alternatives`` are other sets that would do as well, in order of preference.
    """

    need: Need
    packages: tuple[str, ...] = ()
    confidence: Confidence = Confidence.RULE
    source: str = ""  # "rules/debian.yaml"
    alternatives: tuple[tuple[str, ...], ...] = ()
    advice: str | None = None


@dataclass(frozen=True)
class Reason:
    """Why a need is in a plan: the finding that showed it, or, without one, foresight about ``package``."""

    need: Need
    package: str | None
    finding: Finding | None = None

    @property
    def evidence(self) -> str:
        """The quoted line, or the words that say where foresight has it from."""
        return self.finding.evidence if self.finding else "known need, not met on this machine"


@dataclass(frozen=True)
class SystemPackage:
    """One package of the plan, with the needs it meets and why each is there."""

    name: str
    reasons: tuple[Reason, ...]
    confidence: Confidence
    source: str
    alternatives: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Unmet:
    """A need the plan cannot meet with packages: what to do instead, where anything is known."""

    reason: Reason
    advice: str | None = None


@dataclass(frozen=True)
class Plan:
    """Remedies chosen, with evidence and the exact commands, as data, before anything runs."""

    packages: tuple[SystemPackage, ...] = ()
    unmet: tuple[Unmet, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The system packages to install, sorted."""
        return tuple(sorted(package.name for package in self.packages))


@dataclass(frozen=True)
class Simulation:
    """What a package manager says it would do; sizes in bytes, None where it does not tell."""

    installs: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    downgrades: tuple[str, ...] = ()
    download_bytes: int | None = None
    disk_bytes: int | None = None

    @property
    def objection(self) -> str | None:
        """Why this must not be done ("remove a, b"), or None."""
        parts = [
            f"{verb} {', '.join(names)}"
            for verb, names in (("remove", self.removes), ("downgrade", self.downgrades))
            if names
        ]
        return " and ".join(parts) or None


class Consent(str, Enum):
    """The answer to "install these?"."""

    YES = "yes"
    NO = "no"
    NOBODY_TO_ASK = "nobody to ask"


# --- a run -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Policy:
    """What a run may do: agree by itself to sure cures, touch the system at all, or only rehearse."""

    yes: bool = False
    system: bool = True
    dry_run: bool = False


@dataclass(frozen=True)
class Case:
    """One failure and what its log says."""

    failure: Failed
    diagnosis: Diagnosis


@dataclass(frozen=True)
class Result:
    """What a run came to. ``plan`` is the one that was not carried out, ``transactions`` those that were."""

    code: ExitCode
    locked: Locked | None
    built: tuple[Built, ...]
    cases: tuple[Case, ...]
    plan: Plan | None
    transactions: tuple[Plan, ...]
