"""Options as typed values."""

from __future__ import annotations

from dataclasses import dataclass, replace

import click

from accel_doctor.cli.commands.install import InstallOptions
from accel_doctor.cli.commands.install import command as install
from accel_doctor.cli.options import ConsentOptions, argument, as_command, option, own, value_of
from accel_doctor.cli.pip_line import PipArguments


@dataclass(frozen=True)
class Options:
    names: tuple[str, ...] = argument("[NAME]...")
    consent: ConsentOptions = ConsentOptions()
    jobs: int | None = own("--jobs", type=click.IntRange(min=1), help="At once.")
    deep: bool = option("--deep", default=False, help="Look below.")
    shape: str = option("--format", default="text", help="Which.")


def parsed(line):
    seen = []
    command = as_command("try", Options)(lambda options: seen.append(options) or 0)
    with command.make_context("try", list(line)) as context:
        command.invoke(context)
    return seen[0]


def test_a_field_is_an_option():
    assert parsed([]) == Options()
    options = parsed(["a", "b", "--jobs", "2", "--deep", "--format", "json", "--yes"])
    assert options == Options(("a", "b"), ConsentOptions(yes=True), 2, True, "json")


def test_an_option_of_our_own_is_a_variable_too(monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_JOBS", "3")
    monkeypatch.setenv("ACCEL_DOCTOR_NO_SYSTEM", "1")
    assert parsed([]) == Options((), ConsentOptions(no_system=True), 3)


def test_options_made_by_hand_are_those_of_an_empty_line():
    context = install.make_context("install", [])
    with context:
        assert replace(value_of(InstallOptions, context.params), pip=PipArguments()) == InstallOptions()
