"""Read the package indexes that uv's own variables and files name. uv reads them itself; we fetch from there too.

https://docs.astral.sh/uv/concepts/configuration-files/ and https://docs.astral.sh/uv/reference/settings/. A file that
cannot be read is left to uv to complain about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import tomli

from accel_doctor.model.requests import FrontendIndexes

_SIZE_LIMIT = 1 << 20  # bytes
_NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*=(?=[A-Za-z][A-Za-z0-9+.-]*:)")  # NAME=URL


def uv_configuration_files(variables: Mapping[str, str], directory: Path) -> Iterator[Path]:
    """Yield the files that uv may read in a directory, strongest first."""
    if named := variables.get("UV_CONFIG_FILE"):
        yield directory / named
    for parent in (directory, *directory.parents):
        yield parent / "uv.toml"
        yield parent / "pyproject.toml"
    home = variables.get("XDG_CONFIG_HOME") or f"{variables.get('HOME', '/')}/.config"
    yield Path(home, "uv/uv.toml")
    yield Path("/etc/uv/uv.toml")


def read_uv_indexes(variables: Mapping[str, str], directory: Path) -> FrontendIndexes:
    """Return the indexes that uv uses in a directory where no option and no configuration of pip's says otherwise."""
    defaults = [url for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL") for url in _words(variables.get(name))]
    others = [url for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL") for url in _words(variables.get(name))]
    links = variables.get("UV_FIND_LINKS", "").split(",")
    for table in _tables(variables, directory):
        for url, default in _indexes(table, variables):
            (defaults if default else others).append(url)
        links += _texts(table.get("find-links"))
    return FrontendIndexes(defaults[0] if defaults else None, tuple(dict.fromkeys(others)), tuple(filter(None, links)))


def _tables(variables: Mapping[str, str], directory: Path) -> Iterator[Mapping[str, Any]]:
    if variables.get("UV_NO_CONFIG"):
        return
    for path in uv_configuration_files(variables, directory):
        try:
            with path.open("rb") as stream:
                table: Any = tomli.loads(stream.read(_SIZE_LIMIT).decode())
        except (OSError, ValueError):
            continue
        if path.name == "pyproject.toml":
            table = _table(_table(table.get("tool")).get("uv"))
        yield from (table, _table(table.get("pip")))
        if table and variables.get("UV_CONFIG_FILE"):
            return  # it is read instead of all others


def _indexes(table: Mapping[str, Any], variables: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """Yield each index, and whether it is the default one."""
    yield from ((url, True) for url in _texts([table.get("index-url")]))
    listed = table.get("index")
    for index in map(_table, listed if isinstance(listed, list) else []):
        for url in _texts([index.get("url")]):
            yield _with_login(url, str(index.get("name", "")), variables), index.get("default") is True
    yield from ((url, False) for url in _texts(table.get("extra-index-url")))


def _with_login(url: str, name: str, variables: Mapping[str, str]) -> str:
    prefix = f"UV_INDEX_{re.sub('[^A-Za-z0-9]', '_', name).upper()}"
    user, password = variables.get(f"{prefix}_USERNAME", ""), variables.get(f"{prefix}_PASSWORD", "")
    if not name or not (user or password) or urlsplit(url).username is not None:
        return url
    return url.replace("://", f"://{quote(user, safe='')}:{quote(password, safe='')}@", 1)


def _words(text: str | None) -> list[str]:
    return [_NAMED.sub("", word) for word in (text or "").split()]


def _texts(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str) and value] if isinstance(values, list) else []


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
