"""Build keys, which identify the right stored wheel, and the provenance recorded with it. Pure.

A key is the SHA-256 of the following facts, as JSON with sorted keys (``docs/reference/wheel-store.md``).

The exact key covers

- the source: the archive's SHA-256, or a repository's URL and commit; the directory inside it;
- the interpreter: implementation, feature version (the whole version before a release is final, since the ABI still
  moves), SOABI, cache tag, debug and free-threaded builds;
- the platform, and the C library with its version;
- the distribution and its release, whose libraries extension modules link to;
- config settings, build constraints, and what cures changed in the build;
- the environment variables that change what is built (:func:`build_environment`).

The exact key of a portable build covers neither distribution nor C library version: the wheel bundles the libraries,
and its file name gives the version.

The pure key covers source, config settings, build constraints and what cures changed: everything that a wheel without
binaries depends on.

Neither covers the versions of the build requirements, which are unknown before a build and part of what a wheel
records about itself; build constraints pin them and are covered.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from accel_doctor.changes_document import changes_document
from accel_doctor.model.builds import Source, SourceKind
from accel_doctor.model.cures import BuildChanges
from accel_doctor.model.machine import Distribution, Interpreter
from accel_doctor.model.wheels import BuildKey, Provenance
from accel_doctor.store.build_variables import build_variables

if TYPE_CHECKING:
    from accel_doctor.model.requests import BuildSettings

KEY_VERSION = 3

# -march=native, -mcpu=native, -C target-cpu=native
_THIS_PROCESSOR = re.compile(r"\b(?:march|mcpu|mtune|target-cpu)=native\b")


def build_key(
    source: Source,
    interpreter: Interpreter,
    distribution: Distribution,
    settings: BuildSettings,
    environment: Mapping[str, str],
) -> BuildKey | None:
    """Return the key of a build, or None if it has no stable identity.

    These have none: directories change at any time; a build without isolation depends on whatever is installed; an
    sdist without a hash or a VCS source without a commit could be anything; code compiled for the processor at
    hand may crash with an illegal instruction on another one.
    """
    identity = _identity(source)
    variables = build_variables(environment, source.name)
    flags = (*variables.values(), *settings.config_settings)
    if identity is None or settings.no_build_isolation or any(map(_THIS_PROCESSOR.search, flags)):
        return None
    pure = _pure_facts(identity, settings.config_settings, settings.build_constraints)
    if changed := _changed(settings.changes):
        pure["changes"] = changed
    binary: dict[str, Any] = {
        "interpreter": interpreter.abi,
        "platform": interpreter.platform,
        "libc": interpreter.libc,
        "distribution": [distribution.id, distribution.version or distribution.codename],
        "environment": variables,
    }
    if settings.portable:
        # It bundles the libraries that it links to; its file name gives the minimum C library version.
        libc = interpreter.libc.partition(" ")[0]
        binary = {**binary, "libc": libc, "distribution": None, "portable": True}
    return BuildKey(exact=_digest({**pure, "binary": binary}), pure=_digest(pure))


def usual_pure_key(sha256: str) -> str:
    """Return the pure key of an sdist that is built as usual: without settings, and without changes by cures."""
    return _digest(_pure_facts({"sha256": sha256, "subdirectory": None}, (), ()))


def _pure_facts(
    identity: Mapping[str, str | None], config_settings: Sequence[str], constraints: Sequence[str]
) -> dict[str, Any]:
    return {
        "key-version": KEY_VERSION,
        "source": identity,
        "config-settings": list(config_settings),
        "build-constraints": sorted(constraints),
    }


def _changed(changes: BuildChanges) -> dict[str, Any]:
    """Return what cures change in a wheel, in whatever order they came; the number of jobs does not change it."""
    document = changes_document(replace(changes, jobs=None))
    return {name: sorted(value) if isinstance(value, list) else value for name, value in document.items() if value}


def _identity(source: Source) -> dict[str, str | None] | None:
    if source.kind is SourceKind.SDIST and source.sha256:
        return {"sha256": source.sha256, "subdirectory": source.subdirectory}
    if source.kind is SourceKind.VCS and source.commit:
        return {"vcs": source.vcs, "url": without_credentials(source.location), "commit": source.commit,
                "subdirectory": source.subdirectory}  # fmt: skip
    return None


def without_credentials(url: str) -> str:
    """Return a URL without user and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _digest(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def provenance_of(
    source: Source, version: str, interpreter: Interpreter, distribution: Distribution, built_at: datetime
) -> Provenance:
    """Return the provenance of a wheel built from ``source``, without its build requirements."""
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
    """Return the name of a distribution in provenance: ``debian 13``."""
    return f"{distribution.id} {distribution.version or distribution.codename}".strip()


def _origin(source: Source) -> str:
    if source.kind is SourceKind.SDIST:
        return f"sha256:{source.sha256}"
    part = f"#subdirectory={source.subdirectory}" if source.subdirectory else ""
    return f"{source.vcs}+{without_credentials(source.location)}@{source.commit}{part}"
