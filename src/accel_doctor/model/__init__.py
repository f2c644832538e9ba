"""The nouns of accel-doctor: frozen values, no input or output.

The words are those of ``docs/explanation/architecture.md``: need, symptom, finding, cause, remedy, plan.
A noun's module is imported when the noun is: importing all of them takes longer than a look-up in a file index.
"""

import importlib

from accel_doctor.values import TYPE_CHECKING

if TYPE_CHECKING:
    from accel_doctor.model.builds import BuildFailed, BuildOutcome, Built, Failed, Locked, Source, SourceKind, Wheel
    from accel_doctor.model.confidence import Confidence
    from accel_doctor.model.distributions import Distribution
    from accel_doctor.model.findings import Diagnosis, Finding, Role
    from accel_doctor.model.holdings import Damage, Holding, HoldingKind, LeftOut, Removal
    from accel_doctor.model.linking import UnmetLink
    from accel_doctor.model.machine import Interpreter, Origin
    from accel_doctor.model.needs import Need, NeedKind
    from accel_doctor.model.plans import (
        Case,
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
    from accel_doctor.model.providers import Provider
    from accel_doctor.model.requests import (
        BuildSettings,
        Connection,
        IndexSettings,
        InstallRequest,
        RequirementLine,
    )
    from accel_doctor.model.wheels import BuildKey, Entry, Link, Provenance
else:
    _NOUNS = {
        "builds": "BuildFailed BuildOutcome Built Failed Locked Source SourceKind Wheel",
        "confidence": "Confidence",
        "distributions": "Distribution",
        "wheels": "BuildKey Entry Link Provenance",
        "findings": "Diagnosis Finding Role",
        "holdings": "Damage Holding HoldingKind LeftOut Removal",
        "linking": "UnmetLink",
        "machine": "Interpreter Origin",
        "needs": "Need NeedKind",
        "plans": "Case Consent Plan Policy Reason Remedy Result Simulation SystemPackage Unmet",
        "providers": "Provider",
        "requests": "BuildSettings Connection IndexSettings InstallRequest RequirementLine",
    }
    _MODULES = {noun: module for module, nouns in _NOUNS.items() for noun in nouns.split()}

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        noun = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = noun
        return noun


__all__ = [
    "BuildFailed",
    "BuildKey",
    "BuildOutcome",
    "BuildSettings",
    "Built",
    "Case",
    "Confidence",
    "Connection",
    "Consent",
    "Damage",
    "Diagnosis",
    "Distribution",
    "Entry",
    "Failed",
    "Finding",
    "Holding",
    "HoldingKind",
    "IndexSettings",
    "InstallRequest",
    "Interpreter",
    "LeftOut",
    "Link",
    "Locked",
    "Need",
    "NeedKind",
    "Origin",
    "Plan",
    "Policy",
    "Provenance",
    "Provider",
    "Reason",
    "Remedy",
    "Removal",
    "RequirementLine",
    "Result",
    "Role",
    "Simulation",
    "Source",
    "SourceKind",
    "SystemPackage",
    "Unmet",
    "UnmetLink",
    "Wheel",
]
