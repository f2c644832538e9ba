"""Write what cures change in a build as plain values, and read it back.

What is read was written by us, or by somebody who wants us to believe that: it is checked like a rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from packaging.requirements import Requirement

from accel_doctor.model.cures import BuildChanges, SourceStep

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


def changes_document(changes: BuildChanges) -> dict[str, Any]:
    """Return changes as JSON types."""
    return {
        "constraints": list(changes.constraints),
        "requirements": list(changes.requirements),
        "variables": dict(changes.variables),
        "jobs": changes.jobs,
        "steps": [step.value for step in changes.steps],
    }


def changes_from(fields: Mapping[str, Any]) -> BuildChanges:
    """Return the changes that :func:`changes_document` wrote.

    Raises ValueError, KeyError or TypeError for what it cannot have written.
    """
    return BuildChanges(
        constraints=tuple(map(checked_requirement, fields["constraints"])),
        requirements=tuple(map(checked_requirement, fields["requirements"])),
        variables=tuple(_variable(name, value) for name, value in dict(fields["variables"]).items()),
        jobs=None if fields["jobs"] is None else int(fields["jobs"]),
        steps=tuple(map(SourceStep, fields["steps"])),
    )


def checked_requirement(text: str) -> str:
    """Return a requirement. Raises ValueError for one that rules cannot name."""
    requirement = Requirement(text)  # InvalidRequirement is a ValueError
    if requirement.url or requirement.marker:
        raise ValueError(f"not a name and versions: {text}")
    return str(requirement)


def _variable(name: object, value: object) -> tuple[str, str]:
    name, value = str(name), str(value)
    if not _VARIABLE.fullmatch(name) or not value.isprintable():
        raise ValueError(f"not a variable: {name}")
    return name, value
