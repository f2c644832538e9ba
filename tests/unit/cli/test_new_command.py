"""A new command touches two files: its module, and the table of main.py."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import accel_doctor
from accel_doctor.cli import main
from accel_doctor.errors import ExitCode

PACKAGE = Path(accel_doctor.__file__).parent
MODULE = '''
from dataclasses import dataclass

import click

from accel_doctor.cli.options import argument, as_command, option


@dataclass(frozen=True)
class GreetOptions:
    name: str = argument("NAME", default="", required=True)
    loud: bool = option("--loud", default=False, help="Shout.")


@as_command("greet", GreetOptions)
def command(options: GreetOptions) -> int:
    """Greet somebody."""
    click.echo(f"hello {options.name}{'!' * options.loud}")
    return 0
'''


def test_a_module_and_a_row_are_enough(monkeypatch, capsys):
    module = ModuleType("accel_doctor.cli.commands.greet")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(MODULE, vars(module))
    monkeypatch.setitem(main.COMMANDS["Manage"], "greet", "Greet somebody, wherever.")
    assert main.run(["greet", "--loud", "world"]) == ExitCode.DONE
    assert main.run(["--help"]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert out.startswith("hello world!\n")
    assert "  greet       Greet somebody, wherever.\n" in out


def test_every_command_has_a_row_and_no_third_home():
    offering = {
        path.stem.replace("_", "-")
        for path in (PACKAGE / "cli/commands").glob("[a-z]*.py")
        if hasattr(importlib.import_module(f"accel_doctor.cli.commands.{path.stem}"), "command")
    }
    assert offering == {name for commands in main.COMMANDS.values() for name in commands}
    importers = {
        path.relative_to(PACKAGE).parent.as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(r"accel_doctor\.cli\.commands\.\w+ import", path.read_text())
    }
    assert importers <= {"cli/commands"}
