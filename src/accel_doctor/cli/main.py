"""The ``accel-doctor`` command: its subcommands, and the one place where errors become words and exit codes."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence

import click

from accel_doctor import __version__
from accel_doctor.errors import AccelDoctorError, ExitCode, PackageManagerError, PrivilegeError

# name -> (module under accel_doctor.cli, one line of help). Modules are imported when their command runs, so that
# --help and --version stay quick.
COMMANDS = {
    "cache": ("cache", "Look after the wheel store: list, verify, prune, remove, export and import wheels."),
    "check": ("check", "Say what requirements will need before anything is built, and what of it is missing."),
    "diagnose": ("diagnose", "Read logs of builds that failed: what they lack, and how to get it."),
    "env": ("env", "Keep ready virtual environments by their lock files, and restore them in a moment."),
    "export": ("export", "Write down what this machine needed, for the next one: shell, Dockerfile, Ansible, ..."),
    "history": ("history", "List what was installed here, when, for what."),
    "index": ("index", "Build file indexes: which package of a distribution ships a header, library, command."),
    "install": ("install", "Install requirements, with the system packages that their builds turn out to need."),
    "rules": ("rules", "Check, try and list the rules."),
    "run": ("run", "Run any command that builds, cure what it lacks, and run it again."),
    "why": ("why", "Say who provides a header, library or command, how that is known, and what else was considered."),
}


class LazyCommands(click.Group):
    """A group whose commands are imported when asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        """All command names, sorted."""
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command, its module imported now."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"accel_doctor.cli.commands.{COMMANDS[name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(context)])


@click.command(cls=LazyCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="accel-doctor", message="%(prog)s %(version)s")
def application() -> None:
    """Installs Python requirements on machines that lack what their builds need."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; every expected error is told on stderr."""
    try:
        code = application.main(list(arguments), prog_name="accel-doctor", standalone_mode=False)
    except click.exceptions.Abort:
        return _interrupted()
    except KeyboardInterrupt:
        return _interrupted()
    except click.ClickException as error:
        error.show()
        return int(ExitCode.USAGE)
    except AccelDoctorError as error:
        tell(error)
        return int(error.exit_code)
    except BrokenPipeError:
        # Whoever read our stdout has gone; point it elsewhere, or the interpreter complains again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return int(ExitCode.INTERNAL)
    except OSError as error:  # a full disk, a directory that may not be written
        click.echo(click.style("error: ", fg="red", bold=True) + str(error), err=True)
        return int(ExitCode.INTERNAL)
    return int(code or 0)


def tell(error: AccelDoctorError) -> None:
    """An error on stderr: what failed, the log if there is one, the commands to run by hand, the next step."""
    from accel_doctor.report.text import command_lines
    from accel_doctor.urls import redacted
    from accel_doctor.wording import printable

    def shown(text: str) -> str:  # names of files and words of other tools are in it
        return "\n".join(map(printable, redacted(text).split("\n")))

    click.echo(click.style("error: ", fg="red", bold=True) + shown(error.message), err=True)
    if isinstance(error, PackageManagerError) and error.log:
        click.echo(f"  whole log: {error.log}", err=True)
    if isinstance(error, PrivilegeError) and error.commands:
        click.echo("  as root, run:", err=True)
        for line in command_lines(error.commands):
            click.echo(line)
    if error.hint:
        click.echo(click.style("hint: ", fg="cyan", bold=True) + shown(error.hint), err=True)


def _interrupted() -> int:
    click.echo("interrupted", err=True)
    return int(ExitCode.INTERRUPTED)
