"""How many files of the package a new fact touches: CONTRIBUTING's recipes, counted."""

from __future__ import annotations

import ast
from pathlib import Path

from books import load

import accel_doctor
from accel_doctor.model import Need, NeedKind

PACKAGE = Path(accel_doctor.__file__).parent
MANY = 5  # kinds of needs; who names fewer treats exceptions, and a new kind is none


def test_a_new_kind_of_need_touches_three_files():
    homes = {}
    for path in PACKAGE.rglob("*.py"):
        kinds = {
            node.attr
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "NeedKind"
        }
        if len(kinds) >= MANY:
            homes[path.relative_to(PACKAGE).as_posix()] = kinds
    assert sorted(homes) == ["fileindex/ranking.py", "model/needs.py", "system/probe.py"]
    every = {kind.name for kind in NeedKind}
    assert all(kinds == every for kinds in homes.values()), "matches over kinds of needs are exhaustive"


def test_every_kind_of_need_has_facts():
    for kind in NeedKind:
        assert isinstance(kind.facts.curable_by_packages, bool)
        assert kind.facts.found_with is None or Need.parse(kind.facts.found_with).kind.curable_by_packages


def test_a_new_symptom_touches_no_code():
    """No module names a symptom: what they do depends on the symptom's role, kind and tool."""
    named = {symptom.id for symptom in load().symptoms if "-" in symptom.id} - {kind.value for kind in NeedKind}
    found = [
        f"{path.relative_to(PACKAGE)}: {node.value}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in named
    ]
    assert found == []
