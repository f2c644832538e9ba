"""accel-doctor's own configuration: ``/etc``, the user's and the project's TOML files.

The command line wins over ``ACCEL_DOCTOR_*``, that over the project's file, that over the user's, that over /etc's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from accel_doctor.cli.pip_accel import pip_accel_cache
from accel_doctor.errors import UsageError

SYSTEM_FILE = Path("/etc/accel-doctor/config.toml")
USER_FILE = "config.toml"  # in the user's configuration directory
PROJECT_FILE = "accel-doctor.toml"

# option -> the types its value may have
KEYS: dict[str, tuple[type, ...]] = {
    "yes": (bool,),
    "dry-run": (bool,),
    "no-system": (bool,),
    "python": (str,),
    "jobs": (int,),
    "frontend": (str,),
    "export": (str,),
    "report": (str,),
    "offline": (bool,),
    "cache-dir": (str,),
    "rules": (list,),
    "level": (list,),
    "signing-key": (str,),
    "trusted-key": (list,),
    "require-signature": (bool,),
}
# A project's files arrive with a clone or an archive; consent, where root's packages are named, and whose wheels are
# believed come from a person.
NOT_FOR_PROJECTS = frozenset({"yes", "rules", "cache-dir", "level", "signing-key", "trusted-key", "require-signature"})


def user_directory(environment: Mapping[str, str]) -> Path:
    """Where the user's configuration and rules are: ``$XDG_CONFIG_HOME/accel-doctor`` and its kin elsewhere."""
    from platformdirs import user_config_path

    chosen = environment.get("ACCEL_DOCTOR_CONFIG_DIR")
    return Path(chosen) if chosen else user_config_path("accel-doctor")


def rule_directories(chosen: Sequence[str], environment: Mapping[str, str]) -> list[Path]:
    """Return the directories of rules to lay over the shipped ones: the user's, if it exists, and those chosen."""
    own = user_directory(environment) / "rules"
    directories = [own] if own.is_dir() else []
    return [*directories, *(Path(directory).expanduser().absolute() for directory in chosen)]


def cache_directory(chosen: str | None, environment: Mapping[str, str]) -> Path:
    """Where wheels, sources and logs are: ``chosen``, else where pip-accel's variable says, else
    ``$XDG_CACHE_HOME/accel-doctor`` and its kin elsewhere."""
    from platformdirs import user_cache_path

    chosen = chosen or pip_accel_cache(environment)
    return Path(chosen).expanduser().absolute() if chosen else user_cache_path("accel-doctor")


def journal_path(environment: Mapping[str, str]) -> Path:
    """The journal of what was installed: under ``ACCEL_DOCTOR_STATE_DIR``, else where the platform keeps state."""
    chosen = environment.get("ACCEL_DOCTOR_STATE_DIR")
    if chosen:
        return Path(chosen).expanduser() / "journal.jsonl"
    from platformdirs import user_state_path

    return user_state_path("accel-doctor") / "journal.jsonl"


def read_configuration(user_directory: Path, working_directory: Path) -> dict[str, Any]:
    """The merged values by option name. Raises UsageError naming file and key for whatever is wrong in them."""
    merged: dict[str, Any] = {}
    for path in (SYSTEM_FILE, user_directory / USER_FILE):
        merged |= _checked(path, _read(path))
    project = working_directory / PROJECT_FILE
    table, origin = _read(project), project
    if not table:
        origin = working_directory / "pyproject.toml"
        table = _read(origin).get("tool", {}).get("accel-doctor", {})
    values = _checked(origin, {key: value for key, value in table.items() if key != "env"})  # read by `env` itself
    for key in sorted(NOT_FOR_PROJECTS & set(values)):
        raise UsageError(
            f"{origin}: {key!r} is not read from a project's files",
            hint=f"say it on the command line, in the environment, or in {user_directory / USER_FILE}",
        )
    return merged | values


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            import tomli

            return tomli.load(stream)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not TOML: {error}") from error


def _checked(path: Path, table: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in table.items():
        if key not in KEYS:
            raise UsageError(f"{path}: unknown key {key!r}", hint=f"known keys: {', '.join(sorted(KEYS))}")
        # bool is an int in Python, not in TOML
        if not isinstance(value, KEYS[key]) or (isinstance(value, bool) and bool not in KEYS[key]):
            expected = " or ".join(kind.__name__ for kind in KEYS[key])
            raise UsageError(f"{path}: {key}: expected {expected}, got {value!r}")
    return {key: value for key, value in table.items() if key in KEYS}
