"""Logs without an end, read by a process that may take little memory."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading

import pytest

DEBIAN = ("--distro", "debian:12")


def lines_of(count, form):
    for start in range(0, count, 1000):
        yield "".join(form.format(number) for number in range(start, start + 1000)).encode()


ENDLESS = {
    "one line": lambda: (b"fatal error: x.h " * 10_000 for _ in range(1200)),
    "no line feed but carriage returns": lambda: (b"fatal error: \r" * 10_000 for _ in range(400)),
    "zeros": lambda: (b"\0" * 1_000_000 for _ in range(200)),
    "findings, all different": lambda: lines_of(50_000, "x.c:1:1: fatal error: a{}.h: No such file or directory\n"),
    "tests, all different": lambda: lines_of(50_000, "checking for a{}.h... no\n"),
    "packages, all different": lambda: lines_of(
        30_000, "  Building wheel for p{0} (setup.py): started\n  a{0}.h: No such file or directory\n"
    ),
    "packages, none ended": lambda: lines_of(60_000, "  \u00d7 Building wheel for p{} (pyproject.toml) did not run\n"),
    "wrapped messages": lambda: lines_of(30_000, "CMake Error at x{}:1 (x):\n  a\n"),
    "names in one line": lambda: (
        b"ERROR: Failed to build installable wheels (" + b"a, " * 300_000 + b")\n" for _ in range(20)
    ),
    "not UTF-8": lambda: (bytes(range(128, 256)) * 8_000 for _ in range(100)),
}
COMMAND = ["diagnose", "-", *DEBIAN]
MORE = 24 << 20  # bytes of address space that a hostile log may take beyond what an empty one does


@pytest.fixture(scope="module")
def memory():
    code = (
        "import sys; from accel_doctor.cli.main import run; run(sys.argv[1:]); "
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmPeak')][0])"
    )
    shown = subprocess.run([sys.executable, "-c", code, *COMMAND], input=b"", check=True, capture_output=True).stdout
    return int(shown.split()[-1]) * 1024 + MORE


@pytest.mark.parametrize("name", ENDLESS)
def test_memory_is_bounded(memory, name):
    process = subprocess.Popen(
        [sys.executable, "-m", "accel_doctor", *COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory)),
    )

    def write():
        with process.stdin as stream:
            for piece in ENDLESS[name]():
                stream.write(piece)

    writer = threading.Thread(target=write)
    writer.start()
    out, err = process.stdout.read(), process.stderr.read()
    writer.join()
    process.stdout.close()
    process.stderr.close()
    assert (process.wait(), err) == (0, b"")
    assert len(out) < 200_000
