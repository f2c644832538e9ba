"""``python -m accel_doctor`` and the console script."""

from __future__ import annotations

import gc
import os
import sys

from accel_doctor import __version__


def main() -> int:
    """Run the command line; return the exit code, or exit with it."""
    if sys.argv[1:] == ["--version"]:  # scripts call this often, and importing click takes longer than starting Python
        sys.stdout.write(f"accel-doctor {__version__}\n")
        _leave(0)
    gc.disable()  # imports make no garbage, and looking for it takes a twentieth of them; main.py enables it again
    from accel_doctor.cli.main import run

    code = run(sys.argv[1:])
    threading = sys.modules.get("threading")
    if threading is None or threading.active_count() == 1:
        _leave(code)
    return code


def _leave(code: int) -> None:
    """Exit at once: an orderly interpreter shutdown takes a tenth of a short run, and is not needed."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return  # the interpreter reports it on exit
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
