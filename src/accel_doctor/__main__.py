"""``python -m accel_doctor`` and the console script."""

from __future__ import annotations

import gc
import os
import sys

from accel_doctor import __version__
from accel_doctor.cli.surroundings import made_usable

_INTERRUPTED = 130  # ExitCode.INTERRUPTED; to import it takes longer than the version


def main() -> int:
    """Run the command line; return the exit code, or exit with it."""
    temporary = made_usable()
    # Scripts ask for the version often, and importing click takes longer than starting Python.
    if sys.argv[1:] in (["--version"], ["-V"]):
        code = _flushed(f"accel-doctor {__version__}\n", 0)
    else:
        gc.disable()  # imports make no garbage, and looking for it takes a twentieth of them; main.py enables it again
        from accel_doctor.cli.main import run

        code = _flushed("", run(sys.argv[1:]))
    if temporary:
        import shutil  # takes as long as the version

        shutil.rmtree(temporary, ignore_errors=True)
    threading = sys.modules.get("threading")
    if threading is None or threading.active_count() == 1 or code == _INTERRUPTED:
        os._exit(code)  # an orderly shutdown takes a tenth of a short run, waits for threads, and is not needed
    return code


def _flushed(text: str, code: int) -> int:
    """Write the last of the output; return the exit code."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        code = code or 1
    except OSError as error:
        sys.stderr.write(f"error: {error.filename}: {error.strerror}\n")
        code = code or 1
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    sys.exit(main())
