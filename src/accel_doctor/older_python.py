"""Give a setup script of an older Python back what Python's library has lost since.

Exports hold this file too, as a program that changes the script it is given, so it needs nothing but that library.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

# What a script gets back, as rules call what Python lost
GIVEN_BACK = frozenset(("imp", "pipes", "configparser.SafeConfigParser", "locals() after exec()"))
# Runs as a part of the script, before its own first statement.
_PROLOGUE = r"""
def _older_python():
    import builtins, collections, collections.abc, configparser, inspect, io, os, re, shlex, sys, types
    opened, flags = builtins.open, re.compile(r"\(\?[aiLmsux]+\)")

    def open_(file, mode="r", *arguments, **settings):
        return opened(file, mode.replace("U", "") or "r", *arguments, **settings)

    def with_flags_first(function):
        def call(pattern, *arguments, **settings):
            found = isinstance(pattern, str) and flags.search(pattern)
            pattern = found[0] + pattern.replace(found[0], "", 1) if found else pattern
            return function(pattern, *arguments, **settings)
        return call

    def load_source(name, path):
        from importlib.util import module_from_spec, spec_from_file_location
        spec = spec_from_file_location(name, path)
        module = sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def removed(name, **members):
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(members)

    builtins.open = io.open = open_
    for name in ("compile", "match", "search", "findall", "sub", "split"):
        setattr(re, name, with_flags_first(getattr(re, name)))
    configparser.SafeConfigParser = configparser.ConfigParser
    configparser.RawConfigParser.readfp = configparser.RawConfigParser.read_file
    inspect.getargspec = lambda function: inspect.getfullargspec(function)[:4]
    os.errno = __import__("errno")
    for name in collections.abc.__all__:
        setattr(collections, name, getattr(collections.abc, name))
    if sys.version_info >= (3, 12):
        removed("imp", load_source=load_source)
    if sys.version_info >= (3, 13):
        removed("pipes", quote=shlex.quote)

_older_python()
"""
_FUTURE = re.compile(r"^from __future__ import (?:\([^)]*\)|.*)\n", re.MULTILINE)
# Python 3.13 no longer shows in locals() what exec() set there.
_READ_BACK = re.compile(r"exec\((compile\([^\n]*\))\)(\s+return )locals\(\)")


def rewritten(script: str) -> str:
    """Return a setup script that has what older Pythons had; its first comments, one of which may tell its encoding,
    and imports from the future stay in front."""
    ends = [
        len(script) - len(re.sub(r"\A(?:#.*\n)*", "", script)),
        *(found.end() for found in _FUTURE.finditer(script)),
    ]
    return script[: ends[-1]] + _PROLOGUE + _READ_BACK.sub(r"exec(\1, globals())\2globals()", script[ends[-1] :])


def main() -> None:
    """Change the script that is named."""
    path = Path(sys.argv[1])
    path.write_text(rewritten(path.read_text("utf-8", "surrogateescape")), "utf-8", "surrogateescape")


if __name__ == "__main__":
    main()
