"""``accel-doctor completion``."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import click

from accel_doctor.cli.options import argument, as_command, note, option
from accel_doctor.cli.shell_scripts import SHELLS, destination, script
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.whole_files import replacing


@dataclass(frozen=True)
class CompletionOptions:
    shell: str = argument("|".join(SHELLS), default=None, required=True, type=click.Choice(SHELLS))
    install: bool = option("--install", default=False, help="Write the script to where your shells look for it.")


@as_command("completion", CompletionOptions)
def command(options: CompletionOptions) -> int:
    """Print the script that lets a shell complete commands, options, distributions, needs and files.

    --install puts it where new shells of yours find it. For one shell: eval "$(accel-doctor completion bash)".
    """
    text = script(options.shell, click.get_current_context().find_root().command)
    if not options.install:
        click.echo(text, nl=False)
        if sys.stdout.isatty():
            note(f"to install it: accel-doctor completion {options.shell} --install")
        return ExitCode.DONE
    path = destination(options.shell)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as aside:
            aside.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}",
            hint=f"write it elsewhere: accel-doctor completion {options.shell} > FILE",
        ) from error
    note(f"wrote {path}; {_remaining(options.shell, path)}")
    return ExitCode.DONE


def _remaining(shell: str, path: Path) -> str:
    """Return what is left to do for new shells to find the script."""
    return {
        "bash": f"new shells use it if bash-completion is installed; else add to ~/.bashrc: . {path}",
        "zsh": f"add to ~/.zshrc, before compinit: fpath+=({path.parent})",
        "fish": "new shells use it",
    }[shell]
