"""``accel-doctor cache``."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from accel_doctor.cli.amounts import AGE, SIZE
from accel_doctor.cli.options import CacheOptions, ConfiguredCommand, parameters
from accel_doctor.errors import CacheError, ExitCode, UsageError

if TYPE_CHECKING:
    from accel_doctor.model import Entry, Holding, Removal
    from accel_doctor.store.housekeeping import Housekeeping
    from accel_doctor.store.wheels.wheel_store import LocalWheelStore

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}
_FORMAT = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Text or JSON."
)
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")


@click.group("cache", context_settings=_SETTINGS)
def command() -> None:
    """Look after the wheel store: every wheel built here, and the sources and logs of the builds."""


@dataclass(frozen=True)
class _Cache:
    directory: Path
    store: LocalWheelStore
    housekeeping: Housekeeping
    as_json: bool

    def show(self, document: dict[str, Any], lines: Sequence[str]) -> None:
        if self.as_json:
            click.echo(json.dumps(document, indent=2))
        else:
            click.echo("\n".join(lines))

    def wheels(self, asked: Sequence[str] = ()) -> list[tuple[Holding, Entry]]:
        """The wheels, all or those of NAME or NAME==VERSION, by name; UsageError for a name that has none."""
        from accel_doctor.store.wheels.wheel_store import DamagedEntryError

        found = []
        for holding in self.housekeeping.wheels():
            try:
                found.append((holding, self.store.entry(holding.name)))
            except (DamagedEntryError, FileNotFoundError):
                continue
        found.sort(key=lambda one: (one[1].provenance.name, one[1].provenance.version, one[1].file, one[0].name))
        return [one for name in asked for one in _named(name, found)] if asked else found


def _named(asked: str, wheels: Sequence[tuple[Holding, Entry]]) -> list[tuple[Holding, Entry]]:
    from packaging.utils import canonicalize_name

    name, _, version = asked.partition("==")
    chosen = [
        one
        for one in wheels
        if one[1].provenance.name == canonicalize_name(name) and version in ("", one[1].provenance.version)
    ]
    if not chosen:
        raise UsageError(f"no wheel of {asked} is in the wheel store", hint="accel-doctor cache list says what is")
    return chosen


def _subcommand(name: str) -> Callable[[Callable[..., int]], click.Command]:
    """A command on the cache directory of the configuration, with both forms of answer."""

    def decorate(function: Callable[..., int]) -> click.Command:
        from functools import wraps

        @wraps(function)
        def called(*, cache_dir: str | None, form: str, **values: Any) -> int:
            with _opened(cache_dir, form == "json") as cache:
                return function(cache, **values)

        made = command.command(name, cls=ConfiguredCommand, context_settings=_SETTINGS)(_FORMAT(called))
        made.params[:0] = parameters(CacheOptions)
        return made

    return decorate


@contextmanager
def _opened(cache_dir: str | None, as_json: bool) -> Iterator[_Cache]:
    from accel_doctor.cli.configuration import cache_directory
    from accel_doctor.store.housekeeping import LEASES, WHEELS, Housekeeping
    from accel_doctor.store.leases import Leases
    from accel_doctor.store.wheels.wheel_store import LocalWheelStore

    directory = cache_directory(cache_dir, os.environ)
    leases = Leases(directory / LEASES)
    store = LocalWheelStore(directory / WHEELS, leases, lambda text: click.echo(text, err=True))
    try:
        yield _Cache(directory, store, Housekeeping(directory, store, leases), as_json)
    except OSError as error:
        raise CacheError(f"the cache {directory}: {error}", hint="whose is it, and is the disk full?") from error
    finally:
        leases.close()


@_subcommand("dir")
def directory(cache: _Cache) -> int:
    """Say where the cache is."""
    cache.show({"schema": 1, "directory": str(cache.directory)}, [str(cache.directory)])
    return int(ExitCode.DONE)


@_subcommand("info")
def info(cache: _Cache) -> int:
    """Say how much the cache holds of wheels, sources, locks and logs, and when they were last used."""
    from accel_doctor.report.cache_report import info_document, info_lines
    from accel_doctor.store.wheels.wheel_store import LAYOUT

    holdings = cache.housekeeping.holdings()
    shown = str(cache.directory)
    cache.show(info_document(shown, LAYOUT, holdings), info_lines(shown, holdings))
    return int(ExitCode.DONE)


@_subcommand("list")
@click.argument("names", metavar="[NAME[==VERSION]]...", nargs=-1)
def list_wheels(cache: _Cache, names: tuple[str, ...]) -> int:
    """List the wheels that are kept."""
    from accel_doctor.report.cache_report import list_document, list_lines

    wheels = cache.wheels(names)
    if wheels or cache.as_json:
        cache.show(list_document(wheels), list_lines(wheels))
    else:
        click.echo("no wheel is kept yet", err=True)
    return int(ExitCode.DONE)


@_subcommand("verify")
@click.option("--fix", is_flag=True, help="Remove what is damaged.")
def verify(cache: _Cache, fix: bool) -> int:
    """Read every wheel, and say which are not what was stored."""
    from accel_doctor.report.cache_report import verified_document, verified_lines

    good, damaged = cache.housekeeping.verify(fix)
    cache.show(verified_document(good, damaged), verified_lines(good, damaged))
    left = [one for one in damaged if not one.removed]
    if left and not cache.as_json:
        why = "a running accel-doctor uses them" if fix else "remove them with: accel-doctor cache verify --fix"
        click.echo(f"they are built again when they are next asked for; {why}", err=True)
    return int(ExitCode.CACHE if left else ExitCode.DONE)


@_subcommand("prune")
@click.option("--max-size", type=SIZE, help="Remove what was used longest ago, until this much is left: 5GB, 500MB.")
@click.option("--older-than", type=AGE, help="Remove what was not used for this long: 30d, 12h, 2w.")
@_DRY_RUN
def prune(cache: _Cache, max_size: int | None, older_than: float | None, dry_run: bool) -> int:
    """Remove what killed runs and older versions left behind, and what is over the limits; nothing that is in use."""
    from accel_doctor.store.housekeeping import Limits

    return _tell(cache, cache.housekeeping.prune(Limits(max_size, older_than), time.time(), dry_run))


@_subcommand("remove")
@click.argument("names", metavar="NAME[==VERSION]...", nargs=-1, required=True)
@_DRY_RUN
def remove(cache: _Cache, names: tuple[str, ...], dry_run: bool) -> int:
    """Remove the wheels of these packages."""
    chosen = {holding.name: holding for holding, _ in cache.wheels(names)}
    return _tell_asked(cache, cache.housekeeping.remove(chosen.values(), dry_run))


@_subcommand("clear")
@click.argument("what", type=click.Choice(["wheels", "sources", "locks", "logs"]), nargs=-1)
@_DRY_RUN
def clear(cache: _Cache, what: tuple[str, ...], dry_run: bool) -> int:
    """Remove all wheels, sources, remembered locks and logs, or all of one kind."""
    chosen = [one for one in cache.housekeeping.holdings() if not what or f"{one.kind.value}s" in what]
    return _tell_asked(cache, cache.housekeeping.remove(chosen, dry_run))


@_subcommand("export")
@click.argument("directory", metavar="DIR")
@click.argument("names", metavar="[NAME[==VERSION]]...", nargs=-1)
@click.option("--distro", metavar="ID[:VERSION]", help="For this distribution instead of this machine's.")
def export(cache: _Cache, directory: str, names: tuple[str, ...], distro: str | None) -> int:
    """Copy wheels into a directory, for `cache import` elsewhere and for `pip install --find-links DIR`.

    Those that were built on this distribution, and those that work on any.
    """
    from accel_doctor.report.cache_report import moved_document, moved_lines
    from accel_doctor.store.wheels.exchange import export_wheels, serves

    here = " ".join(distro.split(":", 1)) if distro else _distribution()
    chosen = [holding for holding, entry in cache.wheels(names) if serves(entry, here)]
    chosen.sort(key=lambda holding: holding.used, reverse=True)
    try:
        moved = export_wheels(cache.store, [holding.name for holding in chosen], Path(directory))
    except (OSError, ValueError) as error:
        raise CacheError(f"the wheels cannot be exported to {directory}: {error}") from error
    lines = moved_lines("exported", moved.wheels, moved.left_out, f"to {directory}")
    cache.show(moved_document(moved.wheels, moved.left_out), lines)
    return int(ExitCode.DONE)


@_subcommand("import")
@click.argument("directory", metavar="DIR")
def import_directory(cache: _Cache, directory: str) -> int:
    """Take the wheels of a directory that `cache export` wrote into the wheel store."""
    from accel_doctor.report.cache_report import moved_document, moved_lines
    from accel_doctor.store.wheels.exchange import METADATA, import_wheels

    if not Path(directory).is_dir():
        raise UsageError(f"{directory} is not a directory")
    try:
        moved = import_wheels(cache.store, Path(directory))
    except FileNotFoundError as error:
        raise UsageError(
            f"{directory} holds no {METADATA}, so nobody knows what its wheels were built for",
            hint=f"pip install --find-links {directory} uses them as they are; accel-doctor cache export writes both",
        ) from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{Path(directory) / METADATA} cannot be read: {error}") from error
    lines = moved_lines("imported", moved.wheels, moved.left_out, f"from {directory}")
    cache.show(moved_document(moved.wheels, moved.left_out), lines)
    return int(ExitCode.CACHE if moved.left_out else ExitCode.DONE)


def _distribution() -> str:
    from accel_doctor.store.wheels.provenance import distribution_name
    from accel_doctor.system.distribution import read_distribution

    return distribution_name(read_distribution())


def _tell(cache: _Cache, removal: Removal) -> int:
    from accel_doctor.report.cache_report import removal_document, removal_lines

    cache.show(removal_document(removal), removal_lines(removal))
    return int(ExitCode.CACHE if removal.refused else ExitCode.DONE)


def _tell_asked(cache: _Cache, removal: Removal) -> int:
    # What was asked for by name and is still there is another outcome.
    return int(ExitCode.CACHE) if _tell(cache, removal) or removal.in_use else int(ExitCode.DONE)
