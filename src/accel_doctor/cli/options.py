"""Options as typed values: a command's options are a frozen dataclass, one field per option.

A field's annotation says what kind of option it is (``bool`` a flag, ``tuple[str, ...]`` one that can be repeated), its
:func:`option` says the rest. A field whose type is itself such a dataclass is a group of options commands share; a
group may define its own ``parameters()`` and ``parsed(values)``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_type_hints

import click

from accel_doctor.cli.colors import color_option
from accel_doctor.cli.completing import type_of
from accel_doctor.cli.configuration import pip_accel_level, read_configuration, user_directory, working_directory
from accel_doctor.cli.help_text import HelpedCommand, HelpedGroup
from accel_doctor.errors import UsageError
from accel_doctor.model.plans import Policy, Verification

if TYPE_CHECKING:
    from accel_doctor.store.levels.opening import LevelSettings

T = TypeVar("T")

_DECLARED = "accel_doctor.declared"


@dataclass(frozen=True)
class _Declared:
    """The facts about an option that click needs beside the name and type of its field."""

    flags: tuple[str, ...]
    settings: Mapping[str, Any]
    kind: type[click.Parameter] = click.Option


def option(*flags: str, default: Any = None, variable: str | None = None, **settings: Any) -> Any:
    """Return a field for an option. ``variable`` is the environment variable that can hold its value;
    ``settings`` are those of :class:`click.Option`."""
    if default:
        settings |= {"default": default, "show_default": True}
    if variable:
        settings |= {"envvar": variable, "show_envvar": True}
    return field(default=default, metadata={_DECLARED: _Declared(flags, settings)})


def own(*flags: str, **settings: Any) -> Any:
    """Return a field for an option with a variable named after it: ``ACCEL_DOCTOR_JOBS`` for ``--jobs``."""
    named = "ACCEL_DOCTOR_" + flags[0].lstrip("-").upper().replace("-", "_")
    return option(*flags, **{"variable": named, **settings})


def argument(metavar: str, *, default: Any = (), **settings: Any) -> Any:
    """Return a field for a positional argument, with the settings of :class:`click.Argument`."""
    declared = _Declared((), {"metavar": metavar, **settings}, click.Argument)
    return field(default=default, metadata={_DECLARED: declared})


def text_or_json() -> Any:
    """Return the field for ``--format``."""
    return option("--format", default="text", type=click.Choice(["text", "json"]), help="Text or JSON.")


def show(form: str, document: Mapping[str, Any], lines: Iterable[str]) -> None:
    """Print an answer in the format that ``--format`` selects."""
    click.echo(json.dumps(document, indent=2) if form == "json" else "\n".join(lines))


def note(text: str) -> None:
    """Print a line on stderr."""
    click.echo(text, err=True)


def checked_version(python: str | None) -> str | None:
    """Return the value of ``--python X.Y``. Raises UsageError for anything that is not a version."""
    if python and not is_version(python):
        raise UsageError(f"--python {python}: not a version of Python", hint="give two numbers, such as 3.13")
    return python


def is_version(python: str) -> bool:
    """Return whether the value of ``--python`` is a version, as opposed to an interpreter."""
    return re.fullmatch(r"3\.\d{1,2}", python) is not None


def distro_option() -> Any:
    """Return the field for ``--distro``."""
    text = "Answer for this distribution instead of this machine's."
    return option("--distro", metavar="ID[:VERSION]", help=text)


def export_option() -> Any:
    """Return the field for ``--export`` of a command that prints a plan."""
    return option("--export", type=click.Choice(EXPORT_FORMATS), help="Print only what to install, in this format.")


def parameters(options: type[Any]) -> list[click.Parameter]:
    """Return the click parameters of a dataclass of options, in field order."""
    if declares := getattr(options, "parameters", None):
        return list(declares())
    found: list[click.Parameter] = []
    for each, kind, declared in _declarations(options):
        found += [_parameter(each.name, kind, declared)] if declared else parameters(kind)
    return found


def value_of(options: type[T], values: Mapping[str, Any]) -> T:
    """Return the values that click parsed as one dataclass of options."""
    if reads := getattr(options, "parsed", None):
        return cast(T, reads(values))
    declarations = _declarations(options)
    return options(
        **{
            each.name: values[each.name] if declared else value_of(kind, values)
            for each, kind, declared in declarations
        }
    )


def _declarations(options: type[Any]) -> Iterator[tuple[Field[Any], Any, _Declared | None]]:
    """Yield each field with its type and its declaration; a group of options has none."""
    hints = get_type_hints(options)
    return ((each, hints[each.name], each.metadata.get(_DECLARED)) for each in fields(options))


def _parameter(name: str, kind: Any, declared: _Declared) -> click.Parameter:
    settings = dict(declared.settings)
    if kind == tuple[str, ...]:
        settings |= {"nargs": -1} if declared.kind is click.Argument else {"multiple": True}
    if kind is bool:
        settings["is_flag"] = True
    if kind == bool | None:
        settings |= {"is_flag": True, "default": None}  # click's own default is False
    settings.setdefault("type", type_of(settings.get("metavar")))
    return declared.kind([*declared.flags, name], **settings)


# --- commands ---------------------------------------------------------------------------------------------


class ConfiguredCommand(HelpedCommand):
    """A command whose options take their defaults from the configuration files."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the command line, with the configuration as defaults."""
        if not {"-h", "--help"} & set(args) and not extra.get("resilient_parsing"):  # else a shell completes
            values = read_configuration(user_directory(os.environ), working_directory())
            extra.setdefault("default_map", {key.replace("-", "_"): value for key, value in values.items()})
        return super().make_context(info_name, args, parent, **extra)


