"""Judge failed imports of the modules inside of packages, and of those behind commands: which tell that what a package
is for does not work here.

Many packages have modules for optional companions, other systems or a framework's settings. So only what keeps several
modules from being imported counts, or the one with the package's own name. A command is for users: its module counts.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from packaging.utils import canonicalize_name

from accel_doctor.system.python.import_judgment import ImportFailure, Judgment, top_of

_OF_ANOTHER_SYSTEM = re.compile(r"(?i)win(?:dll|dows|32|reg|api|types)|msvcrt|darwin|macos|java")
_IN_PYTHONS_WORDS = re.compile(
    r"No module named |cannot import name (?!.*circular import)|.*\bhas no attribute |name '\w+' is not defined"
)
_BY_KIND = frozenset({"SyntaxError", "TypeError"})
_OF_CODE = frozenset({"ModuleNotFoundError", "ImportError", "AttributeError", "NameError"}) | _BY_KIND


class ModuleRules(Protocol):
    """Tell what rules say about Python modules."""

    def project_of(self, module: str) -> str | None:
        """Return the normalized name of the project that has a module; None if that is not known."""

    def is_gone(self, module: str, python: str) -> bool:
        """Return whether a version of Python no longer has a module."""


@dataclass(frozen=True)
class InnerJudge:
    """Judge by these facts: how many modules inside of packages were ``tried``, and the normalized names of what the
    distribution requires under a condition, as its ``extras``."""

    rules: ModuleRules
    python: str  # "3.13"
    tried: int
    extras: Collection[str]

    def added(
        self, judgment: Judgment, failures: Sequence[ImportFailure], name: str, commands: Collection[str]
    ) -> Judgment:
        """Return the judgment of the distribution ``name`` with what fails inside of its modules and of its
        ``commands``."""
        told = {failure.module for failure in judgment.failing}
        of_commands = self.of_commands(failures, name, commands)
        inner = self.judged(failures) if self.tried else []
        more = [one for one in (*of_commands.failing, *inner) if one.module not in told]
        return Judgment((*judgment.failing, *more), (*judgment.noted, *of_commands.noted))

    def of_commands(self, failures: Sequence[ImportFailure], name: str, commands: Collection[str]) -> Judgment:
        """Judge the commands that cannot be imported: without the one with the distribution's name, or, if there is
        none of that name, without half of them, it does not do what it is for.

        What another package may cure is an ``inner`` failure.
        """
        failed = [one for one in failures if one.command and not (one.wants_settings or self._is_optional(one))]
        failing, noted = [], []
        main = [command for command in commands if canonicalize_name(command) == canonicalize_name(name)]
        much = any(one.command in main for one in failed) if main else 2 * len(failed) >= len(commands)
        for one in failed:
            if one.asks_for_libraries or (one.lacks_module and not self._is_gone(one)):
                failing.append(one._replace(inner=True))
            elif much and _is_of_code(one) and not self._lacks_own_name(one):
                failing.append(one)
            else:
                noted.append(one)
        return Judgment(tuple(failing), tuple(noted))

    def _lacks_own_name(self, failure: ImportFailure) -> bool:
        """Return whether it lacks a name of its own package, which may define that only with one of its extras."""
        found = re.match(r"cannot import name '\w+' from '(\w+)", failure.message)
        return bool(self.extras) and found is not None and found[1] == top_of(failure.module)

    def judged(self, failures: Sequence[ImportFailure]) -> list[ImportFailure]:
        """Return one failure for each thing that keeps much of a distribution from being imported. Those that a further
        requirement may cure are ``inner`` ones; without the others, the distribution does not do what it is for."""
        groups: dict[object, list[ImportFailure]] = {}
        for failure in failures:
            if failure.inner and _is_of_code(failure) and not failure.wants_settings:
                groups.setdefault(_cause(failure), []).append(failure)
        found = [group for group in groups.values() if len(group) > 1 or _is_named_like_its_package(group[0])]
        return [group[0]._replace(inner=self._is_partly(group)) for group in found if not self._is_optional(group[0])]

    def _is_optional(self, failure: ImportFailure) -> bool:
        """Return whether it lacks a project that the distribution names as an extra, or a private module of its own,
        which its build may leave out."""
        if not (failure.lacks_module or failure.there):
            return False
        module = top_of(failure.missing)
        if module == top_of(failure.module):
            return any(part.startswith("_") for part in (failure.missing or "").split("."))
        plain = canonicalize_name(module)
        project = self.rules.project_of(module)
        return not {plain, f"python-{plain}", f"py{plain}", project}.isdisjoint(self.extras)

    def _is_partly(self, group: Sequence[ImportFailure]) -> bool:
        return group[0].lacks_module and not self._is_gone(group[0]) and 2 * len(group) < self.tried

    def _is_gone(self, failure: ImportFailure) -> bool:
        """Return whether it lacks a module of its own package, or one that Python no longer has."""
        module = top_of(failure.missing)
        return module == top_of(failure.module) or self.rules.is_gone(module, self.python)


def _is_of_code(failure: ImportFailure) -> bool:
    kind = next(iter(failure.kinds), "")
    if kind not in _OF_CODE or _OF_ANOTHER_SYSTEM.search(f"{failure.module} {failure.message}"):
        return False
    return kind in _BY_KIND or _IN_PYTHONS_WORDS.match(failure.message) is not None


def _cause(failure: ImportFailure) -> tuple[str, ...]:
    if failure.lacks_module:
        own = top_of(failure.missing) == top_of(failure.module)
        return ("module", (failure.missing or "") if own else top_of(failure.missing))
    return (*failure.kinds[:1], failure.message.partition(" (")[0])


def _is_named_like_its_package(failure: ImportFailure) -> bool:
    *_, package, name = ("", *failure.module.split("."))
    return canonicalize_name(package) == canonicalize_name(name)
