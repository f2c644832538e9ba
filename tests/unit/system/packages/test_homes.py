"""A package manager has two homes: its own module and a line of the table. Rules name it too."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from source import TREES

from accel_doctor.system.packages.managers import DRIVERS, MANAGERS


@pytest.mark.parametrize("name", sorted(MANAGERS))
def test_only_its_own_module_names_it(name: str) -> None:
    own = Path(*DRIVERS[name].__module__.split(".")[1:]).with_suffix(".py")
    words = {name, MANAGERS[name].program}
    others = [
        f"{path}:{node.lineno}"
        for path, tree in TREES.items()
        if Path(path) != own
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in words
    ]
    assert others == []


@pytest.mark.parametrize("name", sorted(MANAGERS))
def test_only_package_managers_import_it(name: str) -> None:
    module = DRIVERS[name].__module__
    importing = [
        str(Path(path).parent)
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == module
    ]
    assert set(importing) == {"system/packages"}
