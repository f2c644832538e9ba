"""Family files (``debian.yaml``, ``fedora.yaml``): the packages of a distribution family that meet a need."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby

from accel_doctor.errors import RuleError
from accel_doctor.interfaces import PackageNames
from accel_doctor.model.cures import PackageChoice
from accel_doctor.model.machine import Distribution, Interpreter
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.rulebook import templates
from accel_doctor.rulebook.yaml_reading import RuleKey


class Repository(str, Enum):
    """The repositories that rules may name. The commands to enable them are in
    ``system/packages/elsewhere.py`` alone.

    ``crb`` is CodeReady Builder under all its names: powertools on CentOS 8 and its kin, ``ol9_codeready_builder``.
    """

    BASE = "base"  # enabled by default: overrides, for one release, the repository of the others
    CRB = "crb"
    EPEL = "epel"
    PACKAGEHUB = "packagehub"  # SUSE Package Hub, for SUSE Linux Enterprise


_LINKER_NAME = re.compile(r"lib[^/]+\.so")  # without a version: the file that -l finds, in the development package
ANY_RELEASE = "*"  # a key of ``pythons``


@dataclass(frozen=True)
class PackageRule:
    """The packages that meet a need; names may be templates. Without packages: known to be absent, or only advice."""

    packages: tuple[str, ...] = ()
    alternatives: tuple[tuple[str, ...], ...] = ()
    advice: str | None = None
    unverified: bool = False
    source: str = ""


@dataclass(frozen=True)
class Family:
    """One family file of one layer. ``releases`` holds overrides by VERSION_ID, its first parts, or codename.

    ``release_names`` maps other names of releases (a codename, a future number) to these, ``extends_releases`` each to
    the release of the extended family it is based on; ``checked`` lists the releases whose package lists the names were
    checked against; ``pythons`` has the version of each release's own python3, ``frozen`` the day since which a release
    takes no newer libraries (``2023-02-12``); ``repositories``, per release ("" for
    all), the packages of repositories that are not enabled by default. ``search`` has commands to search for
    unknown needs, ``afterwards`` the steps that remain after installing a package.
    """

    name: str
    manager: PackageNames | None = None
    extends: str | None = None
    ids: tuple[str, ...] = ()
    needs: Mapping[RuleKey, PackageRule] = field(default_factory=dict)
    releases: Mapping[str, Mapping[RuleKey, PackageRule]] = field(default_factory=dict)
    release_names: Mapping[str, str] = field(default_factory=dict)
    extends_releases: Mapping[str, str] = field(default_factory=dict)
    search: Mapping[NeedKind, str] = field(default_factory=dict)
    afterwards: Mapping[NeedKind, str] = field(default_factory=dict)
    checked: tuple[str, ...] = ()
    pythons: Mapping[str, str] = field(default_factory=dict)
    frozen: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    repositories: Mapping[str, Mapping[str, Repository]] = field(default_factory=dict)

    def package_rules(self, releases: Sequence[str]) -> dict[RuleKey, PackageRule]:
        """Return the rules for a release with these names; later names override earlier ones."""
        result = dict(self.needs)
        for name in releases:
            result.update(self.releases.get(name, {}))
        return result


class FamilyChain:
    """The files for a family: its own, latest layer first, then those of the family it extends, and so on."""

    def __init__(self, files: Sequence[Family]) -> None:
        self.files = tuple(files)
        self.own = tuple(file for file in files if file.name == files[0].name)

    @property
    def manager(self) -> PackageNames | None:
        """Return the package manager that the names are for."""
        return next((file.manager for file in self.files if file.manager), None)

    @property
    def checked(self) -> tuple[str, ...]:
        """Return the releases against whose package lists the family's names were checked."""
        return tuple(dict.fromkeys(release for file in reversed(self.own) for release in file.checked))

    @property
    def extended_releases(self) -> Mapping[str, str]:
        """Return the mapping of the family's releases to those of the extended family that they are based on."""
        return {new: old for file in reversed(self.own) for new, old in file.extends_releases.items()}

    @property
    def coverage(self) -> tuple[int, int]:
        """Return the number of needs that the family's own files cover, and how many of these have unverified names."""
        rules: dict[tuple[str, NeedKind, str], PackageRule] = {}
        for file in reversed(self.own):
            for release, section in (("", file.needs), *file.releases.items()):
                rules.update({(release, *key): rule for key, rule in section.items()})
        return len(rules), sum(rule.unverified for rule in rules.values())

    def search(self, kind: NeedKind) -> str | None:
        """Return the template of the command that searches for providers of this kind of need."""
        return next((file.search[kind] for file in self.files if kind in file.search), None)

    def afterwards(self, kind: NeedKind) -> str | None:
        """Return the template of the steps that remain after installing a package for this kind of need."""
        return next((file.afterwards[kind] for file in self.files if kind in file.afterwards), None)

    def python(self, distribution: Distribution) -> str | None:
        """Return the version of a release's own python3, by the family's own files; None if not listed."""
        meant = ChainMap(*(dict(file.release_names) for file in self.own))
        pythons = ChainMap(*(dict(file.pythons) for file in self.own))
        names = [*reversed(_names_of(distribution)), ANY_RELEASE]
        return next((pythons[key] for name in names for key in (name, meant.get(name, "")) if key in pythons), None)

    def frozen(self, distribution: Distribution) -> str | None:
        """Return the day since which a release, or the one that it is based on, takes no newer libraries."""
        found = [
            file.frozen[name]
            for file, names in self._in_force(distribution)
            for name in reversed(names)
            if name in file.frozen
        ]
        return next(iter(found), None)

    def package_rules(self, distribution: Distribution) -> dict[RuleKey, PackageRule]:
        """Return the rules for a release.

        An extended family's overrides are those of the release given by ``extends_releases``: Ubuntu 13.10 is not
        Debian 13. Without it, releases of both families are assumed to have the same names.
        """
        found = [file.package_rules(names) for file, names in self._in_force(distribution)]
        return {key: rule for rules in reversed(found) for key, rule in rules.items()}

    def repository(self, package: str, distribution: Distribution) -> Repository | None:
        """Return the repository to enable for a package; None if it is in a default one."""
        layers = [
            file.repositories[name]
            for file, names in self._in_force(distribution)
            for name in (*reversed(names), "")
            if name in file.repositories
        ]
        found = next((layer[package] for layer in layers if package in layer), Repository.BASE)
        return None if found is Repository.BASE else found

    def relatives(self, distribution: Distribution) -> tuple[Distribution, ...]:
        """Return the releases that a distribution is, is made from, or stands nearest to, by the rules; nearest first.

        Each has the name of a family for its ID: Linux Mint 21 is ``ubuntu 22.04``, then ``debian 12``.
        """
        found = [(file.name, name) for file, names in self._in_force(distribution) for name in reversed(names)]
        return tuple(Distribution(family, release) for family, release in dict.fromkeys(found))

    def _in_force(self, distribution: Distribution) -> Iterator[tuple[Family, tuple[str, ...]]]:
        """Yield each file with its names for this release; later names override earlier ones."""
        names = _names_of(distribution)
        for _, group in groupby(self.files, key=lambda file: file.name):
            layers = list(group)
            meant = ChainMap(*(dict(layer.release_names) for layer in layers))
            origins = ChainMap(*(dict(layer.extends_releases) for layer in layers))
            names = tuple(dict.fromkeys(meant.get(name, name) for name in names))
            yield from ((layer, names) for layer in layers)
            if origins:
                # A codename means the same release in both families, a number does not.
                known = (origins.get(name, "" if name[0].isdigit() else name) for name in names)
                names = tuple(dict.fromkeys(filter(None, known)))


