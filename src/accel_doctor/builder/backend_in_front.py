"""Stand in front of a source's own build backend, whose hooks these are.

This file is copied into the source and runs in the environment of its build, where only the standard library is
certain. ``facts.json`` beside it has:

- ``backend``: the source's own, as in its ``[build-system]``; ``in_tree``: whether it is part of the source
- ``instead``: requirements by normalized name, which take the place of what the backend or ``setup_requires`` asks for
- ``generated``: ``[module, C file, language level]`` for each removed file that Cython is to generate again
- ``pybind11``: whether the headers of the pybind11 installed take the place of a copy that the source has

A setup script that runs Cython itself does so, as the files are gone; others get them just before they are compiled, or
earlier if they insist.
"""

from __future__ import annotations

import importlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_ABSENT = re.compile(r"(?i)no such file|not find|not found|missing|does not exist|doesn't exist")
_PLACE = Path(__file__).resolve().parent


def __getattr__(name: str) -> Any:
    """Return a hook of the source's own backend."""
    if name.startswith("__"):
        raise AttributeError(name)
    facts, backend = _own_backend()
    hook = _with_all_files(getattr(backend, name), facts["generated"])
    return _replacing(hook, facts["instead"]) if name.startswith("get_requires_for_build_") else hook


@cache
def _own_backend() -> tuple[Mapping[str, Any], Any]:
    facts = json.loads((_PLACE / "facts.json").read_text(encoding="utf-8"))
    module, _, attributes = facts["backend"].partition(":")
    if facts["pybind11"]:
        _replace_pybind11()
    if find_spec("setuptools"):
        _fetch_only_what_is_missing()
        _generate_when_compiled(facts["generated"])
    if not (module.startswith("setuptools") or facts["in_tree"]):  # it may run setuptools in a process of its own
        for source, generated, level in facts["generated"]:
            generate(source, generated, level)
    backend = importlib.import_module(module)
    for attribute in filter(None, attributes.split(".")):
        backend = getattr(backend, attribute)
    return facts, backend


def _replace_pybind11() -> None:
    own = Path(importlib.import_module("pybind11").get_include(), "pybind11")
    for header in [*_PLACE.parent.rglob("pybind11/pybind11.h")]:
        shutil.copytree(own, header.parent, dirs_exist_ok=True)


def _with_all_files(hook: Callable[..., Any], files: Sequence[Sequence[str]]) -> Callable[..., Any]:
    def run(*arguments: Any, **settings: Any) -> Any:
        """Call the hook; once more with all files where it insists on one that is generated later, or, without it, on
        a Cython of its own choice."""
        try:
            return hook(*arguments, **settings)
        except (Exception, SystemExit) as error:
            missing = [file for file in files if not (_PLACE.parent / file[1]).exists()]
            text = str(error)
            absent = _ABSENT.search(text) and any(Path(generated).stem in text for _, generated, _ in missing)
            if not missing or not (absent or "cython" in text.lower()):
                raise
            for source, generated, level in missing:
                generate(source, generated, level)
            return hook(*arguments, **settings)

    return run


def _replacing(hook: Callable[..., Iterable[str]], instead: Mapping[str, str]) -> Callable[..., list[str]]:
    def asked(*arguments: Any, **settings: Any) -> list[str]:
        """Return what the backend asks for, but for what another version takes the place of."""
        return list(dict.fromkeys(instead.get(_name(one), one) for one in hook(*arguments, **settings)))

    return asked


def _name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", requirement.strip(), maxsplit=1)[0]).lower()


def _fetch_only_what_is_missing() -> None:
    """Keep setuptools from downloading ``setup_requires`` that are installed, if in another version."""
    distribution = importlib.import_module("setuptools.dist").Distribution
    fetch = distribution.fetch_build_eggs

    def fetch_build_eggs(self: Any, requires: str | Iterable[Any]) -> Any:
        lines = requires.splitlines() if isinstance(requires, str) else [str(one) for one in requires]
        missing = [line for line in lines if line.strip() and not _is_installed(_name(line))]
        return fetch(self, missing) if missing else []

    distribution.fetch_build_eggs = fetch_build_eggs


def _is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def _generate_when_compiled(files: Iterable[Sequence[str]]) -> None:
    importlib.import_module("setuptools")  # it decides whose distutils this is
    command = importlib.import_module("distutils.command.build_ext").build_ext
    build = command.build_extension
    known = {_PLACE.parent / generated: (source, generated, level) for source, generated, level in files}

    def build_extension(self: Any, extension: Any) -> Any:
        for path in (Path(str(name)).resolve() for name in extension.sources):
            if path in known and not path.exists():
                include = [str(one) for one in extension.include_dirs or ()]
                name = self.get_ext_fullname(extension.name)
                generate(*known[path], name, include, plus=extension.language == "c++")
        return build(self, extension)

    command.build_extension = build_extension


def generate(
    source: str, generated: str, level: str, name: str | None = None, include: Sequence[str] = (), *, plus: bool = False
) -> None:
    """Generate a C or C++ file; the paths are relative to the source's directory. Raises what distutils raises for
    code that does not compile: optional extensions are left out then."""
    main = importlib.import_module("Cython.Compiler.Main")
    top = _PLACE.parent
    options = main.CompilationOptions(
        main.default_options,
        cplus=plus or not generated.endswith(".c"),
        output_file=str(top / generated),
        language_level=level,
        include_path=[str(top), str(top / "src"), *include],
    )
    result = main.compile_single(str(top / source), options, name)
    if result.num_errors:
        importlib.import_module("setuptools")
        errors = importlib.import_module("distutils.errors")
        raise errors.CompileError(f"Cython could not generate {generated}")
