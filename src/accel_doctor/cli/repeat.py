"""The same installation again: an environment that has nothing of it gets what the last one got, as links.

That is right only where nothing that decides what is installed is another, and everything was pinned. Where that cannot
be told at a glance, without reading a requirement, nothing is done here, and the run goes its whole way.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from accel_doctor import __version__
from accel_doctor.cli.files import RealFiles, RecordedFiles
from accel_doctor.environments.installation import Conditions, KeptInstallation
from accel_doctor.environments.installations import DIRECTORY, Installations
from accel_doctor.environments.key import environment_key
from accel_doctor.errors import AccelDoctorError, ExitCode
from accel_doctor.frontends.asked import installed_metadata, status_of, surroundings_of
from accel_doctor.report.counting import installed_line
from accel_doctor.requirements.files import SIZE_LIMIT, VARIABLE

if TYPE_CHECKING:
    from packaging.pylock import Pylock

    from accel_doctor.cli.surrounding import Surrounding
    from accel_doctor.interfaces import Loader
    from accel_doctor.model import Built, InstallRequest, Locked, Result

_SETTINGS_LIMIT = 64 << 10  # bytes of a pyvenv.cfg
# Which of our own options make a run more than an installation.
_MORE = ("dry_run", "export", "report", "verify", "portable")
_PLACES = frozenset({"python", "cache-dir"})  # options that say where, not what
_OFFLINE = "--offline"
_DECIDE_NOTHING = frozenset({"ACCEL_DOCTOR_PYTHON", "ACCEL_DOCTOR_CACHE_DIR", "ACCEL_DOCTOR_OFFLINE"})
_LIBRARIES = "/etc/ld.so.cache"  # what ldconfig(8) found; another one may find another library


@dataclass(frozen=True)
class Repetition:
    """An installation into one environment, by what decides at a glance what it comes to."""

    root: str
    python: str | None  # what was said of the interpreter to install into
    sites: Sequence[str]  # relative to the root
    before: frozenset[str]  # metadata of what was installed before this run, relative to the root
    key: str
    installations: Installations
    environment: Mapping[str, str]
    warn: Callable[[str], None]
    files: RecordedFiles = field(default_factory=RecordedFiles)  # through which a whole run reads its requirements
    started: int = field(default_factory=time.time_ns)

    def made(self) -> KeptInstallation | None:
        """What was installed, if it could be: everything of it is there then."""
        kept = self.installations.find(self.key)
        if kept is None or not self._holds(kept.conditions):
            return None
        from accel_doctor.environments.repeating import NotRepeatedError, repeat

        try:
            repeat(self.installations, self.key, kept, self.root)
        except NotRepeatedError as error:
            if error.damaged:
                self.warn(f"what was kept of an earlier installation is not used any more: {error.message}")
                with suppress(OSError):
                    self.installations.forget(self.key)
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
        from accel_doctor.cache.housekeeping import LEASES
        from accel_doctor.cache.leases import Leases
        from accel_doctor.cache.store import ENTRY
        from accel_doctor.environments.collecting import collect, metadata_in
        from accel_doctor.environments.recorded import NotKeptError

        locked, built = result.locked, result.built
        if result.code is not ExitCode.DONE or locked is None or not self._is_plain(values):
            return
        # A level is to have what was built here, and may have lost it by the next run.
        if (built and levels) or not self._is_final(locked, request):
            return
        conditions = self._conditions(request, locked.lock, built, loader)
        if conditions is None:
            return
        cache = self.installations.root.parent
        try:
            metadata = [path for site in self.sites for path in metadata_in(self.root, site)]
            collected = collect(
                self.root,
                [path for path in metadata if path not in self.before],
                packages=len(locked.lock.packages),
                built=len(built),
                quiet=request.verbosity < 0,
                conditions=conditions,
                touched=[str(one.wheel.path.with_name(ENTRY)) for one in built],
            )
            self.installations.keep(self.key, collected, Leases(cache / LEASES).hold)
        except (NotKeptError, OSError):
            return

    def _is_plain(self, values: Mapping[str, Any]) -> bool:
        """Whether the run was an installation and no more, by uv, and its options were understood right here too."""
        from accel_doctor.cli.configuration import cache_directory
        from accel_doctor.cli.pip_accel import pip_accel_notice

        more = any(values[option] for option in _MORE) or values["frontend"] == "pip" or values["verbose"]
        cache = cache_directory(values["cache_dir"], self.environment)
        understood = values["python"] == self.python and cache / DIRECTORY == self.installations.root
        return understood and not more and not pip_accel_notice(values, self.environment)

    def _is_final(self, locked: Locked, request: InstallRequest) -> bool:
        """Whether nothing was asked for that may be another thing tomorrow, or that a record does not list."""
        if not locked.settled or not locked.lock.packages or None in self.files.contents.values():
            return False
        another = request.upgrade or request.reinstall or request.index.no_cache
        elsewhere = request.target or request.prefix or request.user
        return not (another or elsewhere or request.compile_bytecode)

    def _conditions(
        self, request: InstallRequest, lock: Pylock, built: Sequence[Built], loader: Loader
    ) -> Conditions | None:
        """What must be as it is; None where that cannot be said."""
        wheels = {str(one.wheel.path) for one in built}
        if any(not Path(path).is_relative_to(self.installations.root.parent) for path in wheels):
            return None  # a wheel that could not be kept
        archives = set(_files_installed(lock, built))
        if any(state is None or state[1] >= self.started for state in map(_state, archives)):
            return None  # replaced while it was being installed
        paths = wheels | archives
        for soname in {link.soname for one in built for link in one.wheel.links}:
            if (library := loader.find(soname)) is None:
                return None
            paths |= {str(library), _LIBRARIES}
        contents = {path: digest for path, digest in self.files.contents.items() if digest}
        if request.lock:
            contents[str(request.lock)] = _digest_of(request.lock) or ""
        named = {name for text in self.files.texts for name in VARIABLE.findall(text)}
        return Conditions(
            contents,
            self.files.kinds,
            {name: _digest(self.environment.get(name)) for name in named},
            {path: _state(path) for path in paths},
            {one.source.name: self._variables(one.source.name) for one in built},
        )

    def _holds(self, conditions: Conditions) -> bool:
        real = RealFiles()
        return (
            all(_digest_of(Path(path)) == digest for path, digest in conditions.contents.items())
            and all(
                (real.is_directory(path) if kind == "directory" else real.is_file(path)) is answer
                for kind, path, answer in conditions.kinds
            )
            and all(_digest(self.environment.get(name)) == digest for name, digest in conditions.named.items())
            and all(_state(path) == state for path, state in conditions.unchanged.items())
            and all(self._variables(package) == digest for package, digest in conditions.variables.items())
        )

    def _variables(self, package: str) -> str:
        from accel_doctor.cache.key import build_environment

        return _digest(build_environment(self.environment, package))


def repeated(line: Sequence[str]) -> tuple[int | None, Repetition | None]:
    """What the words behind ``install`` ask for, made again: the exit code, if that could be done; and what was found
    out about it, for the whole run."""
    from accel_doctor.cli.surrounding import Surrounding

    started = time.monotonic()
    surrounding = Surrounding.read()
    again = repetition(line, surrounding, _say)
    try:
        kept = again.made() if again else None
    except KeyboardInterrupt:
        _say("interrupted")
        return int(ExitCode.INTERRUPTED), None
    if again is None or kept is None:
        return None, again
    if not kept.quiet:
        text = installed_line(kept.packages, 0, kept.built, again.root, time.monotonic() - started)
        _say(f"\x1b[1m{text}\x1b[0m" if surrounding.terminal.colour else text)
    return int(ExitCode.DONE), again


def repetition(line: Sequence[str], surrounding: Surrounding, warn: Callable[[str], None]) -> Repetition | None:
    """The run of ``install`` that a command line asks for, if it is one that could be the same as an earlier one. What
    is wrong with it is not told here."""
    try:
        return _repetition(line, surrounding, warn)
    except (AccelDoctorError, OSError):  # the run that follows meets it again, and says so
        return None


def _repetition(line: Sequence[str], surrounding: Surrounding, warn: Callable[[str], None]) -> Repetition | None:
    from accel_doctor.cli.configuration import cache_directory, read_configuration, user_directory
    from accel_doctor.frontends.uv_binary import find_uv
    from accel_doctor.system.target import find_executable

    environment = surrounding.environment
    configured = read_configuration(user_directory(environment), surrounding.directory)
    rest, given = _taken_apart(line)
    python = given.get("python") or environment.get("ACCEL_DOCTOR_PYTHON") or configured.pop("python", None)
    cache = given.get("cache-dir") or environment.get("ACCEL_DOCTOR_CACHE_DIR") or configured.get("cache-dir")
    executable = find_executable(surrounding.target, python)
    root = executable.parent.parent
    settings = _settings(root)
    uv = find_uv(environment)
    if settings.get("include-system-site-packages") != "false" or ".." in root.parts or uv is None:
        return None
    sites = sorted(_sites(root))
    before = {site: sorted(installed_metadata([root / site])) for site in sites}
    facts = {
        **_asked(rest, configured, surrounding, root),
        **_machine(executable, uv, surrounding),
        "installed": before,
        "relocatable": settings.get("relocatable"),
    }
    return Repetition(
        root=str(root),
        python=python,
        sites=sites,
        before=frozenset(f"{site}/{name}" for site, names in before.items() for name in names),
        key=environment_key(facts),
        installations=Installations(cache_directory(cache, environment) / DIRECTORY),
        environment=environment,
        warn=warn,
    )


def _taken_apart(line: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The words of a command line without those that decide nothing, and the values of options that say where.

    Seen without knowing what takes a value: that they were understood right is checked before anything is kept.
    """
    rest: list[str] = []
    values: dict[str, str] = {}
    words = iter(line)
    for word in words:
        name, equals, value = word.removeprefix("--").partition("=")
        if word == "--":
            rest += [word, *words]
        elif word.startswith("--") and name in _PLACES:
            values[name] = value if equals else next(words, "")
        elif word != _OFFLINE:
            rest.append(word)
    return rest, values


