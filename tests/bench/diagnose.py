"""How fast logs are read: ``python tests/bench/diagnose.py [MEGABYTES]``, one core.

Logs of 100 MB: compiler command lines; the recorded failing logs among what long builds print (compiler lines,
warnings, progress bars, all different), with one line in 40 that nearly is a symptom's, and with one in 8; and the
recorded logs alone, again and again, where every sixth line is a symptom's.
"""

from __future__ import annotations

import io
import itertools
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from accel_doctor.diagnosis import diagnose_stream
from accel_doctor.rulebook import load
from accel_doctor.system.packages.managers import MANAGERS

CASES = Path(__file__).resolve().parents[1] / "data/cases"

COMPILER = (
    "gcc -pthread -Wno-unused-result -Wsign-compare -DNDEBUG -g -fwrapv -O2 -Wall -fPIC -I/usr/include/python3.11 "
    "-c src/file{0}.c -o build/temp.linux-x86_64-cpython-311/src/file{0}.o\n"
)
USUAL = (
    COMPILER,
    "copying src/package/module{0}.py -> build/lib.linux-x86_64-cpython-311/package\n",
    "[{0}/90000] /usr/bin/c++ -Dx_EXPORTS -I../include -O3 -std=gnu++17 -MD -MF a{0}.o.d -o a{0}.o -c a{0}.cpp\n",
    "src/file{0}.c:120:15: warning: unused variable 'result{0}' [-Wunused-variable]\n",
    "  120 |     PyObject *result{0} = NULL;\n      |               ^~~~~~~~~\n",
    "checking for function{0}... yes\n",
    "   Compiling crate{0} v1.0.{0}\n",
    "     ━━━━━━━━━━━━━━━━━━━━ {0}/90.0 kB 1.1 MB/s eta 0:00:00\r\n",
)
NEAR_MISSES = (
    "checking for sys/header{0}.h... no\n",
    "-- Looking for function{0} - not found\n",
    "src/file{0}.c:12:5: warning: implicit declaration of function 'f{0}' [-Wimplicit-function-declaration]\n",
)


def recorded() -> bytes:
    """All recorded logs, one after another."""
    return b"".join(path.read_bytes() for path in sorted(CASES.glob("*/*.log")))


def compiler_log() -> Iterator[bytes]:
    """Compiler command lines without end."""
    for number in itertools.count():
        yield "".join(COMPILER.format(number * 100 + line) for line in range(100)).encode()


def recorded_log() -> Iterator[bytes]:
    """The recorded logs without end."""
    return itertools.repeat(recorded())


def mixed_log(every: int) -> Iterator[bytes]:
    """The recorded logs among what long builds print, one line in ``every`` nearly a symptom's, all different."""
    logs = itertools.cycle(path.read_bytes() for path in sorted(CASES.glob("*/*.log")))
    usual, near = itertools.cycle(USUAL), itertools.cycle(NEAR_MISSES)
    for number in itertools.count():
        lines = (next(near if line % every == 0 else usual).format(number * 4000 + line) for line in range(1, 4000))
        yield "".join(lines).encode() + next(logs)


def measure(name: str, pieces: Iterator[bytes], size: int) -> None:
    """Print one line."""
    symptoms = load((), MANAGERS).symptoms
    stream = io.BytesIO(b"".join(_until(pieces, size)))
    megabytes = len(stream.getvalue()) / 1e6
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter(), time.process_time()
    diagnosis = diagnose_stream(stream, symptoms)
    wall, cpu = time.perf_counter() - started[0], time.process_time() - started[1]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"{name:10} {megabytes:6.1f} MB  {megabytes / wall:6.1f} MB/s  ({megabytes / cpu:6.1f} MB per CPU second)  "
        f"{grown:5.1f} MB more memory  {len(diagnosis.causes)} causes"
    )


def _until(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    while size > 0:
        piece = next(pieces)
        size -= len(piece)
        yield piece


def main() -> None:
    """The command line."""
    size = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 100_000_000
    logs = {
        "compiler": compiler_log(),
        "mixed": mixed_log(40),
        "chatty": mixed_log(8),
        "recorded": recorded_log(),
    }
    for name, pieces in logs.items():
        measure(name, pieces, size)


if __name__ == "__main__":
    main()
