"""What a person sees while builds run, on screens of several widths; and what pipes and logs get instead."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pyte
import pytest
from slow_backend import write_slow_sdist

DOCTOR = Path(sys.executable).with_name("accel-doctor")
SOURCES = 4
ROWS = 12
STEPS = 30


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Path:
    """A directory with an environment and sources that take six seconds each."""
    directory: Path = tmp_path_factory.mktemp("screen")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(directory / "env")], check=True)
    for number in range(SOURCES):
        write_slow_sdist(directory, f"slow{number}", steps=STEPS, seconds=0.2)
    return directory


def command(*more: str) -> list[str]:
    sources = [f"./slow{number}-1.0.tar.gz" for number in range(SOURCES)]
    return [
        str(DOCTOR), "install", "--python", "env", "--cache-dir", "cache", "--jobs", "2", "--offline",
        "--no-system", *more, *sources,
    ]  # fmt: skip


def variables(**more: str) -> dict[str, str]:
    inherited = ("CI", "NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "GITLAB_CI", "ACCEL_DOCTOR_COLOR")
    plain = {name: value for name, value in os.environ.items() if name not in inherited}
    return {**plain, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **more}


def screens(here: Path, columns: int, **more: str) -> Iterator[tuple[bytes, list[str]]]:
    """Each piece of output up to a pause, and the lines of the screen after it, until all builds have ended."""
    argv = command()
    child = pexpect.spawn(
        argv[0], argv[1:], cwd=str(here), env=variables(**more), dimensions=(ROWS, columns), timeout=90
    )
    screen = pyte.Screen(columns, ROWS)
    stream = pyte.ByteStream(screen)
    pause, data, ended = 90.0, b"", False
    while not ended:
        try:  # a table may come in two reads, and half of one is nothing that anybody sees
            data, pause = data + child.read_nonblocking(65536, timeout=pause), 0.02
            continue
        except pexpect.EOF:
            ended = True
        except pexpect.TIMEOUT:
            assert data, "nothing was said for 90 seconds"
        stream.feed(data)
        yield data, [line.rstrip() for line in screen.display]
        pause, data = 90.0, b""
    child.close()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_builds_show_how_far_they_are_and_nothing_flickers(here, columns):
    shown = [lines for _, lines in screens(here, columns)]
    table = re.compile(rf"  slow\d 1\.0  (compile )?\d+ of {STEPS}\b.*  \d+ s$")
    with_table = [number for number, lines in enumerate(shown) if any(map(table.match, lines))]
    assert with_table, shown[-1]
    assert any("  2 waiting" in lines for lines in shown)
    for lines in shown[with_table[0] : with_table[-1]]:
        assert any(line.startswith("  slow") for line in lines), lines  # it is never taken away and drawn again
    for lines in shown:
        assert not any("..." in line for line in lines)
    assert not any(map(table.match, shown[-1]))  # and gone at the end


def test_without_colors(here):
    written = b"".join(data for data, _ in screens(here, 80, NO_COLOR="1"))
    assert re.findall(rb"\x1b\[[0-9;]*m", written.replace(b"\x1b[0m", b"")) == []


def test_a_terminal_that_cannot_redraw_gets_lines(here):
    written = b"".join(data for data, _ in screens(here, 80, TERM="dumb"))
    assert b"\x1b" not in written
    assert written.count(b"building slow") == SOURCES


@pytest.mark.parametrize(
    ("more", "options", "begins", "colored"),
    [
        ({}, (), "Resolving", False),
        ({"FORCE_COLOR": "1"}, (), "\x1b[1mResolving", True),
        ({}, ("--color", "always"), "\x1b[1mResolving", True),
        ({"GITHUB_ACTIONS": "true", "CI": "true"}, (), "::group::Resolving", False),
        ({"GITLAB_CI": "true", "CI": "true"}, ("--color", "never"), "\x1b[0Ksection_start:", False),
    ],
)
def test_pipes_and_logs_get_a_line_for_each_event(here, more, options, begins, colored):
    done = subprocess.run(
        command("--dry-run", *options), cwd=here, env=variables(**more), capture_output=True, text=True, check=False
    )
    assert done.stderr.startswith(begins)
    assert ("\x1b[1m" in done.stderr) == colored
    assert "\x1b[2K" not in done.stderr
