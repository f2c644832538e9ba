"""Read what a ``CMakeLists.txt`` requires: packages, pkg-config modules, libraries, headers, languages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from accel_doctor.diagnosis.sources.source_tree import Branches, Mention, SourceTree, both, either, negated
from accel_doctor.model.needs import NeedKind

_MOST_FILES = 200
_TOKEN = re.compile(r'#\[(=*)\[.*?\]\1\]|#[^\n]*|"(?:\\.|[^"\\])*"|[()]|[^\s()"#]+|\n', re.DOTALL)
_TRUE, _FALSE = {"ON", "TRUE", "YES", "Y", "1"}, {"OFF", "FALSE", "NO", "N", "0", "", "IGNORE", "NOTFOUND"}
_HERE: Mapping[str, str] = {
    **dict.fromkeys(("UNIX", "LINUX", "SKBUILD", "SKBUILD_STATE"), "ON"),
    **dict.fromkeys(("WIN32", "MSVC", "APPLE", "MINGW", "CYGWIN", "ANDROID", "IOS", "EMSCRIPTEN", "XCODE"), "OFF"),
    "CMAKE_SYSTEM_NAME": "Linux",
}
_LANGUAGES = {"C": "c", "CXX": "c++", "Fortran": "fortran"}
_OPTIONS = {
    "REQUIRED", "QUIET", "IMPORTED_TARGET", "GLOBAL", "NO_CMAKE_PATH", "NO_CMAKE_ENVIRONMENT_PATH", "NAMES", "HINTS",
    "PATHS", "PATH_SUFFIXES", "DOC", "ENV",
}  # fmt: skip
_OPENING = {"function": "endfunction", "macro": "endmacro"}
# Headers and toolchains that the frontend provides, and parts of CMake itself.
_NOT_FOUND_HERE = re.compile(
    r"pybind11|nanobind|Threads|OpenMP\w*|NumPy|Cython|F2PY|PythonExtensions|UseCython|Python\d?|Python(?:Libs|Interp)"
    r"|Git|Doxygen|SWIG_?|Matlab|CUDA\w*|.*\$.*"
)


class _Command(NamedTuple):
    name: str
    arguments: tuple[str, ...]
    line: int
    text: str


def cmake_mentions(
    tree: SourceTree, directory: str = "", defined: Mapping[str, str] | None = None
) -> Iterator[Mention]:
    """Yield what configuring ``directory`` with these definitions cannot do without."""
    reader = _Reader(tree, {**_HERE, **(defined or {})})
    yield from reader.read(f"{directory}/CMakeLists.txt".lstrip("/"))


class _Reader:
    def __init__(self, tree: SourceTree, variables: dict[str, str]) -> None:
        self._tree = tree
        self._variables: dict[str, str | None] = {**variables}
        self._looked_for: dict[str, Mention] = {}  # by the variable that says whether it was found
        self._read: set[str] = set()

    def read(self, path: str) -> Iterator[Mention]:
        if path in self._read or len(self._read) >= _MOST_FILES or path not in self._tree.texts:
            return
        self._read.add(path)
        commands, branches, skipped_until = list(_commands(self._tree.texts[path])), Branches(), ""
        for number, command in enumerate(commands):
            if skipped_until:
                skipped_until = "" if command.name == skipped_until else skipped_until
            elif command.name in _OPENING:
                skipped_until = _OPENING[command.name]
            elif command.name == "if":
                missing = self._insisted_on(command, commands[number + 1 :]) if branches.taken else None
                if missing:
                    yield missing
                branches.begin(self._holds(command.arguments))
            elif command.name == "elseif":
                branches.turn(self._holds(command.arguments))
            elif command.name == "else":
                branches.turn()
            elif command.name == "endif":
                branches.end()
            elif command.name == "return" and branches.taken:
                return
            else:
                yield from self._run(command, path, branches.taken)

    def _run(self, command: _Command, path: str, taken: bool | None) -> Iterator[Mention]:
        name, arguments = command.name, command.arguments
        if taken is False or not arguments:
            return
        if name in ("set", "option"):
            self._assign(name, arguments, taken)
        if taken is None:
            return
        if name in ("add_subdirectory", "include"):
            file = f"{arguments[0]}/CMakeLists.txt" if name == "add_subdirectory" else arguments[0]
            root = file.startswith("${CMAKE_CURRENT_SOURCE_DIR}/") or "$" not in file
            file = file.removeprefix("${CMAKE_CURRENT_SOURCE_DIR}/")
            yield from self.read(self._tree.beside(path, file) if root else file.removeprefix("${CMAKE_SOURCE_DIR}/"))
            return
        for mention in _looked_for(command, path):
            if "REQUIRED" in arguments or name in ("project", "enable_language"):
                yield mention
            elif name in ("find_library", "find_path", "find_program", "pkg_check_modules"):
                self._looked_for[arguments[0]] = mention
            self._looked_for[f"{arguments[0]}_FOUND"] = mention

    def _assign(self, name: str, arguments: Sequence[str], taken: bool | None) -> None:
        variable, values = arguments[0], arguments[1:]
        if name == "option":
            if taken and self._variables.get(variable) is None:
                self._variables[variable] = values[1] if len(values) > 1 else "OFF"
            return
        cached = "CACHE" in values and self._variables.get(variable) is not None
        known = taken and not cached and values and not any("$" in value for value in values)
        if not cached:
            self._variables[variable] = values[0] if known else None

    def _insisted_on(self, command: _Command, following: Sequence[_Command]) -> Mention | None:
        """Return what was looked for, if a block begins here that ends the run where it was not found."""
        match command.arguments:
            case ["NOT", variable] if variable in self._looked_for:
                depth = 0
                for later in following:
                    depth += (later.name == "if") - (later.name == "endif")
                    if depth < 0 or (not depth and later.name in ("else", "elseif")):
                        return None
                    if (
                        not depth
                        and later.name == "message"
                        and later.arguments[:1] in (("FATAL_ERROR",), ("SEND_ERROR",))
                    ):
                        return self._looked_for[variable]
            case _:
                pass
        return None

    def _holds(self, tokens: Sequence[str]) -> bool | None:
        if "(" in tokens:
            return None
        for word, joined in (("OR", either), ("AND", both)):
            if word in tokens:
                at = tokens.index(word)
                return joined(self._holds(tokens[:at]), self._holds(tokens[at + 1 :]))
        if tokens[:1] == ("NOT",):
            return negated(self._holds(tokens[1:]))
        if len(tokens) == 3 and tokens[1] in ("STREQUAL", "MATCHES", "EQUAL"):
            left = self._variables.get(tokens[0].removeprefix("${").removesuffix("}"))
            return None if left is None or tokens[1] == "MATCHES" else left == tokens[2]
        if len(tokens) != 1:
            return None
        value = self._variables.get(tokens[0].removeprefix("${").removesuffix("}"), tokens[0])
        upper = (value or "").upper()
        return None if value is None else True if upper in _TRUE else False if upper in _FALSE else None


def _looked_for(command: _Command, path: str) -> Iterator[Mention]:
    def mention(kind: NeedKind, name: str) -> Mention:
        return Mention(kind, name, path, command.line, command.text)

    names = [word for word in command.arguments[1:] if word not in _OPTIONS and "$" not in word]
    match command.name:
        case "project" | "enable_language":
            for language in _languages(command):
                yield mention(NeedKind.COMPILER, language)
        case "find_package":
            if not _NOT_FOUND_HERE.fullmatch(command.arguments[0]):
                yield mention(NeedKind.CMAKE, command.arguments[0])
        case "pkg_check_modules":
            for name in names:
                yield mention(NeedKind.PKGCONFIG, re.split("[<>=]", name)[0])
        case "pkg_search_module" if names:
            yield mention(NeedKind.PKGCONFIG, re.split("[<>=]", names[0])[0])
        case "find_library" if names:
            yield mention(NeedKind.LIBRARY, names[0].removeprefix("lib").removesuffix(".so"))
        case "find_path" if names:
            yield mention(NeedKind.HEADER, names[0])
        case "find_program" if names:
            yield mention(NeedKind.COMMAND, names[0])
        case _:
            return


def _languages(command: _Command) -> list[str]:
    if command.name == "enable_language":
        named: Sequence[str] = command.arguments
    elif "LANGUAGES" in command.arguments:
        named = command.arguments[command.arguments.index("LANGUAGES") + 1 :]
    else:
        named = [] if {"VERSION", "DESCRIPTION"} & {*command.arguments} else command.arguments[1:]
        named = named or ("C", "CXX")
    return [_LANGUAGES[name] for name in named if name in _LANGUAGES]


def _commands(text: str) -> Iterator[_Command]:
    name, line, start = "", 1, 0
    arguments: list[str] | None = None
    depth, begun = 0, 1
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word == "(":
            depth += 1
            if depth == 1:
                arguments = []
            elif arguments is not None:
                arguments.append(word)
        elif word == ")" and depth:
            depth -= 1
            if not depth:
                yield _Command(name.lower(), tuple(arguments or ()), begun, text[start : token.end()])
                arguments = None
            elif arguments is not None:
                arguments.append(word)
        elif not word.startswith(("#", "\n")):
            if arguments is None:
                name, begun, start = word, line, token.start()
            else:
                arguments.append(word.strip('"'))
        line += word.count("\n")
