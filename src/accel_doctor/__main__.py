"""``python -m accel_doctor`` and the console script."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line; returns the exit code, or ends the process with it."""
    code = _run(sys.argv[1:])
    threading = sys.modules.get("threading")
    if threading is None or threading.active_count() == 1:
        _leave(code)
    return code


def _run(line: list[str]) -> int:
    from accel_doctor.cli.main import run

    return run(line)


def _leave(code: int) -> None:
    """End at once: taking the interpreter down takes a tenth of a short run, and does nothing that anybody needs."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return  # the interpreter says so as it ends
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