def as_command(
    name: str,
    options: type[T],
    *,
    parent: click.Group | None = None,
    cls: type[click.Command] = HelpedCommand,
    **context: Any,
) -> Callable[[Callable[[T], int]], click.Command]:
    """Turn a function of typed options into a command, with the function's docstring as its help.

    ``context`` holds settings for click's context. With ``parent``, the command is added to that group.
    """

    def decorate(function: Callable[[T], int]) -> click.Command:
        made = cls(
            name,
            callback=lambda **values: function(value_of(options, values)),
            params=[*parameters(options), color_option()],
            help=function.__doc__,
            context_settings={"help_option_names": ["-h", "--help"], **context},
        )
        if parent:
            parent.add_command(made)
        return made

    return decorate


def group(name: str, help_text: str) -> click.Group:
    """Return a command with subcommands."""
    return HelpedGroup(name, help=help_text, context_settings={"help_option_names": ["-h", "--help"]})


# --- options that several commands share ------------------------------------------------------------------

EXPORT_FORMATS = ("shell", "dockerfile", "ansible", "bindep", "cloud-init", "pep725", "pip", "uv", "uv-pip")
_RULES = "Add this directory of rules to the shipped ones."


@dataclass(frozen=True)
class RulesOptions:
    """Options for additional rules, on the command line only."""

    rules: tuple[str, ...] = option("--rules", default=(), metavar="DIR", help=_RULES)


@dataclass(frozen=True)
class CacheOptions:
    """Options for the cache directory."""

    cache_dir: str | None = own("--cache-dir", metavar="DIR", help="Keep wheels, sources and logs in this directory.")


@dataclass(frozen=True)
class PlaceOptions(CacheOptions):
    """Options for the cache directory and the rule directories."""

    rules: tuple[str, ...] = own("--rules", default=(), metavar="DIR", help=_RULES)


@dataclass(frozen=True)
class ConsentOptions:
    """Options for what may be done to cure builds."""

    yes: bool = own(
        "--yes", default=False, help="Cure builds without asking, but by no guess and nothing that affects the result."
    )
    yes_to_all: bool = own("--yes-to-all", default=False, help="Like --yes, for everything that is offered.")
    no_system: bool = own("--no-system", default=False, help="Never install system packages, only name them.")

    def policy(self, *, dry_run: bool, verify: bool | None = None) -> Policy:
        """Return the permissions of a run."""
        verification = {None: Verification.NEW, False: Verification.NOTHING, True: Verification.EVERYTHING}[verify]
        return Policy(self.yes or self.yes_to_all, self.yes_to_all, not self.no_system, dry_run, verification)


@dataclass(frozen=True)
class LevelOptions:
    """Options for the shared levels behind the local store, and which of their wheels are trusted."""

    level: tuple[str, ...] = own(
        "--level",
        default=(),
        metavar="URL",
        variable="ACCEL_DOCTOR_LEVELS",
        help="Fetch what is not in the local store from here, and send what is built.",
    )
    signing_key: str | None = own("--signing-key", metavar="FILE", help="Sign wheels sent to levels with this key.")
    trusted_key: tuple[str, ...] = own(
        "--trusted-key",
        default=(),
        metavar="FILE",
        variable="ACCEL_DOCTOR_TRUSTED_KEYS",
        help="Trust signatures made with this key too.",
    )
    require_signature: bool = own(
        "--require-signature", default=False, help="Use only wheels from levels that a trusted key signed."
    )

    def settings(self, variables: Mapping[str, str], *, offline: bool, dry_run: bool = False) -> LevelSettings | None:
        """Return the levels from the options or, without ``--level``, from pip-accel's variables; none when offline.
        A dry run only reads from them."""
        addresses = self.level or tuple(filter(None, [pip_accel_level(variables)]))
        if offline or not addresses:
            return None
        from accel_doctor.store.levels.opening import LevelSettings

        signing_key = Path(self.signing_key) if self.signing_key else None
        trusted_keys = tuple(map(Path, self.trusted_key))
        return LevelSettings(addresses, signing_key, trusted_keys, self.require_signature, read_only=dry_run)


@dataclass(frozen=True)
class FrontendOptions:
    """Options for how requirements are resolved and installed."""

    frontend: str | None = own(
        "--frontend", type=click.Choice(["uv", "pip"]), help="Resolve and install with this (default: uv)."
    )
    offline: bool = own("--offline", default=False, help="Use only what is on this machine.")


@dataclass(frozen=True)
class TargetOptions:
    """Options for the environment to install into."""

    python: str | None = own("--python", metavar="PATH", help="Install into this interpreter or environment.")
