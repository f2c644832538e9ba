"""``accel-doctor rules``."""

from __future__ import annotations

import re

import pytest

from accel_doctor.cli import main
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
    assert main.run(["rules", "lint", "--stats"]) == ExitCode.DONE
    out = capsys.readouterr().out.splitlines()
    assert out[-1] == "no problems found"
    assert out[0].startswith("symptoms.yaml: ")
    assert any(
        re.fullmatch(r"python.yaml: \d+ Python packages, \d+ without Linux wheels, \d+ unverified", line)
        for line in out
    )
    assert any(re.fullmatch(r"debian.yaml: \d+ needs, \d+ unverified(, checked against .*)?", line) for line in out)


def test_lint_says_everything_at_once(layer, capsys):
    layer("debian.yaml", "schema: 1\nfamily: debian\nneeds:\n  headr: {a.h: x}\n  header: {b.h: 'Bad Name'}\n")
    directory = layer("symptoms.yaml", "schema: 1\nsymptoms:\n  mine: {role: fatal}\n")
    assert main.run(["rules", "lint", "--rules", directory]) == ExitCode.USAGE
    err = capsys.readouterr().err
    for part in (
        f"{directory}/symptoms.yaml: symptoms.mine: 'contains' is missing",
        f"{directory}/symptoms.yaml: symptoms.mine: 'pattern' is missing",
        f"{directory}/debian.yaml: needs.headr: ",
        f"{directory}/debian.yaml: needs.header.b.h: 'Bad Name' is not a package name for apt",
    ):
        assert part in err


@pytest.mark.parametrize("name", ["libfoo-", "libfoo:i386", "libfoo=1.2", "libfoo/sid", "^libfoo", "@group", "-y"])
def test_a_name_that_the_package_manager_reads_otherwise_is_never_offered(layer, tmp_path, capsys, name):
    """apt-get install libfoo- would remove libfoo."""
    directory = layer("debian.yaml", f"schema: 1\nfamily: debian\nneeds:\n  header: {{zzz.h: '{name}'}}\n")
    complaint = f"{directory}/debian.yaml: needs.header.zzz.h: {name!r} is not a package name for apt"
    assert main.run(["rules", "lint", "--rules", directory]) == ExitCode.USAGE
    assert complaint in capsys.readouterr().err
    log = tmp_path / "build.log"
    log.write_text("x.c:1:10: fatal error: zzz.h: No such file or directory\n")
    assert main.run(["diagnose", "--distro", "debian:13", "--rules", directory, str(log)]) == ExitCode.USAGE
    said = capsys.readouterr()
    assert "apt-get" not in said.out + said.err
    assert complaint in said.err


def test_the_samples_are_tried(layer, capsys):
    assert main.run(["rules", "test"]) == ExitCode.DONE
    assert capsys.readouterr().out.endswith(" symptoms passed\n")
    directory = layer(
        "symptoms.yaml",
        "schema: 1\nsymptoms:\n  mine:\n    role: fatal\n    contains: [lacks]\n    pattern: 'lacks zlib'\n"
        "    needs: [library:z]\n    match: [{log: it lacks zlib, needs: [library:x]}]\n"
        "    miss: [it lacks zlib too]\n",
    )
    assert main.run(["rules", "test", "--rules", directory]) == ExitCode.USAGE
    err = capsys.readouterr().err
    assert "symptoms.mine: expected library:x, found library:z in 'it lacks zlib'" in err
    assert "symptoms.mine: should not match 'it lacks zlib too'" in err


def test_fix_puts_files_in_order_and_lint_says_which_are_not(layer, tmp_path, capsys):
    directory = layer("debian.yaml", "schema: 1\nfamily: debian\nneeds:\n  header:\n    b.h: bb\n    a.h: aa\n")
    assert main.run(["rules", "lint", "--rules", directory]) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert (out, err) == (
        "no problems found\n",
        f"{directory}/debian.yaml: not formatted: run accel-doctor rules lint --fix\n",
    )
    assert main.run(["rules", "lint", "--fix", "--rules", directory]) == ExitCode.DONE
    assert capsys.readouterr().out == f"formatted {directory}/debian.yaml\nno problems found\n"
    assert (tmp_path / "debian.yaml").read_text().endswith("    a.h: aa\n    b.h: bb\n")
    assert [path.name for path in tmp_path.glob("*.yaml*")] == ["debian.yaml"]
    assert main.run(["rules", "lint", "--fix", "--rules", directory]) == ExitCode.DONE
    assert capsys.readouterr().out == "no problems found\n"


def test_fix_leaves_what_it_cannot_read(layer, tmp_path, capsys):
    directory = layer("debian.yaml", "schema: 1\nneeds: [\n")
    assert main.run(["rules", "lint", "--fix", "--rules", directory]) == ExitCode.USAGE
    assert f"{directory}/debian.yaml: not formatted: not YAML: while parsing" in capsys.readouterr().err
    assert (tmp_path / "debian.yaml").read_text() == "schema: 1\nneeds: [\n"


def test_in_a_checkout_its_own_rules_are_meant(tmp_path, monkeypatch, capsys):
    (tmp_path / "checkout/src/accel_doctor").mkdir(parents=True)
    (tmp_path / "checkout/rules").mkdir()
    (tmp_path / "checkout/rules/symptoms.yaml").write_text("schema: 1\nsymptoms: {}\n")
    (tmp_path / "checkout/rules/mine.yaml").write_text("schema: 1\nfamily: mine\nmanager: apk\nneeds: {}\n")
    monkeypatch.chdir(tmp_path / "checkout/src")
    assert main.run(["rules", "list", "families"]) == ExitCode.DONE
    assert capsys.readouterr().out == "mine\n"
    assert main.run(["rules", "lint", "--stats"]) == ExitCode.DONE
    assert capsys.readouterr().out == (
        "symptoms.yaml: 0 symptoms, 0 samples, 0 near misses\n"
        "python.yaml: 0 Python packages, 0 without Linux wheels, 0 unverified\n"
        "mine.yaml: 0 needs, 0 unverified\nno problems found\n"
    )


def test_rules_are_shown(layer, capsys):
    directory = layer("debian.yaml", "schema: 1\nfamily: debian\nneeds: {header: {mine/x.h: libmine-dev}}\n")
    arguments = ["rules", "show", "header:mine/x.h", "--rules", directory]
    assert main.run([*arguments, "--distro", "debian:13"]) == ExitCode.DONE
    assert capsys.readouterr().out == f"header:mine/x.h\n  debian 13: libmine-dev ({directory}/debian.yaml)\n"
    assert main.run(arguments) == ExitCode.DONE
    assert capsys.readouterr().out == f"header:mine/x.h\n  debian: libmine-dev ({directory}/debian.yaml)\n"


def test_what_rules_do_not_know_is_not_shown(capsys):
    assert main.run(["rules", "show", "c-heade"]) == ExitCode.USAGE
    err = capsys.readouterr().err
    assert err.startswith(
        "error: no rule about c-heade: not a need, symptom, Python package or family\nhint: did you mean c-header"
    )


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("symptoms", "c-header\tfatal\theader\trules/symptoms.yaml"),
        ("packages", "bcrypt\tcompiler:rust, compiler:c"),
        ("families", "debian"),
    ],
)
def test_rules_are_listed(capsys, what, line):
    assert main.run(["rules", "list", what]) == ExitCode.DONE
    assert line in capsys.readouterr().out.splitlines()
