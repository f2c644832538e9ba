"""Package rules applied to one machine: names rendered and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from accel_doctor.errors import RuleError
from accel_doctor.interfaces import PackageNames
from accel_doctor.model import Distribution, Interpreter, Need, PackageChoice
from accel_doctor.rulebook import templates
from accel_doctor.rulebook.families import PackageRule
from accel_doctor.rulebook.repository_rules import Repository


def choice_of(
    rule: PackageRule, need: Need, distribution: Distribution, interpreter: Interpreter, manager: PackageNames | None
) -> PackageChoice:
    """Return what a rule comes to here. Raise RuleError for a rendered name that the package manager cannot accept."""
    python = templates.python_values(interpreter)

    def rendered(names: tuple[str, ...]) -> tuple[str, ...]:
        result = tuple(templates.render(name, python) for name in names)
        for name in result:
            if manager and not manager.accepts(name):
                raise RuleError([f"{rule.source}: {need}: {name!r} is not a package name for {manager.name}"])
        return result

    advice = templates.render(rule.advice, python, need) if rule.advice else None
    if not rule.packages and advice is None:
        advice = f"no package of {distribution} is known to have it"
    return PackageChoice(
        need=need,
        packages=rendered(rule.packages),
        source=f"{rule.source} (unverified)" if rule.unverified else rule.source,
        alternatives=tuple(rendered(names) for names in rule.alternatives),
        advice=advice,
    )


def coming_from(choice: PackageChoice, repositories: Sequence[Repository | None]) -> PackageChoice:
    """Name in the source of a choice the repositories that must be enabled for its packages."""
    names = sorted({repository.value for repository in repositories if repository})
    return replace(choice, source=f"{choice.source}, from {' and '.join(names)}") if names else choice
