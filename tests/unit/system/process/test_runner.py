"""ProcessRunner: what callers get back."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from accel_doctor.system.process.children import LINE_LIMIT, Kept, Lines
from accel_doctor.system.process.runner import ProcessRunner

PYTHON = sys.executable


@pytest.fixture
def runner() -> ProcessRunner:
    return ProcessRunner({"PATH": "/usr/bin:/bin", "COLOUR": "red"})


def test_streams_are_kept_apart_and_undecodable_bytes_replaced(runner: ProcessRunner) -> None:
    done = runner.capture(["sh", "-c", r"printf 'a\377b'; echo oops >&2; exit 3"])
    assert (done.returncode, done.output, done.stderr) == (3, "a�b", "oops\n")
    assert done.argv[0] == "sh"


def test_environment_is_added_to_the_base_one_and_nothing_else_is_inherited(
    runner: ProcessRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAKED", "yes")
    done = runner.capture(["env"], environment={"SIZE": "xl"})
    assert sorted(done.output.split()) == ["COLOUR=red", "PATH=/usr/bin:/bin", "SIZE=xl"]


def test_stdin_is_what_was_given_or_empty(runner: ProcessRunner) -> None:
    text = "line\n" * 100_000  # more than a pipe holds
    assert runner.capture(["cat"], stdin=text).output == text
    assert runner.capture(["cat"]).output == ""


def test_the_working_directory_is_the_one_asked_for(runner: ProcessRunner, tmp_path: Path) -> None:
    assert runner.capture(["pwd", "-P"], directory=tmp_path).output == f"{tmp_path.resolve()}\n"
    with pytest.raises(FileNotFoundError, match="missing"):
        runner.capture(["pwd"], directory=tmp_path / "missing")


def test_a_missing_command_is_127_and_an_unusable_one_126(runner: ProcessRunner, tmp_path: Path) -> None:
    missing = runner.capture(["no-such-command-here"])
    assert (missing.returncode, missing.stderr) == (127, "no-such-command-here: command not found")
    plain = tmp_path / "plain"
    plain.write_text("not a program")
    assert runner.capture([str(plain)]).returncode == 126
    plain.chmod(0o755)
    garbled = runner.capture([str(plain)])
    assert (garbled.returncode, garbled.stderr) == (126, f"{plain}: Exec format error")


def test_record_of_a_missing_command_says_so_in_the_log(runner: ProcessRunner, tmp_path: Path) -> None:
    lines: list[str] = []
    done = runner.record(["no-such-command-here"], tmp_path / "log", on_line=lines.append)
    assert done.returncode == 127
    assert (tmp_path / "log").read_text() == "no-such-command-here: command not found\n"
    assert lines == ["no-such-command-here: command not found"]


def test_a_signal_is_a_negative_return_code(runner: ProcessRunner) -> None:
    assert runner.capture(["sh", "-c", "kill -9 $$"]).returncode == -signal.SIGKILL


def test_children_have_no_terminal(runner: ProcessRunner) -> None:
    assert runner.capture(["sh", "-c", ": </dev/tty"]).returncode != 0


def test_record_appends_every_byte_and_calls_back_per_line(runner: ProcessRunner, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("$ header\n")
    lines: list[str] = []
    script = r"printf 'one\r\n\ntwo\377\n'; echo three >&2; printf end"
    done = runner.record(["sh", "-c", script], log, on_line=lines.append)
    assert (done.returncode, done.output) == (0, "")
    assert log.read_bytes() == b"$ header\none\r\n\ntwo\xff\nthree\nend"
    assert lines == ["one", "", "two�", "three", "end"]


def test_a_large_output_is_recorded_whole(runner: ProcessRunner, tmp_path: Path) -> None:
    log = tmp_path / "log"
    runner.record([PYTHON, "-c", "import sys; sys.stdout.write('x' * 3_000_000)"], log)
    assert log.stat().st_size == 3_000_000


def test_long_lines_and_long_streams_are_cut() -> None:
    lines: list[str] = []
    cutter = Lines(lines.append)
    for _ in range(3):
        cutter.add(b"x" * LINE_LIMIT)
    cutter.add(b"\nshort")
    cutter.end()
    assert [len(line) for line in lines] == [LINE_LIMIT, 5]
    kept = Kept(limit=4)
    kept.add(b"abc")
    kept.add(b"def")
    assert kept.text == "abcd"
