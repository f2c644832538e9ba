"""Count the homes of what CONTRIBUTING.md has recipes for: what is added there is named nowhere else."""

from __future__ import annotations

import ast
import importlib

import pytest
from books import load
from source import TREES

from accel_doctor.model.needs import NeedKind
from accel_doctor.store.levels.opening import BACKENDS


def texts(tree: ast.Module) -> set[str]:
    """Return all strings, and all names of modules that are imported."""
    found = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return found | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("module", sorted({where.partition(":")[0] for where in BACKENDS.values()}))
def test_a_cache_backend_is_a_module_and_lines_of_one_table(module):
    importlib.import_module(module)
    naming = [path for path, tree in TREES.items() if any(text.partition(":")[0] == module for text in texts(tree))]
    assert naming == ["store/levels/opening.py"]


def test_a_symptom_is_data():
    ids = {symptom.id for symptom in load().symptoms if "-" in symptom.id} - {kind.value for kind in NeedKind}
    assert {path: ids & texts(tree) for path, tree in TREES.items() if ids & texts(tree)} == {}


def test_a_kind_of_need_is_decided_on_in_three_places():
    named = {
        path: {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "NeedKind"
        }
        for path, tree in TREES.items()
        if not path.startswith("diagnosis/sources/")  # readers of a file's format make needs, and decide nothing
    }
    deciding = {path: kinds for path, kinds in named.items() if len(kinds) >= 5}  # who names fewer has exceptions
    assert set(deciding) == {"model/needs.py", "fileindex/ranking.py", "system/probe.py"}
    assert set(map(frozenset, deciding.values())) == {frozenset(kind.name for kind in NeedKind)}
