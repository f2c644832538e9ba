"""``accel-doctor self-check``."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

import click

from accel_doctor.cli.help_text import HelpedCommand
from accel_doctor.cli.options import (
    ConfiguredCommand,
    FrontendOptions,
    LevelOptions,
    PlaceOptions,
    TargetOptions,
    as_command,
    option,
    show,
    text_or_json,
)
from accel_doctor.cli.sandbox_options import SandboxOptions
from accel_doctor.cli.self_examination import Examination
from accel_doctor.cli.session import Session, started
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.report.self_check_report import self_check_document, self_check_lines

_WRONG = "accel_doctor.wrong_configuration"


class _LenientCommand(ConfiguredCommand):
    """A command that works with a configuration that cannot be used, too: it tells about it."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        try:
            return super().make_context(info_name, [*args], parent, **extra)
        except UsageError as error:
            context = HelpedCommand.make_context(self, info_name, args, parent, **extra)
            context.meta[_WRONG] = error
            return context


@dataclass(frozen=True)
class SelfCheckOptions:
    form: str = text_or_json()
    as_json: bool = option("--json", default=False, help="Short for --format json.")
    target: TargetOptions = TargetOptions()
    frontend: FrontendOptions = FrontendOptions()
    place: PlaceOptions = PlaceOptions()
    levels: LevelOptions = LevelOptions()
    sandbox: SandboxOptions = SandboxOptions()


@as_command("self-check", SelfCheckOptions, cls=_LenientCommand)
def command(options: SelfCheckOptions) -> int:
    """Show what this machine is, what would be used here, and what is wrong. Nothing is changed.

    Distribution, package manager and rights, the interpreter installed into, the cache, index and levels (which are
    asked, unless --offline), rules and configuration. Names and passwords in addresses are left out, so that it can
    be part of a bug report. The exit code is that of the first problem, or 0.
    """
    invocation = started()
    session = Session(invocation, options.place, python=options.target.python, isolation=options.sandbox.isolation)
    examination = Examination(
        session,
        options.frontend.frontend,
        options.levels.settings(invocation.variables, offline=False, dry_run=True),
        options.frontend.offline,
        click.get_current_context().meta.get(_WRONG),
    )
    check = examination.result()
    form = "json" if options.as_json else options.form
    show(form, self_check_document(check), self_check_lines(check, shutil.get_terminal_size().columns - 1))
    return int(check.problems[0].exit_code if check.problems else ExitCode.DONE)
