"""The same installation again: an environment that has nothing of it gets what the last one got, as links.

That is right only where nothing that decides what is installed is another, and everything was pinned. Where that cannot
be told at a glance, without reading a requirement, nothing is done here, and the run goes its whole way.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from accel_doctor.cli.at_a_glance import Glance, digest_of, digest_of_file, glance, state_of
from accel_doctor.cli.files import RealFiles, RecordedFiles
from accel_doctor.errors import ExitCode
from accel_doctor.report.counting import installed_line
from accel_doctor.requirements.file_access import VARIABLE
from accel_doctor.store.environments.installation import Conditions, KeptInstallation
from accel_doctor.store.environments.installations import DIRECTORY, Installations

if TYPE_CHECKING:
    from packaging.pylock import Pylock

    from accel_doctor.interfaces import Loader
    from accel_doctor.model import Built, InstallRequest, Locked, Result

# Which of our own options make a run more than an installation.
_MORE = ("dry_run", "export", "report", "verify", "portable")
_LIBRARIES = "/etc/ld.so.cache"  # what ldconfig(8) found; another one may find another library


@dataclass(frozen=True)
class Repetition:
    """An installation that may have been made before."""

    seen: Glance
    environment: Mapping[str, str]
    warn: Callable[[str], None]
    files: RecordedFiles = field(default_factory=RecordedFiles)  # through which a whole run reads its requirements
    started: int = field(default_factory=time.time_ns)

    @property
    def installations(self) -> Installations:
        """What is kept."""
        return Installations(self.seen.cache / DIRECTORY)

    def made(self) -> KeptInstallation | None:
        """What was installed, if it could be: everything of it is there then."""
        kept = self.installations.find(self.seen.key)
        if kept is None or not self._holds(kept.conditions):
            return None
        from accel_doctor.store.environments.repeating import NotRepeatedError, repeat

        try:
            repeat(self.installations, self.seen.key, kept, self.seen.root)
        except NotRepeatedError as error:
            if error.damaged:
                self.warn(f"what was kept of an earlier installation is not used any more: {error.message}")
                with suppress(OSError):
                    self.installations.forget(self.seen.key)
            return None
        for path in kept.touched:
            with suppress(OSError):  # another user's: then its owner's uses count
                os.utime(path)
        return kept

    def keep(
        self, result: Result, request: InstallRequest, loader: Loader, values: Mapping[str, Any], *, levels: bool
    ) -> None:
        """Keep what ``result`` installed, where the next installation like it can come to nothing else. Where it
        cannot be kept, the next run goes its whole way too.

        ``values`` are the options as they were understood, ``levels`` whether there are any.
        """
        from accel_doctor.lockfile import older_numpy
        from accel_doctor.store.environments.collecting import collect, metadata_in
        from accel_doctor.store.environments.recorded import NotKeptError
        from accel_doctor.store.housekeeping import LEASES
        from accel_doctor.store.leases import Leases
        from accel_doctor.store.wheels.wheel_store import ENTRY

        locked, built = result.locked, result.built
        if result.code is not ExitCode.DONE or locked is None or not self._is_plain(values):
            return
        if any(older_numpy(one.wheel, locked.lock) for one in built):  # nothing to make again: it does not import
            return
        # A level is to have what was built here, and may have lost it by the next run.
        if (built and levels) or not self._is_final(locked, request):
            return
        conditions = self._conditions(request, locked.lock, built, loader)
        if conditions is None:
            return
        try:
            metadata = [path for site in self.seen.sites for path in metadata_in(self.seen.root, site)]
            collected = collect(
                self.seen.root,
                [path for path in metadata if path not in self.seen.before],
                packages=len(locked.lock.packages),
                built=len(built),
                quiet=request.verbosity < 0,
                conditions=conditions,
                touched=[str(one.wheel.path.with_name(ENTRY)) for one in built],
            )
            self.installations.keep(self.seen.key, collected, Leases(self.seen.cache / LEASES).hold)
        except (NotKeptError, OSError):
            return

    def _is_plain(self, values: Mapping[str, Any]) -> bool:
        """Whether the run was an installation and no more, by uv, and its options were understood right here too."""
        from accel_doctor.cli.configuration import cache_directory
        from accel_doctor.cli.pip_accel import pip_accel_notice

        more = any(values[option] for option in _MORE) or values["frontend"] == "pip" or values["verbose"]
        cache = cache_directory(values["cache_dir"], self.environment)
        understood = values["python"] == self.seen.python and cache == self.seen.cache
        return understood and not more and not pip_accel_notice(values, self.environment)

    def _is_final(self, locked: Locked, request: InstallRequest) -> bool:
        """Whether nothing was asked for that may be another thing tomorrow, or that a record does not list."""
        if not locked.settled or not locked.lock.packages or None in self.files.contents.values():
            return False
        if self._replaces(locked.lock):
            return False
        another = request.upgrade or request.reinstall or request.index.no_cache
        elsewhere = request.target or request.prefix or request.user
        return not (another or elsewhere or request.compile_bytecode)

    def _replaces(self, lock: Pylock) -> bool:
        """Whether something was there in another version: links alone do not remove it."""
        from packaging.utils import canonicalize_name

        there = {canonicalize_name(path.rpartition("/")[2].partition("-")[0]) for path in self.seen.before}
        return not there.isdisjoint(package.name for package in lock.packages)

    def _conditions(
        self, request: InstallRequest, lock: Pylock, built: Sequence[Built], loader: Loader
    ) -> Conditions | None:
        """What must be as it is; None where that cannot be said."""
        wheels = {str(one.wheel.path) for one in built}
        if any(not Path(path).is_relative_to(self.seen.cache) for path in wheels):
            return None  # a wheel that could not be kept
        archives = set(_files_installed(lock, built))
        if any(state is None or state[1] >= self.started for state in map(state_of, archives)):
            return None  # replaced while it was being installed
        paths = wheels | archives
        for soname in {link.soname for one in built for link in one.wheel.links}:
            if (library := loader.find(soname)) is None:
                return None
            paths |= {str(library), _LIBRARIES}
        contents = {path: digest for path, digest in self.files.contents.items() if digest}
        if request.lock:
            contents[str(request.lock)] = digest_of_file(request.lock) or ""
        named = {name for text in self.files.texts for name in VARIABLE.findall(text)}
        return Conditions(
            contents,
            self.files.kinds,
            {name: digest_of(self.environment.get(name)) for name in named},
            {path: state_of(path) for path in paths},
            {one.source.name: self._variables(one.source.name) for one in built},
        )

    def _holds(self, conditions: Conditions) -> bool:
        real = RealFiles()
        return (
            all(digest_of_file(Path(path)) == digest for path, digest in conditions.contents.items())
            and all(
                (real.is_directory(path) if kind == "directory" else real.is_file(path)) is answer
                for kind, path, answer in conditions.kinds
            )
            and all(digest_of(self.environment.get(name)) == digest for name, digest in conditions.named.items())
            and all(state_of(path) == state for path, state in conditions.unchanged.items())
            and all(self._variables(package) == digest for package, digest in conditions.variables.items())
        )

    def _variables(self, package: str) -> str:
        from accel_doctor.store.wheels.build_key import build_environment

        return digest_of(build_environment(self.environment, package))


def repeated(line: Sequence[str]) -> tuple[int | None, Repetition | None]:
    """What the words behind ``install`` ask for, made again: the exit code, if that could be done; and what was found
    out about it, for the whole run."""
    from accel_doctor.cli.session import Surrounding

    started = time.monotonic()
    try:
        surrounding = Surrounding.read()
        seen = glance(line, surrounding)
        again = Repetition(seen, surrounding.environment, _say) if seen else None
        kept = again.made() if again else None
    except KeyboardInterrupt:
        _say("interrupted")
        return int(ExitCode.INTERRUPTED), None
    if again is None or kept is None:
        return None, again
    if not kept.quiet:
        text = installed_line(kept.packages, 0, kept.built, again.seen.root, time.monotonic() - started)
        _say(f"\x1b[1m{text}\x1b[0m" if surrounding.terminal.colour else text)
    return int(ExitCode.DONE), again


def _files_installed(lock: Pylock, built: Sequence[Built]) -> Iterator[str]:
    """The archives on this machine that were installed as they lie: they can be replaced any time."""
    ours = {one.source.name for one in built}
    for package in lock.packages:
        for part in (package.archive, package.sdist, *(package.wheels or ())):
            if part and package.name not in ours:
                if part.path:
                    yield part.path
                elif part.url and part.url.startswith("file:"):
                    yield unquote(urlsplit(part.url).path)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")  # as click.echo does, whose import takes as long as all else here
