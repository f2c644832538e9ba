"""``python.yaml``: what the builds of Python packages need, once for all distributions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.utils import canonicalize_name

from accel_doctor.model import Need, Origin
from accel_doctor.rulebook import templates
from accel_doctor.rulebook.yaml_reading import Node


@dataclass(frozen=True)
class PythonPackage:
    """One Python package: the needs without which its build fails, and whether Linux must build it at all.

    ``unverified`` says that they were neither read in its sources nor shown by a build.
    """

    name: str
    needs: tuple[Need, ...]
    sdist_only: bool = False
    source: str = ""
    unverified: bool = False


@dataclass(frozen=True)
class InterpreterHeaders:
    """Needs that only the interpreter itself can meet, and what to do where no distribution installed it."""

    needs: frozenset[Need] = frozenset()
    advice: Mapping[Origin, str] = field(default_factory=dict)


def read_packages(top: Node) -> dict[str, PythonPackage | None]:
    """Packages by normalized name; None where a layer takes one away."""
    section = top.mapping().get("packages")
    result: dict[str, PythonPackage | None] = {}
    for name, node in (section.mapping() if section else {}).items():
        if name != canonicalize_name(name):
            node.complain(f"write the normalized name: {canonicalize_name(name)}")
        elif node.value is None:
            result[name] = None
        else:
            entries = node.mapping(("needs", "sdist_only", "unverified"), required=("needs",))
            if "needs" in entries:
                needs = entries["needs"].needs()
                flags = {key: entries[key].flag() for key in ("sdist_only", "unverified") if key in entries}
                result[name] = PythonPackage(name, needs, source=node.file, **flags)
    return result


def read_companions(top: Node) -> dict[Need, tuple[Need, ...]]:
    """The ``companions`` section: what a Python build that lacks one need will surely ask for next."""
    section = top.mapping().get("companions")
    result: dict[Need, tuple[Need, ...]] = {}
    for name, node in (section.mapping() if section else {}).items():
        try:
            result[Need.parse(name)] = node.needs()
        except ValueError as error:
            node.complain(str(error))
    return result


@dataclass(frozen=True)
class PythonRules:
    """``python.yaml`` of all layers."""

    packages: Mapping[str, PythonPackage | None]
    headers: InterpreterHeaders
    companions: Mapping[Need, tuple[Need, ...]]


def read_headers(top: Node) -> InterpreterHeaders | None:
    """The ``interpreter_headers`` section."""
    section = top.mapping().get("interpreter_headers")
    if section is None:
        return None
    entries = section.mapping(("needs", "advice"), required=("needs", "advice"))
    needs = entries["needs"].needs() if "needs" in entries else ()
    advice: dict[Origin, str] = {}
    for name, node in (
        entries["advice"].mapping([origin.value for origin in Origin]) if "advice" in entries else {}
    ).items():
        text = node.text()
        if text is None:
            continue
        try:
            templates.render(text, templates.SAMPLE_PYTHON)
        except ValueError as error:
            node.complain(str(error))
        else:
            advice[Origin(name)] = text
    return InterpreterHeaders(frozenset(needs), advice)
