"""The options of ``install``: pip's, spelled as pip spells them, and our own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from accel_doctor.cli.commands.export import EXPORT_FORMAT
from accel_doctor.requirements.arguments import ParsedArguments
from accel_doctor.requirements.options import HARMLESS

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

# Both options write to one list, in the order they stand on the line: with pip, the later one wins.
_FORMAT_CONTROL = "accel_doctor.format_control"


def _format_control(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> None:
    pairs = context.meta.setdefault(_FORMAT_CONTROL, [])
    pairs += [((option.name or "").replace("_", "-"), value) for value in values]


def _many(*names: str, metavar: str, text: str) -> Decorator:
    return click.option(*names, multiple=True, metavar=metavar, help=text)


def _one(*names: str, metavar: str, text: str, kind: Any = None) -> Decorator:
    return click.option(*names, metavar=metavar, type=kind, help=text)


def _flag(*names: str, text: str) -> Decorator:
    return click.option(*names, is_flag=True, help=text)


PIP_OPTIONS: tuple[Decorator, ...] = (
    click.argument("requirements", nargs=-1, metavar="[REQUIREMENT]..."),
    _many("-r", "--requirement", "requirement_files", metavar="FILE", text="Install from this requirements file."),
    _many("-c", "--constraint", "constraint_files", metavar="FILE", text="Constrain versions by this file."),
    _many("-e", "--editable", "editables", metavar="PATH/URL", text="Install a project in editable mode."),
    _many("--build-constraint", "build_constraint_files", metavar="FILE", text="Constrain build requirements."),
    _one("-i", "--index-url", "--pypi-url", "index_url", metavar="URL", text="The package index."),
    _many("--extra-index-url", "extra_index_urls", metavar="URL", text="One more package index."),
    _many("-f", "--find-links", "find_links", metavar="URL/PATH", text="Look for archives here too."),
    _flag("--no-index", text="Use no index, only --find-links."),
    click.option(
        "--no-binary", multiple=True, metavar="NAMES", callback=_format_control, expose_value=False,
        help="Build these from source: names with commas, :all: or :none:.",
    ),
    click.option(
        "--only-binary", multiple=True, metavar="NAMES", callback=_format_control, expose_value=False,
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
    click.option("--user/--no-user", default=None, help="Install into the user's site (pip frontend only)."),
    click.option("--compile/--no-compile", "compile_bytecode", default=None, help="Compile to bytecode or not."),
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
    click.option("-v", "--verbose", count=True, help="Say more; repeatable."),
    click.option("-q", "--quiet", count=True, help="Say less; repeatable."),
)  # fmt: skip


def _own(*names: str, variable: str | None = None, **settings: Any) -> Decorator:
    variable = variable or "ACCEL_DOCTOR_" + names[0].lstrip("-").upper().replace("-", "_")
    return click.option(*names, envvar=variable, show_envvar=True, **settings)


_OWN: dict[str, Decorator] = {
    "yes": _own("--yes", is_flag=True, help="Install system packages without asking; never covers a guess."),
    "dry_run": _own("--dry-run", is_flag=True, help="Print the plan and the exact commands; build and change nothing."),
    "no_system": _own("--no-system", is_flag=True, help="Diagnose only: never install system packages."),
    "verify": _own("--verify", is_flag=True, help="Import what was installed; a missing library is treated."),
    "portable": _own(
        "--portable", is_flag=True, help="Bundle the libraries that built wheels link, with auditwheel, where it can."
    ),
    "python": _own("--python", metavar="PATH", help="Install into this interpreter or environment."),
    "jobs": _own(
        "--jobs", type=click.IntRange(min=1), metavar="N", help="Build this many at once (default: one a core)."
    ),
    "frontend": _own(
        "--frontend", type=click.Choice(["uv", "pip"]), help="Resolve and install with this (default: uv)."
    ),
    "export": _own("--export", type=EXPORT_FORMAT, help="With --dry-run: print the plan as this, for another machine."),
    "report": _own("--report", metavar="FILE", help="Write what happened to this file, as JSON; - is stdout."),
    "offline": _own("--offline", is_flag=True, help="Use only what is on this machine."),
    "cache_dir": _own("--cache-dir", metavar="DIR", help="Keep wheels, sources and logs here."),
    "rules": _own("--rules", multiple=True, metavar="DIR", help="Lay this directory of rules over the shipped ones."),
    "level": _own(
        "--level",
        multiple=True,
        metavar="URL",
        variable="ACCEL_DOCTOR_LEVELS",
        help="Look here for wheels that are not in the local store, and send there what is built.",
    ),
    "signing_key": _own("--signing-key", metavar="FILE", help="Sign wheels that are sent to levels with this key."),
    "trusted_key": _own(
        "--trusted-key",
        multiple=True,
        metavar="FILE",
        variable="ACCEL_DOCTOR_TRUSTED_KEYS",
        help="Believe this key's signatures too.",
    ),
    "require_signature": _own(
        "--require-signature", is_flag=True, help="Use no wheel from a level that is not signed with a trusted key."
    ),
}
OWN_OPTIONS = tuple(_OWN.values())


def own_options(*names: str) -> tuple[Decorator, ...]:
    """Those of our own options that another command has too: ``yes``, ``dry_run``."""
    return tuple(_OWN[name] for name in names)


# Known to pip, and of no effect on what is installed: accepted.
HIDDEN_OPTIONS: tuple[Decorator, ...] = tuple(
    click.option(name, is_flag=not takes_value, expose_value=False, hidden=True)
    for name, takes_value in HARMLESS.items()
)


def apply(options: tuple[Decorator, ...]) -> Decorator:
    """One decorator of many."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def parsed_arguments(context: click.Context, values: dict[str, Any]) -> ParsedArguments:
    """pip's part of the parsed line; ``values`` may hold our own options too."""
    fields = {name: values[name] for name in ParsedArguments.__dataclass_fields__ if name in values}
    return ParsedArguments(
        **fields,
        format_control=tuple(context.meta.get(_FORMAT_CONTROL, ())),
        verbosity=values["verbose"] - values["quiet"],
    )
