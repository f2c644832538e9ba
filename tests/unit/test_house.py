"""The house: imports run downward, two modules start processes, only cli/ prints."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import accel_doctor

PACKAGE = Path(accel_doctor.__file__).parent

# Lower may not import higher; what shares a floor may not import its neighbours.
FLOORS = (
    ("__init__", "values", "units"),
    ("errors", "hashing", "redaction", "wheelfile"),
    ("model",),
    ("interfaces", "http"),
    ("rulebook",),
    ("lockfile", "fileindex", "elf"),
    ("diagnosis", "foresight", "requirements"),
    ("treatment", "report", "rulebook/authoring"),
    ("doctor",),
    ("system", "frontends", "builder", "store", "journal"),
    ("cli",),
    ("__main__",),
)
FLOOR_OF = {room: number for number, floor in enumerate(FLOORS) for room in floor}
# The ground floor's small tools may be used from anywhere, one another included.
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return _room([*path.parts[:-1], path.stem])


def _room(parts: Sequence[str]) -> str:
    """The room that the floors name, be it a package, a package inside of one, or a module."""
    return next((room for room in ("/".join(parts[:2]), parts[0]) if room in FLOOR_OF), parts[0])


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse((PACKAGE / path).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "accel_doctor":
                yield from (f"accel_doctor.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_run_downward(path):
    room = room_of(path)
    assert room in FLOOR_OF, f"{path}: give the new room {room!r} a floor in this test and in architecture.md"
    for name in imports(path):
        if not name.startswith("accel_doctor."):
            continue
        other = _room(name.split(".")[1:])
        if other == room or other not in FLOOR_OF:
            continue
        assert FLOOR_OF[other] < FLOOR_OF[room], f"{path} imports {name}: an upward or sideways arrow"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_only_two_modules_start_processes(path):
    if path in (Path("system/process/runner.py"), Path("system/process/pseudo_terminal.py")):
        return
    assert {"subprocess", "pexpect", "os.system", "pty"}.isdisjoint(imports(path))


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_one_module_speaks_http(path):
    if path != Path("http.py"):
        assert {"httpx", "http.client", "urllib.request"}.isdisjoint(imports(path))


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_only_the_command_line_prints(path):
    if room_of(path) in {"cli", "__main__"}:
        return
    calls = [node.func for node in ast.walk(ast.parse((PACKAGE / path).read_text())) if isinstance(node, ast.Call)]
    assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"]
    assert {"click", "sys.stdout", "sys.stderr", "rich.console"}.isdisjoint(imports(path))


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_no_module_outgrows_its_idea(path):
    assert len((PACKAGE / path).read_text().splitlines()) <= 350, f"{path}: ask what is hiding inside"