def _names_of(distribution: Distribution) -> tuple[str, ...]:
    """Return the names of a release, least specific first: Alpine 3.20.3 is ``3``, ``3.20`` and ``3.20.3``.

    The release that a derivative was made from comes before its own names.
    """
    parts = distribution.version.split(".")
    first, *rest = (".".join(parts[: count + 1]) for count in range(len(parts)))
    return tuple(dict.fromkeys(name for name in (distribution.base, first, distribution.codename, *rest) if name))


def look_up(rules: Mapping[RuleKey, PackageRule], need: Need) -> PackageRule | None:
    """Return the rule for a need: under its own name, else under the longest key ending in ``*`` that fits.

    CMake's names are also compared without case: a find module writes BZip2 and ``BZIP2_FOUND``, and several projects
    name one library's module differently.
    """
    key = key_of(rules, need)
    return rules[key] if key else None


def is_general(rules: Mapping[RuleKey, PackageRule], need: Need) -> bool:
    """Return whether the rule for a need is under a key ending in ``*``."""
    key = key_of(rules, need)
    return key is not None and key[1].endswith("*")


def key_of(rules: Mapping[RuleKey, object], need: Need) -> RuleKey | None:
    """Return the key that applies to a need, exact or ending in ``*``."""
    exact = (need.kind, need.name)
    if exact in rules:
        return exact
    if need.kind is NeedKind.CMAKE:
        folded = need.name.casefold()
        for kind, key in rules:
            if kind is NeedKind.CMAKE and key.casefold() == folded:
                return kind, key
    if need.kind is NeedKind.SONAME and _LINKER_NAME.fullmatch(need.name):
        return key_of(rules, Need(NeedKind.LIBRARY, need.name[3:-3]))
    prefixes = [
        key for kind, key in rules if kind is need.kind and key.endswith("*") and need.name.startswith(key[:-1])
    ]
    return (need.kind, max(prefixes, key=len)) if prefixes else None


def choice_of(
    rule: PackageRule, need: Need, distribution: Distribution, interpreter: Interpreter, manager: PackageNames | None
) -> PackageChoice:
    """Return the packages of a rule here. Raises RuleError for a rendered name that the package manager rejects."""
    python = templates.python_values(interpreter)

    def rendered(names: tuple[str, ...]) -> tuple[str, ...]:
        result = tuple(templates.render(name, python) for name in names)
        for name in result:
            if manager and not manager.accepts(name):
                raise RuleError([f"{rule.source}: {need}: {name!r} is not a package name for {manager.name}"])
        return result

    advice = templates.render(rule.advice, python, need) if rule.advice else None
    return PackageChoice(
        need=need,
        packages=rendered(rule.packages),
        source=f"{rule.source} (unverified)" if rule.unverified else rule.source,
        alternatives=tuple(rendered(names) for names in rule.alternatives),
        advice=advice,
    )
