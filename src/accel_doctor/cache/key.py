"""Build keys: which stored wheel is the right one. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from accel_doctor.model import BuildSettings, Distribution, Interpreter, Source, SourceKind

KEY_VERSION = 1

# What compilers, linkers and the usual build backends read from the environment. A build under another value is
# another build: see the GNU make manual ("Variables Used by Implicit Rules"), distutils.sysconfig.customize_compiler
# and the PKG_CONFIG_* section of pkg-config(1).
BUILD_ENVIRONMENT = (
    "AR", "ARCHFLAGS", "CARGO_BUILD_TARGET", "CC", "CFLAGS", "CMAKE_ARGS", "CMAKE_GENERATOR", "CMAKE_PREFIX_PATH",
    "CPATH", "CPPFLAGS", "CXX", "CXXFLAGS", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "FC", "FFLAGS", "LD", "LDFLAGS",
    "LDSHARED", "LIBRARY_PATH", "LD_LIBRARY_PATH", "MACOSX_DEPLOYMENT_TARGET", "PKG_CONFIG", "PKG_CONFIG_LIBDIR",
    "PKG_CONFIG_PATH", "PKG_CONFIG_SYSROOT_DIR", "RUSTFLAGS", "SETUPTOOLS_USE_DISTUTILS", "SKBUILD_CMAKE_ARGS",
    "SOURCE_DATE_EPOCH",
)  # fmt: skip


def build_key(
    source: Source,
    interpreter: Interpreter,
    distribution: Distribution,
    settings: BuildSettings,
    environment: Mapping[str, str],
) -> str | None:
    """The SHA-256 (hex) under which the wheel of this build is kept, or None where the build has no stable identity.

    No identity: directories change under our feet; a build without isolation depends on whatever is installed; an
    sdist without a hash and a VCS source without a commit could be anything.
    """
    identity = _identity(source)
    if identity is None or settings.no_build_isolation:
        return None
    facts = {
        "key-version": KEY_VERSION,
        "source": identity,
        "interpreter": {
            "implementation": interpreter.implementation,
            "version": interpreter.feature_version,
            "soabi": interpreter.soabi,
            "cache-tag": interpreter.cache_tag,
            "debug": interpreter.debug,
            "free-threaded": interpreter.free_threaded,
        },
        "platform": interpreter.platform,
        "libc": interpreter.libc,
        # Extension modules bind to the sonames of the release they were linked on.
        "distribution": [distribution.id, distribution.version or distribution.codename],
        "config-settings": list(settings.config_settings),
        "build-constraints": sorted(settings.build_constraints),
        "environment": {name: environment[name] for name in BUILD_ENVIRONMENT if environment.get(name)},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _identity(source: Source) -> dict[str, str | None] | None:
    match source.kind:
        case SourceKind.SDIST if source.sha256:
            return {"sha256": source.sha256, "subdirectory": source.subdirectory}
        case SourceKind.VCS if source.commit:
            return {"vcs": source.vcs, "url": source.location, "commit": source.commit,
                    "subdirectory": source.subdirectory}  # fmt: skip
        case _:
            return None
