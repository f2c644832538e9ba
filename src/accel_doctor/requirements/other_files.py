"""Recognize files that are given as requirements and are none, and say what to do with them instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LOCK = re.compile(r"pylock(\.[^.]+)?\.toml")  # PEP 751, File Name


def is_lock(location: str) -> bool:
    """Return whether a file is a lock, by its name (PEP 751)."""
    return _LOCK.fullmatch(location.rpartition("/")[2]) is not None


@dataclass(frozen=True)
class OtherFile:
    """Describe a kind of file: what it is, what reads it here, or the command that installs it and one that writes
    the same in a form to read here."""

    what: str
    command: str = ""
    export: str = ""
    here: str = ""  # what to do with the file {}

    @property
    def is_synced(self) -> bool:
        """Return whether it is a lock that its own tool reads for us."""
        return self.here == _SYNC

    @property
    def hint(self) -> str:
        """Return what to do with such a file, which another program has to read."""
        run = f"accel-doctor run -- {self.command}" if self.command else ""
        exported = f"{self.export}, and give that with -r" if self.export else ""
        return "; or ".join(filter(None, (run, exported))) or "give a requirements file, or a pylock.toml"


_SYNC = "accel-doctor sync {}"
_TOOLS = {"uv.lock": "uv", "poetry.lock": "Poetry", "pdm.lock": "PDM", "Pipfile.lock": "Pipenv"}
_PROJECT = OtherFile("a project's own file")

# By their whole names, in lower case: nobody names a list of requirements so.
_KINDS: Mapping[str, OtherFile] = {
    "pipfile": OtherFile("Pipenv's file", "pipenv install", "pipenv requirements > requirements.txt"),
    "pixi.toml": OtherFile("Pixi's file", "pixi install"),
    "pixi.lock": OtherFile("Pixi's lock file", "pixi install"),
    "environment.yml": OtherFile("a conda environment file", "conda env update -f environment.yml"),
    "environment.yaml": OtherFile("a conda environment file", "conda env update -f environment.yaml"),
    "package.json": OtherFile("npm's file", "npm install"),
    "package-lock.json": OtherFile("npm's lock file", "npm ci"),
    "cargo.toml": OtherFile("Cargo's file", "cargo build"),
    "cargo.lock": OtherFile("Cargo's lock file", "cargo build"),
    "tox.ini": OtherFile("tox's file", "tox"),
    "noxfile.py": OtherFile("nox's file", "nox"),
    **{name.lower(): OtherFile(f"{tool}'s lock file", here=_SYNC) for name, tool in _TOOLS.items()},
    **dict.fromkeys(("pyproject.toml", "setup.py", "setup.cfg"), _PROJECT),
}
SYNCED = tuple(_TOOLS)
_BY_SUFFIX: Mapping[str, str] = {
    ".toml": "a TOML file", ".yml": "a YAML file", ".yaml": "a YAML file", ".json": "a JSON file",
    ".cfg": "a configuration file", ".ini": "a configuration file", ".ipynb": "a notebook",
}  # fmt: skip


def other_file(location: str) -> OtherFile | None:
    """Return what kind of file a path or URL names, if no list of requirements is named so."""
    name = location.rpartition("/")[2]
    known, suffix = _KINDS.get(name.lower()), f".{name.rpartition('.')[2].lower()}"
    if known is not None:
        return known
    if suffix == ".py" and name != suffix:
        return OtherFile("a Python file", here="if it says what it needs (PEP 723): --script {}")
    what = _BY_SUFFIX.get(suffix)
    return OtherFile(what) if what and not is_lock(name) else None


def is_known(location: str) -> bool:
    """Return whether a tool's file has this very name."""
    return location.rpartition("/")[2].lower() in _KINDS


def hint_for(location: str) -> str:
    """Return what to do with a file that is no list of requirements; a project is given by its directory."""
    kind = other_file(location)
    if kind is None or kind is _PROJECT:
        directory = location.rpartition("/")[0] or "."
        return f"to install the project and its dependencies, give its directory: {directory} or -e {directory}"
    return kind.here.format(location) or kind.hint
