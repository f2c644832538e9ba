"""What shells are told to complete, and where their scripts go. Real shells: tests/integration/test_completion.py."""

from __future__ import annotations

import os

import pytest
from fakes import provenance

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode
from accel_doctor.model.wheels import BuildKey
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import LocalWheelStore


@pytest.fixture
def completed(capsys, monkeypatch, tmp_path):
    """Complete a line as bash asks for it; return the answers."""
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "configuration"))
    monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv(main.COMPLETING, "bash_complete")

    def complete(line: str) -> list[str]:
        monkeypatch.setenv("COMP_WORDS", f"accel-doctor {line}")
        with pytest.raises(SystemExit) as ended:
            main.run([])
        assert ended.value.code == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out.split()

    return complete


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("instal", ["plain,install"]),
        ("env syn", ["plain,sync"]),
        ("help compl", ["plain,completion"]),
        ("install --yes", ["plain,--yes", "plain,--yes-to-all"]),
        ("check --distro=ubuntu:24", ["plain,ubuntu:24.04", "plain,ubuntu:24.10"]),
        (
            "check --distro fed",
            ["plain,fedora", "plain,fedora:39", "plain,fedora:40", "plain,fedora:41", "plain,fedora:42"],
        ),
        ("why c", ["plain,cmake:", "plain,command:", "plain,compiler:"]),
        ("why header:zba", ["plain,header:zbar.h"]),
        ("why ./zbar.h", ["file,./zbar.h"]),
        ("rules show pillow-h", ["plain,pillow-heif"]),
        ("install psycopg2-", ["plain,psycopg2-binary"]),
        ("install ./psycopg2", ["file,./psycopg2"]),
        ("install -r ", ["file,"]),
        ("install --cache-dir ", ["dir,"]),
        ("install --frontend ", ["plain,uv", "plain,pip"]),
        ("install --index-url ", []),
        ("run -- ", ["file,"]),
        ("docs inst", ["plain,install", "plain,installation"]),
    ],
)
def test_words_are_completed_by_what_they_stand_for(completed, line, answers):
    assert completed(line) == answers


def test_names_of_kept_wheels(completed, tmp_path):
    assert completed("cache remove ") == []
    store = LocalWheelStore(tmp_path / "cache/wheels", Leases(tmp_path / "cache/in-use.lock"), pytest.fail)
    for digit, name in enumerate(("cffi", "cython", "six")):
        wheel = tmp_path / f"{name}-1.0-py3-none-any.whl"
        wheel.write_bytes(b"w")
        store.put(BuildKey(str(digit) * 64, "f" * 64), wheel, provenance(name=name), ())
    assert completed("cache remove c") == ["plain,cffi", "plain,cython"]


def test_a_mistake_in_the_configuration_disturbs_nobody_who_types(completed, monkeypatch, tmp_path):
    (tmp_path / "accel-doctor.toml").write_text("jbos = 1\n")
    monkeypatch.chdir(tmp_path)
    assert completed("install --yes-t") == ["plain,--yes-to-all"]


@pytest.mark.parametrize(
    ("shell", "path"),
    [
        ("bash", "data/bash-completion/completions/accel-doctor"),
        ("zsh", "data/zsh/site-functions/_accel-doctor"),
        ("fish", "config/fish/completions/accel-doctor.fish"),
    ],
)
def test_the_script_is_printed_or_put_where_the_shell_looks(capsys, monkeypatch, tmp_path, shell, path):
    monkeypatch.delenv("BASH_COMPLETION_USER_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert main.run(["completion", shell]) == ExitCode.DONE
    script = capsys.readouterr().out
    assert f"{shell}_complete" in script
    assert main.run(["completion", shell, "--install"]) == ExitCode.DONE
    assert capsys.readouterr().err.startswith(f"wrote {tmp_path / path}; ")
    assert (tmp_path / path).read_text() == script


def test_a_script_that_cannot_be_written_can_be_put_elsewhere(capsys, monkeypatch, tmp_path):
    (tmp_path / "data").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert main.run(["completion", "zsh", "--install"]) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        f"error: cannot write {tmp_path}/data/zsh/site-functions/_accel-doctor: {os.strerror(20)}\n"
        "hint: write it elsewhere: accel-doctor completion zsh > FILE\n"
    )
