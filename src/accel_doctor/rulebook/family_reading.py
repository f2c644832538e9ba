"""Read family files: ``debian.yaml``, ``fedora.yaml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from accel_doctor.interfaces import PackageNames
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.rulebook import templates
from accel_doctor.rulebook.families import Family, PackageRule, Repository
from accel_doctor.rulebook.yaml_reading import Node, RuleKey

_PYTHON = re.compile(r"3\.\d{1,2}")
_DAY = re.compile(r"20\d\d-\d\d-\d\d")
_KEYS = (
    *("family", "manager", "extends", "matches", "checked", "unverified", "search", "needs"),
    *("releases", "release_names", "extends_releases", "pythons", "frozen", "repositories", "afterwards"),
)


def read_family(
    top: Node, name: str, managers: Mapping[str, PackageNames], inherited: PackageNames | None = None
) -> Family:
    """Return the family in the file named ``name``.

    ``managers`` are the package managers a file may name; ``inherited`` is that of a lower layer or of the extended
    family.
    """
    entries = top.mapping(_KEYS, required=("family",))
    if entries["family"].text() not in (name, None):
        entries["family"].complain(f"expected {name!r}, like the name of the file")
    manager = _manager(entries["manager"], managers) or inherited
    if manager is None and "extends" not in entries:
        top.complain("'manager' is missing, and there is no 'extends'")
    reader = _PackageRuleReader(manager, entries["unverified"].flag())
    releases: dict[str, Mapping[RuleKey, PackageRule]] = {}
    repositories = {"": _read_repositories(entries["repositories"])}
    for release, node in entries["releases"].mapping().items():
        parts = node.mapping(("needs", "repositories"))
        if not parts and isinstance(node.value, dict):
            node.complain("has neither 'needs' nor 'repositories'")
        releases[release] = reader.needs(parts["needs"])
        repositories[release] = _read_repositories(parts["repositories"])
    return Family(
        name=name,
        manager=manager,
        extends=entries["extends"].text(),
        ids=entries["matches"].mapping(("ids",), required=("ids",))["ids"].texts(),
        needs=reader.needs(entries["needs"]),
        releases=releases,
        release_names=_names(entries["release_names"]),
        extends_releases=_names(entries["extends_releases"]),
        checked=entries["checked"].texts(),
        pythons=_values(entries["pythons"], _PYTHON, "a Python version such as 3.13"),
        frozen=_values(entries["frozen"], _DAY, "a day such as 2023-02-12"),
        search=_texts_by_kind(entries["search"]),
        afterwards=_texts_by_kind(entries["afterwards"]),
        source=top.file,
        repositories=repositories,
    )


def _read_repositories(section: Node) -> dict[str, Repository]:
    """Return the repository of each package in a ``repositories`` section."""
    result: dict[str, Repository] = {}
    for name, node in section.mapping().items():
        try:
            repository = Repository(name)
        except ValueError:
            node.complain(f"no such repository: expected one of {', '.join(known.value for known in Repository)}")
            continue
        for package in node.texts():
            if package in result:
                node.complain(f"{package!r} is also listed under {result[package].value}")
            result[package] = repository
    return result


def _manager(node: Node, managers: Mapping[str, PackageNames]) -> PackageNames | None:
    text = node.text()
    if text is not None and text not in managers:
        node.complain(f"expected one of {', '.join(sorted(managers))}, got {text!r}")
    return managers.get(text or "")


def _names(node: Node) -> dict[str, str]:
    return {name: text for name, entry in node.mapping().items() if (text := entry.text())}


def _values(node: Node, form: re.Pattern[str], expected: str) -> dict[str, str]:
    result = {}
    for release, entry in node.mapping().items():
        text = entry.text()
        if text and not form.fullmatch(text):
            entry.complain(f"expected {expected}, got {text!r}")
        elif text:
            result[release] = text
    return result


def _texts_by_kind(node: Node) -> dict[NeedKind, str]:
    return {
        kind: text
        for name, entry in node.mapping().items()
        if (kind := entry.as_kind(name)) and (text := entry.template(Need(kind, "x")))
    }


@dataclass(frozen=True)
class _PackageRuleReader:
    manager: PackageNames | None
    unverified: bool

    def needs(self, section: Node) -> dict[RuleKey, PackageRule]:
        result: dict[RuleKey, PackageRule] = {}
        for kind_name, group in section.mapping().items():
            kind = group.as_kind(kind_name)
            if kind and not kind.curable_by_packages:
                group.complain(f"packages cannot meet needs of kind {kind.value!r}: put advice into symptoms.yaml")
                continue
            for name, node in group.mapping().items():
                if "*" in name[:-1]:
                    node.complain("'*' is allowed only at the end")
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
        return PackageRule(
            packages=self._packages(entries["packages"]),
            alternatives=tuple(self._packages(item) for item in entries["alternatives"].items()),
            advice=entries["advice"].text(),
            unverified=entries["unverified"].flag() if "unverified" in entries else self.unverified,
            source=node.file,
        )

    def _packages(self, node: Node) -> tuple[str, ...]:
        names = node.texts()
        if not names and not node.problems:
            node.complain("names no package: write null for what is known to be absent")
        for name in names:
            try:
                rendered = templates.render(name, templates.SAMPLE_PYTHON)
            except ValueError as error:
                node.complain(f"{name!r}: {error}")
                continue
            if self.manager and not self.manager.accepts(rendered):
                node.complain(f"{rendered!r} is not a package name for {self.manager.name}")
        return names
