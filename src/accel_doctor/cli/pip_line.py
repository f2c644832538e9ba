"""pip's command line: its options, spelled as pip spells them, and the install request they make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import click

from accel_doctor.cli.completing import type_of
from accel_doctor.cli.help_text import closest
from accel_doctor.cli.index_access import as_reached
from accel_doctor.cli.options import ConfiguredCommand, FrontendOptions
from accel_doctor.cli.session import Session
from accel_doctor.errors import UsageError
from accel_doctor.frontends.choice import FrontendParts, choose_frontend, settled_elsewhere
from accel_doctor.interfaces import Frontend
from accel_doctor.model.machine import Interpreter
from accel_doctor.model.requests import Connection, InstallRequest
from accel_doctor.requirements.pip_configuration import read_configuration
from accel_doctor.requirements.pip_option_table import PIP_OPTIONS, Kind, ParsedArguments, PipOption, spelled_out
from accel_doctor.requirements.request import NoRequirementsError, read_connection, read_request
from accel_doctor.requirements.unsupported_options import HARMLESS, INSTEAD, OF_UV, unsupported
from accel_doctor.system.file_reader import FileReader

# Both options append to one list, in command-line order: with pip, the later one wins.
_FORMAT_CONTROL = "accel_doctor.format_control"


def _format_control(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> None:
    pairs = context.meta.setdefault(_FORMAT_CONTROL, [])
    pairs += [((option.name or "").replace("_", "-"), value) for value in values]


def _option(option: PipOption) -> click.Option:
    names = [*option.names, option.key.replace("-", "_")]
    settings: dict[str, Any] = {"help": option.help, "metavar": option.metavar}
    match option.kind:
        case Kind.FLAG | Kind.INVERTED | Kind.PRESENT:
            settings["is_flag"] = True
        case Kind.SWITCH:
            names[-2] += f"/{option.off}"
            settings["default"] = None
        case Kind.COUNT:
            settings["count"] = True
        case Kind.TEXT | Kind.PATH:
            settings["type"] = click.Choice(option.choices) if option.choices else type_of(option.metavar)
        case Kind.NUMBER:
            settings["type"] = float
        case Kind.WHOLE:
            settings["type"] = int
        case Kind.MANY | Kind.SETTING:
            settings |= {"multiple": True, "type": type_of(option.metavar)}
        case Kind.FORMATS:
            settings |= {"multiple": True, "callback": _format_control, "expose_value": False}
    return click.Option(names, **settings)


# pip options that do not affect what is installed: accepted.
HIDDEN_OPTIONS: tuple[click.Parameter, ...] = tuple(
    click.Option([name], is_flag=not takes_value, expose_value=False, hidden=True)
    for name, takes_value in HARMLESS.items()
)

_OF_PIP = {*HARMLESS, *INSTEAD, *(name for option in PIP_OPTIONS for name in (*option.names, option.off))}


class PipArguments(ParsedArguments):
    """pip's part of a command line, as a group of options."""

    @staticmethod
    def parameters() -> Sequence[click.Parameter]:
        """Return the click parameters."""
        requirements = click.Argument(
            ["requirements"], nargs=-1, metavar="[REQUIREMENT]...", type=type_of("REQUIREMENT")
        )
        return (requirements, *map(_option, PIP_OPTIONS), *HIDDEN_OPTIONS)

    @classmethod
    def parsed(cls, values: Mapping[str, Any]) -> PipArguments:
        """Return pip's arguments from the parsed command line."""
        given = {option.key: values.get(option.key.replace("-", "_")) for option in PIP_OPTIONS}
        return cls(
            requirements=values["requirements"],
            options={key: value for key, value in given.items() if value is not None},
            format_control=tuple(click.get_current_context().meta.get(_FORMAT_CONTROL, ())),
            offline=values["offline"],
        )


class PipLineCommand(ConfiguredCommand):
    """Take pip's arguments, abbreviated as pip allows it.

    For an unknown option, the error says what to use instead.
    """

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the command line. Raises UsageError for an unknown option."""
        try:
            return super().make_context(info_name, [*args], parent, **extra)
        except click.NoSuchOption as error:
            if error.option_name not in OF_UV and (spelled := self._spelled_out(error.option_name, args)):
                return self.make_context(info_name, spelled, parent, **extra)
            explained = unsupported(error.option_name)
            if explained.hint is None:
                explained.hint = self._meant(error, info_name, parent)
            raise explained from None

    def _meant(self, error: click.NoSuchOption, info_name: str | None, parent: click.Context | None) -> str:
        if near := closest(error.option_name, error.possibilities or ()):
            return f"did you mean {near}?"
        group = parent.command if parent else None
        install = group.get_command(parent, "install") if isinstance(group, click.Group) and parent else None
        if install and any(error.option_name in (*one.opts, *one.secondary_opts) for one in install.params):
            return f"it is an option of accel-doctor install, as {info_name} installs nothing"
        return f"accel-doctor {info_name} --help shows what it takes"

    def _spelled_out(self, name: str, args: list[str]) -> list[str] | None:
        """Return the arguments with an option of pip's in full; None if ``name`` is not short for one."""
        names = {name: option.name for option in self.params for name in (*option.opts, *option.secondary_opts)}
        fitting = spelled_out(name, names | {other: other for other in INSTEAD})
        if len(fitting) > 1:
            raise UsageError(f"ambiguous option: {name} ({', '.join(fitting)}?)")
        if not fitting or fitting[0] == name or fitting[0] not in _OF_PIP:
            return None
        at = next(index for index, word in enumerate(args) if word.partition("=")[0] == name)
        return [*args[:at], fitting[0] + args[at].removeprefix(name), *args[at + 1 :]]


def prepare(
    session: Session, arguments: ParsedArguments, options: FrontendOptions, other: Interpreter | None = None
) -> tuple[Frontend, InstallRequest]:
    """Choose the frontend for the session's interpreter, or for another one, and read pip's configuration and the
    requirements. Raises UsageError."""
    invocation, interpreter = session.invocation, other or session.interpreter
    variables = invocation.variables
    disk = FileReader(Connection(), variables)
    configuration = read_configuration(invocation, interpreter.prefix, disk)
    parts = FrontendParts(
        session.runner, session.sandbox, interpreter, variables, session.cache, configuration, session.reporter
    )
    frontend = choose_frontend(options.frontend, parts)
    configuration = configuration.without(settled_elsewhere(frontend.name, variables))
    files = replace(disk, connection=read_connection(arguments, configuration, invocation))
    inside = interpreter.in_virtual_environment
    try:
        request = read_request(
            arguments,
            configuration,
            files,
            invocation,
            in_virtual_environment=inside,
            python=interpreter.version,
        )
        return frontend, replace(request, index=as_reached(request.index, frontend.name, session))
    except NoRequirementsError as error:
        sync = f"; or accel-doctor sync, which installs from {error.lock}" if error.lock else ""
        error.hint = f"{click.get_current_context().command_path} {error.hint}{sync}"
        raise
