"""Find where each value of the configuration comes from, and edit the files; comments in them stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import tomlkit
from tomlkit.exceptions import TOMLKitError

from accel_doctor.cli.configuration import KEYS, NOT_FOR_PROJECTS, ConfigurationFile, known_key
from accel_doctor.errors import UsageError
from accel_doctor.urls import redacted
from accel_doctor.whole_files import replacing


class Setting(NamedTuple):
    """Hold the value of a key, the variable or file that it comes from, and those that it wins over, strongest
    first."""

    key: str
    value: Any
    origin: str
    over: tuple[str, ...]

    @property
    def shown(self) -> Any:
        """Return the value without passwords in addresses."""
        if isinstance(self.value, list):
            return list(map(redacted, self.value))
        return redacted(self.value) if isinstance(self.value, str) else self.value


class Settings:
    """Know the values of all keys here. ``command`` is one whose options have the names of the keys: these say what
    variables hold them, and what values they take."""

    def __init__(
        self, command: click.Command, files: Sequence[ConfigurationFile], variables: Mapping[str, str]
    ) -> None:
        self._files = files
        self._context = click.Context(command)
        self._options = {(option.name or "").replace("_", "-"): option for option in command.params}
        self._variables = variables

    def all(self) -> list[Setting]:
        """Return what is set, by key. Raises UsageError for a mistake in a file or variable."""
        found: dict[str, list[tuple[str, Any]]] = {}
        for file in self._files:
            for key, value in file.values().items():
                found.setdefault(key, []).insert(0, (str(file.path), value))
        for key in KEYS:
            name = str(self._options[key].envvar)
            if text := self._variables.get(name):
                option = self._options[key]
                given = text.split() if KEYS[key] is list else [text]
                found.setdefault(key, []).insert(0, (name, self._converted(option, given, name)))
        return [
            Setting(key, origins[0][1], origins[0][0], tuple(origin for origin, _ in origins[1:]))
            for key, origins in sorted(found.items())
        ]

    def parsed(self, key: str, given: Sequence[str]) -> Any:
        """Return the value that a key has if ``given`` is written for it. Raises UsageError if it takes no such."""
        if KEYS[known_key(key)] is not list and len(given) != 1:
            raise UsageError(f"{key}: expected one value, got {len(given)}")
        return self._converted(self._options[key], given, key)

    def _converted(self, option: click.Parameter, given: Sequence[str], name: str) -> Any:
        try:
            value = option.type_cast_value(self._context, list(given) if option.multiple else given[0])
        except click.BadParameter as error:
            message = error.message.removesuffix(".")
            truth = isinstance(option.type, click.types.BoolParamType)
            told = f"expected true or false, got {given[0]!r}" if truth else f"{message[:1].lower()}{message[1:]}"
            raise UsageError(f"{name}: {told}") from error
        return list(value) if option.multiple else value


def write_value(file: ConfigurationFile, key: str, value: Any) -> None:
    """Write the value of a known key into a file, which is made if there is none. Raises UsageError for a key that a
    project's files cannot set, and for a file that cannot be read as TOML; OSError."""
    if file.whose == "project" and known_key(key) in NOT_FOR_PROJECTS:
        file.refuse(key)
    file.content()
    document = _document(file.path)
    table: Any = document
    for name in file.table:
        table = table[name]
    table[key] = value
    _write(file, document)


def remove_value(file: ConfigurationFile, key: str) -> bool:
    """Remove a key, known or not, from a file; return whether it was there. Raises UsageError, OSError."""
    if key not in file.content():
        return False
    document = _document(file.path)
    table: Any = document
    for name in file.table:
        table = table[name]
    del table[key]
    _write(file, document)
    return True


def _document(path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: invalid TOML: {error}") from error


def _write(file: ConfigurationFile, document: tomlkit.TOMLDocument) -> None:
    target = file.path.resolve()  # a link into a directory of dotfiles stays one
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = 0o600 if file.whose == "user" else 0o644  # an address may hold a password
    mode = target.stat().st_mode & 0o777 if target.exists() else fresh
    with replacing(target) as aside:
        aside.write_text(tomlkit.dumps(document), encoding="utf-8")
        aside.chmod(mode)
