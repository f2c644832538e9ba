"""Builds that leave daemons behind, and descriptors that the user's own command is to have."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest

HEADER = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
# What a backend leaves running, with its stdout and stderr: in our session, in its own, and one that keeps talking.
DAEMONS = {
    "background": "subprocess.Popen(['sleep', '600'])",
    "own-session": "subprocess.Popen(['sleep', '600'], start_new_session=True)",
    "deaf": "subprocess.Popen(['sh', '-c', \"trap '' TERM HUP; sleep 600 & wait; sleep 600\"], start_new_session=True)",
    "talking": "subprocess.Popen(['sh', '-c', 'while :; do echo still here; sleep 0.2; done'], start_new_session=True)",
}
BACKEND = """
import os, subprocess, zipfile
METADATA = "Metadata-Version: 2.1\\nName: leaves\\nVersion: 1.0\\n"

def build_wheel(directory, settings=None, metadata=None):
    child = {daemon}
    open(os.environ["DAEMON_IS"], "w").write(str(child.pid))
    name = "leaves-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        wheel.writestr("leaves.py", "")
        wheel.writestr("leaves-1.0.dist-info/METADATA", METADATA)
        wheel.writestr("leaves-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nTag: py3-none-any\\n")
        wheel.writestr("leaves-1.0.dist-info/RECORD", "")
    return name
"""
ACCEL_DOCTOR = (sys.executable, "-m", "accel_doctor")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    own = {"ACCEL_DOCTOR_CONFIG_DIR": str(tmp_path / "none"), "ACCEL_DOCTOR_CACHE_DIR": str(tmp_path / "cache")}
    return {**os.environ, **own, "DAEMON_IS": str(tmp_path / "daemon"), "TERM": "xterm"}


@pytest.mark.parametrize("daemon", DAEMONS)
def test_a_daemon_does_not_hold_the_install_up(environment, tmp_path, daemon):
    source = tmp_path / "leaves"
    source.mkdir()
    (source / "pyproject.toml").write_text(HEADER + "[project]\nname = 'leaves'\nversion = '1.0'\n")
    (source / "backend.py").write_text(BACKEND.replace("{daemon}", DAEMONS[daemon]))
    subprocess.run([sys.executable, "-m", "uv", "venv", "-q", tmp_path / "venv"], check=True)
    pid = tmp_path / "daemon"
    try:
        done = subprocess.run(
            [*ACCEL_DOCTOR, "install", "--no-system", "--python", tmp_path / "venv", source],
            env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    finally:
        if pid.exists():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid.read_text()), signal.SIGKILL)


def test_the_user_s_command_has_the_descriptors_that_it_was_given(environment):
    run = f"{sys.executable} -m accel_doctor run --no-system --"
    for script in (f"{run} cat <(echo through)", f"exec 7<<<through; {run} cat /dev/fd/7"):
        done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "through\n"), done.stderr
        child = pexpect.spawn("bash", ["-c", script], env=environment, encoding="utf-8", timeout=60)
        child.expect(pexpect.EOF)
        child.close()
        assert (child.exitstatus, child.before) == (0, "through\r\n")


def test_the_user_s_command_has_none_of_ours(environment):
    names = ["sh", "-c", "ls /proc/self/fd | wc -w"]
    alone = subprocess.run(names, capture_output=True, text=True, check=True).stdout
    command = [*ACCEL_DOCTOR, "run", "--no-system", "--", *names]
    assert subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout == alone


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_s_jobserver_reaches_it(environment, tmp_path):
    run = f"{sys.executable} -m accel_doctor run --no-system --"
    (tmp_path / "Makefile").write_text(f"all:\n\t+{run} $(MAKE) -f inner.mk\n")
    (tmp_path / "inner.mk").write_text("all: a b\na b:\n\t@echo $@\n")
    done = subprocess.run(
        ["make", "-s", "-j3"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, sorted(done.stdout.split())) == (0, ["a", "b"])
    assert "jobserver" not in done.stderr


def test_signals_still_reach_a_command_with_descriptors(environment):
    command = [*ACCEL_DOCTOR, "run", "--no-system", "--", "sh", "-c", "echo ready; exec sleep 600"]
    read, write = os.pipe()
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, pass_fds=[write], text=True)
    os.close(write)
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=30)
    assert child.returncode == 128 + signal.SIGTERM
    assert os.read(read, 1) == b""  # nobody has it any more
    os.close(read)
