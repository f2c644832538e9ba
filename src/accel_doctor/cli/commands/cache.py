"""``accel-doctor cache``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click
from packaging.utils import canonicalize_name

from accel_doctor.cli.configuration import cache_directory
from accel_doctor.cli.numbers import amount
from accel_doctor.cli.options import (
    CacheOptions,
    ConfiguredCommand,
    argument,
    as_command,
    group,
    note,
    option,
    show,
    text_or_json,
)
from accel_doctor.errors import CacheError, ExitCode, UsageError
from accel_doctor.model.holdings import HoldingKind, Limits, Removal
from accel_doctor.report import cache_report
from accel_doctor.store.cache_root import open_cache_root
from accel_doctor.store.environments.environment_cache import EnvironmentCache
from accel_doctor.store.housekeeping import Housekeeping
from accel_doctor.store.kinds import kinds_of
from accel_doctor.store.layout import ENVIRONMENTS, LEASES, WHEELS
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.build_key import distribution_name
from accel_doctor.store.wheels.exchange import METADATA, export_wheels, import_wheels, serves
from accel_doctor.store.wheels.wheel_store import LAYOUT, DamagedEntryError, LocalWheelStore
from accel_doctor.system.distribution import read_distribution
from accel_doctor.units import AGE, SIZE

_CLEARABLE = [f"{kind.value}s" for kind in HoldingKind if kind is not HoldingKind.LEFTOVER]

command = group("cache", "Manage the cache: wheels built here, sources, locks, environments, and logs.")


@dataclass(frozen=True)
class FormOptions(CacheOptions):
    form: str = text_or_json()


T = TypeVar("T", bound=FormOptions)


@dataclass(frozen=True)
class NamesOptions(FormOptions):
    names: tuple[str, ...] = argument("[NAME[==VERSION]]...")


@dataclass(frozen=True)
class VerifyOptions(FormOptions):
    fix: bool = option("--fix", default=False, help="Remove what is damaged.")


@dataclass(frozen=True)
class DryRunOptions(FormOptions):
    """Options shared by the commands that remove entries."""

    dry_run: bool = option("--dry-run", default=False, help="Print what would be removed, and remove nothing.")


@dataclass(frozen=True)
class PruneOptions(DryRunOptions):
    max_size: int | None = amount(
        "--max-size", unit=SIZE, help="Evict the least recently used until this much is left: 5GB, 500MB."
    )
    older_than: float | None = amount(
        "--older-than", unit=AGE, help="Evict what was not used for this long: 30d, 12h, 2w."
    )


@dataclass(frozen=True)
class RemoveOptions(DryRunOptions):
    names: tuple[str, ...] = argument("NAME[==VERSION]...", required=True)


@dataclass(frozen=True)
class ClearOptions(DryRunOptions):
    what: tuple[str, ...] = argument(f"[{'|'.join(_CLEARABLE)}]...", type=click.Choice(_CLEARABLE))


@dataclass(frozen=True)
class ImportOptions(FormOptions):
    directory: str = argument("DIR", default=None)


@dataclass(frozen=True)
class ExportOptions(ImportOptions):
    names: tuple[str, ...] = argument("[NAME[==VERSION]]...")
    distro: str | None = option(
        "--distro", metavar="ID[:VERSION]", help="For this distribution instead of this machine's."
    )


@dataclass(frozen=True)
class _Cache:
    directory: Path
    store: LocalWheelStore
    housekeeping: Housekeeping
    as_json: bool

    def show(self, answer: cache_report.Answer) -> None:
        document, lines = answer
        show("json" if self.as_json else "text", {"schema": cache_report.SCHEMA, **document}, lines)

    def wheels(self, asked: Sequence[str] = ()) -> list[cache_report.KeptWheel]:
        """Return all wheels, or those of NAME or NAME==VERSION, by name. Raises UsageError if a name has no wheel."""
        found = []
        for holding in self.housekeeping.holdings(HoldingKind.WHEEL):
            try:
                found.append((holding, self.store.entry(holding.name)))
            except (DamagedEntryError, FileNotFoundError):
                continue
        found.sort(key=lambda one: (one[1].provenance.name, one[1].provenance.version, one[1].file, one[0].name))
        return [one for name in asked for one in _named(name, found)] if asked else found

    def environments(self) -> list[cache_report.KeptEnvironment]:
        """Return the kept environments, most recently used first."""
        kept = EnvironmentCache(self.directory / ENVIRONMENTS, note)
        found = [(one, kept.find(one.name)) for one in self.housekeeping.holdings(HoldingKind.ENVIRONMENT)]
        return [(holding, stored) for holding, stored in found if stored]


def _named(asked: str, wheels: Sequence[cache_report.KeptWheel]) -> list[cache_report.KeptWheel]:
    name, _, version = asked.partition("==")
    chosen = [
        one
        for one in wheels
        if one[1].provenance.name == canonicalize_name(name) and version in ("", one[1].provenance.version)
    ]
    if not chosen:
        raise UsageError(f"no wheel of {asked} in the cache", hint="accel-doctor cache list")
    return chosen


def _subcommand(name: str, options: type[T]) -> Callable[[Callable[[_Cache, T], int]], click.Command]:
    """Turn a function of an opened cache and typed options into a subcommand of ``cache``."""

    def decorate(function: Callable[[_Cache, T], int]) -> click.Command:
        def opened(values: T) -> int:
            with _opened(values) as cache:
                return function(cache, values)

        opened.__doc__ = function.__doc__
        return as_command(name, options, parent=command, cls=ConfiguredCommand)(opened)

    return decorate


@contextmanager
def _opened(options: FormOptions) -> Iterator[_Cache]:
    directory = open_cache_root(cache_directory(options.cache_dir, os.environ), create=False)
    leases = Leases(directory / LEASES)
    store = LocalWheelStore(directory / WHEELS, leases, note)
    try:
        yield _Cache(directory, store, Housekeeping(kinds_of(directory, leases, note)), options.form == "json")
    except OSError as error:
        raise CacheError(
            f"cannot use the cache {directory}: {error}", hint="check its owner and the free disk space"
        ) from error
    finally:
        leases.close()


@_subcommand("dir", FormOptions)
def directory(cache: _Cache, options: FormOptions) -> int:
    """Print the directory of the cache."""
    cache.show(({"directory": str(cache.directory)}, [str(cache.directory)]))
    return int(ExitCode.DONE)


@_subcommand("info", FormOptions)
def info(cache: _Cache, options: FormOptions) -> int:
    """Print how much of each kind the cache holds, and when it was last used."""
    cache.show(cache_report.info(str(cache.directory), LAYOUT, cache.housekeeping.holdings()))
    return int(ExitCode.DONE)


@_subcommand("list", NamesOptions)
def list_kept(cache: _Cache, options: NamesOptions) -> int:
    """List the wheels and the environments in the cache, or the wheels of these packages."""
    wheels = cache.wheels(options.names)
    environments = [] if options.names else cache.environments()
    if wheels or environments or cache.as_json:
        cache.show(cache_report.listing(wheels, environments))
    else:
        click.echo("no wheels or environments in the cache", err=True)
    return int(ExitCode.DONE)


@_subcommand("verify", VerifyOptions)
def verify(cache: _Cache, options: VerifyOptions) -> int:
    """Compare every wheel and every environment with what was stored."""
    good, damaged = cache.housekeeping.verify(options.fix)
    cache.show(cache_report.verified(good, damaged))
    left = [one for one in damaged if not one.removed]
    if left and not cache.as_json:
        why = "a running accel-doctor uses them" if options.fix else "to remove them: accel-doctor cache verify --fix"
        click.echo(f"damaged entries are never used; {why}", err=True)
    return int(ExitCode.CACHE if left else ExitCode.DONE)


@_subcommand("prune", PruneOptions)
def prune(cache: _Cache, options: PruneOptions) -> int:
    """Remove what killed runs and older versions left behind, and evict what exceeds the limits.

    Nothing that is in use is removed.
    """
    limits = Limits(size=options.max_size, age=options.older_than)
    return _tell(cache, cache.housekeeping.prune(limits, time.time(), options.dry_run))


@_subcommand("remove", RemoveOptions)
def remove(cache: _Cache, options: RemoveOptions) -> int:
    """Remove the wheels of these packages."""
    chosen = {holding.name: holding for holding, _ in cache.wheels(options.names)}
    return _tell(cache, cache.housekeeping.remove(chosen.values(), options.dry_run), asked=True)


@_subcommand("clear", ClearOptions)
def clear(cache: _Cache, options: ClearOptions) -> int:
    """Remove everything, or everything of some kinds."""
    every = cache.housekeeping.holdings()
    chosen = [one for one in every if not options.what or f"{one.kind.value}s" in options.what]
    return _tell(cache, cache.housekeeping.remove(chosen, options.dry_run), asked=True)


@_subcommand("export", ExportOptions)
def export(cache: _Cache, options: ExportOptions) -> int:
    """Copy wheels into a directory, for `cache import` elsewhere and for `pip install --find-links DIR`.

    Those that were built on this distribution, and those that work on any.
    """
    here = " ".join(options.distro.split(":", 1)) if options.distro else distribution_name(read_distribution())
    chosen = [holding for holding, entry in cache.wheels(options.names) if serves(entry, here)]
    chosen.sort(key=lambda holding: holding.used, reverse=True)
    try:
        moved = export_wheels(cache.store, [holding.name for holding in chosen], Path(options.directory))
    except (OSError, ValueError) as error:
        raise CacheError(f"cannot export wheels to {options.directory}: {error}") from error
    cache.show(cache_report.moved("exported", moved.wheels, moved.left_out, f"to {options.directory}"))
    return int(ExitCode.DONE)


@_subcommand("import", ImportOptions)
def import_directory(cache: _Cache, options: ImportOptions) -> int:
    """Add the wheels of a directory that `cache export` wrote to the cache."""
    directory = Path(options.directory)
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory")
    try:
        moved = import_wheels(cache.store, directory)
    except FileNotFoundError as error:
        raise UsageError(
            f"no {METADATA} in {directory}: cannot tell what its wheels were built for",
            hint=f"pip install --find-links {directory} uses them as they are; accel-doctor cache export writes both",
        ) from error
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {directory / METADATA}: {error}") from error
    cache.show(cache_report.moved("imported", moved.wheels, moved.left_out, f"from {directory}"))
    return int(ExitCode.CACHE if moved.left_out else ExitCode.DONE)


def _tell(cache: _Cache, removal: Removal, *, asked: bool = False) -> int:
    """Show a removal; return failure if an entry could not be removed, or was ``asked`` for by name and is in use."""
    cache.show(cache_report.removed(removal))
    return int(ExitCode.CACHE if removal.refused or (asked and removal.in_use) else ExitCode.DONE)
