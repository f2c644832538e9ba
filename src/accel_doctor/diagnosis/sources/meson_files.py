"""Read what a ``meson.build`` requires: dependencies, libraries, programs, headers, languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from accel_doctor.diagnosis.sources.source_tree import Branches, Mention, SourceTree, both, either, negated
from accel_doctor.model.needs import NeedKind

_MOST_FILES = 200
_LANGUAGES = {"c": "c", "cpp": "c++", "fortran": "fortran", "rust": "rust"}
# What Meson answers by itself, and what the frontend installs.
_GIVEN = {"", "threads", "openmp", "dl", "numpy", "pybind11", "cython", "coarray", "intl", "iconv", "m"}
_ELSEWHERE = {"boost": (NeedKind.HEADER, "boost/version.hpp"), "python3": (NeedKind.HEADER, "Python.h")}
_CALL = re.compile(
    r"(?:\b([\w()']+)\.)?\b(dependency|find_library|find_program|has_header|check_header|project|add_languages|subdir)\s*\("
)
_STATEMENT = re.compile(r"'''.*?'''|'(?:\\.|[^'\\\n])*'|#[^\n]*|[(\[{]|[)\]}]|\n|[^'#()\[\]{}\n]+", re.DOTALL)
_NO_FALLBACK = re.compile(r"--wrap[-_]mode[= ]nofallback")
_OPTION = re.compile(r"option\s*\(\s*'([\w-]+)'(.*?)\)", re.DOTALL)
# A question about the platform or the compiler, and the answer here.
_PLATFORM = re.compile(
    r"(?:(?P<system>(?:host|build|target)_machine\.system\(\))|\w+\.get_(?:id|argument_syntax|linker_id)\(\))"
    r"(?:\.to_lower\(\))?\s*(?P<sign>==|!=)\s*'(?P<name>[\w-]+)'"
)


class _Statement(NamedTuple):
    text: str
    line: int


def meson_mentions(tree: SourceTree) -> Iterator[Mention]:
    """Yield what ``meson setup`` cannot do without, with every option left at its default."""
    yield from _Reader(tree).read("meson.build")


class _Reader:
    def __init__(self, tree: SourceTree) -> None:
        self._tree = tree
        self._options = _options(tree)
        self._falls_back = _NO_FALLBACK.search(tree.texts.get("pyproject.toml", "")) is None
        self._variables: dict[str, bool | None] = {}
        self._optional: dict[str, list[Mention]] = {}  # by the variable that holds the dependency
        self._read: set[str] = set()

    def read(self, path: str) -> Iterator[Mention]:
        if path in self._read or len(self._read) >= _MOST_FILES or path not in self._tree.texts:
            return
        self._read.add(path)
        branches, statements = Branches(), list(_statements(self._tree.texts[path]))
        for number, (text, line) in enumerate(statements):
            keyword = text.split(maxsplit=1)[0].split("(")[0]
            condition = text[len(keyword) :].strip()
            if keyword == "if":
                if branches.taken and (missing := self._insisted_on(condition, statements[number + 1 :])):
                    yield from missing
                branches.begin(self._holds(condition))
            elif keyword == "elif":
                branches.turn(self._holds(condition))
            elif keyword == "else":
                branches.turn()
            elif keyword == "endif":
                branches.end()
            elif keyword == "foreach":
                branches.begin(None)
            elif keyword == "endforeach":
                branches.end()
            elif branches.taken is not False:
                yield from self._run(text, line, path, branches.taken)

    def _run(self, text: str, line: int, path: str, taken: bool | None) -> Iterator[Mention]:
        assigned = re.match(r"(\w+)\s*=(?!=)\s*(.*)", text, re.DOTALL)
        if assigned:
            self._variables[assigned[1]] = self._holds(assigned[2]) if taken else None
        for call in _CALL.finditer(text):
            quoted = _balanced(text, call.end() - 1)
            strings, keywords = _arguments(quoted)
            if call[2] == "subdir" and taken and strings:
                yield from self.read(self._tree.beside(path, f"{strings[0]}/meson.build"))
                continue
            place = line + text.count("\n", 0, call.start())
            mentions = [
                Mention(kind, name, path, place, f"{call[2]}{quoted}", ends_without=kind is NeedKind.PKGCONFIG)
                for kind, name in self._named(call[1], call[2], strings, keywords)
            ]
            required = self._required(call[2], keywords)
            if required and taken:
                yield from mentions
            if assigned and mentions:
                self._optional[assigned[1]] = mentions
                self._variables[f"{assigned[1]}.found()"] = True if required and taken else None

    def _named(
        self, owner: str | None, call: str, strings: Sequence[str], keywords: Mapping[str, str]
    ) -> Iterator[tuple[NeedKind, str]]:
        first = strings[0] if strings else ""
        if call in ("project", "add_languages"):
            languages = strings[1:] if call == "project" else strings
            yield from ((NeedKind.COMPILER, _LANGUAGES[name]) for name in languages if name in _LANGUAGES)
        elif call == "dependency":
            wrapped = "fallback" in keywords or f"subprojects/{first}.wrap" in self._tree.paths
            wrapped = wrapped and self._falls_back
            if owner and not strings:
                yield NeedKind.HEADER, "Python.h"
            elif owner is None and not wrapped and first.lower() not in _GIVEN:
                yield _ELSEWHERE.get(first, (NeedKind.PKGCONFIG, first))
        elif call == "find_library":
            yield NeedKind.LIBRARY, first
        elif call == "find_program":
            if not any(self._tree.ships(name) for name in strings):
                yield NeedKind.COMMAND, first
        else:
            yield NeedKind.HEADER, first

    def _required(self, call: str, keywords: Mapping[str, str]) -> bool:
        if "disabler" in keywords:
            return False
        default = "false" if call in ("has_header", "check_header") else "true"
        return self._holds(keywords.get("required", default)) is True

    def _insisted_on(self, condition: str, following: Sequence[_Statement]) -> list[Mention]:
        """Return what was looked for, if a block begins here that ends the run where it was not found."""
        negative = re.fullmatch(r"not\s+(\w+)\.found\(\)", condition)
        if not negative or not following or not re.match(r"error\s*\(", following[0].text):
            return []
        return self._optional.get(negative[1], [])

    def _holds(self, condition: str) -> bool | None:
        condition = condition.strip()
        for word, joined in (("or", either), ("and", both)):
            parts = re.split(rf"\b{word}\b", condition, maxsplit=1)
            if len(parts) == 2:
                unclear = "(" in re.sub(r"\w\([^()]*\)", "", condition)
                return None if unclear else joined(self._holds(parts[0]), self._holds(parts[1]))
        if condition.startswith("not "):
            return negated(self._holds(condition[4:]))
        if asked := _PLATFORM.fullmatch(condition):
            return (asked["name"] == ("linux" if asked["system"] else "gcc")) == (asked["sign"] == "==")
        if option := re.fullmatch(r"get_option\(\s*'([\w-]+)'\s*\)(?:\.enabled\(\))?", condition):
            return self._options.get(option[1])
        named = {"true": True, "false": False, "meson.is_subproject()": False, "meson.is_cross_build()": False}
        return named.get(condition, self._variables.get(condition))


def _options(tree: SourceTree) -> dict[str, bool | None]:
    """Return whether each option is on by default; automatic features are not required."""
    text = tree.texts.get("meson.options") or tree.texts.get("meson_options.txt") or ""
    result: dict[str, bool | None] = {}
    for name, rest in _OPTION.findall(text):
        found = re.search(r"value\s*:\s*'?(\w+)'?", rest)
        value = found[1] if found else "true" if "boolean" in rest else "auto"
        result[name] = {"true": True, "enabled": True, "false": False, "disabled": False, "auto": False}.get(value)
    return result


def _statements(text: str) -> Iterator[_Statement]:
    parts: list[str] = []
    line = begun = 1
    depth = 0
    for token in _STATEMENT.finditer(text):
        word = token[0]
        if word == "\n" and depth <= 0:
            if statement := "".join(parts).strip():
                yield _Statement(statement, begun)
            parts, begun, depth = [], line + 1, 0
        elif not word.startswith("#"):
            depth += word in "([{" and len(word) == 1
            depth -= word in ")]}" and len(word) == 1
            parts.append("''" if word.startswith("'''") else word)
        line += word.count("\n")
    if statement := "".join(parts).strip():
        yield _Statement(statement, begun)


def _balanced(text: str, start: int) -> str:
    """Return the part of ``text`` from the parenthesis at ``start`` to the one that closes it."""
    depth = 0
    for token in _STATEMENT.finditer(text, start):
        depth += token[0] == "("
        depth -= token[0] == ")"
        if not depth:
            return text[start : token.end()]
    return text[start:]


def _arguments(quoted: str) -> tuple[list[str], dict[str, str]]:
    """Return the strings among the positional arguments of a call, and its keyword arguments as written."""
    parts, depth = [""], 0
    for token in _STATEMENT.finditer(quoted[1:-1]):
        word = token[0]
        depth += word in "([{" and len(word) == 1
        depth -= word in ")]}" and len(word) == 1
        if depth or word.startswith("'"):
            parts[-1] += word
        else:
            first, *others = word.split(",")
            parts[-1] += first
            parts += others
    strings: list[str] = []
    keywords: dict[str, str] = {}
    for part in (part.strip() for part in parts):
        if keyword := re.match(r"(\w+)\s*:\s*(.*)", part, re.DOTALL):
            keywords[keyword[1]] = keyword[2].strip()
        else:
            strings += re.findall(r"'([^']*)'", part) if not keywords else []
    return strings, keywords
