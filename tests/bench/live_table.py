"""How much processor time the live table takes, in percent of the time that builds take.

    python tests/bench/live_table.py [SECONDS]

Eight builds report what ninja prints, ten steps a second each: far more than compilers do. The same is reported to
plain lines and to the table, which draws on a pseudo-terminal of 120 columns; the difference is the table's. Builds
lose at most that much of one core. The goal is under 1 %.
"""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import sys
import termios
import time

from accel_doctor.builder.build_output import BuildOutput
from accel_doctor.cli.terminal.reporters import reporter_for
from accel_doctor.cli.terminal.streams import Terminal
from accel_doctor.model.builds import Source, SourceKind
from accel_doctor.model.machine import Distribution

BUILDS = 8
PER_SECOND = 10
STEPS = 5000
GOAL = 1.0  # percent


def measured(*, live: bool, seconds: float) -> float:
    """Return the processor time, in percent of the time that went by."""
    reporter = reporter_for(Terminal(interactive=True, live=live, color=True), Distribution("debian", "13"))
    sources = [Source(f"package-{number}", "1.0", SourceKind.SDIST, "x") for number in range(BUILDS)]
    outputs = [BuildOutput(source, reporter) for source in sources]
    began, used, step = time.monotonic(), time.process_time(), 0
    reporter.builds(sources)
    for source in sources:
        reporter.build_started(source)
    while time.monotonic() - began < seconds:
        step += 1
        for output in outputs:
            output.hear(f"[{step}/{STEPS}] Compiling C object numpy/_core/file_{step}.c.o")
        time.sleep(1 / PER_SECOND)
    reporter.close()
    return 100 * (time.process_time() - used) / (time.monotonic() - began)


def main(seconds: float) -> None:
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    with subprocess.Popen(["cat"], stdin=ours, stdout=subprocess.DEVNULL) as reader:
        before, sys.stderr = sys.stderr, os.fdopen(theirs, "w")
        os.environ["TERM"] = "xterm-256color"
        measured(live=True, seconds=3)  # imports and first frames happen once a run
        plain, live = (measured(live=kind, seconds=seconds) for kind in (False, True))
        sys.stderr = before
        reader.kill()
    print(f"plain lines: {plain:.2f} % of one core; with the table: {live:.2f} %")
    print(f"the table: {live - plain:.2f} % (goal: under {GOAL:.0f} %)")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20)
