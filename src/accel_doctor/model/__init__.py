"""The nouns of accel-doctor: frozen values, no input or output. The documentation's glossary explains them."""

from accel_doctor.model.builds import Built, Failed, Locked, Outcome, Source, SourceKind, Wheel
from accel_doctor.model.confidence import Confidence
from accel_doctor.model.cures import BuildConstraint, Cure, EnvironmentVariable, PackageChoice, Reason, SystemPackage
from accel_doctor.model.distributions import Distribution
from accel_doctor.model.findings import Diagnosis, Finding, Role
from accel_doctor.model.holdings import Damage, Holding, HoldingKind, LeftOut, Removal
from accel_doctor.model.journal_entries import JournalEntry, JournalNeed, JournalPackage
from accel_doctor.model.linking import UnmetLink
from accel_doctor.model.machine import Interpreter, Origin
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.model.plans import Case, Consent, Plan, Policy, Result, Simulation, Unmet
from accel_doctor.model.providers import Provider
from accel_doctor.model.requests import BuildSettings, Connection, IndexSettings, InstallRequest, RequirementLine
from accel_doctor.model.wheels import BuildKey, Entry, Link, Provenance

__all__ = [
    "BuildConstraint",
    "BuildKey",
    "BuildSettings",
    "Built",
    "Case",
    "Confidence",
    "Connection",
    "Consent",
    "Cure",
    "Damage",
    "Diagnosis",
    "Distribution",
    "Entry",
    "EnvironmentVariable",
    "Failed",
    "Finding",
    "Holding",
    "HoldingKind",
    "IndexSettings",
    "InstallRequest",
    "Interpreter",
    "JournalEntry",
    "JournalNeed",
    "JournalPackage",
    "LeftOut",
    "Link",
    "Locked",
    "Need",
    "NeedKind",
    "Origin",
    "Outcome",
    "PackageChoice",
    "Plan",
    "Policy",
    "Provenance",
    "Provider",
    "Reason",
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
