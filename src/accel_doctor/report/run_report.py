"""A run as a JSON document (``--report FILE``); the shape is described in ``docs/reference/report.md``. Pure."""

from __future__ import annotations

from typing import Any

from accel_doctor.errors import AccelDoctorError, ExitCode
from accel_doctor.model import Built, Case, Distribution, Finding, Interpreter, Plan, Reason, Result

SCHEMA = 1


def run_document(
    result: Result, distribution: Distribution, interpreter: Interpreter, error: AccelDoctorError | None = None
) -> dict[str, Any]:
    """The whole run; ``error`` is what ended it, where something did that is no outcome of the treatment."""
    return {
        "schema": SCHEMA,
        "outcome": result.code.name.lower().replace("_", "-"),
        "exit_code": int(result.code),
        "error": {"message": error.message, "hint": error.hint} if error else None,
        "distro": {"id": distribution.id, "version": distribution.version},
        "python": {"executable": str(interpreter.executable), "version": interpreter.version},
        "packages": _packages(result) if result.code is ExitCode.DONE else [],
        "built": [_built(built) for built in result.built],
        "failures": [_case(case) for case in result.cases],
        "transactions": [plan_document(plan) for plan in result.transactions],
        "plan": plan_document(result.plan) if result.plan else None,
    }


def plan_document(plan: Plan) -> dict[str, Any]:
    """A plan: packages with the needs they meet, what is unmet, and the commands as argument lists."""
    return {
        "system_packages": [
            {
                "name": package.name,
                "needs": sorted({str(reason.need) for reason in package.reasons}),
                "reasons": [_reason(reason) for reason in package.reasons],
                "confidence": package.confidence.value,
                "source": package.source,
                "alternatives": [list(names) for names in package.alternatives],
            }
            for package in plan.packages
        ],
        "unmet": [{**_reason(unmet.reason), "advice": unmet.advice} for unmet in plan.unmet],
        "commands": [list(command) for command in plan.commands],
    }


def _packages(result: Result) -> list[dict[str, Any]]:
    if result.locked is None:
        return []
    return [
        {"name": package.name, "version": str(package.version) if package.version else None}
        for package in result.locked.lock.packages
    ]


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
        "findings": [_finding(finding) for finding in case.diagnosis.findings],
        "summary": case.diagnosis.summary,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "need": str(finding.need),
        "package": finding.package,
        "line": finding.line,
        "evidence": finding.evidence,
        "role": finding.role.value,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {"need": str(reason.need), "package": reason.package, "evidence": reason.evidence}
