"""Read what a source distribution says it needs, before anything is compiled.

Only what is certainly asked for counts: nothing behind an option, a failed probe, or a condition that is not known.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from posixpath import basename, normpath
from typing import Any

import tomli
from packaging.markers import UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from accel_doctor.diagnosis.sources.autoconf_files import autoconf_mentions
from accel_doctor.diagnosis.sources.cmake_files import cmake_mentions
from accel_doctor.diagnosis.sources.included import included_headers
from accel_doctor.diagnosis.sources.meson_files import meson_mentions
from accel_doctor.diagnosis.sources.setup_scripts import FALLS_BACK, ScriptFacts, fetched_by, read_script
from accel_doctor.diagnosis.sources.source_tree import Mention, SourceTree
from accel_doctor.model.needs import Need, NeedKind, version_of
from accel_doctor.rulebook import Aliases

# Setup scripts that take modules from the list after a look at the machine.
_CHOOSES = re.compile(r"\bdel self\.extensions\[|\bself\.extensions(?:\.(?:remove|pop|clear)\(|\s{0,4}=\s{0,4}\[)")
_MOST_MODULES = 40  # of Cython; whether all of more are built is not certain
_RUST = ("maturin", "setuptools-rust")


@dataclass(frozen=True)
class SourceReading:
    """The needs of a source, each with the first place that names it; the files that its build surely compiles; build
    requirements that it declares, by name, each with its line of ``pyproject.toml`` and the versions allowed."""

    needs: Mapping[Need, Mention]
    compiled: tuple[str, ...]
    declared: Mapping[str, tuple[int, SpecifierSet]]
    script: ScriptFacts | None = None  # of setup.py, if it builds it


def read_source(tree: SourceTree, aliases: Aliases, also_compiled: Iterable[str] = ()) -> SourceReading:
    """Read the files of a source that say what its build needs."""
    project = _toml(tree.texts.get("pyproject.toml", ""))
    system = _table(project, "build-system")
    requires = _names(system.get("requires"))
    backend = str(system.get("build-backend") or "setuptools.build_meta")
    mentions: list[Mention] = []
    compiled: tuple[str, ...] = ()
    facts: ScriptFacts | None = None
    if backend.startswith("mesonpy"):
        mentions += meson_mentions(tree)
    elif backend.startswith("scikit_build_core"):
        mentions += _scikit_build(tree, project)
    elif backend.startswith("maturin"):
        mentions += _rust(tree, system)
    elif backend.startswith(("setuptools", "skbuild")) or system.get("backend-path"):
        facts = read_script(tree, "setup.py", requires)
        mentions += _setuptools(tree, project, requires, facts)
        script = tree.texts.get("setup.py", "")
        modules = _of_cython(tree, requires, facts)
        files = (*facts.compiled, *(modules if len(modules) == 1 else ()))
        compiled = () if FALLS_BACK.search(script) or _CHOOSES.search(script) else files
    given = [*requires, *(["f2py"] if "numpy" in requires else [])]
    needs = _resolved([*mentions, *_external(tree, project)], aliases, given)
    compiled = tuple(dict.fromkeys((*compiled, *also_compiled)))
    return SourceReading(needs, compiled, _declared_versions(tree, system), facts)


def _declared_versions(tree: SourceTree, system: Mapping[str, Any]) -> dict[str, tuple[int, SpecifierSet]]:
    requires = system.get("requires")
    python = ".".join(map(str, tree.python or (3,)))
    result: dict[str, tuple[int, SpecifierSet]] = {}
    for text in requires if isinstance(requires, list) else ():
        with suppress(InvalidRequirement, UndefinedEnvironmentName):
            requirement = Requirement(str(text))
            marker = requirement.marker
            here = marker is None or marker.evaluate({"python_version": python, "python_full_version": f"{python}.0"})
            if here and not requirement.url:
                result[canonicalize_name(requirement.name)] = (_line(tree, str(text)), requirement.specifier)
    return result


def _setuptools(
    tree: SourceTree, project: Mapping[str, Any], requires: Sequence[str], facts: ScriptFacts
) -> Iterator[Mention]:
    yield from facts.mentions
    modules = _of_cython(tree, requires, facts)
    yield from included_headers(tree, modules[:_MOST_MODULES])
    for path in modules[:1]:
        yield Mention(NeedKind.COMPILER, "c", path, 1, "a Cython module")
    for path in _cffi_builders(tree):
        yield from read_script(tree, path, requires).mentions
    for module in _table(project, "tool", "setuptools").get("ext-modules") or ():
        yield from _declared(tree, module)
    if _table(project, "tool", "setuptools-rust").get("ext-modules"):
        yield from _rust(tree, _table(project, "build-system"))
    if any(re.match(r"(\S*/)?cmake\b", command) for command in facts.commands) or "scikit-build" in requires:
        yield from cmake_mentions(tree)
        if "ninja" not in requires and "CMakeLists.txt" in tree.texts:
            yield Mention(NeedKind.COMMAND, "make", "CMakeLists.txt", 1, "built with CMake's default generator")
    if any("configure" in command for command in facts.commands):
        yield from autoconf_mentions(tree, "configure.ac")


def _of_cython(tree: SourceTree, requires: Sequence[str], facts: ScriptFacts) -> list[str]:
    """Return the modules that are surely built with Cython, though no extension module was read."""
    script = tree.texts.get("setup.py", "")
    if facts.extensions or "cython" not in (*requires, *fetched_by(script)) or FALLS_BACK.search(script):
        return []
    return [path for path in sorted(tree.texts) if path.endswith(".pyx")]


def _cffi_builders(tree: SourceTree) -> list[str]:
    text = tree.texts.get("setup.py", "")
    found = re.findall(r"""["']([\w./-]+\.py):\w+["']""", text) if "cffi_modules" in text else []
    return [path for name in found if (path := normpath(name)) in tree.texts]


def _declared(tree: SourceTree, module: Mapping[str, Any]) -> Iterator[Mention]:
    """Yield the needs of an extension module that pyproject.toml declares."""
    sources = [name for name in module.get("sources", ()) if isinstance(name, str)]
    line = _line(tree, "ext-modules")
    plus = any(re.search(r"\.(?:cc|cpp|cxx)$", name) for name in sources) or module.get("language") == "c++"
    yield Mention(NeedKind.COMPILER, "c++" if plus else "c", "pyproject.toml", line, "ext-modules")
    yield Mention(NeedKind.HEADER, "Python.h", "pyproject.toml", line, "ext-modules")
    yield from included_headers(tree, [name for name in sources if name in tree.texts])
    for name in module.get("libraries", ()):
        yield Mention(NeedKind.LIBRARY, str(name), "pyproject.toml", line, f"libraries: {name}")


def _scikit_build(tree: SourceTree, project: Mapping[str, Any]) -> Iterator[Mention]:
    settings = _table(project, "tool", "scikit-build")
    defined = {
        name: "ON" if value is True else "OFF" if value is False else str(value)
        for table in (_table(settings, "cmake", "define"), _table(settings, "cmake.define"))
        for name, value in table.items()
    }
    directory = str(_table(settings, "cmake").get("source-dir") or settings.get("cmake.source-dir") or "")
    yield from cmake_mentions(tree, directory.removeprefix("./").rstrip("/"), defined)


def _rust(tree: SourceTree, system: Mapping[str, Any]) -> Iterator[Mention]:
    versions = sorted(_rust_versions(tree), key=lambda mention: version_of(mention.name))
    yield from versions[-1:]  # first: what meets it meets the language too
    for language in ("rust", "c"):  # rustc links with cc
        text = f"build-backend: {system.get('build-backend') or 'setuptools'}"
        yield Mention(NeedKind.COMPILER, language, "pyproject.toml", _line(tree, "build-backend"), text)


def _rust_versions(tree: SourceTree) -> Iterator[Mention]:
    for path, text in tree.texts.items():
        marks = {} if "vendor" in path else _RUST_VERSIONS.get(basename(path), {})
        for number, line in enumerate(text.splitlines() if marks else (), 1):
            for mark, version in marks.items():
                if found := re.match(mark, line):
                    name = f"rust-{version or found[1]}"
                    yield Mention(NeedKind.COMPILER, name, path, number, line.strip())


# https://doc.rust-lang.org/cargo/reference/manifest.html and its changelog: lines, and the version that they ask for
_RUST_VERSIONS = {
    "Cargo.toml": {r'rust-version\s*=\s*"(1\.\d+)': "", r'edition\s*=\s*"2024"': "1.85"},
    "Cargo.lock": {r"version = 4$": "1.78"},
}
# Names of PEP 725 and PEP 804 that are no names of pkg-config modules or libraries.
_GENERIC = {
    "compiler/c": (NeedKind.COMPILER, "c"),
    "compiler/cpp": (NeedKind.COMPILER, "c++"),
    "compiler/cxx": (NeedKind.COMPILER, "c++"),
    "compiler/fortran": (NeedKind.COMPILER, "fortran"),
    "compiler/rust": (NeedKind.COMPILER, "rust"),
    "interface/blas": (NeedKind.LIBRARY, "blas"),
    "interface/lapack": (NeedKind.LIBRARY, "lapack"),
    "generic/libffi": (NeedKind.PKGCONFIG, "libffi"),
    "generic/openssl": (NeedKind.PKGCONFIG, "openssl"),
    "generic/zlib": (NeedKind.PKGCONFIG, "zlib"),
    "generic/libpq": (NeedKind.HEADER, "libpq-fe.h"),
    "generic/freetype": (NeedKind.PKGCONFIG, "freetype2"),
}
_TOOLS = ("cmake", "make", "ninja", "pkg-config", "swig", "bison", "flex", "git", "meson", "nasm", "patchelf")


def _external(tree: SourceTree, project: Mapping[str, Any]) -> Iterator[Mention]:
    """Yield the needs of the ``[external]`` table (PEP 725)."""
    table = _table(project, "external")
    for key in ("build-requires", "host-requires"):
        for text in table.get(key) or ():
            found = re.match(r"(?:pkg|dep|virtual):(?:virtual/)?([a-z]+/[\w.+-]+)", str(text))
            if not found or ";" in text:
                continue
            name = found[1].partition("/")[2]
            kind, known = _GENERIC.get(
                found[1], (NeedKind.COMMAND if name in _TOOLS else NeedKind.LIBRARY, name.removeprefix("lib"))
            )
            if not found[1].startswith(("pypi", "cargo", "npm")):
                yield Mention(kind, known, "pyproject.toml", _line(tree, str(text)), f'{key}: "{text}"')


def _resolved(mentions: Iterable[Mention], aliases: Aliases, given: Collection[str]) -> dict[Need, Mention]:
    result: dict[Need, Mention] = {}
    for mention in mentions:
        for need in _needs(mention, aliases):
            if need.kind is NeedKind.COMMAND and need.name in given:
                continue  # the frontend installs it
            result.setdefault(need, mention)
            if need.kind is NeedKind.PKGCONFIG and need.found_with:
                result.setdefault(need.found_with, mention)
    return result


def _needs(mention: Mention, aliases: Aliases) -> tuple[Need, ...]:
    known = aliases.resolve(mention.kind, mention.name)
    if known is not None:
        return known
    try:
        return (Need(mention.kind, mention.name),)
    except ValueError:
        return ()


def _names(requires: object) -> list[str]:
    result: list[str] = []
    for text in requires if isinstance(requires, list) else ("setuptools",):
        try:
            result.append(canonicalize_name(Requirement(str(text)).name))
        except InvalidRequirement:
            continue
    return result


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomli.loads(text)
    except (tomli.TOMLDecodeError, RecursionError):
        return {}


def _table(top: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    value: Any = top
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _line(tree: SourceTree, word: str) -> int:
    text = tree.texts.get("pyproject.toml", "")
    at = text.find(word)
    return text.count("\n", 0, at) + 1 if at >= 0 else 1
