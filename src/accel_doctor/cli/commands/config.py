"""``accel-doctor config``: the values of the configuration, where each comes from, and the files that hold them."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import Any

from accel_doctor.cli.commands.install import command as install
from accel_doctor.cli.configuration import (
    ConfigurationFile,
    configuration_files,
    known_key,
    user_directory,
    working_directory,
)
from accel_doctor.cli.options import argument, as_command, group, note, option, show, text_or_json
from accel_doctor.cli.settings import Setting, Settings, remove_value, write_value
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.wording import listed

SCHEMA = 1

command = group("config", "Show and change the configuration: each value, where it comes from, and its files.")


@dataclass(frozen=True)
class ListOptions:
    form: str = text_or_json()


@dataclass(frozen=True)
class GetOptions:
    key: str = argument("KEY", default="", required=True)
    form: str = text_or_json()


@dataclass(frozen=True)
class FileOptions:
    system: bool = option("--system", default=False, help="Change /etc/accel-doctor/config.toml instead.")
    project: bool = option("--project", default=False, help="Change the file of the project in this directory instead.")

    def file(self) -> ConfigurationFile:
        """Return the file to change."""
        if self.system and self.project:
            raise UsageError("--system and --project cannot be combined")
        whose = "system" if self.system else "project" if self.project else "user"
        return next(file for file in _files() if file.whose == whose)


@dataclass(frozen=True)
class SetOptions:
    key: str = argument("KEY", default="", required=True)
    values: tuple[str, ...] = argument("VALUE", required=True)
    where: FileOptions = FileOptions()


@dataclass(frozen=True)
class UnsetOptions:
    key: str = argument("KEY", default="", required=True)
    where: FileOptions = FileOptions()


@as_command("list", ListOptions, parent=command)
def listing(options: ListOptions) -> int:
    """List the values that are set, each with the variable or file that it comes from.

    Only options on the command line win over them. User names and passwords in addresses are left out.
    """
    found = _settings().all()
    if found or options.form == "json":
        show(options.form, {"schema": SCHEMA, "settings": list(map(_document, found))}, map(_line, found))
    else:
        note("nothing is configured; accel-doctor config path lists the files that are read")
    return ExitCode.DONE


@as_command("get", GetOptions, parent=command)
def get(options: GetOptions) -> int:
    """Print the value of a key; each element of a list on its own line."""
    key = known_key(options.key)
    found = next((one for one in _settings().all() if one.key == key), None)
    if options.form == "json":
        show("json", _document(found) if found else {"key": key, "value": None, "origin": None, "over": []}, ())
    elif found:
        show("text", {}, map(_text, found.shown if isinstance(found.shown, list) else [found.shown]))
    else:
        note(f"{key} is not set")
    return ExitCode.DONE


@as_command("set", SetOptions, parent=command)
def set_value(options: SetOptions) -> int:
    """Set a key in your own configuration file, which is made if there is none.

    A list takes several values: accel-doctor config set level URL URL. Comments in the file stay.
    """
    file = options.where.file()
    value = _settings().parsed(options.key, options.values)
    write_value(file, options.key, value)
    note(f"set {options.key} in {file.path}")
    _tell_stronger(options.key, file)
    return ExitCode.DONE


@as_command("unset", UnsetOptions, parent=command)
def unset(options: UnsetOptions) -> int:
    """Remove a key from your own configuration file. It may be an unknown one."""
    file = options.where.file()
    removed = remove_value(file, options.key)
    note(f"removed {options.key} from {file.path}" if removed else f"{options.key} is not set in {file.path}")
    return ExitCode.DONE


@as_command("path", ListOptions, parent=command)
def path(options: ListOptions) -> int:
    """Print the files that are read in this directory, weakest first, and whether each exists."""
    files = _files()
    rows = [
        {"whose": file.whose, "path": str(file.path), "table": ".".join(file.table), "exists": file.path.exists()}
        for file in files
    ]
    lines = (
        f"{row['whose']:7}  {row['path']}{f' [{table}]' if (table := row['table']) else ''}"
        f"{'' if row['exists'] else '  (does not exist)'}"
        for row in rows
    )
    show(options.form, {"schema": SCHEMA, "files": rows}, lines)
    return ExitCode.DONE


def _files() -> tuple[ConfigurationFile, ...]:
    return configuration_files(user_directory(os.environ), working_directory())


def _settings() -> Settings:
    return Settings(install, _files(), os.environ)


def _tell_stronger(key: str, file: ConfigurationFile) -> None:
    """Tell if what was set does not count here, since a variable or a stronger file has the key too."""
    found = next(one for one in _settings().all() if one.key == key)
    if found.origin != str(file.path):
        note(f"here it has no effect: {found.origin} wins")


def _document(one: Setting) -> dict[str, Any]:
    return {"key": one.key, "value": one.shown, "origin": one.origin, "over": list(one.over)}


def _line(one: Setting) -> str:
    values = one.shown if isinstance(one.shown, list) else [one.shown]
    over = f", over {listed(one.over)}" if one.over else ""
    return f"{one.key} = {shlex.join(map(_text, values))}  ({one.origin}{over})"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
