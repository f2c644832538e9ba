"""Parts of plans as plain values, for the JSON documents that share them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accel_doctor.model import Finding, Plan, SystemPackage, Unmet


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return one finding."""
    return {
        "need": str(finding.need),
        "package": finding.package,
        "line": finding.line,
        "evidence": finding.evidence,
        "role": finding.role.value,
    }


def system_packages_document(plan: Plan) -> list[dict[str, Any]]:
    """Return the packages of a plan, each with the needs it meets and where its name comes from."""
    return [system_package_document(package) for package in plan.packages]


def system_package_document(package: SystemPackage) -> dict[str, Any]:
    """Return one package of a plan."""
    return {
        "name": package.name,
        "needs": sorted({str(reason.need) for reason in package.reasons}),
        "confidence": package.confidence.value,
        "source": package.source,
        "alternatives": [list(names) for names in package.alternatives],
    }


def unmet_document(unmet: Sequence[Unmet]) -> list[dict[str, Any]]:
    """Return needs that are left, each with what is known to do about it."""
    return [
        {
            "need": str(one.reason.need),
            "package": one.reason.package,
            "evidence": one.reason.evidence,
            "advice": one.advice,
        }
        for one in unmet
    ]
