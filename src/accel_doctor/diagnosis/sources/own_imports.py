"""Follow the imports of a source's own package, to tell whether it can be imported at all on a version of Python."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from packaging.utils import canonicalize_name

from accel_doctor.diagnosis.sources.removed_interface import RemovedUse
from accel_doctor.diagnosis.sources.script_running import parsed_script
from accel_doctor.diagnosis.sources.source_tree import SourceTree

_MOST_MODULES = 200


def removed_name(tree: SourceTree, package: str, removed: Collection[str]) -> RemovedUse | None:
    """Return the first import of one of the ``removed`` names of modules that are still there
    (``collections.Mapping``), by the module named like the package or by what that surely imports of its own."""
    names = frozenset(name for name in removed if "." in name and " " not in name)
    waiting = [path for path in _tops(package) if path in tree.texts][:1]
    for path in waiting:  # grows
        parsed = parsed_script(tree.texts[path])
        for node in parsed.body if parsed else ():
            for module, line in _imported(node, path):
                if module in names:
                    return RemovedUse(path, line, module)
                own = next((one for one in _files(module, path) if one in tree.texts), None)
                if own and own not in waiting and len(waiting) < _MOST_MODULES:
                    waiting.append(own)
    return None


def _tops(package: str) -> Iterator[str]:
    plain = canonicalize_name(package).replace("-", "_")
    for name in dict.fromkeys((package, plain, plain.removeprefix("python_"), plain.removeprefix("py"))):
        for directory in ("", "src/", "lib/"):
            yield f"{directory}{name}/__init__.py"
            yield f"{directory}{name}.py"


def _imported(node: ast.stmt, path: str) -> Iterator[tuple[str, int]]:
    """Yield the dotted names that a statement imports, with its line; relative ones in full."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, node.lineno) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = path.split("/")[: -node.level] if node.level else []
        parts = [*base, *(node.module.split(".") if node.module else [])]
        yield ".".join(parts), node.lineno
        yield from ((".".join([*parts, alias.name]), node.lineno) for alias in node.names)


def _files(module: str, path: str) -> Iterator[str]:
    """Yield where a module's file may be, seen from the module ``path``."""
    place = module.replace(".", "/")
    directory = next((one for one in ("src/", "lib/") if path.startswith(one) and not place.startswith(one)), "")
    for name in (f"{directory}{place}", place):
        yield f"{name}/__init__.py"
        yield f"{name}.py"
