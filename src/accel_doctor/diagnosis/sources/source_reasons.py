"""Find the needs of one source that is to be built here, each with the place in its files that names it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from accel_doctor.diagnosis.sources.cython_output import GeneratedCode, generated_code
from accel_doctor.diagnosis.sources.own_imports import removed_name
from accel_doctor.diagnosis.sources.removed_interface import (
    RemovedUse,
    insisted_import,
    removed_import,
    removed_use,
)
from accel_doctor.diagnosis.sources.script_values import truth
from accel_doctor.diagnosis.sources.setup_scripts import ScriptFacts
from accel_doctor.diagnosis.sources.source_reading import SourceReading, read_source
from accel_doctor.diagnosis.sources.source_tree import SourceTree
from accel_doctor.model.constraints import is_possible
from accel_doctor.model.cures import Reason
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.older_python import GIVEN_BACK
from accel_doctor.rulebook import Rulebook
from accel_doctor.rulebook.python_packages import PythonRules

_GENERATED = Need(NeedKind.BUILD_CONSTRAINT, "generated-by-old-cython")
# No need, but a fact: there is such code, and whether the build compiles it is not known.
_HAS_OLD_CODE = Need(NeedKind.BUILD_CONSTRAINT, "has-old-generated-code")
# No need, but a fact: the extension modules without which the build goes on cannot be built.
_OPTIONAL_TOO_OLD = Need(NeedKind.BUILD_CONSTRAINT, "optional-code-too-old")
_HAS_MODULES = Need(NeedKind.BUILD_CONSTRAINT, "has-cython-modules")  # whose C code the build generates
# What builds get in place of a part that Python lost: the name of the need that says so.
_REPLACED = {"numpy.distutils": "numpy.distutils"} | dict.fromkeys(GIVEN_BACK, "old-setup-script")
_WITHOUT_PKG_RESOURCES = Version("82")


def source_reasons(tree: SourceTree, package: str, book: Rulebook, compiled: Iterable[str] = ()) -> list[Reason]:
    """Return what the build of a Python package needs by its own files, whether this machine has it or not.

    Python modules are left out: the frontend installs those that a source declares. ``compiled`` are files that its
    build surely compiles, whatever its setup script tells.
    """
    reading = read_source(tree, book.aliases, compiled)
    brought = not book.python_rules.without_headers.issuperset(reading.declared)
    reasons = [
        Reason(
            need,
            package,
            why=mention.why,
            ends_without=mention.ends_without,
            outside=mention.outside and not brought,
        )
        for need, mention in reading.needs.items()
        if need.kind.curable_by_packages
    ]
    if not tree.python:
        return reasons
    python = ".".join(map(str, tree.python))
    reasons += [*_of_metadata(tree, package, python), *_of_pkg_resources(tree, package, reading)]
    reasons += _of_removed_parts(tree, package, reading, book.python_rules, python)
    reasons += _of_script(reading.script, package)
    oldest = book.python_rules.oldest("cython", python)
    reasons += _facts_of_cython(tree, package, python, oldest)
    for code in generated_code(tree, reading.compiled):
        if oldest and _is_older(code.cython, oldest):
            return [*reasons, _too_old(code, package, python)]
    for name, (line, versions) in reading.declared.items():
        oldest = book.python_rules.oldest(name, python)
        if oldest and not _allows(versions, oldest):
            need = _GENERATED if name == "cython" else Need(NeedKind.BUILD_CONSTRAINT, f"{name}>={oldest}")
            why = f"pyproject.toml:{line}: {name}{versions} does not work on Python {python}"
            reasons.append(Reason(need, package, why=why))
    return reasons


def _facts_of_cython(tree: SourceTree, package: str, python: str, oldest: Version | None) -> Iterator[Reason]:
    """Yield the modules of Cython, and the code that an old one generated of them; the build may use neither."""
    for path in sorted(tree.paths):
        if path.endswith(".pyx"):
            yield Reason(_HAS_MODULES, package, why=f"{path}:1: a module of Cython")
    for code in generated_code(tree, sorted(tree.texts)) if oldest else ():
        if oldest and code.regenerable and _may_be_older(code.cython, oldest):
            yield replace(_too_old(code, package, python), need=_HAS_OLD_CODE)


def _of_metadata(tree: SourceTree, package: str, python: str) -> Iterator[Reason]:
    """Yield that a release declares that it is not for this Python: uv, unlike pip, builds it all the same."""
    text = tree.texts.get("PKG-INFO", "").partition("\n\n")[0]
    found = re.search(r"^Requires-Python:[ \t]*(.*)$", text, re.MULTILINE)
    with suppress(InvalidSpecifier):
        if found and not any(map(SpecifierSet(found[1].strip()).contains, (f"{python}.0", f"{python}.99"))):
            line = text.count("\n", 0, found.start()) + 1
            need = Need(NeedKind.BUILD_CONSTRAINT, "python-version")
            yield Reason(need, package, why=f"PKG-INFO:{line}: {found[0].strip()}")


def _of_pkg_resources(tree: SourceTree, package: str, reading: SourceReading) -> Iterator[Reason]:
    """Yield the need for an older setuptools where ``setup.py`` ends without ``pkg_resources``, in its own words."""
    versions = reading.declared.get("setuptools", (1, SpecifierSet()))[1]
    found = insisted_import(tree, "pkg_resources") if _allows(versions, _WITHOUT_PKG_RESOURCES) else None
    if found:
        why = f"{found.path}:{found.line}: imports pkg_resources, which setuptools {_WITHOUT_PKG_RESOURCES} removed"
        yield Reason(Need(NeedKind.BUILD_CONSTRAINT, f"setuptools<{_WITHOUT_PKG_RESOURCES}"), package, why=why)


def _of_removed_parts(
    tree: SourceTree, package: str, reading: SourceReading, rules: PythonRules, python: str
) -> Iterator[Reason]:
    """Yield why a source cannot be built on a Python that no longer has what it uses."""
    lost = removed_import(tree, rules.modules_removed_in(python)) if reading.script else None
    if lost:
        why = f"{lost.path}:{lost.line}: uses {lost.name}, which Python {python} does not have"
        name = _REPLACED.get(lost.name, "python-too-new")
        yield Reason(Need(NeedKind.BUILD_CONSTRAINT, name), package, why=why)
    yield from not_importable(tree, package, rules)
    modules = reading.script.modules if reading.script else []
    uses = [removed_use(tree, module, rules.removed_in(python)) for module in modules]
    if uses and all(uses) and uses[0]:
        yield Reason(_OPTIONAL_TOO_OLD, package, why=_of_use(uses[0], python))
    if use := removed_use(tree, reading.compiled, rules.removed_in(python)):
        yield Reason(Need(NeedKind.BUILD_CONSTRAINT, "python-too-new"), package, why=_of_use(use, python))


def not_importable(tree: SourceTree, package: str, rules: PythonRules) -> Iterator[Reason]:
    """Yield why a package cannot be imported on this Python, by its own modules."""
    python = ".".join(map(str, tree.python or ()))
    if python and (dead := removed_name(tree, package, rules.modules_removed_in(python))):
        why = f"{dead.path}:{dead.line}: uses {dead.name}, which Python {python} does not have"
        yield Reason(Need(NeedKind.BUILD_CONSTRAINT, "python-too-new-to-import"), package, why=why)


def _of_use(use: RemovedUse, python: str) -> str:
    return f"{use.path}:{use.line}: {use.name}, which Python {python} no longer has"


def _of_script(script: ScriptFacts | None, package: str) -> Iterator[Reason]:
    """Yield what a ``setup.py`` surely ends with here, and what it asks of setuptools."""
    ending, setup = (script.ending, script.setup) if script else (None, None)
    if ending and (need := _of_condition(ending.condition)):
        why = f"setup.py:{ending.line}: {ending.text}, as {ending.condition}"
        yield Reason(need, package, why=why)
    if setup and setup.certain and truth(setup.keywords.get("use_2to3")):
        why = f"setup.py:{setup.line}: use_2to3, which setuptools 58 removed"
        yield Reason(Need(NeedKind.BUILD_CONSTRAINT, "setuptools<58"), package, why=why)


def _of_condition(condition: str) -> Need | None:
    """Return what a condition under which a script ends says about where it can be built; None if it is about anything
    but Python's version and the system."""
    if "argv" in condition:
        return None
    if re.search(r"\bsys\.(?:version_info|hexversion|version)\b|\bPY[23]\b", condition):
        return Need(NeedKind.BUILD_CONSTRAINT, "python-too-new")
    if re.search(r"\bsys\.platform\b|\bplatform\.system\b|\bos\.name\b", condition):
        name = "macos-only" if re.search(r"darwin|macos", condition, re.IGNORECASE) else "other-system"
        return Need(NeedKind.BUILD_CONSTRAINT, name)
    return None


def _allows(versions: SpecifierSet, oldest: Version) -> bool:
    """Return whether a version from ``oldest`` on is among ``versions``."""
    return is_possible(versions & SpecifierSet(f">={oldest}"))


def _is_older(cython: str, oldest: Version) -> bool:
    try:
        return Version(cython) < oldest
    except InvalidVersion:
        return False


def _may_be_older(cython: str, oldest: Version) -> bool:
    """Return whether it is older, or a pre-release: those of 3.0 came out while 0.29 learned of new Pythons first."""
    try:
        return _is_older(cython, oldest) or Version(cython).is_prerelease
    except InvalidVersion:
        return False


def _too_old(code: GeneratedCode, package: str, python: str) -> Reason:
    need = _GENERATED if code.regenerable else Need(NeedKind.BUILD_CONSTRAINT, "python-too-new")
    why = f"{code.path}:1: generated by Cython {code.cython}, whose C code does not compile on Python {python}"
    return Reason(need, package, why=why)
