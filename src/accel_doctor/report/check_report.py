"""Render the foresight of ``check`` as a JSON document and as text. Pure.

The document's shape is described in ``docs/reference/check.md`` and by the JSON Schema beside it.
"""

from __future__ import annotations

from typing import Any

from accel_doctor.foresight import Certainty, ForeseenBuild
from accel_doctor.report.check_findings import ForesightReport, state
from accel_doctor.report.diagnosis_report import paste_lines
from accel_doctor.report.run_report import system_package_document, unmet_document
from accel_doctor.wording import count, printable

SCHEMA = 1
_HEADINGS = {
    Certainty.CERTAIN: "Built from source:",
    Certainty.POSSIBLE: "Built from source unless a compatible wheel exists:",
}


def foresight_document(report: ForesightReport) -> dict[str, Any]:
    """Return the report as plain values."""
    plan = report.foresight.plan
    return {
        "schema": SCHEMA,
        "distro": {"id": report.distribution.id, "version": report.distribution.version},
        "python": report.python,
        "resolved": report.resolved,
        "packages": [_build_document(build, report) for build in report.foresight.builds],
        "plan": {
            "system_packages": [system_package_document(package) for package in plan.packages],
            "advice": list(dict.fromkeys(unmet.advice for unmet in plan.unmet if unmet.advice)),
            "commands": [list(command) for command in plan.commands],
        },
        "unmet": unmet_document(plan.unmet),
    }


def _build_document(build: ForeseenBuild, report: ForesightReport) -> dict[str, Any]:
    return {
        "name": build.name,
        "version": build.version,
        "built": build.certainty.value,
        "why": build.why,
        "needs": [
            {
                "need": str(need.need),
                "present": need.present,
                "system_packages": list(need.packages),
                "evidence": need.evidence,
                "known": report.knows(build.name, need.need),
            }
            for need in build.needs
        ],
    }


def foresight_lines(report: ForesightReport) -> list[str]:
    """Return the builds with the needs of each, then what comes as a wheel, then one command to paste."""
    foresight = report.foresight
    lines: list[str] = []
    for certainty, heading in _HEADINGS.items():
        builds = foresight.of(certainty)
        known = [build for build in builds if build.needs or certainty is Certainty.CERTAIN]
        if known:
            lines += [heading, *(line for build in known for line in _build_lines(build, report))]
        rest = [build.name for build in builds if build not in known]
        if rest:
            lines.append(f"Unknown needs, if these are built: {printable(', '.join(rest))}")
    wheels = foresight.of(Certainty.NO)
    if lacking := [build for build in wheels if build.needs]:
        lines += [
            "Cached wheels that link missing libraries:",
            *(text for one in lacking for text in _build_lines(one, report)),
        ]
    if wheels:
        what = "other" if len(wheels) < len(foresight.builds) else "distribution"
        lines.append(f"{count(len(wheels), what)} {'needs' if len(wheels) == 1 else 'need'} no build")
    if not foresight.builds:
        lines.append("nothing to install")
    advice = dict.fromkeys((unmet.reason.need, unmet.advice) for unmet in foresight.plan.unmet if unmet.advice)
    if advice:
        lines += ["", *(f"{need}: {printable(text)}" for need, text in advice if text)]
    lines += paste_lines(foresight.plan, report.distribution)
    if not foresight.missing and not foresight.plan.unmet:
        unknown = any(not build.needs for build in foresight.of(Certainty.CERTAIN))
        lines.append(f"nothing is {'missing' if report.probed else 'needed'}{', as far as known' if unknown else ''}")
    return lines


def _build_lines(build: ForeseenBuild, report: ForesightReport) -> list[str]:
    title = f"{build.name} {build.version}" if build.version else build.name
    why = f" ({build.why})" if build.certainty is Certainty.CERTAIN else ""
    lines = [f"  {printable(title + why)}"]
    for need in build.needs:
        known = " (in the baseline)" if report.knows(build.name, need.need) else ""
        lines.append(f"    {need.need}: {state(need.present, need.packages, probed=report.probed)}{known}")
    if not build.needs:
        lines.append("    its build needs are unknown")
    return lines
