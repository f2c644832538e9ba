"""Logs that are none, have no end or mean harm: bounded, told apart, and nothing of them drives a terminal."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import sys
import threading
import unicodedata

import pytest

from accel_doctor.cli import main
from accel_doctor.cli.commands import diagnose
from accel_doctor.errors import ExitCode

MISSING = "x.c:1:1: fatal error: a.h: No such file or directory\n"
DEBIAN = ("--distro", "debian:12")
COMPRESSED = {
    "gzip": gzip.compress(MISSING.encode()),
    "xz": lzma.compress(MISSING.encode()),
    "bzip2": bz2.compress(MISSING.encode()),
    "zstd": b"\x28\xb5\x2f\xfd\x04\x00\x01\x00\x00",
    "zip": b"PK\x03\x04\x14\x00",
}
UNDONE_BY = {"gzip": "gzip -dc", "xz": "xz -dc", "bzip2": "bzip2 -dc", "zstd": "zstd -dc", "zip": "unzip -p"}


@pytest.fixture(autouse=True)
def _no_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "configuration"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("kind", COMPRESSED)
def test_compressed_logs_are_told_apart(tmp_path, capsys, kind):
    (tmp_path / "a b.log").write_bytes(COMPRESSED[kind])
    assert main.run(["diagnose", "a b.log", *DEBIAN]) == ExitCode.USAGE
    assert capsys.readouterr() == (
        "",
        f"error: a b.log is {kind}-compressed\n"
        f"hint: decompress it: {UNDONE_BY[kind]} 'a b.log' | accel-doctor diagnose -\n",
    )


def test_a_compressed_pipe_is_told_apart(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(COMPRESSED["gzip"])))
    assert main.run(["diagnose", "-", *DEBIAN]) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        "error: - is gzip-compressed\nhint: decompress it: gzip -dc | accel-doctor diagnose -\n"
    )


def test_a_log_that_fails_while_it_is_read(capsys):
    assert main.run(["diagnose", "/proc/self/mem", *DEBIAN]) == ExitCode.USAGE
    assert capsys.readouterr().err == "error: cannot read /proc/self/mem: Input/output error\n"


def test_a_named_pipe_is_read(tmp_path, capsys):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(MISSING,))
    writer.start()
    assert main.run(["diagnose", str(pipe), *DEBIAN]) == ExitCode.DONE
    writer.join()
    assert "header:a.h" in capsys.readouterr().out


def test_what_has_no_end_is_read_up_to_a_bound(monkeypatch, capsys):
    monkeypatch.setattr(diagnose, "LARGEST", 1 << 30)
    assert main.run(["diagnose", "/dev/zero", *DEBIAN]) == ExitCode.DONE
    assert capsys.readouterr() == (
        "no failure found in this log\n",
        "/dev/zero: read only the first 1 GiB\n",
    )


CONTROLS = [chr(code) for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\r"]
FORMATS = [chr(code) for code in range(0x3000) if unicodedata.category(chr(code)) in ("Cf", "Zl", "Zp")]
SEQUENCES = [
    "\x1b]0;title\x07",
    "\x1b]8;;https://x.example\x1b\\",
    "\x1b[2J",
    "\x9b31m",
    "\x1bP+q\x1b\\",
    "\x1b",
    "\x1b[",
    "\udcff",
]


def logs():
    for evil in (*CONTROLS, *FORMATS, *SEQUENCES):
        yield f"{evil}x.c:1:1: fatal error: a.h: No such file or directory {evil}end\n"
        yield f"x.c:1:1: fatal error: a{evil}.h: No such file or directory\n"
        yield f"  Building wheel for p{evil}q (setup.py): started\n{MISSING}"
        yield f"{MISSING}  ERROR: Failed building wheel for p{evil}q\n"
        yield f"CMake Error at {evil}CMakeLists.txt:4 (find_path):\n  Could not {evil}find it\n\nERROR: {evil}x\n"


@pytest.mark.parametrize("form", ["text", "json"])
def test_nothing_of_a_log_drives_a_terminal(tmp_path, capsys, form):
    names = []
    for number, log in enumerate(logs()):
        names.append(f"{number}.log")
        (tmp_path / names[-1]).write_text(log, encoding="utf-8", errors="surrogateescape")
    assert main.run(["diagnose", *names, *DEBIAN, "--format", form]) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert out.count("header:a.h") > len(names) / 4
    assert {character for character in out if not character.isprintable()} == {"\n"}
    assert err == ""
    if form == "json":
        assert len(json.loads(out)["findings"]) > len(names) / 4


@pytest.mark.parametrize("name", ["\x1b]0;x\x07", "\x9b2J", "a\u202eb", "a\nb"])
def test_neither_does_the_name_of_a_log(tmp_path, capsys, name):
    assert main.run(["diagnose", name, *DEBIAN]) == ExitCode.USAGE
    (tmp_path / name).write_text(MISSING)
    (tmp_path / "other").write_text(MISSING)
    for form in ("text", "json"):
        assert main.run(["diagnose", name, "other", *DEBIAN, "--format", form]) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert {character for character in out + err if not character.isprintable()} == {"\n"}
    assert "error: cannot read " in err
