"""accel-doctor's own configuration: ``/etc``, the user's and the project's TOML files; and pip-accel's variables.

The command line wins over ``ACCEL_DOCTOR_*``, that over the project's file, that over the user's, that over /etc's.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.parse import quote, urlencode

import tomli
from platformdirs import user_cache_path, user_config_path, user_state_path

from accel_doctor.cli.help_text import closest
from accel_doctor.errors import UsageError
from accel_doctor.ownership import invoking_user, outsider
from accel_doctor.urls import redacted

SYSTEM_FILE = Path("/etc/accel-doctor/config.toml")
USER_FILE = "config.toml"  # in the user's configuration directory
PROJECT_FILE = "accel-doctor.toml"

# option -> the type of its value
KEYS: dict[str, type] = {
    **dict.fromkeys(
        ("yes", "venv", "dry-run", "no-system", "verify", "portable", "offline", "require-signature"), bool
    ),
    **dict.fromkeys(("python", "frontend", "export", "report", "cache-dir", "signing-key", "sandbox"), str),
    **dict.fromkeys(("rules", "level", "trusted-key", "allow-build-network", "pass-env"), list),
    "jobs": int,
}
_NAMES = {bool: "true or false", str: "a text in quotes", list: "a list", int: "a whole number"}
# A project's files arrive with a clone or an archive: they can say only what harms nobody. What is written where, which
# interpreter runs, consent, the rules that name root's packages, and trust in wheels must come from the user.
FOR_PROJECTS = frozenset({"dry-run", "no-system", "verify", "portable", "offline", "frontend", "jobs"})
NOT_FOR_PROJECTS = KEYS.keys() - FOR_PROJECTS


def working_directory() -> Path:
    """Return the directory that relative paths are resolved against. Raises UsageError if it was removed."""
    try:
        return Path.cwd()
    except OSError as error:
        raise UsageError(
            f"the working directory cannot be found: {error.strerror}", hint="cd to another one"
        ) from error


def user_directory(variables: Mapping[str, str]) -> Path:
    """Return the user's configuration and rules directory: ``$XDG_CONFIG_HOME/accel-doctor`` or the equivalent."""
    chosen = variables.get("ACCEL_DOCTOR_CONFIG_DIR")
    return Path(chosen) if chosen else user_config_path("accel-doctor")


def rule_directories(chosen: Sequence[str], variables: Mapping[str, str], directory: Path | None = None) -> list[Path]:
    """Return the directories of rules that override the shipped ones: the user's, if it exists, and the chosen ones.

    Relative paths are resolved against ``directory``, by default the working directory.
    """
    own = user_directory(variables) / "rules"
    directories = [_believed(own, variables)] if own.is_dir() else []
    return [*directories, *((directory or working_directory()) / Path(name).expanduser() for name in chosen)]


def _believed(path: Path, variables: Mapping[str, str]) -> Path:
    """Return a path in the user's directory. Raise UsageError if it belongs to somebody else, whose words root, say,
    must not take for its own."""
    if path.exists() and (owner := outsider(path.parent, path, also=invoking_user(variables))):
        raise UsageError(
            f"not reading {path}: it belongs to another user ({owner})",
            hint="name a directory of your own in ACCEL_DOCTOR_CONFIG_DIR, or set HOME to your own",
        )
    return path


def cache_directory(chosen: str | None, variables: Mapping[str, str], directory: Path | None = None) -> Path:
    """Return the directory of wheels, sources and logs: ``chosen``, the one in pip-accel's variable, or
    ``$XDG_CACHE_HOME/accel-doctor`` or the equivalent. A relative path is resolved against ``directory``."""
    chosen = chosen or pip_accel_cache(variables)
    if not chosen:
        return user_cache_path("accel-doctor")
    return (directory or working_directory()) / Path(chosen).expanduser()


def journal_path(variables: Mapping[str, str]) -> Path:
    """Return the path of the journal."""
    return state_directory(variables) / "journal.jsonl"


def state_directory(variables: Mapping[str, str]) -> Path:
    """Return ``ACCEL_DOCTOR_STATE_DIR``, else our directory in this platform's state directory."""
    chosen = variables.get("ACCEL_DOCTOR_STATE_DIR")
    return Path(chosen).expanduser() if chosen else user_state_path("accel-doctor")


