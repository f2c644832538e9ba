"""See to the directory that accel-doctor.pyz was unpacked to; shiv runs this each time, before accel-doctor."""

import platform
import shutil
import sys
import time
from pathlib import Path

_KEPT = 30 * 24 * 3600  # seconds since a version was last started

if sys.version_info < (3, 10):  # noqa: UP036 any Python 3 comes this far
    sys.exit(f"error: accel-doctor needs Python 3.10 or later, this is {platform.python_version()}")

here: Path = globals()["site_packages"].parent
if not (here / "started").exists():
    for program in here.glob("site-packages/uv/uv-*"):
        if program.name != f"uv-{platform.machine()}":
            program.unlink(missing_ok=True)
    for other in here.parent.glob("*/started"):
        if time.time() - other.stat().st_mtime > _KEPT:
            shutil.rmtree(other.parent, ignore_errors=True)
(here / "started").touch()
