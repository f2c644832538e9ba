"""A run as a JSON document (``--report FILE``); the shape is described in ``docs/reference/report.md``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from accel_doctor.changes_document import changes_document
from accel_doctor.errors import AccelDoctorError, ExitCode
from accel_doctor.model.builds import Built, Change
from accel_doctor.model.cures import BuildCure, Reason, SystemPackage
from accel_doctor.model.machine import Distribution, Interpreter
from accel_doctor.model.needs import Finding
from accel_doctor.model.plans import Case, Plan, Result, Unmet
from accel_doctor.report.release_text import alternative_document

SCHEMA = 1


def run_document(
    result: Result, distribution: Distribution, interpreter: Interpreter, error: AccelDoctorError | None = None
) -> dict[str, Any]:
    """Return the whole run; ``error`` is what ended it, if not an outcome of the treatment."""
    return {
        "schema": SCHEMA,
        "outcome": result.code.name.lower().replace("_", "-"),
        "exit_code": int(result.code),
        "error": {"message": error.message, "hint": error.hint} if error else None,
        "distro": {"id": distribution.id, "version": distribution.version},
        "python": {"executable": str(interpreter.executable), "version": interpreter.version},
        "packages": _packages(result) if result.code is ExitCode.DONE else [],
        "changes": [_change(change) for change in result.changes],
        "built": [_built(built) for built in result.built],
        "failures": [_case(case) for case in result.cases],
        "transactions": [plan_document(plan) for plan in result.transactions],
        "plan": plan_document(result.plan) if result.plan else None,
        "alternatives": [alternative_document(one) for one in result.alternatives],
    }


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return a plan: packages with the needs they meet, other cures, unmet needs, and commands as lists of words."""
    return {
        "system_packages": [
            {**system_package_document(package), "reasons": [reason_document(reason) for reason in package.reasons]}
            for package in plan.packages
        ],
        "build_cures": [build_cure_document(cure) for cure in plan.build_cures],
        "unmet": unmet_document(plan.unmet),
        "commands": [list(command) for command in plan.commands],
    }


def _packages(result: Result) -> list[dict[str, Any]]:
    if result.locked is None:
        return []
    return [
        {"name": package.name, "version": str(package.version) if package.version else None}
        for package in result.locked.lock.packages
    ]


def _change(change: Change) -> dict[str, Any]:
    return {
        "name": change.name,
        "before": change.before,
        "after": change.after,
        "wheel": None if change.after is None else change.provision.value,
    }


def _built(built: Built) -> dict[str, Any]:
    return {
        "name": built.source.name,
        "version": built.source.version,
        "wheel": built.wheel.path.name,
        "sha256": built.wheel.sha256,
        "reused": built.reused,
        "seconds": round(built.seconds, 3),
        "log": str(built.log) if built.log else None,
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "package": case.failure.package,
        "step": case.failure.step,
        "log": str(case.failure.log),
        "findings": [finding_document(finding) for finding in case.diagnosis.findings],
        "summary": case.diagnosis.summary,
    }


def reason_document(reason: Reason) -> dict[str, Any]:
    """Return the reason that a need is in a plan."""
    return {"need": str(reason.need), "package": reason.package, "evidence": reason.evidence}


def finding_document(finding: Finding) -> dict[str, Any]:
    """Return one finding."""
    return {
        "need": str(finding.need),
        "package": finding.package,
        "line": finding.line,
        "evidence": finding.evidence,
        "role": finding.role.value,
    }


def system_package_document(package: SystemPackage) -> dict[str, Any]:
    """Return one package of a plan, with the needs it meets and the source of its name."""
    return {
        "name": package.name,
        "needs": sorted({str(reason.need) for reason in package.reasons}),
        "confidence": package.confidence.value,
        "source": package.source,
        "alternatives": [list(names) for names in package.alternatives],
    }


def build_cure_document(cure: BuildCure) -> dict[str, Any]:
    """Return a cure that is no system package: the need of a build, what is changed, and what that may affect."""
    return {
        **reason_document(cure.reason),
        "version": cure.reason.version,
        **changes_document(cure.changes),
        "releases": list(cure.releases),
        "from_source": list(cure.from_source),
        "affects": cure.affects,
        "source": cure.source,
    }


def unmet_document(unmet: Sequence[Unmet]) -> list[dict[str, Any]]:
    """Return the unmet needs, each with the known advice."""
    return [{**reason_document(one.reason), "advice": one.advice} for one in unmet]
