"""Read what a ``configure.ac`` requires: checks whose failure ends it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from accel_doctor.diagnosis.sources.source_tree import Mention, SourceTree
from accel_doctor.model.needs import NeedKind

_MACRO = re.compile(
    r"^[ \t]*(PKG_CHECK_MODULES|AC_CHECK_LIB|AC_SEARCH_LIBS|AC_CHECK_HEADERS?|AC_PROG_CC|AC_PROG_CXX)\b(\()?",
    re.MULTILINE,
)
_CONDITION = re.compile(
    r"^[ \t]*(if|case|fi|esac|AS_IF|AC_ARG_WITH|AC_ARG_ENABLE|AC_DEFUN|AM_CONDITIONAL)\b", re.MULTILINE
)
_FATAL = "AC_MSG_ERROR"


def autoconf_mentions(tree: SourceTree, path: str) -> Iterator[Mention]:
    """Yield what ``configure`` ends without, by its source at ``path``; only what no condition surrounds."""
    text = re.sub(r"^[ \t]*(?:dnl\b|#).*$", "", tree.texts.get(path, ""), flags=re.MULTILINE)
    for found in _MACRO.finditer(text):
        before = [match[1] for match in _CONDITION.finditer(text, 0, found.start())]
        opened = sum(word in ("if", "case") for word in before) - sum(word in ("fi", "esac") for word in before)
        if opened:
            continue
        arguments = _arguments(text, found.end()) if found[2] else []
        quote = " ".join(f"{found[1]}({', '.join(arguments[:2])})".split())
        for kind, name in _named(found[1], arguments):
            yield Mention(kind, name, path, text.count("\n", 0, found.start(1)) + 1, quote)


def _named(macro: str, arguments: list[str]) -> Iterator[tuple[NeedKind, str]]:
    first = arguments[0].split()[0] if arguments and arguments[0].split() else ""
    match macro:
        case "AC_PROG_CC":
            yield NeedKind.COMPILER, "c"
        case "AC_PROG_CXX":
            yield NeedKind.COMPILER, "c++"
        case "PKG_CHECK_MODULES" if len(arguments) == 2 or (len(arguments) == 3 or _FATAL in "".join(arguments[3:])):
            for name in re.findall(
                r"([A-Za-z][\w.+-]*)(?:\s*[<>=]+\s*[\w.]+)?", arguments[1] if len(arguments) > 1 else ""
            ):
                yield NeedKind.PKGCONFIG, name
        case "AC_CHECK_LIB" if any(_FATAL in one for one in arguments[3:4]):
            yield NeedKind.LIBRARY, first
        case "AC_SEARCH_LIBS" if len(arguments) > 3 and _FATAL in arguments[3] and arguments[1].split():
            yield NeedKind.LIBRARY, arguments[1].split()[0]
        case "AC_CHECK_HEADER" | "AC_CHECK_HEADERS" if len(arguments) > 2 and _FATAL in arguments[2]:
            yield NeedKind.HEADER, first
        case _:
            return


def _arguments(text: str, start: int) -> list[str]:
    """Return the arguments of a macro whose parenthesis opened before ``start``, without the outermost brackets."""
    parts, depth = [""], 0
    for character in text[start : start + 5000]:
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
            if depth < 0:
                break
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip().removeprefix("[").removesuffix("]").strip() for part in parts]
