"""``python -m accel_doctor`` and the console script."""

from __future__ import annotations

import sys

from accel_doctor.cli.application import run


def main() -> int:
    """Run the command line; returns the exit code."""
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
