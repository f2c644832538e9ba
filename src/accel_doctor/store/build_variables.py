"""The environment variables that can change what a build makes."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Variables that compilers, linkers and common build backends read: the GNU make manual ("Variables Used
# by Implicit Rules"), gcc's manual ("Environment Variables Affecting GCC"), distutils.sysconfig.customize_compiler,
# clang's and Apple's SDKROOT and *_DEPLOYMENT_TARGET, pbr.
_VARIABLES = frozenset({
    "AR", "ARCHFLAGS", "ARFLAGS", "AS", "ASFLAGS", "BLAS", "BLDSHARED", "CC", "CCSHARED", "CFLAGS", "CPATH", "CPP",
    "CPPFLAGS", "CXX", "CXXFLAGS", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "DEVELOPER_DIR", "F77", "F90", "FC",
    "FFLAGS", "FCFLAGS", "FORCE_CYTHON", "GOFLAGS", "LAPACK", "LD", "LDCXXSHARED", "LDFLAGS", "LDSHARED",
    "LD_LIBRARY_PATH", "LIBRARY_PATH", "LIBS", "MACOSX_DEPLOYMENT_TARGET", "NINJA", "NVCC", "CUDA_HOME", "CUDA_PATH",
    "OBJC_INCLUDE_PATH", "OPT", "PBR_VERSION", "PKG_CONFIG", "RANLIB", "RUSTC", "RUSTC_WRAPPER", "RUSTDOCFLAGS",
    "RUSTFLAGS", "RUSTUP_TOOLCHAIN", "SDKROOT", "SOURCE_DATE_EPOCH", "STATIC_DEPS", "STRIP", "USE_CYTHON",
    "_PYTHON_HOST_PLATFORM",
})  # fmt: skip

# Families of variables: cmake-env-variables(7), pkg-config(1), cargo's reference ("Environment Variables"),
# scikit-build-core, maturin, PyO3, setuptools and its SCM plugin, hatch, numpy.distutils.
_PREFIXES = (
    "CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_", "CMAKE_", "CYTHON_", "HATCH_BUILD_", "MATURIN_", "NPY_",
    "PKG_CONFIG_", "PYO3_", "SETUPTOOLS_", "SKBUILD_",
)  # fmt: skip

# Variables of setup scripts for a single library: PG_CONFIG, GDAL_CONFIG, MYSQLCLIENT_LDFLAGS, FOO_NO_EXTENSIONS.
_SUFFIXES = ("_CFLAGS", "_CPPFLAGS", "_LDFLAGS", "_LIBS", "_CONFIG", "_NO_EXTENSIONS", "_INCLUDE_DIR", "_LIB_DIR")

# The number of jobs and the location of caches do not change the wheel.
_IRRELEVANT = frozenset({
    "CARGO_BUILD_JOBS", "CARGO_BUILD_TARGET_DIR", "CARGO_TARGET_DIR", "CMAKE_BUILD_PARALLEL_LEVEL",
    "CMAKE_COLOR_DIAGNOSTICS", "NPY_NUM_BUILD_JOBS",
})  # fmt: skip


def build_variables(variables: Mapping[str, str], package: str) -> dict[str, str]:
    """Return the variables that can change the result of building ``package``: known ones, known families, and
    any that begin with the package's own name (``PYCURL_SSL_LIBRARY`` for pycurl)."""
    own = re.sub(r"[^A-Z0-9]+", "_", package.upper()) + "_"
    return {
        name: value
        for name, value in variables.items()
        if value
        and name not in _IRRELEVANT
        and (name in _VARIABLES or name.startswith((*_PREFIXES, own)) or name.endswith(_SUFFIXES))
    }
