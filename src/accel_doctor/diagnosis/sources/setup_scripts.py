"""Read what ``setup.py`` and the builders of cffi modules require, by following them without running them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from posixpath import basename, normpath, splitext

from accel_doctor.diagnosis.sources.c_code import CPLUSPLUS
from accel_doctor.diagnosis.sources.included import headers_in_text, included_headers
from accel_doctor.diagnosis.sources.script_expressions import Ending
from accel_doctor.diagnosis.sources.script_running import Script, parsed_script
from accel_doctor.diagnosis.sources.script_values import (
    UNKNOWN,
    Call,
    DefinedClass,
    Dotted,
    Unknown,
    Value,
    strings,
    truth,
)
from accel_doctor.diagnosis.sources.source_tree import Mention, SourceTree
from accel_doctor.model.needs import NeedKind

# Setup scripts that go on without their extension modules where these do not compile.
FALLS_BACK = re.compile(
    r"\b(?:ve_build_ext|BuildFailed|BuildExtFailed|optional_build_ext|CompileError|CCompilerError)\b"
)
_BUILDS_OTHERS = re.compile(r"\b(?:subprocess|os\.system|build_clib|CMake\w*)\b|\.spawn\(")
# Modules that setup scripts import if they are there; the build requirements tell which are.
_SELDOM_THERE = frozenset({
    "babel", "cffi", "commands", "configparser2", "cx_freeze", "cython", "ez_setup", "mypyc", "nose", "numpy",
    "pkgconfig", "py2exe", "pybind11", "pyrex", "pytest", "setuptools_rust", "skbuild", "sphinx", "torch", "urllib2",
    "wheel",
})  # fmt: skip
_RUNNERS = re.compile(
    r"(?:subprocess\.(?:check_output|check_call|run|call|Popen|getoutput|getstatusoutput)|os\.(?:popen|system)"
    r"|commands\.get(?:status)?output|(?:self|distutils\.spawn|setuptools\.distutils\.spawn)\.spawn|spawn)"
)
_TOOLS = frozenset({
    "autoconf", "autoheader", "automake", "autoreconf", "bison", "cargo", "cmake", "flex", "go", "libtoolize", "make",
    "meson", "nasm", "ninja", "protoc", "qmake", "re2c", "swig", "yasm",
})  # fmt: skip
_OF_LIBC = frozenset({
    "anl", "atomic", "c", "crypt", "dl", "gcc", "gcc_s", "m", "nsl", "pthread", "resolv", "rt", "stdc++", "supc++",
    "util",
})  # fmt: skip
_COMMAND_METHODS = ("initialize_options", "finalize_options", "run", "build_extensions", "build_extension")
_C_CODE = frozenset({".c", ".pyx", ".i", ".m"})
_FORTRAN = frozenset({".f", ".f77", ".f90", ".f95", ".for"})


@dataclass
class ScriptFacts:
    """Hold what following a script showed: needs, the files it compiles, and words of the commands it runs."""

    mentions: list[Mention] = field(default_factory=list)
    compiled: list[str] = field(default_factory=list)
    modules: list[list[str]] = field(default_factory=list)  # the files of each extension module, optional ones too
    commands: list[str] = field(default_factory=list)
    extensions: int = 0
    setup: Call | None = None
    ending: Ending | None = None  # why it surely ends early


def read_script(tree: SourceTree, path: str, requires: Collection[str]) -> ScriptFacts:
    """Follow a script; ``requires`` are the normalized names of the build requirements."""
    parsed = parsed_script(tree.texts[path]) if path in tree.texts else None
    if parsed is None:
        return ScriptFacts()
    given = {name.replace("-", "_") for name in (*requires, *fetched_by(tree.texts[path]))}
    script = Script(tree, _SELDOM_THERE - given, path)
    script.follow(parsed)
    setup = next((call for call in script.calls if call.name.split(".")[-1] == "setup"), None)
    if setup:
        _follow_commands(script, setup.keywords.get("cmdclass"))
    reader = _Reader(tree, path, given, setup)
    for call in script.calls:
        if call.certain:
            reader.read(call)
    if not reader.facts.extensions:
        reader.compile_any(script.calls)
    reader.facts.ending = script.ending
    return reader.facts


def fetched_by(text: str) -> Iterator[str]:
    """Yield the names in a script's ``setup_requires``, under whatever condition."""
    for listed in re.findall(r"setup_requires\s*\+?=\s*\[([^\]]*)\]", text):
        yield from (name.lower() for name in re.findall(r"""['"]([A-Za-z][\w-]*)""", listed))


