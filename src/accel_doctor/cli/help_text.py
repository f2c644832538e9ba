"""Show the help of commands, in groups and at any width, and guess what was meant by one that does not exist."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import click

from accel_doctor.cli.colors import in_color
from accel_doctor.errors import ToldInterrupt, UsageError
from accel_doctor.wording import either

# Heading -> the options below it, in the order of help, man pages and reference. All others are under OTHER.
OPTION_GROUPS = {
    "Requirements": (
        "requirement",
        "constraint",
        "editable",
        "group",
        "only_group",
        "no_dev",
        "extra",
        "all_extras",
        "frozen",
        "no_install_project",
        "requirements_from_script",
        "build_constraint",
        "no_resolve",
    ),
    "Consent": ("yes", "yes_to_all", "no_system", "dry_run"),
    "Target": ("python", "venv", "distro", "target", "prefix", "user", "break_system_packages", "require_virtualenv"),
    "Versions": (
        "upgrade",
        "upgrade_strategy",
        "upgrade_unbuildable",
        "pre",
        "no_binary",
        "only_binary",
        "prefer_binary",
        "require_hashes",
        "no_require_hashes",
        "no_deps",
    ),
    "Builds": (
        "jobs",
        "no_build_isolation",
        "config_settings",
        "portable",
        "sandbox",
        "allow_build_network",
        "pass_env",
    ),
    "Installation": ("frontend", "verify", "force_reinstall", "compile"),
    "Index and network": (
        "offline",
        "index_url",
        "extra_index_url",
        "find_links",
        "no_index",
        "proxy",
        "timeout",
        "retries",
        "trusted_host",
        "cert",
        "client_cert",
        "keyring_provider",
    ),
    "Cache, levels and rules": (
        "cache_dir",
        "no_cache_dir",
        "level",
        "signing_key",
        "trusted_key",
        "require_signature",
        "rules",
    ),
    "Output": (
        "verbose",
        "quiet",
        "color",
        "form",
        "as_json",
        "export",
        "report",
        "annotate",
        "baseline",
        "write_baseline",
    ),
}
OTHER = "Options"
_GROUP_OF = {name: heading for heading, names in OPTION_GROUPS.items() for name in names}

# A command that users of uv, pip, cargo, brew or apt may type -> what does that here.
ELSEWHERE = {
    "add": ("install",),
    "clean": ("cache prune",),
    "doctor": ("self-check",),
    "debug": ("self-check",),
    "info": ("self-check",),
    "status": ("self-check",),
    "fix": ("repair",),
    "freeze": ("export",),
    "list": ("cache list", "env list", "history"),
    "lint": ("rules lint",),
    "log": ("history",),
    "pip": ("install",),
    "plan": ("check",),
    "prune": ("cache prune",),
    "restore": ("env restore",),
    "search": ("why",),
    "show": ("why", "rules show"),
    "remove": ("undo",),
    "update": ("install --upgrade",),
    "upgrade": ("install --upgrade",),
    "verify": ("cache verify",),
    "version": ("--version",),
    "which": ("why",),
}

# A command of pip or uv pip that is not ours -> what to use instead; %s is the interpreter of the environment.
OF_PIP = {
    **{name: (f"uv pip {name}", f"%s -m pip {name}") for name in ("uninstall", "list", "freeze", "show")},
    **{name: (f"uv pip {name}",) for name in ("compile", "tree")},
    **{name: (f"%s -m pip {name}",) for name in ("hash", "inspect", "index versions")},
    "lock": ("uv pip compile", "%s -m pip lock"),
    "cache purge": ("accel-doctor cache clear",),
}


class GroupFormatter(click.HelpFormatter):
    """Help as wide as the terminal, from 40 columns to 110; headings stand out."""

    def __init__(self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None) -> None:
        columns = width or min(_columns(), max_width or 110) - 2
        super().__init__(indent_increment, max(columns, 38), max_width)

    def write_heading(self, heading: str) -> None:
        """Write a heading, bold where output is colored; click removes that where stdout is no terminal."""
        text = f"{heading}:"
        self.write((click.style(text, bold=True) if in_color(os.environ) else text) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write rows of two columns, the first at most a third of the width."""
        super().write_dl(rows, min(col_max, self.width // 3), col_spacing)


class GroupContext(click.Context):
    """A context whose help is written by :class:`GroupFormatter`."""

    formatter_class = GroupFormatter


def grouped(parameters: Collection[click.Parameter]) -> dict[str, list[click.Option]]:
    """Return the visible options by heading, in the order of :data:`OPTION_GROUPS`."""
    found: dict[str, list[click.Option]] = defaultdict(list)
    for one in parameters:
        if isinstance(one, click.Option) and not one.hidden:
            found[_GROUP_OF.get(one.name or "", OTHER)].append(one)
    return {heading: found[heading] for heading in (*OPTION_GROUPS, OTHER) if found[heading]}


class HelpedCommand(click.Command):
    """A command whose help shows its options in groups."""

    context_class = GroupContext

    def invoke(self, context: click.Context) -> Any:
        """Run the command. After an interrupt click begins a new line, beside the terminal's ^C; that was done by then
        if the user was told."""
        try:
            return super().invoke(context)
        except ToldInterrupt:
            raise click.Abort from None

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, a section for each group."""
        for heading, options in grouped(self.get_params(context)).items():
            with formatter.section(heading):
                formatter.write_dl([record for one in options if (record := one.get_help_record(context))])

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write which topic of the documentation has the page."""
        formatter.write_paragraph()
        formatter.write_text(f"Documentation: accel-doctor docs {context.command_path.split()[1]}")


class HelpedGroup(HelpedCommand, click.Group):
    """A command with subcommands, which come first in its help; it suggests what was meant."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options."""
        self.format_commands(context, formatter)
        HelpedCommand.format_options(self, context, formatter)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with the first sentence of its help."""
        with formatter.section("Commands"):
            commands = ((name, self.get_command(context, name)) for name in self.list_commands(context))
            formatter.write_dl([(name, one.get_short_help_str(limit=200)) for name, one in commands if one])

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that was called. Raise UsageError, with what was meant, if there is none."""
        try:
            return super().resolve_command(context, args)
        except click.NoSuchOption:
            raise
        except click.UsageError:
            word, path = args[0], context.command_path
            of_pip, nested = _of_pip([*path.split()[1:], *args]), context.parent is not None
            likely = meant(word, [] if of_pip else self.list_commands(context), nested=nested)
            told = (
                f"did you mean {either([f'{path} {one}' for one in likely])}?"
                if likely and not (of_pip and word == "pip")
                else ""
            )
            hint = "; ".join(filter(None, [of_pip, told])) or f"{path} --help lists the commands"
            raise UsageError(f"no such command: {path} {word}", hint=hint) from None


def closest(word: str, possibilities: Sequence[str], likeness: float = 0.8) -> str | None:
    """Return the option or key that was likely meant by one that does not exist; None if none is near."""
    return next(iter(_near(word, possibilities, likeness)), None)


def _near(word: str, possibilities: Sequence[str], likeness: float) -> Sequence[str]:
    from difflib import get_close_matches  # not for --help

    return get_close_matches(word, possibilities, n=1, cutoff=likeness)


def meant(word: str, commands: Sequence[str], *, nested: bool = False) -> Sequence[str]:
    """Return what was likely meant by a command that does not exist: a similar name, other tools' word for it, or a
    requirement file to install, a command to run; nothing if none is likely."""
    import shutil  # not for --help

    if not nested and (known := ELSEWHERE.get(word.lower())):
        return known
    if similar := _near(word.lower(), commands, 0.6):
        return similar
    if not nested and os.path.isfile(word):  # noqa: PTH113  not a Path yet
        return (f"install -r {word}",)
    return (f"run -- {word}",) if not nested and shutil.which(word) else ()


def _of_pip(words: Sequence[str]) -> str:
    """Return what to use instead of a command of pip's, with its arguments, for the environment that is active or in
    ``.venv``; empty if it is none of pip's."""
    import shlex  # not for --help

    words = words[1:] if words[0] == "pip" else words
    size = 1 if words[0:1] and words[0] in OF_PIP else 2
    active = any(os.environ.get(name) for name in ("VIRTUAL_ENV", "CONDA_PREFIX"))
    python = ".venv/bin/python" if not active and os.path.exists(".venv/bin/python") else "python"  # noqa: PTH110
    rest = shlex.join(words[size:])
    commands = [f"{one.replace('%s', python)} {rest}".rstrip() for one in OF_PIP.get(" ".join(words[:size]), ())]
    return f"use {either(commands)}" if commands else ""


def _columns() -> int:
    """Return how wide the terminal on stdout is, as shutil does, whose import takes a tenth of the help."""
    try:
        return int(os.environ.get("COLUMNS", 0)) or os.get_terminal_size(1).columns or 80
    except (ValueError, OSError):
        return 80
