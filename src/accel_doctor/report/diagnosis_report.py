"""Render the findings of ``diagnose`` as a JSON document and as text. Pure.

The document's shape is described in ``docs/reference/diagnose.md`` and by the JSON Schema beside it.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from accel_doctor.model.cures import SystemPackage
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Diagnosis, Finding
from accel_doctor.model.plans import Plan
from accel_doctor.report.run_report import finding_document, system_package_document, unmet_document
from accel_doctor.wording import printable, shortened

SCHEMA = 1
_WIDTH = 200  # maximum length of a quoted line
_NO_PACKAGE = "the log"


def diagnosis_document(distribution: Distribution, diagnoses: Mapping[str, Diagnosis], plan: Plan) -> dict[str, Any]:
    """Return the diagnoses and the plan as plain values; findings name their log if there are several."""
    several = len(diagnoses) > 1
    return {
        "schema": SCHEMA,
        "distro": {"id": distribution.id, "version": distribution.version},
        "findings": [
            {**finding_document(finding), **({"log": log} if several else {})}
            for log, diagnosis in diagnoses.items()
            for finding in diagnosis.findings
        ],
        "plan": {
            "system_packages": [system_package_document(package) for package in plan.packages],
            "build_constraints": list(plan.changes.constraints),
            "build_requirements": list(plan.changes.requirements),
            "environment": dict(plan.changes.variables),
            "advice": list(plan.advice),
            "commands": [list(command) for command in plan.commands],
        },
        "unmet": unmet_document(plan.uncured),
    }


def diagnosis_lines(distribution: Distribution, diagnoses: Mapping[str, Diagnosis], plan: Plan) -> list[str]:
    """Return, for each package that failed, the causes with their lines and cures; then one command to paste."""
    lines: list[str] = []
    for log, diagnosis in diagnoses.items():
        where = f"{log}: " if len(diagnoses) > 1 else ""
        if not diagnosis.causes:
            lines.append(printable(where) + _nothing(diagnosis))
        by_package: dict[str, list[Finding]] = {}
        for finding in diagnosis.causes:
            by_package.setdefault(finding.package or _NO_PACKAGE, []).append(finding)
        for package, findings in by_package.items():
            lines.append(printable(f"{where}{package}"))
            for finding in findings:
                lines += _finding_lines(finding, plan)
    lines += _setting_lines(plan)
    return lines + paste_lines(plan, distribution)


def paste_lines(plan: Plan, distribution: Distribution) -> list[str]:
    """Return one command to paste, after an empty line, and the guesses that it leaves out; nothing for a plan without
    packages."""
    lines = ["", f"To be looked at before it is installed: {guessed(plan.guesses)}"] if plan.guesses else []
    if not plan.commands:
        return lines
    owner = ", as root" if plan.needs_root else ""
    return [
        "",
        f"To install what is missing on {printable(str(distribution))}{owner}:",
        "  " + " && ".join(shlex.join(command) for command in plan.commands),
        *lines,
    ]


def guessed(packages: Sequence[SystemPackage]) -> str:
    """Return ``pkexec, a guess for command:pkexec`` for each package."""
    needs = {one.name: ", ".join(sorted({str(reason.need) for reason in one.reasons})) for one in packages}
    return printable("; ".join(f"{name}, a guess for {needed}" for name, needed in needs.items()))


def _nothing(diagnosis: Diagnosis) -> str:
    if diagnosis.failed:
        return f'cause unknown: "{shortened(diagnosis.summary or "", _WIDTH)}"'
    return "no failure found in this log"


def _finding_lines(finding: Finding, plan: Plan) -> list[str]:
    lines = [f"  {finding.need}", f'    line {finding.line}: "{shortened(finding.evidence, _WIDTH)}"']
    packages = [package for package in plan.packages if any(reason.need == finding.need for reason in package.reasons)]
    if packages:
        cure = "a guess" if set(packages) & set(plan.guesses) else "cure"
        lines.append(f"    {cure}: install {', '.join(package.name for package in packages)}")
        lines += [f"    then: {printable(advice)}" for advice in dict.fromkeys(p.advice for p in packages) if advice]
    advice = next((unmet.advice for unmet in plan.unmet if unmet.reason.need == finding.need), None)
    if advice:
        lines.append(f"    {'but' if packages else 'cure'}: {printable(advice)}")
    elif not packages:
        lines.append("    no known cure")
    return lines


def _setting_lines(plan: Plan) -> list[str]:
    lines = []
    changes = plan.changes
    if changes.constraints:
        lines += ["", "Build constraints (a file for --build-constraint):"]
        lines += [f"  {constraint}" for constraint in changes.constraints]
    if changes.requirements:
        lines += ["", "Further build requirements:"]
        lines += [f"  {requirement}" for requirement in changes.requirements]
    if changes.variables:
        lines += ["", "Environment variables:"]
        lines += [f"  export {name}={shlex.quote(value)}" for name, value in changes.variables]
    return lines
