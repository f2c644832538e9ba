"""``accel-doctor env``."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import click

from accel_doctor.cli.environments import ProjectOptions, open_cache, open_environment
from accel_doctor.cli.main import tell
from accel_doctor.cli.options import (
    ConfiguredCommand,
    ConsentOptions,
    FrontendOptions,
    LevelOptions,
    PlaceOptions,
    argument,
    as_command,
    group,
    note,
    option,
)
from accel_doctor.cli.terminal.progress import NotesAndProgress
from accel_doctor.errors import AccelDoctorError, ExitCode, UsageError
from accel_doctor.model.stored_environments import StoredEnvironment
from accel_doctor.store.environments.environment_cache import EnvironmentCache, Use
from accel_doctor.store.environments.project_environment import ProjectEnvironment
from accel_doctor.store.environments.projects import LOCKS
from accel_doctor.wording import count

HIT, MISS, ERROR = 0, 1, 2
_NEW = """[env]
# The lock files, which decide which environment is needed: requirements files, pylock.toml, uv.lock, ...
requirements_lock_paths = [{paths}]
# Where the environment goes.
virtualenv_path = ".venv"
# How many environments to keep, and how many bytes.
cache_size = 20
# max_bytes = "10GB"
# What `accel-doctor env sync` calls `accel-doctor install` with; not needed for requirements files.
# install = ["-r", "requirements.txt"]
"""

command = group("env", "Keep ready virtual environments by their lock files, and restore them quickly.")


@dataclass(frozen=True)
class StoreOptions(ProjectOptions):
    levels: LevelOptions = LevelOptions()


@dataclass(frozen=True)
class RestoreOptions(StoreOptions):
    near: bool = option("--near", default=False, help="Fall back to the closest match, and exit with 1.")


@dataclass(frozen=True)
class SyncOptions(StoreOptions):
    place: PlaceOptions = PlaceOptions()
    consent: ConsentOptions = ConsentOptions()
    frontend: FrontendOptions = FrontendOptions()
    words: tuple[str, ...] = argument("[-- INSTALL OPTION]...", type=click.UNPROCESSED)


@dataclass(frozen=True)
class ShowOptions(ProjectOptions):
    form: str = option(
        "--format",
        default="table",
        type=click.Choice(["table", "json"]),
        envvar="VIRTUALENV_CACHE_FORMAT",
        help="Text or JSON.",
    )


@dataclass(frozen=True)
class EraseOptions(ProjectOptions):
    key: str | None = argument("[KEY]", default=None, required=False)


@as_command("init", ProjectOptions, parent=command, cls=ConfiguredCommand)
def init(options: ProjectOptions) -> int:
    """Write a configuration file, .accel-doctor.toml."""
    path = options.directory / (options.config or ".accel-doctor.toml")
    locks = [name for name in LOCKS if (options.directory / name).exists()][:1]
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(_NEW.format(paths=", ".join(json.dumps(name) for name in locks)))
    except FileExistsError:
        raise UsageError(f"{path} already exists") from None
    note(f"wrote {path}")
    return int(ExitCode.DONE)


@as_command("store", StoreOptions, parent=command, cls=ConfiguredCommand)
def store(options: StoreOptions) -> int:
    """Store the environment under its lock files as they are now."""
    from accel_doctor.store.environments.project_storing import store_environment

    with closing(NotesAndProgress()) as terminal:
        store_environment(open_environment(options, terminal, options.levels))
    return int(ExitCode.DONE)


@as_command("restore", RestoreOptions, parent=command, cls=ConfiguredCommand)
def restore(options: RestoreOptions) -> int:
    """Restore the environment: exit code 0 when done, 1 when it is not stored, 2 for an error."""
    started = time.monotonic()
    try:
        with closing(NotesAndProgress()) as terminal:
            environment = open_environment(options, terminal, options.levels, to_replace=True)
            stored = environment.restore(near=options.near)
    except AccelDoctorError as error:
        tell(error)
        return ERROR
    except OSError as error:
        note(f"error: {error}")
        return ERROR
    if stored is None:
        return MISS
    seconds = time.monotonic() - started
    note(f"restored {environment.project.target}: {count(_files(stored), 'file')} in {seconds:.2f} s")
    if stored.key != environment.key:
        note("it is the closest match, not an exact one: accel-doctor env sync brings it up to date")
        return MISS
    return HIT


@as_command("sync", SyncOptions, parent=command, cls=ConfiguredCommand)
def sync(options: SyncOptions) -> int:
    """Restore the environment if it is stored, else install and store it."""
    from accel_doctor.cli.commands.env_sync import synchronize  # loads all of install

    with closing(NotesAndProgress()) as terminal:
        offline = options.frontend.offline
        environment = open_environment(options, terminal, options.levels, offline=offline, to_replace=True)
        return synchronize(environment, options)


@as_command("list", ShowOptions, parent=command, cls=ConfiguredCommand)
def list_environments(options: ShowOptions) -> int:
    """List the stored environments, most recently used first."""
    _, cache = open_cache(options, NotesAndProgress())
    rows = [_row(cache, stored) for key in cache.stored_keys() if (stored := cache.find(key))]
    if options.form == "json":
        click.echo(json.dumps({"schema": 1, "environments": rows}, indent=2))
    elif rows:
        click.echo(f"{'KEY':14}{'PYTHON':10}{'LAST USED':22}{'FILES':>8}{'MB':>8}  LOCK FILES")
        for row in rows:
            click.echo(
                f"{row['key'][:12]:14}{row['python']:10}{row['last_used']:22}{row['files']:>8}"
                f"{row['bytes'] / 1e6:>8.1f}  {', '.join(row['lock_files'])}"
            )
    else:
        note("no environments stored")
    return int(ExitCode.DONE)


@as_command("info", ShowOptions, parent=command, cls=ConfiguredCommand)
def info(options: ShowOptions) -> int:
    """Show which environment this project needs here, whether it is stored, and how full the cache is."""
    environment = open_environment(options, NotesAndProgress(), LevelOptions())
    use = environment.cache.use()
    if options.form == "json":
        click.echo(json.dumps(_document(environment, use), indent=2))
        return int(ExitCode.DONE)
    machine = environment.facts["machine"]
    stored = "stored" if environment.cache.find(environment.key) else "not stored"
    click.echo(f"environment    {environment.project.target}")
    click.echo(f"interpreter    {environment.interpreter.executable} ({machine['version']}, {machine['libc']})")
    click.echo(f"lock files     {', '.join(environment.facts['files'])}")
    click.echo(f"configuration  {environment.project.settings.source or 'none'}")
    click.echo(f"key            {environment.key[:12]}, {stored}")
    click.echo(
        f"cache          {environment.cache.root}: {count(use.entries, 'environment')}, "
        f"{count(use.pieces, 'piece')} of {use.pool_bytes / 1e6:.1f} MB, "
        f"{count(use.packs, 'pack')} of {use.pack_bytes / 1e6:.1f} MB"
    )
    return int(ExitCode.DONE)


@as_command("erase", EraseOptions, parent=command, cls=ConfiguredCommand)
def erase(options: EraseOptions) -> int:
    """Remove all environments from the cache, or the one whose key begins with KEY."""
    from accel_doctor.store.environments.kept_environments import erase_environments

    _, cache = open_cache(options, NotesAndProgress())
    found = [each for each in cache.stored_keys() if each.startswith(options.key or "")]
    if options.key and len(found) != 1:
        raise UsageError(f"{len(found) or 'no'} stored environments have a key that begins with {options.key}")
    note(f"removed {count(erase_environments(cache, found), 'environment')}")
    return int(ExitCode.DONE)


def _document(environment: ProjectEnvironment, use: Use) -> dict[str, Any]:
    return {
        "schema": 1,
        "key": environment.key,
        "stored": environment.cache.find(environment.key) is not None,
        "facts": environment.facts,
        "environment": str(environment.project.target),
        "interpreter": environment.interpreter.executable,
        "configuration": environment.project.settings.source or None,
        "cache": {"directory": str(environment.cache.root), **use._asdict()},
    }


def _row(cache: EnvironmentCache, stored: StoredEnvironment) -> dict[str, Any]:
    last = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(cache.last_used(stored.key)))
    return {
        "key": stored.key,
        "python": str(stored.facts.get("machine", {}).get("version", "?")),
        "stored_at": stored.stored_at,
        "last_used": last,
        "files": _files(stored),
        "bytes": sum(file.size for files in stored.directories.values() for file in files),
        "distributions": [f"{pack.name}=={pack.version}" for pack in stored.packs if pack.name],
        "lock_files": list(stored.facts.get("files", {})),
    }


def _files(stored: StoredEnvironment) -> int:
    return sum(map(len, stored.directories.values()))
