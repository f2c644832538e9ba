"""The package's own source, parsed once for all tests that read it."""

from __future__ import annotations

import ast
from pathlib import Path

import accel_doctor

PACKAGE = Path(accel_doctor.__file__).parent
TREES = {
    path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(PACKAGE.rglob("*.py"))
}
