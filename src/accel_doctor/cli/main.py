"""The ``accel-doctor`` command: its subcommands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import gc
import importlib
import os
from collections.abc import Sequence

import click

from accel_doctor import __version__
from accel_doctor.cli.colors import color_option
from accel_doctor.cli.help_text import HelpedGroup, closest
from accel_doctor.errors import AccelDoctorError, ExitCode, PackageManagerError, PrivilegeError, UsageError
from accel_doctor.wording import printable

# Heading -> name -> one line of help. ``commands/NAME.py`` defines ``command``; it is imported when the command runs.
COMMANDS = {
    "Install": {
        "install": "Install requirements, with the system packages their builds turn out to need.",
        "sync": "Install what a project's lock file says: uv.lock, poetry.lock, pdm.lock, pylock.toml.",
        "wheel": "Put wheels of requirements into a directory, built where the index has none.",
        "download": "Download requirements into a directory: wheels, or sources where there are none.",
        "run": "Run a command that builds something, install what it lacks, and run it again.",
        "repair": "Find what is broken in an environment, and repair it.",
        "env": "Keep virtual environments by their lock files, and restore them quickly.",
    },
    "Find out": {
        "check": "Show what requirements need to build, and what is missing here.",
        "diagnose": "Read the logs of failed builds: what is missing, and how to install it.",
        "why": "Show which package provides a header, library or command, and how that is known.",
    },
    "Look back": {
        "report": "Show what a run did: a page with a time line, failures and cures, JSON, or in short.",
        "history": "List what was installed here: when, for what, by which command.",
        "undo": "Remove the system packages that a run installed and nothing else needs.",
        "export": "Write down the system packages this machine needed: shell, Dockerfile, Ansible, ...",
    },
    "Manage": {
        "cache": "Show, verify, prune and clear what is kept: wheels, sources, locks, environments, logs.",
        "config": "Show and change the configuration, and where each value comes from.",
        "serve": "Serve a package index that keeps what it gets, for pip, uv and all that install with them.",
        "index-url": "Print the address of an index that serve runs, with the wheels for this machine.",
        "rules": "Check, test, list, show and add rules.",
        "index": "Build file indexes: which package of a distribution ships a header, library or command.",
        "self-check": "Show what this machine is, what would be used here, and what is wrong.",
        "completion": "Let a shell complete commands, options, distributions, needs and files.",
        "help": "Show the help of a command.",
        "docs": "Print the address of a page of the documentation.",
    },
}
EXAMPLES = {
    "accel-doctor install -r requirements.txt": "Install, ask once about what is missing, and build again.",
    "accel-doctor check psycopg2 lxml": "Show what these need to build, and what is missing here.",
    "accel-doctor run -- uv sync": "Run any command that builds, and cure what fails in it.",
}
COMPLETING = "_ACCEL_DOCTOR_COMPLETE"  # click completes a line if it is set


class LazyCommands(HelpedGroup):
    """A group whose commands are imported when they run."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Return all command names, sorted."""
        return sorted(name for commands in COMMANDS.values() for name in commands)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import the command, and return it."""
        if not any(name in commands for commands in COMMANDS.values()):
            return None
        module = importlib.import_module(f"accel_doctor.cli.commands.{name.replace('-', '_')}")
        gc.freeze()  # what was imported stays: later collections need not look at it
        gc.enable()  # __main__ disabled it
        command: click.Command = module.command
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by heading, without importing any."""
        width = max(map(len, self.list_commands(context)))
        for heading, commands in COMMANDS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), text) for name, text in commands.items()])

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, and where to read on."""
        with formatter.section("Examples"):
            for line, text in EXAMPLES.items():
                formatter.write_text(line)
                with formatter.indentation():
                    formatter.write_text(text)
        formatter.write_paragraph()
        formatter.write_text("Help of a command: accel-doctor help COMMAND")
        formatter.write_text("Documentation: accel-doctor docs, accel-doctor docs TOPIC")


@click.command(cls=LazyCommands, params=[color_option()], context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="accel-doctor", message="%(prog)s %(version)s")
def application() -> None:
    """Install Python requirements on machines that lack what their builds need."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line, report every expected error on stderr, and return the exit code."""
    if COMPLETING in os.environ:
        importlib.import_module("accel_doctor.cli.shell_scripts")
    try:
        code = application.main(list(arguments), prog_name="accel-doctor", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        return complain(error)
    except AccelDoctorError as error:
        tell(error)
        return int(error.exit_code)
    except BrokenPipeError:
        # The reader of our stdout is gone; redirect it, or the interpreter complains again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return ExitCode.INTERNAL
    except OSError as error:  # a full disk, a directory that is not writable
        if error.filename == "stdout":  # only a closed or full stdout is named so
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        told = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
        click.echo(click.style("error: ", fg="red", bold=True) + printable(told), err=True)
        return ExitCode.INTERNAL
    return int(code or 0)


def complain(error: click.ClickException) -> ExitCode:
    """Print an error of the command line in our words; without a command, print the help."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    message = error.format_message()
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(message, err=True)
    else:
        hint = f"{context.command_path} --help shows what it takes" if context else None
        if isinstance(error, click.NoSuchOption):
            message = f"no such option: {error.option_name}"
            if near := closest(error.option_name, error.possibilities or ()):
                hint = f"did you mean {near}?"
            elif context and context.parent is None:
                hint = f"options come after a command, as in: {context.command_path} install {error.option_name}"
        tell(UsageError((message[:1].lower() + message[1:]).removesuffix("."), hint=hint))
    return ExitCode.USAGE


def tell(error: AccelDoctorError) -> None:
    """Print an error on stderr: what failed, its log if any, the commands to run by hand, the next step."""
    from accel_doctor.cli.terminal.printing import print_command, say  # not for --help
    from accel_doctor.cli.terminal.streams import Terminal
    from accel_doctor.urls import redacted

    def shown(text: str) -> str:  # it contains file names and output of other tools
        return "\n".join(map(printable, redacted(text).split("\n")))

    say("error", shown(error.message), "red")
    if isinstance(error, PackageManagerError) and error.log:
        click.echo(f"  log: {error.log}", err=True)
    if isinstance(error, PrivilegeError) and error.commands:
        click.echo("  as root, run:", err=True)
        for command in error.commands:
            print_command(Terminal.of(os.environ), command)
    if error.hint:
        say("hint", shown(error.hint), "cyan")