def _asked(words: Sequence[str], configured: Mapping[str, Any], surrounding: Surrounding, root: Path) -> dict[str, Any]:
    """What is asked for, as far as it is seen without reading a requirement."""
    from accel_doctor.requirements.configuration import configuration_files

    environment = surrounding.environment
    own = {name: value for name, value in environment.items() if name.startswith("ACCEL_DOCTOR_")}
    return {
        "words": list(words),
        "own": {name: value for name, value in own.items() if name not in _DECIDE_NOTHING},
        "configured": dict(configured),
        "files": [_digest_of(surrounding.directory / Path(word).expanduser()) for word in words],
        "directory": str(surrounding.directory),
        "home": str(surrounding.home),
        "pip": [_digest_of(path) for path in configuration_files(environment, surrounding.home, root)],
    }


def _machine(executable: Path, uv: Path, surrounding: Surrounding) -> dict[str, Any]:
    """Who installs, for which interpreter, on what."""
    from accel_doctor.cli.env_interpreter import behind, interpreter_state

    base = behind(executable)
    return {
        "version": __version__,
        "uv": str(uv),
        "surroundings": surroundings_of(surrounding.environment, surrounding.directory, [uv]),
        "interpreter": [executable.name, str(base), *interpreter_state(base)],
        "system": list(os.uname()[2:]),  # markers may ask for them: release, version, machine
        "libraries": surrounding.environment.get("LD_LIBRARY_PATH"),
    }


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


def _settings(root: Path) -> dict[str, str]:
    """What ``pyvenv.cfg`` says (PEP 405), in small letters; nothing where there is none."""
    try:
        with (root / "pyvenv.cfg").open(encoding="utf-8", errors="replace") as stream:
            lines = stream.read(_SETTINGS_LIMIT).splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines)
    return {key.strip().lower(): value.strip().lower() for key, _, value in pairs}


def _sites(root: Path) -> list[str]:
    libraries = [root / name for name in ("lib", "lib64") if not (root / name).is_symlink()]
    return [str(site.relative_to(root)) for library in libraries for site in library.glob("*/site-packages")]


def _state(path: str) -> list[int] | None:
    status = status_of(Path(path))
    return list(status) if status else None


def _digest_of(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            return hashlib.sha256(stream.read(SIZE_LIMIT + 1)).hexdigest()
    except OSError:
        return None


def _digest(value: object) -> str:
    """Of values that can hold secrets, and are kept."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()
