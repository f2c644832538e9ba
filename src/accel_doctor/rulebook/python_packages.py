"""``python.yaml``: the needs of Python package builds, on all distributions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from accel_doctor.model.machine import Origin
from accel_doctor.model.needs import Need
from accel_doctor.model.releases import Successor
from accel_doctor.rulebook.successor_reading import read_successors
from accel_doctor.rulebook.yaml_reading import Node

_KEYS = (
    "packages", "interpreter_headers", "companions", "successors", "oldest_build_requirements", "removed_from_c",
    "removed_modules", "requirements_without_headers", "released", "conda_forge",
)  # fmt: skip


@dataclass(frozen=True)
class PythonPackage:
    """A Python package: the needs without which its build fails, and whether it must be built on Linux at all.

    ``unverified`` needs were neither found in its sources nor shown by a build.
    """

    name: str
    needs: tuple[Need, ...]
    sdist_only: bool = False
    source: str = ""
    unverified: bool = False


@dataclass(frozen=True)
class InterpreterHeaders:
    """Needs that only the interpreter itself can meet, and the advice if no distribution installed it."""

    needs: frozenset[Need] = frozenset()
    advice: Mapping[Origin, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PythonRules:
    """``python.yaml``, all layers merged. A build that lacks a need is certain to report its ``companions`` next.

    ``oldest_requirements`` maps build requirements to the oldest versions of them that work, by the oldest Python on
    which this is so.
    """

    packages: Mapping[str, PythonPackage | None]
    headers: InterpreterHeaders
    companions: Mapping[Need, tuple[Need, ...]]
    successors: Mapping[str, Successor | None]
    oldest_requirements: Mapping[str, Mapping[Version, Version]]
    removed_from_c: Mapping[Version, tuple[str, ...]]  # names of the C interface, by the first Python without them
    removed_modules: Mapping[Version, tuple[str, ...]]
    released: Mapping[Version, date] = field(default_factory=dict)  # versions of Python
    without_headers: frozenset[str] = frozenset()  # build requirements that bring none; any other may
    of_conda: Mapping[Need, str] = field(default_factory=dict)  # the packages of conda-forge that meet needs

    def oldest(self, requirement: str, python: str) -> Version | None:
        """Return the oldest version of a build requirement that works on a version of Python (``3.13``); None if any
        does."""
        versions = self.oldest_requirements.get(requirement, {})
        known = [version for version in versions if version <= Version(python)]
        return versions[max(known)] if known else None

    def removed_in(self, python: str) -> frozenset[str]:
        """Return the names that the C interface of a version of Python no longer has."""
        return _until(python, self.removed_from_c)

    def modules_removed_in(self, python: str) -> frozenset[str]:
        """Return the modules that a version of Python no longer has."""
        return _until(python, self.removed_modules)


def _until(python: str, names: Mapping[Version, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(name for version, some in names.items() if version <= Version(python) for name in some)


def merged_python_rules(tops: Sequence[Node]) -> PythonRules:
    """Merge the files of all layers, lowest first."""
    packages: dict[str, PythonPackage | None] = {}
    headers = InterpreterHeaders()
    companions: dict[Need, tuple[Need, ...]] = {}
    successors: dict[str, Successor | None] = {}
    oldest: dict[str, dict[Version, Version]] = {}
    removed: dict[Version, tuple[str, ...]] = {}
    modules: dict[Version, tuple[str, ...]] = {}
    released: dict[Version, date] = {}
    plain: set[str] = set()
    conda: dict[Need, str] = {}
    for top in tops:
        top.mapping(_KEYS)
        packages.update(_read_packages(top))
        headers = _read_headers(top) or headers
        companions.update(_read_companions(top))
        successors.update(read_successors(top))
        for name, node in top.section("oldest_build_requirements").items():
            oldest.setdefault(canonicalize_name(name), {}).update(_read_oldest(node))
        removed.update({python: node.texts() for python, node in _by_version(top.section("removed_from_c"))})
        modules.update({python: node.texts() for python, node in _by_version(top.section("removed_modules"))})
        released.update(_read_days(top))
        plain.update(top.mapping()["requirements_without_headers"].texts())
        conda.update({need: name for name, node in top.section("conda_forge").items() for need in node.needs()})
    without = frozenset(plain)
    return PythonRules(packages, headers, companions, successors, oldest, removed, modules, released, without, conda)


def _read_days(top: Node) -> Iterator[tuple[Version, date]]:
    for python, node in _by_version(top.section("released")):
        try:
            yield python, date.fromisoformat(node.text() or "")
        except ValueError as error:
            node.complain(str(error))


def _read_packages(top: Node) -> dict[str, PythonPackage | None]:
    """Return packages by normalized name; None for one that a layer removes."""
    result: dict[str, PythonPackage | None] = {}
    for name, node in top.section("packages").items():
        if name != canonicalize_name(name):
            node.complain(f"write the normalized name: {canonicalize_name(name)}")
        elif node.value is None:
            result[name] = None
        else:
            entries = node.mapping(("needs", "sdist_only", "unverified"), required=("needs",))
            result[name] = PythonPackage(
                name,
                entries["needs"].needs(),
                sdist_only=entries["sdist_only"].flag(),
                source=node.file,
                unverified=entries["unverified"].flag(),
            )
    return result


def _read_companions(top: Node) -> dict[Need, tuple[Need, ...]]:
    result: dict[Need, tuple[Need, ...]] = {}
    for name, node in top.section("companions").items():
        try:
            result[Need.parse(name)] = node.needs()
        except ValueError as error:
            node.complain(str(error))
    return result


def _read_oldest(top: Node) -> dict[Version, Version]:
    result: dict[Version, Version] = {}
    for python, node in _by_version(top.mapping()):
        try:
            result[python] = Version(node.text() or "0")
        except InvalidVersion as error:
            node.complain(str(error))
    return result


def _by_version(nodes: Mapping[str, Node]) -> Iterator[tuple[Version, Node]]:
    for python, node in nodes.items():
        try:
            yield Version(python), node
        except InvalidVersion as error:
            node.complain(str(error))


def _read_headers(top: Node) -> InterpreterHeaders | None:
    section = top.mapping().get("interpreter_headers")
    if section is None:
        return None
    entries = section.mapping(("needs", "advice"), required=("needs", "advice"))
    advice = {
        Origin(name): text
        for name, node in entries["advice"].mapping([origin.value for origin in Origin]).items()
        if (text := node.template())
    }
    return InterpreterHeaders(frozenset(entries["needs"].needs()), advice)
