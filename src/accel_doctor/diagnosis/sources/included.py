"""The headers that compiled C, C++ and Cython files certainly include, and that their source does not ship."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from posixpath import basename, splitext

from accel_doctor.diagnosis.sources.given_headers import is_given
from accel_doctor.diagnosis.sources.source_tree import Branches, Mention, SourceTree, both, either, negated
from accel_doctor.model.needs import NeedKind

_MOST_FILES = 400
CPLUSPLUS = frozenset({".cc", ".cpp", ".cxx", ".c++", ".hpp", ".hh", ".hxx"})
_DIRECTIVE = re.compile(
    r"^[ \t]*#[ \t]*(include|if|ifdef|ifndef|elif|else|endif|define|undef)\b[ \t]*(.*)$", re.MULTILINE
)
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|(\"(?:\\.|[^\"\\\n])*\")", re.DOTALL)
_EXTERN = re.compile(r"""^cdef[ \t]+extern[ \t]+from[ \t]+['"]<?([\w./+-]+)>?['"]""", re.MULTILINE)
_CIMPORT = re.compile(
    r"""^(?:from[ \t]+([\w.]+)[ \t]+cimport|cimport[ \t]+([\w.]+)|include[ \t]+['"]([\w./-]+)['"])""",
    re.MULTILINE,
)

_DEFINED = frozenset(
    {"__linux__", "__linux", "linux", "__unix__", "__unix", "__GNUC__", "__ELF__", "__gnu_linux__", "NDEBUG"}
)
_UNDEFINED = re.compile(
    r"_?_?WIN(?:32|64|NT|DOWS)?_?_?|_WIN\w*|MS_WIN\w*|_MSC_VER|__APPLE__|__MACH__|__CYGWIN\w*|__MINGW\w*|__(?:Free|Open|Net)BSD__"
    r"|__DragonFly__|__sun\w*|sun|_AIX|__hpux|__ANDROID__|ANDROID|PYPY_VERSION\w*|PYPY|__EMSCRIPTEN__|SWIG\w*|__BORLANDC__"
    r"|__WATCOMC__|__INTEL_COMPILER|__BEOS__|__HAIKU__|__sgi|__osf__|VMS|__VMS|__DJGPP__|(?:__)?MSDOS\w*|(?:__)?OS2\w*|__QNX\w*"
    r"|DOXYGEN\w*|DEBUG|_DEBUG|macintosh|__MVS__|TARGET_OS_\w+|IS_PY2|_WIN32_WCE|__clang_analyzer__|MACOSX|CYTHON_IN_PYPY"
)  # fmt: skip


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
                yield mention
        for own in _cimported(tree, path):
            if own not in seen:
                seen.add(own)
                waiting.append(own)


def headers_in_text(tree: SourceTree, path: str, line: int, text: str) -> Iterator[Mention]:
    """Yield the headers that C code inside of another file asks for; its first line is ``line`` there."""
    for mention in _from_c(path, text, ()):
        if not tree.ships(mention.name) and not _is_given(mention.name, tree):
            yield mention._replace(line=line + mention.line - 1)


def _included(tree: SourceTree, path: str, macros: Sequence[str]) -> Iterator[Mention]:
    text = tree.texts.get(path, "")
    if splitext(path)[1] in (".pyx", ".pxd", ".pxi"):
        for found in _EXTERN.finditer(text):
            yield Mention(NeedKind.HEADER, found[1], path, text.count("\n", 0, found.start(1)) + 1, found[0])
    else:
        yield from _from_c(path, text, macros)


def _from_c(path: str, text: str, macros: Sequence[str]) -> Iterator[Mention]:
    text = _COMMENT.sub(lambda found: found[1] or "\n" * found[0].count("\n"), text)
    defined = {*_DEFINED, *macros, *(("__cplusplus",) if splitext(path)[1] in CPLUSPLUS else ())}
    branches = Branches()
    directives = list(_DIRECTIVE.finditer(text))
    for number, found in enumerate(directives):
        word, rest = found[1], found[2].strip()
        if word in ("if", "ifdef", "ifndef"):
            following = directives[number + 1] if number + 1 < len(directives) else None
            guard = word == "ifndef" and following and following[1] == "define" and following[2].split()[:1] == [rest]
            branches.begin(True if guard else _holds(word, rest, defined))
        elif word == "elif":
            branches.turn(_holds("if", rest, defined))
        elif word == "else":
            branches.turn()
        elif word == "endif":
            branches.end()
        elif word == "define" and branches.taken and rest:
            defined.add(re.split(r"[\s(]", rest)[0])
        elif word == "include" and branches.taken and (name := re.match(r'[<"]([\w./+-]+)[>"]', rest)):
            line = text.count("\n", 0, found.start(1)) + 1
            yield Mention(NeedKind.HEADER, name[1], path, line, f"#include {name[0]}")


def _holds(word: str, rest: str, defined: set[str]) -> bool | None:
    if word in ("ifdef", "ifndef"):
        known = _is_defined(rest.split()[0] if rest.split() else "", defined)
        return known if word == "ifdef" else negated(known)
    return _expression(rest.strip(), defined)


def _expression(text: str, defined: set[str]) -> bool | None:
    for word, joined in (("||", either), ("&&", both)):
        left, found, right = text.partition(word)
        if found:
            if left.count("(") != left.count(")"):
                return None
            return joined(_expression(left.strip(), defined), _expression(right.strip(), defined))
    if text.startswith("!"):
        return negated(_expression(text[1:].strip(), defined))
    if asked := re.fullmatch(r"defined\s*\(?\s*(\w+)\s*\)?", text):
        return _is_defined(asked[1], defined)
    if re.fullmatch(r"\d+", text):
        return text != "0"
    if re.fullmatch(r"PY_MAJOR_VERSION\s*(?:>=|==|>)\s*[23]|PY_VERSION_HEX\s*>=?\s*0x0[23][0-7]\w+", text):
        return not re.search(r"==\s*2|MAJOR_VERSION > 3", text)
    if re.fullmatch(r"PY_MAJOR_VERSION\s*(?:<=?\s*[23]|==\s*2)|PY_VERSION_HEX\s*<=?\s*0x0[23][0-7]\w+", text):
        return False
    return False if _UNDEFINED.fullmatch(text) else None


def _is_defined(name: str, defined: set[str]) -> bool | None:
    if name in defined:
        return True
    return False if _UNDEFINED.fullmatch(name) or name == "__cplusplus" else None


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
