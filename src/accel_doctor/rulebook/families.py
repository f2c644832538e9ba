"""Family files (``debian.yaml``, ``fedora.yaml``): which packages of a distribution family meet a need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from accel_doctor.interfaces import PackageNames
from accel_doctor.model import Distribution, Need, NeedKind
from accel_doctor.rulebook import templates
from accel_doctor.rulebook.repository_rules import Repository, read_repositories, repository_of
from accel_doctor.rulebook.yaml_reading import Node

_LINKER_NAME = re.compile(r"lib[^/]+\.so")  # no version: what -l finds, in the package to develop with
ANY_RELEASE = "*"  # a key of ``pythons``
_PYTHON = re.compile(r"3\.\d{1,2}")
_Key = tuple[NeedKind, str]


@dataclass(frozen=True)
class PackageRule:
    """What a family has for one need; names may be templates. No packages: known absent, or only advice."""

    packages: tuple[str, ...] = ()
    alternatives: tuple[tuple[str, ...], ...] = ()
    advice: str | None = None
    unverified: bool = False
    source: str = ""


@dataclass(frozen=True)
class Family:
    """One family file of one layer. ``releases`` holds overrides by VERSION_ID, its first parts, or codename.

    ``release_names`` says which of them is meant by another name (a codename, the number a release will have),
    ``extends_releases`` from which release of the extended family each was taken, ``checked`` against which releases'
    package lists the names were held; ``pythons`` has the version of each release's own python3; ``repositories``,
    per release ("" for all), the packages of repositories that are not enabled by themselves. ``search`` is how to look
    for what no rule knows, ``afterwards`` what is left to do where a package meets a need.
    """

    name: str
    manager: PackageNames | None = None
    extends: str | None = None
    ids: tuple[str, ...] = ()
    needs: Mapping[_Key, PackageRule] = field(default_factory=dict)
    releases: Mapping[str, Mapping[_Key, PackageRule]] = field(default_factory=dict)
    release_names: Mapping[str, str] = field(default_factory=dict)
    extends_releases: Mapping[str, str] = field(default_factory=dict)
    search: Mapping[NeedKind, str] = field(default_factory=dict)
    afterwards: Mapping[NeedKind, str] = field(default_factory=dict)
    checked: tuple[str, ...] = ()
    pythons: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    repositories: Mapping[str, Mapping[str, Repository]] = field(default_factory=dict)

    def package_rules(self, releases: Sequence[str]) -> dict[_Key, PackageRule]:
        """What this file says for a release with these names, the last of which overrides the others."""
        result = dict(self.needs)
        for name in releases:
            result.update(self.releases.get(name, {}))
        return result


def python_of(layers: Sequence[Family], distribution: Distribution) -> str | None:
    """The version of a release's own python3, by one family's files, latest layer first; None where none says it."""
    meant: dict[str, str] = {}
    pythons: dict[str, str] = {}
    for layer in reversed(layers):
        meant.update(layer.release_names)
        pythons.update(layer.pythons)
    names = [*reversed(_names_of(distribution)), ANY_RELEASE]
    return next((pythons[key] for name in names for key in (name, meant.get(name, "")) if key in pythons), None)


def package_rules_for(chain: Sequence[Family], distribution: Distribution) -> dict[_Key, PackageRule]:
    """What a family says for a release: its files, latest layer first, then those of the family it extends, and so on.

    An extended family's overrides are those of the release that ``extends_releases`` gives: Ubuntu 13.10 is not Debian
    13. Without any, releases are taken to be called alike.
    """
    found = [layer.package_rules(names) for layer, names in _in_force(chain, distribution)]
    return {key: rule for rules in reversed(found) for key, rule in rules.items()}


def repository_for(package: str, chain: Sequence[Family], distribution: Distribution) -> Repository | None:
    """The repository that must be enabled for a package, given the same files as :func:`package_rules_for`."""
    layers = [
        layer.repositories[name]
        for layer, names in _in_force(chain, distribution)
        for name in (*reversed(names), "")
        if name in layer.repositories
    ]
    return repository_of(package, layers)


def _in_force(chain: Sequence[Family], distribution: Distribution) -> Iterator[tuple[Family, tuple[str, ...]]]:
    """Each file with the names that this release has in it, the last of which overrides the others."""
    names = _names_of(distribution)
    for _, group in groupby(chain, key=lambda family: family.name):
        layers = list(group)
        meant: dict[str, str] = {}
        origins: dict[str, str] = {}
        for layer in reversed(layers):
            meant.update(layer.release_names)
            origins.update(layer.extends_releases)
        names = tuple(dict.fromkeys(meant.get(name, name) for name in names))
        yield from ((layer, names) for layer in layers)
        if origins:
            names = tuple(dict.fromkeys(origins[name] for name in names if name in origins))


def _names_of(distribution: Distribution) -> tuple[str, ...]:
    """What a release may be called, least exact first: Alpine's 3.20.3 is ``3``, ``3.20`` and ``3.20.3``."""
    parts = distribution.version.split(".")
    first, *rest = (".".join(parts[: count + 1]) for count in range(len(parts)))
    return tuple(dict.fromkeys(name for name in (first, distribution.codename, *rest) if name))


