"""``accel-doctor run``: the wrapped command looks and behaves as it does alone."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pexpect
import pytest
from paths import ROOT

REPORT_SCHEMA = ROOT / "docs/reference/report.schema.json"

# What a command can find out about the terminal it is on, colours and progress included: tools decide by these.
LOOK_AROUND = (
    "import os, sys, termios;"
    "print([os.isatty(n) for n in (0, 1, 2)], os.get_terminal_size(), os.environ['TERM']);"
    "print('\\x1b[32mgreen\\x1b[0m 10%\\r100%');"
    "print(termios.tcgetattr(0)[6][termios.VERASE])"
)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    own = {"ACCEL_DOCTOR_CONFIG_DIR": str(tmp_path / "none"), "ACCEL_DOCTOR_CACHE_DIR": str(tmp_path / "cache")}
    return {**os.environ, **own, "TERM": "xterm-256color"}


def wrapped(*words: str) -> list[str]:
    return [sys.executable, "-m", "accel_doctor", "run", "--no-system", "--", *words]


def run(environment: dict[str, str], *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        wrapped(*words), input=stdin, capture_output=True, text=True, env=environment, timeout=60, check=False
    )


def log_in(environment: dict[str, str]) -> Path:
    (log,) = Path(environment["ACCEL_DOCTOR_CACHE_DIR"]).glob("logs/*/*.log")
    return log


def test_a_command_that_succeeds_is_left_alone(environment):
    done = run(environment, "sh", "-c", "cat; echo problem >&2", stdin="hello\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "problem\n")
    assert sorted(log_in(environment).read_text().splitlines()) == ["hello", "problem"]


def test_what_the_command_did_is_kept_beside_its_log(environment):
    run(environment, "sh", "-c", "echo 'fatal error: zbar.h: No such file or directory'; exit 1")
    report = json.loads((log_in(environment).parent / "run.json").read_text())
    jsonschema.Draft202012Validator(json.loads(REPORT_SCHEMA.read_text())).validate(report)
    assert [found["need"] for one in report["diagnoses"] for found in one["findings"]] == ["header:zbar.h"]
    assert report["timeline"][0]["name"].startswith("sh -c")


@pytest.mark.parametrize(
    ("script", "code"), [("exit 7", 7), ("kill -TERM $$", 128 + 15), ("kill -INT $$", 130), ("exit 130", 130)]
)
def test_the_exit_code_is_the_command_s(environment, script, code):
    assert run(environment, "sh", "-c", script).returncode == code


def test_a_failure_of_another_kind_gets_one_line(environment):
    done = run(environment, "sh", "-c", "echo 1 test failed; exit 1")
    assert (done.returncode, done.stdout) == (1, "1 test failed\n")
    assert done.stderr == (f"accel-doctor: no missing dependency found in the output; log: {log_in(environment)}\n")


def test_what_is_missing_is_named_after_the_command_s_own_words(environment):
    message = "a.c:1:10: fatal error: nobody/knows.h: No such file or directory"
    done = run(environment, "sh", "-c", f"echo '{message}' >&2; exit 2")
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert lines[0] == message
    assert lines[1].startswith("accel-doctor: the command failed after ")
    assert lines[1].endswith(f' s: header:nobody/knows.h: "{message}" (line 1)')
    assert lines[2:4] == [
        "accel-doctor: No cure is known for:",
        f'accel-doctor:   header:nobody/knows.h: "{message}"',
    ]
    unknown = ("no package of ", "no rule names a package for header:nobody/knows.h; search with: ")
    assert lines[4].startswith(tuple(f"accel-doctor:     {words}" for words in unknown))


def test_an_interrupted_command_is_no_failure_to_diagnose(environment):
    done = run(
        environment, "sh", "-c", "echo 'x.c:1:1: fatal error: nobody/knows.h: No such file or directory'; exit 130"
    )
    assert (done.returncode, done.stderr) == (130, "")


def test_a_command_that_is_not_there(environment):
    done = run(environment, "no-such-command-anywhere")
    assert done.returncode == 127
    assert done.stderr.startswith("no-such-command-anywhere: command not found\n")
    assert "command:no-such-command-anywhere" in done.stderr  # a need like any other


def test_what_asks_us_to_end_asks_the_command(environment):
    script = "trap 'echo told; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
    child = subprocess.Popen(
        wrapped("sh", "-c", script), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment,
        start_new_session=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGTERM)
    assert child.communicate(timeout=30)[0] == "told\n"
    assert child.returncode == 3


def at_a_terminal(environment: dict[str, str], *argv: str) -> pexpect.spawn:
    return pexpect.spawn(argv[0], list(argv[1:]), env=environment, encoding="utf-8", timeout=60, dimensions=(33, 111))


def shown(child: pexpect.spawn) -> tuple[str | None, int | None]:
    child.expect(pexpect.EOF)
    child.close()
    return child.before, child.exitstatus


def test_at_a_terminal_it_finds_the_same_terminal(environment):
    alone = shown(at_a_terminal(environment, sys.executable, "-c", LOOK_AROUND))
    within = shown(at_a_terminal(environment, *wrapped(sys.executable, "-c", LOOK_AROUND)))
    assert "[True, True, True] os.terminal_size(columns=111, lines=33) xterm-256color" in alone[0]
    assert within == alone


def test_pip_is_as_colourful_as_it_is_alone(environment):
    pip = [sys.executable, "-m", "pip", "install", "--no-index", "--isolated", "no-such-name-anywhere"]
    alone = shown(at_a_terminal(environment, *pip))[0]
    assert "\x1b[31mERROR: " in alone
    assert shown(at_a_terminal(environment, *wrapped(*pip)))[0].startswith(alone)


def test_keys_and_window_size_reach_it(environment):
    script = (
        "import os, signal, sys;"
        # os.write: the signal may come while print() still holds its buffer
        "signal.signal(signal.SIGWINCH, lambda *_: os.write(1, b'now %d %d\\n' % os.get_terminal_size()));"
        "print('you:', input('who? '), flush=True); input(); sys.exit(5)"
    )
    child = at_a_terminal(environment, *wrapped(sys.executable, "-c", script))
    child.expect_exact("who? ")
    child.sendline("ann")
    child.expect_exact("you: ann")
    child.setwinsize(20, 70)
    child.expect_exact("now 70 20")
    child.sendline("")
    assert shown(child)[1] == 5


def test_ctrl_c_is_the_command_s_affair(environment):
    script = "trap 'echo caught; exit 4' INT; echo ready; while :; do sleep 0.05; done"
    child = at_a_terminal(environment, *wrapped("sh", "-c", script))
    child.expect_exact("ready")
    child.sendintr()
    child.expect_exact("caught")
    assert shown(child)[1] == 4


def test_ctrl_z_stops_it_and_fg_goes_on(environment):
    script = "echo ready; while read line; do echo got $line; done; exit 6"
    for command in (["sh", "-c", script], wrapped("sh", "-c", script)):  # without us, and with us
        shell = at_a_terminal(environment, "bash", "--norc", "--noprofile", "-i")
        shell.sendline("PS1='$? at prompt\\n'")
        shell.expect_exact("0 at prompt")
        shell.sendline(shlex.join(command))
        shell.expect_exact("ready\r\n")
        shell.sendcontrol("z")
        shell.expect_exact("^Z")
        shell.expect_exact("Stopped")
        shell.expect_exact("148 at prompt")
        shell.setwinsize(20, 70)
        shell.sendline("fg")
        shell.sendline("hello")
        shell.expect_exact("got hello")
        shell.sendeof()
        shell.expect_exact("6 at prompt")
        shell.sendline("exit")
        shell.expect(pexpect.EOF)
        shell.close()


def test_a_program_that_reads_keys_itself_gets_ctrl_z(environment):
    script = "import os, tty; tty.setraw(0); print('ready', end='', flush=True); print(os.read(0, 1) == b'\\x1a')"
    child = at_a_terminal(environment, *wrapped(sys.executable, "-c", script))
    child.expect_exact("ready")
    child.sendcontrol("z")
    assert shown(child) == ("True\n", 0)


def test_bytes_are_shown_as_they_are_to_the_last_one(environment):
    """The last ones are read when the program has ended: our terminal is not to translate them by then."""
    script = "import os, tty; tty.setraw(0); os.write(1, b'line\\n' * 600)"
    for _ in range(3):
        assert shown(at_a_terminal(environment, *wrapped(sys.executable, "-c", script))) == ("line\n" * 600, 0)


def test_in_a_pipeline_it_is_as_without_us(environment, tmp_path):
    """tee gets what is written to stdout, in the order it was written; stderr and the exit code pass it by."""
    script = "for n in 1 2 3; do echo out $n; echo err $n >&2; done; exit 9"
    ends = []
    for command in (["sh", "-c", script], wrapped("sh", "-c", script)):
        line = f"{shlex.join(command)} 2>errors | tee copy; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", line], capture_output=True, env=environment, cwd=tmp_path, check=False)
        own = [text for text in (tmp_path / "errors").read_text().splitlines() if not text.startswith("accel-doctor: ")]
        ends.append((done.returncode, done.stdout, (tmp_path / "copy").read_bytes(), own))
    assert ends[0] == ends[1]
    assert ends[0][0] == 9


def test_a_reader_that_leaves_ends_it_as_without_us(environment):
    script = "import signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL)\nwhile True: print('y', flush=True)"
    line = f"{shlex.join(wrapped(sys.executable, '-c', script))} | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGPIPE, "y\n", "")
