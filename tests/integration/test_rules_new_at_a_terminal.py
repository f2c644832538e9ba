"""``accel-doctor rules new`` at a terminal, answered by hand."""

from __future__ import annotations

import os
import sys

import pexpect

from accel_doctor.errors import ExitCode

LOG = """\
Building wheel for frobby (setup.py): started
Frobnicating 3 of 4
RuntimeError: frob engine "libfrob" could not be loaded at build time
ERROR: Failed building wheel for frobby
"""
LINE = 'RuntimeError: frob engine "libfrob" could not be loaded at build time'


def test_a_terminal_is_asked_again_until_the_answer_will_do(tmp_path, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "configuration"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.log").write_text(LOG)
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200", "NO_COLOR": "1"}
    environment.pop("CI", None)
    script = "import sys; from accel_doctor.cli.main import run; sys.exit(run(sys.argv[1:]))"
    arguments = ["-c", script, "rules", "new", "odd.log", "--distro", "debian:13", "--rules", "mine"]
    child = pexpect.spawn(
        sys.executable, arguments, env=environment, encoding="utf-8", timeout=30, dimensions=(40, 200)
    )
    for question, answer in (
        ("The line that says what is missing .*build time]: ", ""),
        (r"What is missing, as kind:name: ", "frob"),
        (r"expected kind:name, got 'frob'\s+What is missing, as kind:name: ", "library:frob"),
        (r"The message pattern \[.*at build\]: ", ""),
        (r"A similar line that must not match: ", LINE),
        (r"the message pattern matches it: .*A similar line that must not match: ", "could not be loaded"),
        (r"A name for the symptom \[library-could-loaded-build\]: ", ""),
        (r"The packages of debian 13 that provide library:frob \(- if none is known\): ", "libfrob-dev"),
        (r"A name for the case \[debian-13-frobby\]: ", ""),
    ):
        child.expect(question)
        child.sendline(answer)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == ExitCode.DONE
    written = (tmp_path / "mine/symptoms.yaml").read_text()
    assert "  library-could-loaded-build:\n    role: fatal\n    kind: library\n" in written
    assert 'miss: ["could not be loaded"]' in written
