"""The nouns of accel-doctor: frozen values, no input or output. The documentation's glossary explains them."""

from accel_doctor.model.builds import Built, Failed, Locked, Outcome, Source, SourceKind, Wheel
from accel_doctor.model.cures import (
    BuildConstraint,
    Confidence,
    Cure,
    EnvironmentVariable,
    PackageChoice,
    Provider,
    Reason,
    SystemPackage,
)
from accel_doctor.model.holdings import Damage, Holding, HoldingKind, LeftOut, Limits, Removal
from accel_doctor.model.machine import Distribution, Interpreter, Invocation, Origin
from accel_doctor.model.needs import Diagnosis, Finding, Need, NeedKind, Role
from accel_doctor.model.plans import (
    Case,
    Consent,
    JournalEntry,
    Plan,
    Policy,
    Result,
    Simulation,
    Unmet,
)
from accel_doctor.model.requests import BuildSettings, Connection, IndexSettings, InstallRequest, RequirementLine
from accel_doctor.model.wheels import BuildKey, Entry, Link, Provenance, UnmetLink
