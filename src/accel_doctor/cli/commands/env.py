"""``accel-doctor env``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from accel_doctor.cli.env_project import Project, note, open_project
from accel_doctor.cli.options import ConfiguredCommand, apply, own_options
from accel_doctor.errors import AccelDoctorError, ExitCode, UsageError

if TYPE_CHECKING:
    from accel_doctor.model.stored_environments import StoredEnvironment

HIT, MISS, ERROR = 0, 1, 2
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
_FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    envvar="VIRTUALENV_CACHE_FORMAT",
    help="For people or for programs.",
)
_LEVELS = own_options("level", "signing_key", "trusted_key", "require_signature")
_NEW = """[env]
# Files whose bytes decide which environment is the right one: requirements files, pylock.toml, uv.lock, ...
requirements_lock_paths = [{paths}]
# Where the environment is.
virtualenv_path = ".venv"
# How many environments are kept, and how many bytes.
cache_size = 20
# max_bytes = "10GB"
# What `accel-doctor env sync` calls `accel-doctor install` with; requirements files are found without it.
# install = ["-r", "requirements.txt"]
"""


@click.group("env", context_settings=_SETTINGS)
def command() -> None:
    """Keep ready virtual environments by their lock files, and restore them in a moment."""


def _subcommand(name: str, *options: Any) -> Callable[[Callable[..., int]], click.Command]:
    def decorate(function: Callable[..., int]) -> click.Command:
        shared = (
            click.option("--config", metavar="FILE", help="The configuration, instead of that of this directory."),
            click.option("-w", "--work-dir", metavar="DIR", help="The project's directory, instead of this one."),
            *own_options("python", "cache_dir"),
            *options,
        )
        return command.command(name, cls=ConfiguredCommand, context_settings=_SETTINGS)(apply(shared)(function))

    return decorate


@_subcommand("init")
def init(**values: Any) -> int:
    """Write a configuration file, .accel-doctor.toml."""
    from accel_doctor.store.environments.environment_settings import LOCKS

    directory = Path(values["work_dir"] or ".").absolute()
    path = directory / (values["config"] or ".accel-doctor.toml")
    locks = [name for name in LOCKS if (directory / name).exists()][:1]
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(_NEW.format(paths=", ".join(json.dumps(name) for name in locks)))
    except FileExistsError:
        raise UsageError(f"{path} is there already") from None
    note(f"wrote {path}")
    return int(ExitCode.DONE)


@_subcommand("store", *_LEVELS)
def store(**values: Any) -> int:
    """Keep the environment, for the lock files as they are now."""
    from accel_doctor.cli.env_work import keep

    keep(open_project(values))
    return int(ExitCode.DONE)


@_subcommand(
    "restore",
    click.option("--near", is_flag=True, help="Without a right one, restore the nearest, to be brought up to date."),
    *_LEVELS,
)
def restore(**values: Any) -> int:
    """Put the right environment in place: 0 done, 1 there is none, 2 an error."""
    from accel_doctor.cli.env_work import put
    from accel_doctor.cli.main import tell

    try:
        started = time.monotonic()
        project = open_project(values)
        stored = put(project, near=values["near"])
    except AccelDoctorError as error:
        tell(error)
        return ERROR
    except OSError as error:
        note(f"error: {error}")
        return ERROR
    if stored is None:
        return MISS
    files = sum(map(len, stored.directories.values()))
    note(f"restored {project.target}: {files} files in {time.monotonic() - started:.2f} s")
    if stored.key != project.key:
        note("it is the nearest, not the right one: accel-doctor env sync brings it up to date")
        return MISS
    return HIT


@_subcommand(
    "sync",
    *own_options("yes", "no_system", "frontend", "offline", "rules"),
    *_LEVELS,
    click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[-- INSTALL OPTION]..."),
)
def sync(words: tuple[str, ...], **values: Any) -> int:
    """Have the right environment in place: restore it if it can be, else install it, and store it."""
    from accel_doctor.cli.commands.env_sync import synchronize

    return synchronize(open_project(values), words)


@_subcommand("list", _FORMAT)
def list_environments(form: str, **values: Any) -> int:
    """List what is kept, last used first."""
    project = open_project(values)
    rows = [_row(project, stored) for key in project.cache.stored_keys() if (stored := project.cache.find(key))]
    if form == "json":
        click.echo(json.dumps({"schema": 1, "environments": rows}, indent=2))
    elif rows:
        click.echo(f"{'KEY':14}{'PYTHON':10}{'LAST USED':22}{'FILES':>8}{'MB':>8}  LOCK FILES")
        for row in rows:
            click.echo(
                f"{row['key'][:12]:14}{row['python']:10}{row['last_used']:22}{row['files']:>8}"
                f"{row['bytes'] / 1e6:>8.1f}  {', '.join(row['lock_files'])}"
            )
    else:
        note("nothing is kept yet")
    return int(ExitCode.DONE)


@_subcommand("info", _FORMAT)
def info(form: str, **values: Any) -> int:
    """Say which environment this project needs here, whether it is kept, and how much is."""
    project = open_project(values)
    use = project.cache.use()
    stored = project.cache.find(project.key)
    document = {
        "schema": 1,
        "key": project.key,
        "stored": stored is not None,
        "facts": project.facts,
        "environment": str(project.target),
        "interpreter": project.interpreter["executable"],
        "configuration": project.settings.source or None,
        "cache": {"directory": str(project.cache.root), **use._asdict()},
    }
    if form == "json":
        click.echo(json.dumps(document, indent=2))
        return int(ExitCode.DONE)
    machine = project.facts["machine"]
    click.echo(f"environment    {project.target}")
    click.echo(f"interpreter    {project.interpreter['executable']} ({machine['version']}, {machine['libc']})")
    click.echo(f"lock files     {', '.join(project.facts['files'])}")
    click.echo(f"configuration  {project.settings.source or 'none'}")
    click.echo(f"key            {project.key[:12]}, {'stored' if stored else 'not stored'}")
    click.echo(
        f"cache          {project.cache.root}: {use.entries} environment{'s'[: use.entries != 1]}, "
        f"{use.pieces} pieces of {use.pool_bytes / 1e6:.1f} MB, {use.packs} packs of {use.pack_bytes / 1e6:.1f} MB"
    )
    return int(ExitCode.DONE)


@_subcommand("erase", click.argument("key", required=False))
def erase(key: str | None, **values: Any) -> int:
    """Remove all environments from the cache, or the one whose key begins with KEY."""
    cache = open_project(values).cache
    chosen = None
    if key:
        found = [each for each in cache.stored_keys() if each.startswith(key)]
        if len(found) != 1:
            raise UsageError(f"{len(found)} environments have a key that begins with {key}")
        chosen = found[0]
    count = cache.erase(chosen)
    note(f"removed {count} environment{'s' if count != 1 else ''}")
    return int(ExitCode.DONE)


def _row(project: Project, stored: StoredEnvironment) -> dict[str, Any]:
    machine: Mapping[str, Any] = stored.facts.get("machine", {})
    last = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(project.cache.last_used(stored.key)))
    return {
        "key": stored.key,
        "python": str(machine.get("version", "?")),
        "stored_at": stored.stored_at,
        "last_used": last,
        "files": sum(map(len, stored.directories.values())),
        "bytes": sum(file.size for files in stored.directories.values() for file in files),
        "distributions": [f"{pack.name}=={pack.version}" for pack in stored.packs if pack.name],
        "lock_files": list(stored.facts.get("files", {})),
    }