def look_up(rules: Mapping[_Key, PackageRule], need: Need) -> PackageRule | None:
    """The rule under the need's own name, else under the longest key ending in ``*`` that begins it.

    CMake's names are compared without regard to case where no key is spelled so: a find module writes BZip2 and
    ``BZIP2_FOUND``, and one library's module is called differently by several projects.
    """
    exact = rules.get((need.kind, need.name))
    if exact:
        return exact
    if need.kind is NeedKind.CMAKE:
        folded = need.name.casefold()
        for (kind, key), rule in rules.items():
            if kind is NeedKind.CMAKE and key.casefold() == folded:
                return rule
    if need.kind is NeedKind.SONAME and _LINKER_NAME.fullmatch(need.name):
        return look_up(rules, Need(NeedKind.LIBRARY, need.name[3:-3]))
    prefixes = [
        key for kind, key in rules if kind is need.kind and key.endswith("*") and need.name.startswith(key[:-1])
    ]
    return rules[need.kind, max(prefixes, key=len)] if prefixes else None


# --- reading ---------------------------------------------------------------------------------------------

_KEYS = (
    *("family", "manager", "extends", "matches", "checked", "unverified", "search", "needs"),
    *("releases", "release_names", "extends_releases", "pythons", "repositories", "afterwards"),
)


def read_family(
    top: Node, name: str, managers: Mapping[str, PackageNames], inherited: PackageNames | None = None
) -> Family:
    """Return the family in a file whose name says ``name``.

    ``managers`` are the package managers a file may name; ``inherited`` is the one of a lower layer or of the family
    that this one extends.
    """
    entries = top.mapping(_KEYS, required=("family",))
    if "family" in entries and entries["family"].text() not in (name, None):
        entries["family"].complain(f"expected {name!r}, as the file is called")
    manager = _manager(entries["manager"], managers) if "manager" in entries else inherited
    if manager is None and "extends" not in entries:
        top.complain("'manager' is missing, and no 'extends' brings one")
    unverified = entries["unverified"].flag() if "unverified" in entries else False
    reader = _PackageRuleReader(manager, unverified)
    ids: tuple[str, ...] = ()
    if "matches" in entries:
        matches = entries["matches"].mapping(("ids",), required=("ids",))
        ids = matches["ids"].texts() if "ids" in matches else ()
    releases: dict[str, Mapping[_Key, PackageRule]] = {}
    repositories = {"": read_repositories(entries["repositories"])} if "repositories" in entries else {}
    for release, node in (entries["releases"].mapping() if "releases" in entries else {}).items():
        parts = node.mapping(("needs", "repositories"))
        if not parts and isinstance(node.value, dict):
            node.complain("has neither 'needs' nor 'repositories'")
        releases[release] = reader.needs(parts["needs"]) if "needs" in parts else {}
        if "repositories" in parts:
            repositories[release] = read_repositories(parts["repositories"])
    return Family(
        name=name,
        manager=manager,
        extends=entries["extends"].text() if "extends" in entries else None,
        ids=ids,
        needs=reader.needs(entries["needs"]) if "needs" in entries else {},
        releases=releases,
        release_names=_names(entries.get("release_names")),
        extends_releases=_names(entries.get("extends_releases")),
        checked=entries["checked"].texts() if "checked" in entries else (),
        pythons=_pythons(entries["pythons"]) if "pythons" in entries else {},
        search=_texts_by_kind(entries["search"]) if "search" in entries else {},
        afterwards=_texts_by_kind(entries["afterwards"]) if "afterwards" in entries else {},
        source=top.file,
        repositories=repositories,
    )


