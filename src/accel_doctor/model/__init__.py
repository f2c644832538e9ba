"""The nouns of accel-doctor: frozen values, no input or output.

The words are those of ``docs/explanation/architecture.md``: need, symptom, finding, cause, remedy, plan.
"""

from accel_doctor.model.builds import BuildFailed, BuildOutcome, Built, Failed, Locked, Source, SourceKind, Wheel
from accel_doctor.model.machine import Distribution, Interpreter, Origin
from accel_doctor.model.needs import Diagnosis, Finding, Need, NeedKind, Role
from accel_doctor.model.plans import (
    Case,
    Confidence,
    Consent,
    Plan,
    Policy,
    Reason,
    Remedy,
    Result,
    Simulation,
    SystemPackage,
    Unmet,
)
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest, RequirementLine

__all__ = [
    "BuildFailed",
    "BuildOutcome",
    "BuildSettings",
    "Built",
    "Case",
    "Confidence",
    "Consent",
    "Diagnosis",
    "Distribution",
    "Failed",
    "Finding",
    "IndexSettings",
    "InstallRequest",
    "Interpreter",
    "Locked",
    "Need",
    "NeedKind",
    "Origin",
    "Plan",
    "Policy",
    "Reason",
    "Remedy",
    "RequirementLine",
    "Result",
    "Role",
    "Simulation",
    "Source",
    "SourceKind",
    "SystemPackage",
    "Unmet",
    "Wheel",
]
