"""Follow the imports of a source's own package, to tell whether it can be imported at all on a version of Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from posixpath import dirname

from packaging.utils import canonicalize_name

from accel_doctor.diagnosis.sources.removed_interface import RemovedUse
from accel_doctor.diagnosis.sources.script_running import parsed_script
from accel_doctor.diagnosis.sources.source_tree import SourceTree

_MOST_MODULES = 200


def removed_name(tree: SourceTree, package: str, removed: Collection[str]) -> RemovedUse | None:
    """Return a use of one of the ``removed`` names of modules that are still there (``collections.Mapping``) that keeps
    the module named like the package, or several modules inside of it, from being imported.

    Modules inside count where the release does not say that it is for this Python, as they do once it is installed.
    """
    names = frozenset(name for name in removed if "." in name and " " not in name)
    top = next((path for path in _tops(package) if path in tree.texts), None)
    if top is None or not tree.python:
        return None
    modules = _Modules(tree, names)
    found = modules.met(top)
    if found or not top.endswith("/__init__.py") or _is_for(tree, ".".join(map(str, tree.python))):
        return found
    public = re.compile(rf"{re.escape(dirname(top))}/(?!_|test)\w+(?:/__init__)?\.py")
    inside = [path for path in sorted(tree.texts) if public.fullmatch(path)]
    uses = [use for path in inside[:_MOST_MODULES] if (use := modules.met(path))]
    return next((use for use in uses if sum(other.name == use.name for other in uses) > 1), None)


def _is_for(tree: SourceTree, python: str) -> bool:
    """Return whether the source says that it is for a version of Python."""
    known = re.compile(r"setup\.py|pyproject\.toml|[^/]+\.dist-info/METADATA")
    texts = (text for path, text in tree.texts.items() if known.fullmatch(path))
    return any(re.search(rf"Python :: {re.escape(python)}\b", text) for text in texts)


class _Modules:
    """The modules of a source, each read once."""

    def __init__(self, tree: SourceTree, names: Collection[str]) -> None:
        self._tree = tree
        self._names = names
        self._read: dict[str, tuple[RemovedUse | None, list[str]]] = {}

    def met(self, path: str) -> RemovedUse | None:
        """Return the first of the names that importing a module surely comes to."""
        waiting = [path]
        for one in waiting:  # grows
            use, imported = self._module(one)
            new = [path for path in imported if path not in waiting]
            waiting += new[: _MOST_MODULES - len(waiting)]
            if use:
                return use
        return None

    def _module(self, path: str) -> tuple[RemovedUse | None, list[str]]:
        """Return the first of the names that a module itself uses, and the modules of the source that it imports."""
        if path not in self._read:
            parsed = parsed_script(self._tree.texts[path])
            uses = [use for node in (parsed.body if parsed else ()) for use in _uses(node, path)]
            removed = next((RemovedUse(path, line, name) for name, line in uses if name in self._names), None)
            files = (next((file for file in _files(name, path) if file in self._tree.texts), None) for name, _ in uses)
            self._read[path] = removed, list(dict.fromkeys(filter(None, files)))
        return self._read[path]


def _tops(package: str) -> Iterator[str]:
    plain = canonicalize_name(package).replace("-", "_")
    for name in dict.fromkeys((package, plain, plain.removeprefix("python_"), plain.removeprefix("py"))):
        for directory in ("", "src/", "lib/"):
            yield f"{directory}{name}/__init__.py"
            yield f"{directory}{name}.py"


def _uses(node: ast.stmt, path: str) -> Iterator[tuple[str, int]]:
    """Yield the dotted names that a statement imports, or that a class is derived from, with the line; relative ones in
    full."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, node.lineno) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = path.split("/")[: -node.level] if node.level else []
        parts = [*base, *(node.module.split(".") if node.module else [])]
        yield ".".join(parts), node.lineno
        yield from ((".".join([*parts, alias.name]), node.lineno) for alias in node.names)
    elif isinstance(node, ast.ClassDef):
        bases = [base for base in node.bases if isinstance(base, ast.Attribute)]
        yield from ((ast.unparse(base), node.lineno) for base in bases)


def _files(module: str, path: str) -> Iterator[str]:
    """Yield where a module's file may be, seen from the module ``path``."""
    place = module.replace(".", "/")
    directory = next((one for one in ("src/", "lib/") if path.startswith(one) and not place.startswith(one)), "")
    for name in (f"{directory}{place}", place):
        yield f"{name}/__init__.py"
        yield f"{name}.py"
