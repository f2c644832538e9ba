"""Find the headers that compiled C, C++ and Cython files certainly include, and that their source does not ship."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from posixpath import basename, splitext

from accel_doctor.diagnosis.sources.c_code import certain_lines
from accel_doctor.diagnosis.sources.given_headers import is_given
from accel_doctor.diagnosis.sources.source_tree import Mention, SourceTree
from accel_doctor.model.needs import NeedKind

_MOST_FILES = 400
_INCLUDE = re.compile(r"""[ \t]*#[ \t]*include[ \t]*([<"]([\w./+-]+)[>"])""")
_EXTERN = re.compile(r"""^cdef[ \t]+extern[ \t]+from[ \t]+['"]<?([\w./+-]+)>?['"]""", re.MULTILINE)
_CIMPORT = re.compile(
    r"""^(?:from[ \t]+([\w.]+)[ \t]+cimport|cimport[ \t]+([\w.]+)|include[ \t]+['"]([\w./-]+)['"])""",
    re.MULTILINE,
)


def included_headers(tree: SourceTree, files: Sequence[str], macros: Sequence[str] = ()) -> Iterator[Mention]:
    """Yield the headers that these files and the shipped ones they include ask for, each once.

    ``macros`` are those that the build defines.
    """
    waiting, seen, named = list(files), set(files), set[str]()
    while waiting and len(seen) < _MOST_FILES:
        path = waiting.pop(0)
        for mention in _included(tree, path, macros):
            own = _shipped(tree, path, mention.name)
            if own and own not in seen:
                seen.add(own)
                waiting.append(own)
            elif not own and mention.name not in named and not _is_given(mention.name, tree):
                named.add(mention.name)
                written = tree.is_named_in_scripts(basename(mention.name))
                yield mention._replace(ends_without=mention.ends_without and not written)
        for own in _cimported(tree, path):
            if own not in seen:
                seen.add(own)
                waiting.append(own)


def headers_in_text(tree: SourceTree, path: str, line: int, text: str) -> Iterator[Mention]:
    """Yield the headers that C code inside of another file asks for; its first line is ``line`` there."""
    for mention in _from_c(path, certain_lines(path, text, (), tree.python)):
        if not tree.ships(mention.name) and not _is_given(mention.name, tree):
            yield mention._replace(line=line + mention.line - 1)


def _included(tree: SourceTree, path: str, macros: Sequence[str]) -> Iterator[Mention]:
    text = tree.texts.get(path, "")
    if splitext(path)[1] in (".pyx", ".pxd", ".pxi"):
        for found in _EXTERN.finditer(text):
            line = text.count("\n", 0, found.start(1)) + 1
            yield Mention(NeedKind.HEADER, found[1], path, line, found[0], ends_without=True)
    else:
        yield from _from_c(path, certain_lines(path, text, macros, tree.python))


def _from_c(path: str, lines: Iterable[tuple[int, str]]) -> Iterator[Mention]:
    for number, line in lines:
        if found := _INCLUDE.match(line):
            outside = found[1].startswith("<")
            yield Mention(NeedKind.HEADER, found[2], path, number, f"#include {found[1]}", True, outside)


def _shipped(tree: SourceTree, path: str, name: str) -> str | None:
    """Return the path of an included file that the source ships, as far as that can be told without its flags."""
    near = tree.beside(path, name)
    if near in tree.paths:
        return near
    if not tree.ships(name):
        return None
    ends = [other for other in tree.paths if other == name or other.endswith((f"/{name}", f"/{name}.in"))]
    if ends:
        return min(ends, key=len)
    return near if name.startswith(".") or "/" not in name else None


def _cimported(tree: SourceTree, path: str) -> Iterator[str]:
    if not path.endswith((".pyx", ".pxd", ".pxi")):
        return
    text = tree.texts.get(path, "")
    own = f"{splitext(path)[0]}.pxd"
    names = [own] if own in tree.paths else []
    for module, plain, file in _CIMPORT.findall(text):
        dotted = (module or plain).strip(".").replace(".", "/")
        wanted = file or f"{dotted}.pxd"
        names += [p for p in tree.paths if p == wanted or p.endswith(f"/{wanted}")][:1]
    yield from names


def _is_given(name: str, tree: SourceTree) -> bool:
    generated = basename(name).startswith(("moc_", "ui_")) or ".." in name
    return generated or is_given(name) or ("/" in name and tree.bundles(name.partition("/")[0]))
