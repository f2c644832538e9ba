"""``accel-doctor rules``."""

from __future__ import annotations

import pytest

from accel_doctor.cli import application
from accel_doctor.errors import ExitCode


@pytest.fixture(autouse=True)
def _no_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "configuration"))


@pytest.fixture
def layer(tmp_path):
    """A directory of rules, and a way to write into it."""

    def write(file: str, text: str) -> str:
        (tmp_path / file).write_text(text)
        return str(tmp_path)

    return write


def test_the_shipped_rules_are_usable_and_counted(capsys):
    assert application.run(["rules", "lint", "--stats"]) == ExitCode.DONE
    out = capsys.readouterr().out.splitlines()
    assert out[-1] == "the rules are usable"
    assert out[0].startswith("symptoms.yaml: ")
    assert any(line.startswith("debian.yaml: ") and line.endswith(" unverified") for line in out)


def test_lint_says_everything_at_once(layer, capsys):
    layer("debian.yaml", "schema: 1\nfamily: debian\nneeds:\n  headr: {a.h: x}\n  header: {b.h: 'Bad Name'}\n")
    directory = layer("symptoms.yaml", "schema: 1\nsymptoms:\n  mine: {role: fatal}\n")
    assert application.run(["rules", "lint", "--rules", directory]) == ExitCode.USAGE
    err = capsys.readouterr().err
    for part in (
        f"{directory}/symptoms.yaml: symptoms.mine: 'contains' is missing",
        f"{directory}/symptoms.yaml: symptoms.mine: 'pattern' is missing",
        f"{directory}/debian.yaml: needs.headr: ",
        f"{directory}/debian.yaml: needs.header.b.h: 'Bad Name' is not the name of a package for apt",
    ):
        assert part in err


def test_the_samples_are_tried(layer, capsys):
    assert application.run(["rules", "test"]) == ExitCode.DONE
    assert capsys.readouterr().out.endswith(" symptoms are read as they should be\n")
    directory = layer(
        "symptoms.yaml",
        "schema: 1\nsymptoms:\n  mine:\n    role: fatal\n    contains: [lacks]\n    pattern: 'lacks zlib'\n"
        "    needs: [library:z]\n    match: [{log: it lacks zlib, needs: [library:x]}]\n"
        "    miss: [it lacks zlib too]\n",
    )
    assert application.run(["rules", "test", "--rules", directory]) == ExitCode.USAGE
    err = capsys.readouterr().err
    assert "symptoms.mine: expected library:x, found library:z in 'it lacks zlib'" in err
    assert "symptoms.mine: should not match 'it lacks zlib too'" in err


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("symptoms", "c-header\tfatal\theader\trules/symptoms.yaml"),
        ("packages", "bcrypt\tcompiler:rust, compiler:c"),
        ("families", "debian"),
    ],
)
def test_rules_are_listed(capsys, what, line):
    assert application.run(["rules", "list", what]) == ExitCode.DONE
    assert line in capsys.readouterr().out.splitlines()
