"""The same logs as services, wrappers and terminals show them say the same."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from books import load
from paths import CASES, DATA

from accel_doctor.diagnosis import diagnose_stream

SYMPTOMS = load().symptoms
LOGS = sorted(CASES.glob("*/*.log"))[::4]
SAMPLES = DATA / "logs"


def each_line(change: Callable[[str, int], str]) -> Callable[[str], bytes]:
    def changed(log: str) -> bytes:
        return "".join(change(line, number) + "\n" for number, line in enumerate(log.splitlines())).encode()

    return changed


def stamp(number: int) -> str:
    return f"2025-01-31T12:{number // 60 % 60:02}:{number % 60:02}.1234567Z"


def coloured(line: str, number: int) -> str:
    return line.replace("error:", "\x1b[01;31m\x1b[Kerror:\x1b[m\x1b[K").replace(
        "ld:", "\x1b]8;;file://x\x07ld:\x1b]8;;\x07"
    )


FLAVOURS = {
    "as it is": each_line(lambda line, number: line),
    "Docker BuildKit": each_line(lambda line, number: f"#12 {number / 9:.3f} {line}"),
    "BuildKit's summary": each_line(lambda line, number: f"{number / 9:.3f} {line}"),
    "docker compose": each_line(lambda line, number: f"web-1  | {line}"),
    "docker logs -t": each_line(lambda line, number: f"2025-01-31T12:00:00.123456789Z {line}"),
    "GitHub Actions": lambda log: "\ufeff".encode() + each_line(lambda line, number: f"{stamp(number)} {line}")(log),
    "gh run view --log": each_line(lambda line, number: f"build (3.11)\tRun pip install\t{stamp(number)} {line}"),
    "GitLab": each_line(lambda line, number: f"2025-01-31T12:00:00.123456Z 01O {line}"),
    "Jenkins": each_line(lambda line, number: f"[2025-01-31T12:00:00.123Z] {line}"),
    "journalctl": each_line(lambda line, number: f"Jan 31 12:00:00 host build[4711]: {line}"),
    "journalctl -o short-iso": each_line(lambda line, number: f"2025-01-31T12:00:00+0100 host build[4711]: {line}"),
    "conda-build": each_line(lambda line, number: f" \u2502 \u2502 {line}"),
    "nix": each_line(lambda line, number: f"python3.11-x> {line}"),
    "poetry": each_line(lambda line, number: f"    {line}"),
    "colours": each_line(coloured),
    "CRLF": each_line(lambda line, number: line + "\r"),
    "PowerShell": lambda log: log.encode("utf-16"),
    "progress bars": each_line(lambda line, number: f"  10%\r  90%\r{line}"),
    "bytes that are no UTF-8": lambda log: b"caf\xe9 \xff\n".join([b"", log.encode()]).replace(b"\n", b" \xe9\n", 1),
    "in a container in an action": each_line(lambda line, number: f"{stamp(number)} #9 {number / 7:.1f} {line}"),
}


def said(data: bytes) -> list[tuple[str, str | None]]:
    return [(str(cause.need), cause.package) for cause in diagnose_stream(io.BytesIO(data), SYMPTOMS).causes]


@cache
def plain(log: Path) -> list[tuple[str, str | None]]:
    return said(log.read_bytes())


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_recorded_logs_say_the_same(flavour):
    different = {
        f"{log.parent.name}/{log.name}": (found, plain(log))
        for log in LOGS
        if (found := said(FLAVOURS[flavour](log.read_text("utf-8", "replace")))) != plain(log)
    }
    assert different == {}


def test_several_failed_packages_in_one_log():
    logs = [log for log in LOGS if plain(log)][:12]
    together = b"".join(log.read_bytes() for log in logs)
    assert set(said(together)) == {cause for log in logs for cause in plain(log)}


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("*.log")))
def test_tools_real_output(name):
    """Recorded on machines without libacl's development files: each tool made to build pylibacl 0.7.2."""
    assert said((SAMPLES / name).read_bytes()) == [("header:sys/acl.h", "pylibacl")]
