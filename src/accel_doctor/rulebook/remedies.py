"""What a family file offers, made a remedy for one machine: names rendered and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from accel_doctor.errors import RuleError
from accel_doctor.interfaces import PackageNames
from accel_doctor.model import Distribution, Interpreter, Need, Remedy
from accel_doctor.rulebook import templates
from accel_doctor.rulebook.families import Offer
from accel_doctor.rulebook.repository_rules import Repository


def remedy_of(
    offer: Offer, need: Need, distribution: Distribution, interpreter: Interpreter, manager: PackageNames | None
) -> Remedy:
    """The remedy that an offer is here. RuleError for a name that is none once its template is rendered."""
    python = templates.python_values(interpreter)

    def rendered(names: tuple[str, ...]) -> tuple[str, ...]:
        result = tuple(templates.render(name, python) for name in names)
        for name in result:
            if manager and not manager.accepts(name):
                raise RuleError([f"{offer.source}: {need}: {name!r} is not a package name for {manager.name}"])
        return result

    advice = templates.render(offer.advice, python, need) if offer.advice else None
    if not offer.packages and advice is None:
        advice = f"no package of {distribution} is known to have it"
    return Remedy(
        need=need,
        packages=rendered(offer.packages),
        source=f"{offer.source} (unverified)" if offer.unverified else offer.source,
        alternatives=tuple(rendered(names) for names in offer.alternatives),
        advice=advice,
    )


def coming_from(remedy: Remedy, repositories: Sequence[Repository | None]) -> Remedy:
    """The remedy, its source saying which repositories its packages come from that are not enabled by themselves."""
    names = sorted({repository.value for repository in repositories if repository})
    return replace(remedy, source=f"{remedy.source}, from {' and '.join(names)}") if names else remedy
