"""Read the ``cures`` of ``symptoms.yaml``: what helps a build whose need no system package meets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from accel_doctor.changes_document import checked_requirement
from accel_doctor.model.cures import BuildChanges, BuildCure, Reason, SourceStep, texts_of
from accel_doctor.rulebook.yaml_reading import Node, RuleKey

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_KEYS = (
    "constraints",
    "requirements",
    "variables",
    "jobs",
    "steps",
    "releases",
    "from_source",
    "python",
    "affects",
    "unverified",
)


@dataclass(frozen=True)
class CureOption:
    """One way to cure a need: all of it is tried at once, and taken back at once if it does not help."""

    changes: BuildChanges
    releases: tuple[str, ...] = ()
    python: str = ""  # a specifier: the versions of Python on which it can work
    affects: str | None = None
    unverified: bool = False
    source: str = ""
    from_source: tuple[str, ...] = ()

    def works_on(self, python: str) -> bool:
        """Return whether it can work on this version of Python."""
        return SpecifierSet(self.python).contains(python, prereleases=True)

    @property
    def project(self) -> str | None:
        """Return the normalized name of the first project that it adds to a build or an environment."""
        added = (*self.changes.requirements, *self.releases)
        return canonicalize_name(Requirement(added[0]).name) if added else None

    def cure(self, reason: Reason) -> BuildCure:
        """Return this option as the cure of one build."""
        return BuildCure(reason, self.changes, self.releases, self.affects, self.source, self.from_source)

    def __str__(self) -> str:
        where = f" (Python {self.python})" if self.python else ""
        return ", ".join(texts_of(self.changes, self.releases, self.from_source)) + where


def read_cures(top: Node) -> Mapping[RuleKey, tuple[CureOption, ...]]:
    """Return the options for each need, in the order to try them; an empty one says that nothing cures it."""
    result: dict[RuleKey, tuple[CureOption, ...]] = {}
    for key, node in top.by_kind("cures"):
        if key[0].curable_by_packages:
            node.complain("system packages meet needs of this kind: name them in the file of a distribution")
            continue
        result[key] = tuple(option for item in node.items() if (option := _read_option(item)))
    return result


def _read_option(node: Node) -> CureOption | None:
    before = len(node.problems)
    entries = node.mapping(_KEYS)
    changes = BuildChanges(
        constraints=_requirements(entries["constraints"], bounded=True),
        requirements=_requirements(entries["requirements"], bounded=False),
        variables=_variables(entries["variables"]),
        jobs=entries["jobs"].number(),
        steps=_steps(entries["steps"]),
    )
    releases = _requirements(entries["releases"], bounded=True)
    from_source = _names(entries["from_source"])
    if not (changes or releases or from_source) and len(node.problems) == before:
        node.complain("does nothing: write [] as the list of options if nothing cures the need")
    if len(node.problems) > before:
        return None
    return CureOption(
        changes,
        releases,
        _python(entries["python"]),
        entries["affects"].text(),
        entries["unverified"].flag(),
        node.file,
        from_source,
    )


def _requirements(node: Node, *, bounded: bool) -> tuple[str, ...]:
    """Return requirements without markers and URLs; ``bounded`` ones must have a version specifier."""
    found = []
    for item in node.items_or_one():
        text = item.text()
        try:
            requirement = checked_requirement(text) if text else "x<1"
        except ValueError:
            requirement = ""
        if requirement and (Requirement(requirement).specifier or not bounded):
            found.append(requirement)
        else:
            item.complain("expected a name and versions, such as setuptools<58")
    return tuple(found) if node.value is not None else ()


def _names(node: Node) -> tuple[str, ...]:
    names = node.texts()
    for name in names:
        if name != canonicalize_name(name):
            node.complain(f"write the normalized name: {canonicalize_name(name)}")
    return names


def _variables(node: Node) -> tuple[tuple[str, str], ...]:
    values = {name: entry.text() for name, entry in node.mapping().items()}
    for name in values:
        if not _VARIABLE.fullmatch(name):
            node.complain(f"{name!r} is not the name of an environment variable")
    return tuple((name, value) for name, value in values.items() if value is not None)


def _steps(node: Node) -> tuple[SourceStep, ...]:
    known: Sequence[str] = [step.value for step in SourceStep]
    texts = node.texts()
    for text in texts:
        if text not in known:
            node.complain(f"no such step: expected one of {', '.join(known)}")
    return tuple(SourceStep(text) for text in texts if text in known)


def _python(node: Node) -> str:
    text = node.text() or ""
    try:
        return str(SpecifierSet(text))
    except InvalidSpecifier:
        node.complain(f"expected versions of Python such as <3.12, got {text!r}")
        return ""
