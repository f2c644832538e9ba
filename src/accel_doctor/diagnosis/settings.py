"""What meets the needs that no system package cures: build constraints, environment variables, advice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement

from accel_doctor.model import Need, NeedKind, Plan, Unmet
from accel_doctor.rulebook import Rulebook


@dataclass(frozen=True)
class Settings:
    """``unmet`` is what is left of a plan's unmet needs."""

    build_constraints: tuple[str, ...]
    environment: Mapping[str, str]
    advice: tuple[str, ...]
    unmet: tuple[Unmet, ...]


def settings_for(plan: Plan, rulebook: Rulebook) -> Settings:
    """The settings that rules and needs themselves name for what a plan leaves unmet."""
    constraints: list[str] = []
    environment: dict[str, str] = {}
    left = []
    for unmet in plan.unmet:
        need = unmet.reason.need
        constraint, variables = build_constraint(need), rulebook.environment(need)
        environment.update(variables)
        if constraint:
            constraints.append(constraint)
        elif not variables:
            left.append(unmet)
    advised = (*(unmet.advice for unmet in plan.unmet), *(package.advice for package in plan.packages))
    advice = tuple(dict.fromkeys(text for text in advised if text))
    return Settings(tuple(dict.fromkeys(constraints)), environment, advice, tuple(left))


def build_constraint(need: Need) -> str | None:
    """The requirement to constrain builds by that meets this need, if one does."""
    if need.kind is not NeedKind.BUILD_CONSTRAINT:
        return None
    try:
        requirement = Requirement(need.name)
    except InvalidRequirement:
        return None
    return f"{requirement.name}{requirement.specifier}" if requirement.specifier else None  # constraints have no extras
