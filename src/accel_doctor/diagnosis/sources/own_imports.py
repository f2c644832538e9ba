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
    found = _met(tree, top, names)
    if found or not top.endswith("/__init__.py") or _is_for(tree, ".".join(map(str, tree.python))):
        return found
    public = re.compile(rf"{re.escape(dirname(top))}/(?!_|test)\w+(?:/__init__)?\.py")
    inside = [path for path in sorted(tree.texts) if public.fullmatch(path)]
    uses = [use for path in inside[:_MOST_MODULES] if (use := _met(tree, path, names))]
    return next((use for use in uses if sum(other.name == use.name for other in uses) > 1), None)


def _is_for(tree: SourceTree, python: str) -> bool:
    """Return whether the source says that it is for a version of Python."""
    texts = (tree.texts.get(name, "") for name in ("setup.py", "pyproject.toml"))
    return any(re.search(rf"Python :: {re.escape(python)}\b", text) for text in texts)


def _met(tree: SourceTree, path: str, names: Collection[str]) -> RemovedUse | None:
    """Return the first of these names that importing a module surely comes to."""
    waiting = [path]
    for one in waiting:  # grows
        parsed = parsed_script(tree.texts[one])
        for node in parsed.body if parsed else ():
            for name, line in _uses(node, one):
                if name in names:
                    return RemovedUse(one, line, name)
                own = next((file for file in _files(name, one) if file in tree.texts), None)
                if own and own not in waiting and len(waiting) < _MOST_MODULES:
                    waiting.append(own)
    return None


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
