"""pip's options, spelled as pip spells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from accel_doctor.cli.options import ConfiguredCommand
from accel_doctor.requirements.arguments import ParsedArguments
from accel_doctor.requirements.options import HARMLESS, unsupported

# Both options write to one list, in the order they stand on the line: with pip, the later one wins.
_FORMAT_CONTROL = "accel_doctor.format_control"


def _format_control(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> None:
    pairs = context.meta.setdefault(_FORMAT_CONTROL, [])
    pairs += [((option.name or "").replace("_", "-"), value) for value in values]


def _many(*names: str, metavar: str, text: str) -> click.Option:
    return click.Option(names, multiple=True, metavar=metavar, help=text)


def _one(*names: str, metavar: str, text: str, kind: Any = None) -> click.Option:
    return click.Option(names, metavar=metavar, type=kind, help=text)


def _flag(*names: str, text: str) -> click.Option:
    return click.Option(names, is_flag=True, help=text)


PIP_OPTIONS: tuple[click.Parameter, ...] = (
    click.Argument(["requirements"], nargs=-1, metavar="[REQUIREMENT]..."),
    _many("-r", "--requirement", "requirement_files", metavar="FILE", text="Install from this requirements file."),
    _many("-c", "--constraint", "constraint_files", metavar="FILE", text="Constrain versions by this file."),
    _many("-e", "--editable", "editables", metavar="PATH/URL", text="Install a project in editable mode."),
    _many("--build-constraint", "build_constraint_files", metavar="FILE", text="Constrain build requirements."),
    _one("-i", "--index-url", "--pypi-url", "index_url", metavar="URL", text="The package index."),
    _many("--extra-index-url", "extra_index_urls", metavar="URL", text="One more package index."),
    _many("-f", "--find-links", "find_links", metavar="URL/PATH", text="Look for archives here too."),
    _flag("--no-index", text="Use no index, only --find-links."),
    click.Option(
        ["--no-binary"], multiple=True, metavar="NAMES", callback=_format_control, expose_value=False,
        help="Build these from source: names with commas, :all: or :none:.",
    ),
    click.Option(
        ["--only-binary"], multiple=True, metavar="NAMES", callback=_format_control, expose_value=False,
        help="Never build these: names with commas, :all: or :none:.",
    ),
    _flag("--prefer-binary", text="Prefer an older wheel to a newer sdist (pip frontend only)."),
    _flag("--pre", text="Allow pre-releases."),
    _flag("-U", "--upgrade", text="Upgrade what is named to the newest version."),
    _one(
        "--upgrade-strategy", metavar="WHICH", kind=click.Choice(["only-if-needed", "eager"]),
        text="With -U, what becomes of dependencies.",
    ),
    _flag("--force-reinstall", text="Install again what is installed already."),
    _flag("--require-hashes", text="Every requirement must have a --hash."),
    _flag("--no-require-hashes", text="Do not check hashes because one line has some."),
    _flag("--no-deps", text="Install no dependencies."),
    _flag("--no-build-isolation", text="Build in the target environment, without installing build requirements."),
    _many("-C", "--config-settings", "--config-setting", "config_settings", metavar="KEY=VALUE",
          text="A setting for the build backend."),
    _one("-t", "--target", metavar="DIR", text="Install into this directory."),
    _one("--prefix", metavar="DIR", text="Install below this prefix."),
    click.Option(["--user/--no-user"], default=None, help="Install into the user's site (pip frontend only)."),
    click.Option(["--compile/--no-compile", "compile_bytecode"], default=None, help="Compile to bytecode or not."),
    _flag("--break-system-packages", text="Install into an externally managed interpreter all the same."),
    _flag("--require-virtualenv", text="Refuse to install outside a virtual environment."),
    _one("--proxy", metavar="URL", text="Go through this proxy."),
    _one("--timeout", "--default-timeout", "timeout", metavar="SECONDS", kind=float, text="Wait for a server."),
    _one("--retries", metavar="N", kind=int, text="Try a failing connection this often again."),
    _many("--trusted-host", "trusted_hosts", metavar="HOST", text="Do not check this host's certificate."),
    _one("--cert", metavar="PATH", text="Certificates to trust, as PEM."),
    _one("--client-cert", metavar="PATH", text="Our own certificate, as PEM."),
    _one("--keyring-provider", metavar="HOW", text="Look up index passwords in the keyring."),
    _flag("--no-cache-dir", "no_cache", text="Let the frontend keep no cache (the wheel store stays in use)."),
    click.Option(["-v", "--verbose"], count=True, help="Say more; can be repeated."),
    click.Option(["-q", "--quiet"], count=True, help="Say less; can be repeated."),
)  # fmt: skip


# Known to pip, and of no effect on what is installed: accepted.
HIDDEN_OPTIONS: tuple[click.Parameter, ...] = tuple(
    click.Option([name], is_flag=not takes_value, expose_value=False, hidden=True)
    for name, takes_value in HARMLESS.items()
)


class PipLine:
    """pip's argument line. Implements :class:`accel_doctor.cli.options.OptionTable`."""

    def parameters(self) -> Sequence[click.Parameter]:
        """Return what click parses."""
        return (*PIP_OPTIONS, *HIDDEN_OPTIONS)

    def value(self, values: Mapping[str, Any]) -> ParsedArguments:
        """Return pip's part of the parsed line."""
        fields = {name: values[name] for name in ParsedArguments.__dataclass_fields__ if name in values}
        return ParsedArguments(
            **fields,
            format_control=tuple(click.get_current_context().meta.get(_FORMAT_CONTROL, ())),
            verbosity=values["verbose"] - values["quiet"],
        )


PIP_LINE = PipLine()


class PipLineCommand(ConfiguredCommand):
    """A command that takes pip's argument line: where an option is unknown, the error says what to use instead."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the command line. Raises UsageError for an unknown option."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.NoSuchOption as error:
            explained = unsupported(error.option_name)
            if error.possibilities and explained.message.startswith("no such option"):
                explained.hint = f"did you mean {error.possibilities[0]}?"  # closest first
            raise explained from None