def _manager(node: Node, managers: Mapping[str, PackageNames]) -> PackageNames | None:
    text = node.text()
    if text is not None and text not in managers:
        node.complain(f"expected one of {', '.join(sorted(managers))}, got {text!r}")
    return managers.get(text or "")


def _names(node: Node | None) -> dict[str, str]:
    entries = node.mapping() if node else {}
    return {name: text for name, entry in entries.items() if (text := entry.text())}


def _pythons(node: Node) -> dict[str, str]:
    result = {}
    for release, entry in node.mapping().items():
        text = entry.text()
        if text and not _PYTHON.fullmatch(text):
            entry.complain(f"expected a version of Python such as 3.13, got {text!r}")
        elif text:
            result[release] = text
    return result


def _texts_by_kind(node: Node) -> dict[NeedKind, str]:
    result = {}
    for kind_name, entry in node.mapping().items():
        kind, text = entry.as_kind(kind_name), entry.text()
        if kind and text:
            try:
                templates.render(text, templates.SAMPLE_PYTHON, Need(kind, "x"))
            except ValueError as error:
                entry.complain(str(error))
            else:
                result[kind] = text
    return result


@dataclass(frozen=True)
class _PackageRuleReader:
    manager: PackageNames | None
    unverified: bool

    def needs(self, section: Node) -> dict[_Key, PackageRule]:
        result: dict[_Key, PackageRule] = {}
        for kind_name, group in section.mapping().items():
            kind = group.as_kind(kind_name)
            if kind and not kind.curable_by_packages:
                group.complain(f"no system package cures a {kind.value}; its advice belongs in symptoms.yaml")
                continue
            for name, node in group.mapping().items():
                if "*" in name[:-1]:
                    node.complain("a '*' stands only at the end")
                elif kind:
                    result[kind, name] = self._package_rule(node)
        return result

    def _package_rule(self, node: Node) -> PackageRule:
        if node.value is None:
            return PackageRule(unverified=self.unverified, source=node.file)
        if not isinstance(node.value, dict):
            return PackageRule(self._packages(node), unverified=self.unverified, source=node.file)
        entries = node.mapping(("packages", "alternatives", "unverified", "advice"))
        if "alternatives" in entries and "packages" not in entries:
            node.complain("has 'alternatives' but no 'packages'")
        if not entries.keys() & {"packages", "advice"}:
            node.complain("has neither 'packages' nor 'advice'")
        alternatives = entries["alternatives"].items() if "alternatives" in entries else ()
        return PackageRule(
            packages=self._packages(entries["packages"]) if "packages" in entries else (),
            alternatives=tuple(self._packages(item) for item in alternatives),
            advice=entries["advice"].text() if "advice" in entries else None,
            unverified=entries["unverified"].flag() if "unverified" in entries else self.unverified,
            source=node.file,
        )

    def _packages(self, node: Node) -> tuple[str, ...]:
        names = node.texts()
        if not names and not node.problems:
            node.complain("names no package; write null for what is known to be absent")
        for name in names:
            try:
                rendered = templates.render(name, templates.SAMPLE_PYTHON)
            except ValueError as error:
                node.complain(f"{name!r}: {error}")
                continue
            if self.manager and not self.manager.accepts(rendered):
                node.complain(f"{rendered!r} is not a package name for {self.manager.name}")
        return names
