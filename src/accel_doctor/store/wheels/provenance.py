"""What a stored wheel is said to be made from. Pure."""

from __future__ import annotations

from datetime import datetime

from accel_doctor.model import Distribution, Interpreter, Provenance, Source, SourceKind
from accel_doctor.store.wheels.build_key import without_credentials


def provenance_of(
    source: Source, version: str, interpreter: Interpreter, distribution: Distribution, built_at: datetime
) -> Provenance:
    """The provenance of a wheel built from ``source`` for this interpreter; its build requirements are not in it."""
    return Provenance(
        name=source.name,
        version=version,
        source=_origin(source),
        distribution=distribution_name(distribution),
        interpreter=f"{interpreter.implementation} {interpreter.version}",
        platform=interpreter.platform,
        libc=interpreter.libc,
        built_at=built_at.isoformat(timespec="seconds"),
    )


def distribution_name(distribution: Distribution) -> str:
    """How provenance calls a distribution: ``debian 13``."""
    return f"{distribution.id} {distribution.version or distribution.codename}".strip()


def _origin(source: Source) -> str:
    if source.kind is SourceKind.SDIST:
        return f"sha256:{source.sha256}"
    part = f"#subdirectory={source.subdirectory}" if source.subdirectory else ""
    return f"{source.vcs}+{without_credentials(source.location)}@{source.commit}{part}"
