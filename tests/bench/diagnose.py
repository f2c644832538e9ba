"""How fast logs are read: ``python tests/bench/diagnose.py [MEGABYTES]``, one core.

Three logs of 100 MB: compiler command lines; the recorded failing logs, one after another again and again; and a
chatty one, the recorded logs among compiler lines, configure tests, warnings and progress bars that are all different,
as a long build prints them.
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

CASES = Path(__file__).resolve().parents[1] / "cases"
COMPILER = (
    "gcc -pthread -Wno-unused-result -Wsign-compare -DNDEBUG -g -fwrapv -O2 -Wall -fPIC -I/usr/include/python3.11 "
    "-c src/file{0}.c -o build/temp.linux-x86_64-cpython-311/src/file{0}.o\n"
)
CHATTY = (
    "copying src/package/module{0}.py -> build/lib.linux-x86_64-cpython-311/package\n",
    "[{0}/90000] /usr/bin/c++ -Dx_EXPORTS -I../include -O3 -std=gnu++17 -MD -MT a{0}.o -MF a{0}.o.d -o a{0}.o -c a{0}.cpp\n",
    "src/file{0}.c:120:15: warning: unused variable 'result{0}' [-Wunused-variable]\n",
    "  120 |     PyObject *result{0} = NULL;\n      |               ^~~~~~~~~\n",
    "checking for function{0}... yes\n",
    "checking for sys/header{0}.h... no\n",
    "-- Looking for function{0} - not found\n",
    "   Compiling crate{0} v1.0.{0}\n",
    "     ━━━━━━━━━━━━━━━━━━━━ {0}/90.0 kB 1.1 MB/s eta 0:00:00\r\n",
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


def chatty_log() -> Iterator[bytes]:
    """A little of everything without end."""
    logs = itertools.cycle(path.read_bytes() for path in sorted(CASES.glob("*/*.log")))
    for number in itertools.count():
        lines = (line.format(number * 100 + count) for count in range(100) for line in (*CHATTY, COMPILER))
        yield "".join(lines).encode() + next(logs)


def measure(name: str, pieces: Iterator[bytes], size: int) -> None:
    """Print one line."""
    symptoms = load().symptoms
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
    for name, pieces in (("compiler", compiler_log()), ("recorded", recorded_log()), ("chatty", chatty_log())):
        measure(name, pieces, size)


if __name__ == "__main__":
    main()
