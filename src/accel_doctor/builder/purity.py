"""Tell whether another interpreter or machine could build a different wheel from a source.

A wheel without binaries can be shared only if every machine would build the same one. Some sources skip their
extension modules without a compiler, or under PyPy; some setup scripts write dependencies that vary with the version
of Python (pip caches wheels per interpreter for that reason: https://github.com/pypa/pip/issues/7296).
"""

from __future__ import annotations

import re
from pathlib import Path

from accel_doctor.builder.archives import SourceFile, source_files
from accel_doctor.errors import RequirementsError

_COMPILED = frozenset({
    ".asm", ".c", ".cc", ".cpp", ".cu", ".cxx", ".f", ".f77", ".f90", ".f95", ".for", ".go", ".i", ".m", ".mm", ".pxd",
    ".pyx", ".rs", ".s", ".swg", ".zig",
})  # fmt: skip
_ASIDE = frozenset({"bench", "benchmarks", "doc", "docs", "example", "examples", "test", "testing", "tests"})
_SCRIPTS = frozenset({"pyproject.toml", "setup.py", "hatch_build.py", "pdm_build.py", "build.py"})
_ASKS = re.compile(
    rb"version_info|sys\.version|hexversion|python_implementation|sys\.implementation|sys\.platform"
    rb"|\bplatform\.|\bos\.name\b|os\.uname|sys\.maxsize|PY2|PY3|PYPY|\benviron\b|getenv|has_c_compiler"
)
_OWN_BACKEND = re.compile(rb"^\s*backend-path\s*=", re.MULTILINE)
_READ = 1 << 20  # bytes of one script


def built_the_same_everywhere(source: Path) -> bool:
    """Return whether a source (an archive or a directory) seems to build the same wheel everywhere: no code in a
    compiled language, no build script that inspects its environment. In doubt, return False."""
    try:
        with source_files(source) as files:
            return not any(map(_varies, files))
    except RequirementsError:
        return False


# The suffixes of extension modules' sources; the first language that a source has decides.
_LANGUAGES = {
    "rust": frozenset({".rs"}),
    "c++": frozenset({".cc", ".cpp", ".cxx"}),
    "c": frozenset({".c", ".pyx"}),
    "fortran": frozenset({".f", ".f77", ".f90", ".f95", ".for"}),
}


def compiled_language(source: Path) -> str | None:
    """Return the compiled language that a source's extension modules are written in, as far as file names tell; None
    if there seem to be none."""
    try:
        with source_files(source) as files:
            suffixes = {file.path.suffix.lower() for file in files if not _ASIDE & set(file.path.parts[:-1])}
    except RequirementsError:
        return None
    return next((language for language, endings in _LANGUAGES.items() if endings & suffixes), None)


def _varies(file: SourceFile) -> bool:
    path = file.path
    if path.suffix.lower() in _COMPILED and not _ASIDE & set(path.parts[:-1]):
        return True
    if len(path.parts) != 1 or path.name not in _SCRIPTS:
        return False
    return (_OWN_BACKEND if path.name == "pyproject.toml" else _ASKS).search(file.start(_READ)) is not None
