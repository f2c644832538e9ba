"""Read pip's configuration, files and ``PIP_*`` variables: https://pip.pypa.io/en/stable/topics/configuration/."""

from __future__ import annotations

import configparser
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Invocation
from accel_doctor.requirements.pip_option_table import PIP_OPTIONS
from accel_doctor.requirements.requirement_files import Files

_SIZE_LIMIT = 1 << 20  # bytes
_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
_FALSE = frozenset({"n", "no", "f", "false", "off", "0"})

# pip's aliases of options.
_ALIASES = {name[2:]: option.key for option in PIP_OPTIONS for name in option.names if name.startswith("--")}

# Keys that read_request reads. Everything else (cache-dir, use-feature, ...) is left to pip itself.
KEYS_READ = frozenset(_ALIASES) | {option.off[2:] for option in PIP_OPTIONS if option.off}

# With its own log file, or less than normal verbosity, pip does not show the output of a failing build.
_KEYS_DROPPED = frozenset({"log", "log-file", "local-log", "python", "report", "dry-run"})


@dataclass(frozen=True)
class Setting:
    """One value and where it was set, for messages."""

    value: str
    source: str


@dataclass(frozen=True)
class Configuration:
    """Settings by key; every lookup raises UsageError, in pip's words, for an invalid value."""

    settings: Mapping[str, Setting] = field(default_factory=dict)

    def text(self, key: str) -> str | None:
        """Return one value, as written."""
        setting = self.settings.get(key)
        return setting.value if setting else None

    def words(self, key: str) -> tuple[str, ...]:
        """Return the values of a multi-valued key, split at white space."""
        return tuple((self.text(key) or "").split())

    def flag(self, key: str) -> bool | None:
        """Return a boolean; None if the key is not set."""
        setting = self.settings.get(key)
        if setting is None:
            return None
        value = setting.value.lower()
        if value in _TRUE or value in _FALSE:
            return value in _TRUE
        raise UsageError(
            f"{setting.source}: {setting.value} is not a valid value for {key} option, please specify a boolean value "
            "like yes/no, true/false or 1/0 instead."
        )

    def number(self, key: str) -> float | None:
        """Return a number; None if the key is not set."""
        setting = self.settings.get(key)
        if setting is None:
            return None
        try:
            return float(setting.value)
        except ValueError as error:
            raise UsageError(f"{setting.source}: invalid number for {key}: {setting.value!r}") from error

    def without(self, keys: Collection[str]) -> Configuration:
        """Return the same configuration without ``keys``."""
        return Configuration({key: setting for key, setting in self.settings.items() if key not in keys})

    @property
    def left_to_pip(self) -> Mapping[str, str]:
        """Return the settings that an InstallRequest does not hold, as environment variables for pip."""
        return {
            f"PIP_{key.upper().replace('-', '_')}": setting.value
            for key, setting in self.settings.items()
            if key not in KEYS_READ and key not in _KEYS_DROPPED
        }


def configuration_files(variables: Mapping[str, str], home: Path, prefix: Path) -> Iterator[Path]:
    """Yield the files pip reads, weakest first: global, user, the target's own (``prefix``), ``PIP_CONFIG_FILE``."""
    named = variables.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    for directory in (variables.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep):
        if directory:
            yield Path(directory) / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")
    if not (named and Path(named).exists()):
        yield home / ".pip" / "pip.conf"
        yield Path(variables.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    yield prefix / "pip.conf"
    if named:
        yield Path(named)


def read_configuration(invocation: Invocation, prefix: Path, files: Files) -> Configuration:
    """Return pip's configuration for ``pip install``; ``prefix`` is that of the target environment.

    Missing and unreadable files are skipped, as in pip. Section ``[install]`` overrides ``[global]``, whichever file
    each is in, and ``PIP_*`` overrides both. Raises UsageError for a malformed file.
    """
    sections: dict[str, dict[str, Setting]] = {"global": {}, "install": {}, "environment": {}}
    for path in configuration_files(invocation.variables, invocation.home, prefix):
        try:
            text = files.read(str(path)).decode("utf-8", "replace")
        except OSError:
            continue
        for section, key, value in _parse(text, path):
            if section in ("global", "install"):
                sections[section][key] = Setting(value, f"{path} [{section}]")
    for name, value in invocation.variables.items():
        if name.startswith("PIP_") and name not in ("PIP_VERSION", "PIP_HELP", "PIP_CONFIG_FILE"):
            sections["environment"][_key(name[4:])] = Setting(value, name)
    merged: dict[str, Setting] = {}
    for section_settings in sections.values():
        merged.update({key: setting for key, setting in section_settings.items() if setting.value})
    return Configuration(merged)


def _parse(text: str, path: Path) -> Iterator[tuple[str, str, str]]:
    if len(text) > _SIZE_LIMIT:
        raise UsageError(f"Configuration file could not be loaded: {path} is larger than {_SIZE_LIMIT} bytes")
    parser = configparser.RawConfigParser(strict=True)
    try:
        parser.read_string(text, source=str(path))
    except configparser.Error as error:
        raise UsageError(f"Configuration file could not be loaded.\n{error}") from error
    for section in parser.sections():
        for name, value in parser.items(section):
            yield section, _key(name), value


def _key(name: str) -> str:
    key = name.lower().replace("_", "-").removeprefix("--")
    return _ALIASES.get(key, key)
