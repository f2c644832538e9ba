"""What decides at a glance what an installation comes to: the words of the command line, files and settings by their
hashes, the machine. No option and no requirement is read, which would take longer than all else."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accel_doctor import __version__
from accel_doctor.errors import AccelDoctorError
from accel_doctor.frontends.asked import installed_metadata, status_of, surroundings_of
from accel_doctor.requirements.file_access import SIZE_LIMIT
from accel_doctor.store.environments.environment_key import environment_key
from accel_doctor.values import NamedTuple

if TYPE_CHECKING:
    from accel_doctor.cli.session import Surrounding

_SETTINGS_LIMIT = 64 << 10  # bytes of a pyvenv.cfg
_PLACES = frozenset({"python", "cache-dir"})  # options that say where, not what
_OFFLINE = "--offline"
_DECIDE_NOTHING = frozenset({"ACCEL_DOCTOR_PYTHON", "ACCEL_DOCTOR_CACHE_DIR", "ACCEL_DOCTOR_OFFLINE"})


class Glance(NamedTuple):
    """An installation into one virtual environment, as it is seen before anything of it is read."""

    root: str
    python: str | None  # what was said of the interpreter to install into
    cache: Path
    sites: Sequence[str]  # site directories, relative to the root
    before: frozenset[str]  # metadata of what is installed already, relative to the root
    key: str  # of all that decides what is installed


def glance(line: Sequence[str], surrounding: Surrounding) -> Glance | None:
    """What the words behind ``install`` ask for; None where it is not for a virtual environment of its own, or not by
    uv. What is wrong with them is not told here."""
    try:
        return _glance(line, surrounding)
    except (AccelDoctorError, OSError):  # the run that follows meets it again, and says so
        return None


def _glance(line: Sequence[str], surrounding: Surrounding) -> Glance | None:
    from accel_doctor.cli.configuration import cache_directory, read_configuration, user_directory
    from accel_doctor.frontends.uv.uv_binary import find_uv
    from accel_doctor.system.python.target import find_executable

    environment = surrounding.environment
    configured = read_configuration(user_directory(environment), surrounding.directory)
    rest, given = _taken_apart(line)
    python, cache = (_value(option, given, environment, configured) for option in ("python", "cache-dir"))
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
    return Glance(
        root=str(root),
        python=python,
        cache=cache_directory(cache, environment),
        sites=sites,
        before=frozenset(f"{site}/{name}" for site, names in before.items() for name in names),
        key=environment_key(facts),
    )


def _value(
    option: str, given: Mapping[str, str], environment: Mapping[str, str], configured: dict[str, Any]
) -> str | None:
    """As click finds it: the line wins over the variable, that over the configuration, out of which it is taken."""
    from_file: str | None = configured.pop(option, None)
    if option in given:
        return given[option]
    return environment.get(f"ACCEL_DOCTOR_{option.upper().replace('-', '_')}") or from_file


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
    from accel_doctor.requirements.pip_configuration import configuration_files

    environment = surrounding.environment
    own = {name: value for name, value in environment.items() if name.startswith("ACCEL_DOCTOR_")}
    return {
        "words": list(words),
        "own": {name: value for name, value in own.items() if name not in _DECIDE_NOTHING},
        "configured": dict(configured),
        "files": [digest_of_file(surrounding.directory / word) for word in words],
        "directory": str(surrounding.directory),
        "home": str(surrounding.home),
        "pip": [digest_of_file(path) for path in configuration_files(environment, surrounding.home, root)],
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


def state_of(path: str) -> list[int] | None:
    """Size in bytes and nanoseconds of modification, as they are read back from JSON; None where nothing is there."""
    status = status_of(Path(path))
    return list(status) if status else None


def digest_of_file(path: Path) -> str | None:
    """The SHA-256 of what would be read of a file; None for what is none: a pipe can be read only once."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            return hashlib.sha256(stream.read(SIZE_LIMIT + 1)).hexdigest()
    except OSError:
        return None


def digest_of(value: object) -> str:
    """The SHA-256 of a value that may hold secrets, and is compared with a later one."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()
