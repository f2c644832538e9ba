"""Rules, lists and cases that come with a clone are not read unless they are named."""

from __future__ import annotations

import pytest

from accel_doctor.cli import main

RULES = "schema: 1\nfamily: debian\nneeds:\n  header: {planted.h: planted-package}\n"


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A working directory with rules wherever a project might have them."""
    for place in ("rules", ".accel-doctor/rules", "accel-doctor/rules", ".config/accel-doctor/rules", "_rules"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "debian.yaml").write_text(RULES)
        (tmp_path / place / "symptoms.yaml").write_text("schema: 1\nsymptoms: {}\n")
    (tmp_path / "log").write_text("a.c:1:10: fatal error: planted.h: No such file or directory\n")
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "own"))
    monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "words", [("why", "header:planted.h"), ("diagnose", "log"), ("rules", "show", "header:planted.h")]
)
def test_rules_of_a_clone_are_not_read(clone, capsys, words):
    more = () if words[0] == "rules" else ("--distro", "debian:12")
    main.run([*words, *more])
    assert "planted-package" not in "".join(capsys.readouterr())


def test_named_ones_are(clone, capsys):
    main.run(["diagnose", "log", "--distro", "debian:12", "--rules", "rules"])
    assert "planted-package" in capsys.readouterr().out
