"""Hold the values of a setup script that is read, not run: what is known, recorded calls, the few known functions."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from accel_doctor.diagnosis.sources.script_bounds import multiplies

Value = Any  # str, int, bool, None, list, tuple, dict, or one of the classes below


@dataclass(frozen=True)
class Unknown:
    """A value that only running the script would tell."""


@dataclass(frozen=True)
class Dotted:
    """Something imported, or an attribute of it, by its full name: ``setuptools.Extension``."""

    name: str


@dataclass(frozen=True)
class Defined:
    """A function or class of the script itself."""

    node: ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class DefinedClass(Defined):
    """A class of the script itself."""

    node: ast.ClassDef


@dataclass(frozen=True)
class Module:
    """A module of the source that was followed, by its names."""

    scope: dict[str, Value]


@dataclass(frozen=True)
class Method:
    """A method of a known value."""

    owner: Value
    name: str


@dataclass
class Call:
    """A recorded call; ``certain`` says that the build makes it and ends if it fails. It stands for its result too."""

    name: str
    arguments: list[Value]
    keywords: dict[str, Value]
    line: int
    text: str
    certain: bool
    bases: tuple[str, ...] = field(default=())

    def argument(self, position: int, keyword: str) -> Value:
        """Return an argument, however it was given; UNKNOWN if it was not."""
        if keyword in self.keywords:
            return self.keywords[keyword]
        return self.arguments[position] if position < len(self.arguments) else UNKNOWN


UNKNOWN = Unknown()


def truth(value: Value) -> bool | None:
    """Return whether a value is true; None if that is unknown."""
    if value is None or isinstance(value, str | int | float | list | tuple | dict):
        return bool(value)
    return None


def strings(value: Value) -> list[str]:
    """Return the known strings of a list, or the one string."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []


def known_attributes(python: tuple[int, int] | None) -> dict[str, Value]:
    """Return the attributes that are the same for every build here."""
    version = (*python, 0, "final", 0) if python else UNKNOWN
    return {
        "sys.platform": "linux",
        "sys.version_info": version,
        "sys.version_info.major": 3,
        "sys.version_info.minor": python[1] if python else UNKNOWN,
        "sys.hexversion": python[0] << 24 | python[1] << 16 if python else UNKNOWN,
        "sys.argv": ["setup.py", "bdist_wheel"],
        "sys.maxsize": (1 << 63) - 1,
        "os.name": "posix",
        "os.sep": "/",
        "os.path.sep": "/",
        "os.pathsep": ":",
        "sys.byteorder": "little",
        "sys.implementation.name": "cpython",
        "sys.builtin_module_names": (),  # asked for PyPy's alone
    }


def known_function(name: str, arguments: Sequence[Value], paths: frozenset[str]) -> Value:
    """Return the result of a function of the standard library, or UNKNOWN; ``paths`` are the files of the source."""
    if name in _CONSTANT:
        return _CONSTANT[name]
    if name in ("os.environ.get", "os.getenv") and arguments:
        return arguments[1] if len(arguments) > 1 else None
    if name in _ON_PATHS and arguments and all(isinstance(argument, str) for argument in arguments):
        return _ON_PATHS[name](*arguments)
    if name in ("os.path.exists", "os.path.isfile", "os.path.isdir") and arguments and isinstance(arguments[0], str):
        path = posixpath.normpath(arguments[0])
        found = path in paths or any(other.startswith(f"{path}/") for other in paths)
        return found or (UNKNOWN if path.startswith("/") else False)
    if name == "os.listdir" and arguments and isinstance(arguments[0], str):
        prefix = "" if arguments[0] in ("", ".") else f"{posixpath.normpath(arguments[0])}/"
        return sorted({path[len(prefix) :].split("/")[0] for path in paths if path.startswith(prefix)})
    if name in ("glob.glob", "glob", "glob.iglob") and arguments and isinstance(arguments[0], str):
        pattern = posixpath.normpath(arguments[0])
        return sorted(path for path in paths if _matches(path, pattern))
    if name == "hasattr" and len(arguments) == 2:
        owner, asked = arguments
        return False if owner == Dotted("sys") and asked in _OF_OTHER_PYTHONS else UNKNOWN
    if name in _BUILT_IN:
        try:
            return _BUILT_IN[name](*arguments)
        except (TypeError, ValueError):
            return UNKNOWN
    return UNKNOWN


def known_method(owner: Value, name: str, arguments: Sequence[Value]) -> Value:
    """Return the result of a method of a string, list or dictionary, or UNKNOWN."""
    allowed = next((names for kind, names in _METHODS.items() if isinstance(owner, kind)), frozenset())
    if name not in allowed or any(isinstance(argument, Unknown) for argument in arguments):
        if isinstance(owner, list) and name in ("append", "extend"):
            owner.append(UNKNOWN)
        return UNKNOWN
    if multiplies(owner, name, arguments):
        return UNKNOWN
    try:
        result = getattr(owner, name)(*arguments)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError):
        return UNKNOWN
    return list(result) if name in ("items", "keys", "values") else result


def _matches(path: str, pattern: str) -> bool:
    parts, patterns = path.split("/"), pattern.split("/")
    if "**" in patterns:
        at = patterns.index("**")
        return parts[:at] == patterns[:at] and fnmatchcase(parts[-1], patterns[-1])
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


def _same(path: str, *_: str) -> str:
    return path


_CONSTANT: Mapping[str, Value] = {
    "platform.system": "Linux",
    "platform.python_implementation": "CPython",
    "os.getcwd": "",
    "distutils.util.get_platform": "linux-x86_64",
    "sysconfig.get_platform": "linux-x86_64",
    "setuptools.find_packages": [],
    "os.uname": UNKNOWN,
}
_OF_OTHER_PYTHONS = ("pypy_version_info", "pypy_translation_info", "getwindowsversion")
_ON_PATHS: Mapping[str, Callable[..., str]] = {
    "os.path.join": posixpath.join,
    "os.path.dirname": posixpath.dirname,
    "os.path.basename": posixpath.basename,
    "os.path.normpath": lambda path: posixpath.normpath(path) if path else "",
    "os.path.abspath": _same,
    "os.path.realpath": _same,
    "os.path.relpath": _same,
    "os.fspath": _same,
    "pathlib.Path": lambda *parts: posixpath.join(*parts),
    "str": _same,
}
_BUILT_IN: Mapping[str, Callable[..., Value]] = {
    "list": lambda value=(): list(value),
    "tuple": lambda value=(): tuple(value),
    "set": lambda value=(): list(dict.fromkeys(value)),
    "sorted": lambda value: sorted(value),
    "dict": lambda value=(): dict(value),
    "len": lambda value: len(value),
    "bool": lambda value: UNKNOWN if truth(value) is None else truth(value),
    "int": lambda value: int(value) if isinstance(value, str | int) else UNKNOWN,
    "enumerate": lambda value: list(enumerate(value)),
    "zip": lambda *values: list(zip(*values, strict=False)),
}
_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset({
        "endswith", "format", "join", "lower", "lstrip", "replace", "rstrip", "split", "startswith", "strip", "upper",
        "removesuffix", "removeprefix", "rpartition", "partition", "rsplit", "splitlines",
    }),
    list: frozenset({"append", "extend", "insert", "index", "copy", "remove", "reverse", "sort"}),
    dict: frozenset({"get", "items", "keys", "values", "update", "setdefault", "copy", "pop"}),
}  # fmt: skip
