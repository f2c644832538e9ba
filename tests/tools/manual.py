"""Writes the manual pages from the commands themselves, as help is: ``python tests/tools/manual.py``.

One page for accel-doctor and one for each command, with its subcommands, in ``docs/man``; wheels have them in
``share/man/man1``.
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
import tomli

from accel_doctor.cli.help_text import grouped
from accel_doctor.cli.main import COMMANDS, EXAMPLES, application
from accel_doctor.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = ROOT / "docs/man"
DOCUMENTATION = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Documentation"]
FILES = {
    "~/.config/accel-doctor/config.toml": "Your configuration: options as keys. A project's is accel-doctor.toml, "
    "or [tool.accel-doctor] in its pyproject.toml; /etc/accel-doctor/config.toml is for all users.",
    "~/.config/accel-doctor/rules/": "Your own rules, laid over the shipped ones.",
    "~/.cache/accel-doctor/": "Wheels, sources, locks, environments and logs.",
    "~/.local/state/accel-doctor/journal.jsonl": "What was installed here, for accel-doctor history and export.",
}


def manuals() -> dict[Path, str]:
    """Every page, by its path."""
    root = _context(application, "accel-doctor", None)
    pages = {DIRECTORY / "accel-doctor.1": "\n".join(_main(root))}
    for name in application.list_commands(root):
        command = application.get_command(root, name)
        assert command
        context = _context(command, name, root)
        pages[DIRECTORY / f"accel-doctor-{name}.1"] = "\n".join(_page(context))
    return {path: f"{text}\n" for path, text in pages.items()}


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return click.Context(command, info_name=name, parent=parent, **command.context_settings)


def _main(context: click.Context) -> Iterator[str]:
    yield from _head(context)
    yield ".SH COMMANDS"
    for heading, commands in COMMANDS.items():
        yield f".SS {roff(heading)}"
        for name, text in commands.items():
            yield from (".TP", rf"\fBaccel\-doctor\-{roff(name)}\fR(1)", roff(text))
    yield from _options(context, ".SH OPTIONS")
    yield ".SH EXAMPLES"
    for line, text in EXAMPLES.items():
        yield from (".TP", bold(line), roff(text))
    yield ".SH EXIT STATUS"
    for code in ExitCode:
        yield from (".TP", bold(str(int(code))), roff(code.meaning[0].upper() + code.meaning[1:] + "."))
    yield ".SH ENVIRONMENT"
    yield roff("Most options that are not pip's are variables too, named on the page of their command.")
    yield ".SH FILES"
    for path, text in FILES.items():
        yield from (".TP", rf"\fI{roff(path)}\fR", roff(text))
    yield from (".SH SEE ALSO", roff(DOCUMENTATION))


def _page(context: click.Context) -> Iterator[str]:
    yield from _head(context)
    command = context.command
    if isinstance(command, click.Group):
        yield ".SH COMMANDS"
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner
            under = _context(inner, name, context)
            yield from (f".SS {roff(name)}", _synopsis(under), ".PP", *_description(inner))
            yield from _options(under, None)
    yield from _options(context, ".SH OPTIONS")
    yield from (".SH SEE ALSO", r"\fBaccel\-doctor\fR(1)", ".PP", roff(DOCUMENTATION))


def _head(context: click.Context) -> Iterator[str]:
    name = context.command_path.replace(" ", "-")
    yield r".\" written by tests/tools/manual.py from the command itself"
    yield f'.TH {roff(name.upper())} 1 "" "accel\\-doctor" "User Commands"'
    yield ".ad l\n.nh\n.SH NAME"
    yield rf"{roff(name)} \- {roff(context.command.get_short_help_str(limit=300).removesuffix('.'))}"
    yield from (".SH SYNOPSIS", _synopsis(context))
    yield from (".SH DESCRIPTION", *_description(context.command))


def _synopsis(context: click.Context) -> str:
    pieces = " ".join(context.command.collect_usage_pieces(context))
    return f"{bold(context.command_path)} {roff(pieces)}"


def _description(command: click.Command) -> Iterator[str]:
    """The paragraphs of a command's help."""
    yield "\n.PP\n".join(map(roff, inspect.cleandoc(command.help or "").split("\n\n")))


def _options(context: click.Context, heading: str | None) -> Iterator[str]:
    """The options, by the groups that help shows them in."""
    groups = grouped(context.command.get_params(context))
    if heading:
        yield heading
    for name, options in groups.items():
        if len(groups) > 1:
            yield f".SS {roff(name)}" if heading else f".PP\n{bold(name)}"
        for option in options:
            record = option.get_help_record(context)
            assert record
            yield from (".TP", bold(record[0]), roff(record[1]))


def bold(text: str) -> str:
    return rf"\fB{roff(text)}\fR"


def roff(text: str) -> str:
    """A line of text, with what means something to roff escaped."""
    text = " ".join(text.split()).replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"^([.'])", r"\\&\1", text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    DIRECTORY.mkdir(exist_ok=True)
    written = manuals()
    for stale in set(DIRECTORY.glob("*.1")) - set(written):
        stale.unlink()
    for path, text in written.items():
        path.write_text(text)