def _follow_commands(script: Script, classes: Value) -> None:
    for name, defined in classes.items() if isinstance(classes, dict) else ():
        if isinstance(defined, DefinedClass) and str(name).startswith("build"):
            for method in _COMMAND_METHODS:
                script.call_method(defined, method)


class _Reader:
    def __init__(self, tree: SourceTree, path: str, given: Collection[str], setup: Call | None) -> None:
        self._tree = tree
        self._path = path
        self._given = given
        self.facts = ScriptFacts(setup=setup)
        libraries = setup.keywords.get("libraries") if setup else None
        built = libraries if isinstance(libraries, list) else []
        self._own = {item[0] for item in built if isinstance(item, tuple) and item and isinstance(item[0], str)}
        # The script removes extension modules whose libraries it does not find.
        self._left_out = re.search(r"_remove_extension|\bextensions\.remove\(", tree.texts[path]) is not None
        scripts = (tree.texts[path], tree.texts.get("setup.py", ""))
        # It goes on without an extension module, or may build a library before that is linked.
        self._may_go_on = any(FALLS_BACK.search(text) or _BUILDS_OTHERS.search(text) for text in scripts)
        self._listed = _extensions(setup.keywords.get("ext_modules", UNKNOWN)) if setup else None

    def read(self, call: Call) -> None:
        """Add what a call needs."""
        last = call.name.rpartition(".")[2]
        if _RUNNERS.fullmatch(call.name) and call.arguments:
            self._command(call, call.arguments[0])
        elif re.fullmatch(r"pkgconfig\.(parse|cflags|libs|variables|configure_extension)", call.name):
            names = call.arguments[-1 if last == "configure_extension" else 0 :]
            for name in (word for text in names for word in strings(text)):
                self._pkg_config(call, name.split())
        elif last == "set_source" and len(call.arguments) > 1:
            self._cffi(call)
        elif last == "RustExtension":
            self._add(call, NeedKind.COMPILER, "rust")
            self._add(call, NeedKind.COMPILER, "c")
        elif last.endswith("Extension") or any(base.endswith("Extension") for base in call.bases):
            self._extension(call)

    def compile_any(self, calls: Sequence[Call]) -> None:
        """Add a compiler where there are extension modules, but which ones cannot be told."""
        found = [call for call in calls if call.name.endswith("Extension") and call.name != "RustExtension"]
        if found and self._listed is None:
            sources = strings(found[0].argument(1, "sources"))
            plus = any(splitext(name)[1] in CPLUSPLUS for name in sources)
            self._add(found[0], NeedKind.COMPILER, "c++" if plus else "c")

    def _add(self, call: Call, kind: NeedKind, name: str, *, ends_without: bool = False) -> None:
        self.facts.mentions.append(Mention(kind, name, self._path, call.line, call.text, ends_without))

    def _command(self, call: Call, command: Value) -> None:
        words: list[str] = []
        if isinstance(command, str):
            words = re.split(r"[|;&\n]", command)[0].split()
        elif isinstance(command, list | tuple):
            words = [word if isinstance(word, str) else "" for word in command]
        if not words or not words[0]:
            return
        name = basename(words[0])
        self.facts.commands.append(" ".join(words))
        if name in ("pkg-config", "pkgconf"):
            self._pkg_config(call, words[1:])
        elif (re.fullmatch(r"[a-z][\w.+]*-config", name) and not name.startswith(("python", "git"))) or (
            name in _TOOLS and name.replace("-", "_") not in self._given
        ):
            self._add(call, NeedKind.COMMAND, name)

    def _pkg_config(self, call: Call, words: Sequence[str]) -> None:
        asks = {"--exists", "--variable", "--modversion", "--version", "--atleast-version"}
        if any(word.split("=")[0] in asks for word in words):
            return
        self._add(call, NeedKind.COMMAND, "pkg-config")
        for word in " ".join(words).replace(">", " >").replace("<", " <").split():
            if re.fullmatch(r"[A-Za-z][\w.+-]*", word):
                self._add(call, NeedKind.PKGCONFIG, word)

    def _extension(self, call: Call) -> None:
        if self._listed is not None and call not in self._listed:
            return
        given = call.argument(1, "sources")
        names = [normpath(name) for name in strings(given) if name]
        sources = [name for name in names if name in self._tree.paths or splitext(name)[1] == ".pyx"]
        self.facts.modules.append([self._really(name) for name in sources])
        if truth(call.keywords.get("optional")) is True:
            return
        self.facts.extensions += 1
        if given == []:
            return  # it stands for something else that builds it
        self._compile(call, sources)
        self._libraries(call, call.argument(7, "libraries"))

    def _compile(self, call: Call, sources: Sequence[str]) -> None:
        suffixes = {splitext(name)[1].lower() for name in sources}
        language = call.keywords.get("language")
        plus = (
            bool(suffixes & CPLUSPLUS)
            or language == "c++"
            or self._speaks_cplusplus(sources)
            or call.name.endswith("Pybind11Extension")
        )
        if plus:
            self._add(call, NeedKind.COMPILER, "c++")
        if suffixes & _FORTRAN:
            self._add(call, NeedKind.COMPILER, "fortran")
        if (suffixes & _C_CODE and not plus) or not suffixes:
            self._add(call, NeedKind.COMPILER, "c")
        self._add(call, NeedKind.HEADER, "Python.h")
        if ".i" in suffixes and "swig" not in self._given:
            self._add(call, NeedKind.COMMAND, "swig")
        files = [self._really(name) for name in sources]
        self.facts.compiled += files
        defined = call.keywords.get("define_macros")
        macros = (
            [item[0] for item in defined if isinstance(item, tuple) and item and isinstance(item[0], str)]
            if isinstance(defined, list)
            else []
        )
        if self._left_out:
            return
        self.facts.mentions += included_headers(self._tree, files, macros)
        for name in files:
            for found in re.finditer(
                r"^#\s*distutils:\s*libraries\s*=\s*(.+)$", self._tree.texts.get(name, ""), re.MULTILINE
            ):
                self._libraries(call, re.split(r"[\s,]+", found[1].strip()))

    def _speaks_cplusplus(self, sources: Sequence[str]) -> bool:
        directive = re.compile(r"^#\s*distutils:\s*language\s*=\s*c\+\+", re.MULTILINE)
        return any(directive.search(self._tree.texts.get(name, "")) for name in sources if name.endswith(".pyx"))

    def _really(self, name: str) -> str:
        """Return the file that is compiled: without Cython, setuptools takes the C file beside one of Cython's, and so
        do scripts whose sources have only that."""
        stem, suffix = splitext(name)
        if suffix == ".pyx" and ("cython" not in self._given or name not in self._tree.paths):
            return next((f"{stem}{end}" for end in (".c", ".cpp") if f"{stem}{end}" in self._tree.paths), name)
        return name

    def _libraries(self, call: Call, value: Value) -> None:
        for name in strings(value) if not self._left_out else ():
            given = name in _OF_LIBC or name in self._own or name.startswith("python")
            if not given and not self._tree.bundles(name):
                listed = self._listed is not None or call.name.endswith("set_source")
                self._add(call, NeedKind.LIBRARY, name, ends_without=listed and not self._may_go_on)

    def _cffi(self, call: Call) -> None:
        if call.arguments[1] is None:
            return  # ABI mode: nothing is compiled
        self._compile(call, strings(call.keywords.get("sources")))
        self._libraries(call, call.keywords.get("libraries"))
        text = call.arguments[1]
        if isinstance(text, str):
            self.facts.mentions += headers_in_text(self._tree, self._path, call.line, text)


def _extensions(value: Value) -> list[Call] | None:
    """Return the extensions in ``ext_modules``; None where that cannot be told."""
    if isinstance(value, Call) and value.name.endswith("cythonize") and value.arguments:
        value = value.arguments[0]
    if not isinstance(value, list | tuple):
        return [] if value is None else None
    found: list[Call] = []
    for item in value:
        if isinstance(item, Call) and item.name.endswith("cythonize"):
            inner = _extensions(item)
            if inner is None:
                return None
            found += inner
        elif isinstance(item, Call):
            found.append(item)
        elif isinstance(item, Unknown | Dotted):
            return None
    return found
