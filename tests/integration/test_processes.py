"""ProcessRunner with children that hang, are interrupted, or talk at a terminal: nothing stays behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pexpect
import pytest

from accel_doctor.system.process.runner import ProcessRunner

PYTHON = sys.executable


@pytest.fixture
def runner() -> ProcessRunner:
    return ProcessRunner({"PATH": "/usr/bin:/bin", "COLOUR": "red"})


def _gone(pid: int) -> bool:
    """Whether a process ended within a few seconds (a zombie has ended)."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        os.sched_yield()
    return False


def test_a_timeout_ends_the_whole_group_and_keeps_what_was_printed(runner: ProcessRunner) -> None:
    done = runner.capture(["sh", "-c", "sleep 600 & echo $!; echo begun >&2; wait"], timeout=0.3)
    assert (done.returncode, done.stderr) == (124, "begun\n")
    assert done.seconds < 5
    assert _gone(int(done.output))


def test_a_timeout_also_holds_for_a_child_that_closed_its_output(runner: ProcessRunner) -> None:
    assert runner.capture(["sh", "-c", "exec >&- 2>&-; sleep 600"], timeout=0.2).returncode == 124


def test_a_child_that_ignores_sigterm_is_killed(runner: ProcessRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accel_doctor.system.process.children._TERM_GRACE", 0.2)
    done = runner.capture(["sh", "-c", "trap '' TERM; echo $$; while :; do sleep 0.05; done"], timeout=0.3)
    assert done.returncode == 124
    assert _gone(int(done.output))


def test_a_daemon_that_keeps_the_pipe_does_not_keep_us(runner: ProcessRunner, tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = runner.record(["sh", "-c", "sleep 600 & echo $!"], log)
    try:
        assert (done.returncode, done.seconds < 5) == (0, True)
    finally:
        os.kill(int(log.read_text()), signal.SIGKILL)


def test_a_callback_that_raises_ends_the_child(runner: ProcessRunner, tmp_path: Path) -> None:
    seen: list[int] = []

    def raises(line: str) -> None:
        seen.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.record(["sh", "-c", "echo $$; sleep 600"], tmp_path / "log", on_line=raises)
    assert _gone(seen[0])


def test_ctrl_c_ends_the_child(runner: ProcessRunner, tmp_path: Path) -> None:
    pids: list[int] = []

    def interrupt(line: str) -> None:
        pids.append(int(line))
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        runner.record(["sh", "-c", "echo $$; sleep 600"], tmp_path / "log", on_line=interrupt)
    assert _gone(pids[0])


def test_stop_ends_the_children_of_all_threads_and_starts_no_more(runner: ProcessRunner, tmp_path: Path) -> None:
    started = threading.Barrier(3)
    results: list[int] = []

    def build(number: int) -> None:
        done = runner.record(
            ["sh", "-c", "echo begun; sleep 600"],
            tmp_path / str(number),
            on_line=lambda _: started.wait(10) and None,
        )
        results.append(done.returncode)

    threads = [threading.Thread(target=build, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    started.wait(10)
    runner.stop()
    for thread in threads:
        thread.join(10)
    assert results == [-signal.SIGTERM, -signal.SIGTERM]
    after = runner.capture(["true"])
    assert (after.returncode, after.stderr) == (130, "true: not started, the run was interrupted")


CONVERSATION = """
import sys
from pathlib import Path
from accel_doctor.system.process.runner import ProcessRunner
runner = ProcessRunner({"PATH": "/usr/bin:/bin"})
done = runner.converse(sys.argv[2:], Path(sys.argv[1]), environment={"WORD": "fish"})
print("RETURNED", done.returncode, done.stderr)
"""


def _conversation(log: Path, *argv: str) -> pexpect.spawn[str]:
    return pexpect.spawn(
        PYTHON, ["-c", CONVERSATION, str(log), *argv], encoding="utf-8", timeout=20, dimensions=(31, 97)
    )


def _finish(us: pexpect.spawn[str]) -> None:
    us.expect(pexpect.EOF)
    us.close()


def test_converse_lets_a_person_answer_and_keeps_no_secret(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = 'stty size; stty -echo; printf "Password: "; read p; stty echo; echo "$WORD got ${#p}"; exit 7'
    us = _conversation(log, "sh", "-c", script)
    us.expect("31 97")
    us.expect("Password: ")
    us.sendline("hunter2")
    us.expect("fish got 7")
    us.expect("RETURNED 7")
    _finish(us)
    assert log.read_bytes() == b"31 97\r\nPassword: fish got 7\r\n"


def test_converse_leaves_stdout_to_results(tmp_path: Path) -> None:
    results = tmp_path / "results"
    command = [PYTHON, "-c", CONVERSATION, str(tmp_path / "log"), "echo", "talk"]
    us = pexpect.spawn("sh", ["-c", f'exec "$@" >{results}', "sh", *command], encoding="utf-8", timeout=20)
    us.expect("talk")
    _finish(us)
    assert results.read_text() == "RETURNED 0 \n"


def test_converse_shows_and_keeps_the_last_line_of_a_child_that_ends_at_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for _ in range(5):
        us = _conversation(log, "sh", "-c", "seq 3000")
        us.expect("RETURNED 0")
        assert us.before.split()[-1] == "3000"
        _finish(us)
    assert log.read_text().count("\n3000\n") == 5


def test_converse_gives_ctrl_c_to_the_child(tmp_path: Path) -> None:
    us = _conversation(
        tmp_path / "log",
        "sh",
        "-c",
        "trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 0.05; done",
    )
    us.expect("ready")
    us.sendcontrol("c")
    us.expect("caught")
    us.expect("RETURNED 5")
    _finish(us)


def test_converse_passes_a_new_window_size_on(tmp_path: Path) -> None:
    us = _conversation(
        tmp_path / "log",
        "sh",
        "-c",
        "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.05; done",
    )
    us.expect("ready")
    us.setwinsize(20, 70)
    us.expect("20 70")
    us.expect("RETURNED 0")
    _finish(us)


def test_converse_with_a_missing_command_is_127_and_says_so(tmp_path: Path) -> None:
    us = _conversation(tmp_path / "log", "no-such-command-here")
    us.expect("RETURNED 127 no-such-command-here: command not found")
    _finish(us)
    assert (tmp_path / "log").read_text() == "no-such-command-here: command not found\n"


TWO_CONVERSATIONS = """
import sys
from pathlib import Path
from accel_doctor.system.process.runner import ProcessRunner
runner = ProcessRunner({"PATH": "/usr/bin:/bin"})
for _ in range(2):
    done = runner.converse(sys.argv[2:], Path(sys.argv[1]))
    print("RETURNED", done.returncode, "interrupted" if done.interrupted else "undisturbed")
"""


def _two_conversations(log: Path, *argv: str) -> pexpect.spawn[str]:
    return pexpect.spawn(PYTHON, ["-c", TWO_CONVERSATIONS, str(log), *argv], encoding="utf-8", timeout=20)


def test_conversations_of_a_runner_share_a_terminal_session(tmp_path: Path) -> None:
    # What tickets of sudo and doas hang on: session, terminal and parent process.
    script = "import os; print(os.getsid(0), os.ttyname(0), os.getppid(), os.tcgetpgrp(0) == os.getpgrp())"
    us = _two_conversations(tmp_path / "log", PYTHON, "-c", script)
    us.expect("RETURNED 0 undisturbed")
    us.expect("RETURNED 0 undisturbed")
    _finish(us)
    first, second = (tmp_path / "log").read_text().splitlines()
    assert first == second
    assert first.endswith(" True")


def test_an_interrupt_reaches_the_child_is_told_and_leaves_the_session_whole(tmp_path: Path) -> None:
    us = _two_conversations(tmp_path / "log", "sh", "-c", "echo ready; exec sleep 60")
    for _ in range(2):
        us.expect("ready")
        us.sendcontrol("c")
        us.expect("RETURNED -2 interrupted")
    _finish(us)


def test_an_interrupt_that_the_child_survives_is_told_too(tmp_path: Path) -> None:
    us = _two_conversations(tmp_path / "log", "sh", "-c", "trap : INT; echo ready; read word; echo $word")
    us.expect("ready")
    us.sendcontrol("c")
    us.sendline("fish")
    us.expect("RETURNED 0 interrupted")
    us.expect("ready")
    us.sendline("fish")
    us.expect("RETURNED 0 undisturbed")
    _finish(us)


def test_the_session_ends_with_whoever_began_it(tmp_path: Path) -> None:
    us = _two_conversations(tmp_path / "log", "sh", "-c", "echo leader $PPID")
    us.expect(r"leader (\d+)")
    leader = int(us.match[1])
    us.expect("RETURNED 0")
    us.expect("RETURNED 0")
    _finish(us)
    with pytest.raises(ProcessLookupError):
        os.kill(leader, 0)
