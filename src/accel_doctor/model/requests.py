"""A user's request: requirements, where they come from, how they are built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from accel_doctor.model.builds import Source, Wheel
from accel_doctor.model.cures import NO_CHANGES, BuildChanges

if TYPE_CHECKING:
    from packaging.pylock import Package
    from packaging.requirements import Requirement


@dataclass(frozen=True)
class RequirementLine:
    """One requirement as the user wrote it, and its origin.

    ``requirements.txt:3``, ``pyproject.toml, group dev``, ``script.py``, ``command line``.
    """

    text: str  # "psycopg2>=2.9 ; python_version > '3'", a path, or a URL
    origin: str
    editable: bool = False
    name: str | None = None  # normalized (PEP 503), if the text names it
    hashes: tuple[str, ...] = ()  # "sha256:..."
    config_settings: tuple[str, ...] = ()

    @property
    def pin(self) -> str | None:
        """Return the only version that it allows; None if it allows others."""
        specifier = self.parsed.specifier if self.parsed else ()
        return next(
            (one.version for one in specifier if one.operator in ("==", "===") and "*" not in one.version), None
        )

    @property
    def parsed(self) -> Requirement | None:
        """Return name, versions and marker; None for a path or a URL."""
        from packaging.requirements import InvalidRequirement, Requirement

        try:
            return Requirement(self.text)
        except InvalidRequirement:
            return None

    def applies(self, markers: Mapping[str, str]) -> bool:
        """Return whether the line's marker holds for an interpreter's ``markers``."""
        marker = self.parsed.marker if self.parsed else None
        return marker is None or marker.evaluate(cast("dict[str, str | frozenset[str]]", {"extra": "", **markers}))


@dataclass(frozen=True)
class Connection:
    """Settings for connections to servers. None means the client's own default."""

    cert: Path | None = None  # PEM bundle to trust
    client_cert: Path | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()  # "host" or "host:port", whose certificates are not verified
    timeout: float | None = None  # seconds
    retries: int | None = None


@dataclass(frozen=True)
class FrontendIndexes:
    """The indexes that the frontend's own configuration names, which we ask and fetch from as well; ``logins`` are
    further URLs whose user and password apply to their hosts."""

    default: str | None = None
    others: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()

    @property
    def urls(self) -> tuple[str, ...]:
        """Return all of them."""
        return (*([self.default] if self.default else []), *self.others, *self.logins)


@dataclass(frozen=True)
class IndexSettings(Connection):
    """The sources of distributions, and how to reach them. None means the frontend's own default."""

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    keyring_provider: str | None = None
    no_cache: bool = False
    offline: bool = False
    of_frontend: FrontendIndexes = FrontendIndexes()

    @property
    def logins(self) -> tuple[str, ...]:
        """Return the URLs whose user and password apply to everything on their hosts."""
        own = (*([self.index_url] if self.index_url else []), *self.extra_index_urls, *self.find_links)
        return (*own, *self.of_frontend.urls)


@dataclass(frozen=True)
class BuildSettings:
    """Settings that change how a source is built; part of every build key."""

    config_settings: tuple[str, ...] = ()  # KEY=VALUE
    build_constraints: tuple[str, ...] = ()  # requirement lines, their files already read
    no_build_isolation: bool = False
    portable: bool = False  # bundle libraries, under a manylinux or musllinux tag, where possible
    changes: BuildChanges = NO_CHANGES  # by cures
    waiting: tuple[str, ...] = ()  # names of those that are being built and require this one, the first of all first


@dataclass(frozen=True)
class Selection:
    """What of a project's lock to install, beside what the project itself requires."""

    groups: tuple[str, ...] = ()
    only_groups: tuple[str, ...] = ()  # these, and not what the project requires
    defaults: bool = True  # the groups that its tool installs unasked
    extras: tuple[str, ...] = ()
    all_extras: bool = False


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
    prefer_binary: bool = False
    upgrade: bool = False
    upgrade_strategy: str = "only-if-needed"  # or "eager": dependencies too
    reinstall: bool = False
    compile_bytecode: bool | None = None  # None: the frontend's own default
    require_hashes: bool = False
    no_deps: bool = False
    target: Path | None = None
    prefix: Path | None = None
    user: bool = False
    break_system_packages: bool = False
    verbosity: int = 0
    lock: Path | None = None  # a PEP 751 lock to install instead of requirements
    selection: Selection = Selection()  # of that lock
    attached: tuple[Package, ...] = ()  # what is installed as it is, beside what is resolved: projects, commits
    changes: Mapping[str, BuildChanges] = field(default_factory=dict)  # by cures, by name
    built: Mapping[Source, Wheel] = field(default_factory=dict)  # sources whose metadata resolving takes from a wheel
    direct: Mapping[RequirementLine, Source] = field(default_factory=dict)  # lines that name one of these by its URL
    runs_backends: bool = False  # the frontend may run build backends itself, for metadata
    left_out: tuple[str, ...] = ()  # names (normalized) that resolving skips, whichever package requires them

    @property
    def plain(self) -> InstallRequest:
        """Return the same request without bundling libraries into wheels."""
        return replace(self, build=replace(self.build, portable=False))

    def beside(self, releases: Sequence[str]) -> InstallRequest:
        """Return the request with further requirements (``setuptools<82``)."""
        from packaging.requirements import Requirement
        from packaging.utils import canonicalize_name

        made = [RequirementLine(one, "a cure", name=canonicalize_name(Requirement(one).name)) for one in releases]
        return replace(self, requirements=(*self.requirements, *dict.fromkeys(made)))

    def from_source(self, names: Sequence[str]) -> InstallRequest:
        """Return the request with distributions that are built here; those installed already were not, so all is
        installed again."""
        return replace(self, no_binary=(*self.no_binary, *names), reinstall=True)

    def within(self, releases: Sequence[str], *, relaxed: bool = False) -> InstallRequest:
        """Return the request within constraints on what is installed (``numpy>=2.1``).

        If ``relaxed``, the user's own versions of a project give way where they exclude those that a constraint names.
        """
        from packaging.requirements import Requirement
        from packaging.utils import canonicalize_name

        bounds = [Requirement(release) for release in releases]
        made = tuple(RequirementLine(str(bound), "a cure", name=canonicalize_name(bound.name)) for bound in bounds)
        named = {line.name: bound for line, bound in zip(made, bounds, strict=True)}

        def fitting(line: RequirementLine) -> RequirementLine:
            bound, own = named.get(line.name), line.parsed
            if not bound or not own or all(own.specifier.contains(one.version, True) for one in bound.specifier):
                return line
            own.specifier = type(own.specifier)()
            return replace(line, text=str(own))

        if not relaxed:
            return replace(self, constraints=(*self.constraints, *made))
        requirements, constraints = (tuple(map(fitting, lines)) for lines in (self.requirements, self.constraints))
        return replace(self, requirements=requirements, constraints=(*constraints, *made))

    @property
    def checks_hashes(self) -> bool:
        """Return whether hashes are checked. As in pip, one ``--hash`` anywhere turns checking on for all."""
        return self.require_hashes or any(line.hashes for line in self.requirements)

    def build_settings_of(self, name: str) -> BuildSettings:
        """Return the settings for building one distribution: its own ``--config-settings`` after those for all, and
        what cures change."""
        own = [setting for line in self.requirements if line.name == name for setting in line.config_settings]
        settings = replace(self.build, config_settings=(*self.build.config_settings, *own)) if own else self.build
        return replace(settings, changes=self.changes[name]) if name in self.changes else settings