class ConfigurationFile(NamedTuple):
    """Describe a file that may hold values: ``whose`` it is, its path, and the names of the table that they are in."""

    whose: str  # system, user or project
    path: Path
    table: tuple[str, ...] = ()

    def values(self) -> dict[str, Any]:
        """Return the values by option name. Raises UsageError with the file and key of a mistake."""
        values = _checked(self.path, self.content())
        for key in sorted(NOT_FOR_PROJECTS & set(values)) if self.whose == "project" else ():
            self.refuse(key)
        return values

    def content(self) -> dict[str, Any]:
        """Return what is in its table, unchecked, without what other commands read (``env``)."""
        if self.whose == "user":
            _believed(self.path, os.environ)
        table: Any = _read(self.path)
        for name in self.table:
            table = table.get(name) if isinstance(table, dict) else None
        own = table if isinstance(table, dict) else {}
        return {key: value for key, value in own.items() if self.whose != "project" or key != "env"}

    def refuse(self, key: str) -> NoReturn:
        """Raise UsageError for a key that a project's files cannot set."""
        raise UsageError(
            f"{self.path}: {key!r} cannot be set in a project's files",
            hint=f"set it on the command line, in a variable, or in {user_directory(os.environ) / USER_FILE}",
        )


def configuration_files(user_directory: Path, working_directory: Path) -> tuple[ConfigurationFile, ...]:
    """Return the files that configure a command here, whether they exist or not; later ones win."""
    project = working_directory / PROJECT_FILE
    pyproject = ConfigurationFile("project", working_directory / "pyproject.toml", ("tool", "accel-doctor"))
    return (
        ConfigurationFile("system", SYSTEM_FILE),
        ConfigurationFile("user", user_directory / USER_FILE),
        pyproject if not _read(project) and pyproject.content() else ConfigurationFile("project", project),
    )


def read_configuration(user_directory: Path, working_directory: Path) -> dict[str, Any]:
    """Return the merged values by option name. Raises UsageError with the file and key of a mistake."""
    merged: dict[str, Any] = {}
    for file in configuration_files(user_directory, working_directory):
        merged |= file.values()
    return merged


def known_key(key: str, origin: str = "") -> str:
    """Return a key of the configuration. Raises UsageError, with the nearest, for one that is none."""
    if key in KEYS:
        return key
    near = closest(key.replace("_", "-"), sorted(KEYS), 0.6)
    hint = f"did you mean {near}?" if near else f"known keys: {', '.join(sorted(KEYS))}"
    raise UsageError(f"{origin}unknown key {key!r}", hint=hint)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            return tomli.load(stream)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: invalid TOML: {error}") from error


def _checked(path: Path, table: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in table.items():
        if type(value) is not KEYS[known_key(key, f"{path}: ")]:  # bool is an int in Python, not in TOML
            raise UsageError(f"{path}: {key}: expected {_NAMES[KEYS[key]]}, got {value!r}")
    return dict(table)


# --- pip-accel's variables, which former users may still set ---

_DEFAULT_URL = "https://s3.amazonaws.com"


def pip_accel_level(variables: Mapping[str, str]) -> str | None:
    """Return the address of a level in pip-accel's bucket: configured by its variables, with our own objects."""
    bucket = variables.get("PIP_ACCEL_S3_BUCKET")
    if not bucket:
        return None
    options = {}
    url = variables.get("PIP_ACCEL_S3_URL", "").rstrip("/")
    if url and url != _DEFAULT_URL:
        options["endpoint"] = url
    if variables.get("PIP_ACCEL_S3_READONLY", "").lower() in {"1", "true", "yes", "on"}:
        options["read-only"] = "true"
    prefix = quote(variables.get("PIP_ACCEL_S3_PREFIX", "").strip("/"))
    address = f"s3://{bucket}/{prefix}".rstrip("/")
    return f"{address}?{urlencode(options)}" if options else address


def pip_accel_cache(variables: Mapping[str, str]) -> str | None:
    """Return our own directory inside pip-accel's cache: the two have different layouts."""
    chosen = variables.get("PIP_ACCEL_CACHE")
    return f"{chosen}/accel-doctor" if chosen else None


# pip-accel's variable, our option and our variable that override it, and what it means
_MEANINGS = (
    ("PIP_ACCEL_S3_BUCKET", "level", "ACCEL_DOCTOR_LEVELS", pip_accel_level),
    ("PIP_ACCEL_CACHE", "cache_dir", "ACCEL_DOCTOR_CACHE_DIR", pip_accel_cache),
)


def pip_accel_notice(given: Mapping[str, object], variables: Mapping[str, str]) -> str | None:
    """Return what to set instead of pip-accel's variables; None if none applies. ``given`` are our options."""
    used = [
        f"{theirs} as {ours}={redacted(meaning)}"
        for theirs, option, ours, meaning_of in _MEANINGS
        if not given.get(option) and (meaning := meaning_of(variables))
    ]
    return f"using pip-accel's variables: {', '.join(used)}" if used else None
