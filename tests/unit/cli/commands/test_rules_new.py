"""``accel-doctor rules new``: from a log to a rule and its case."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode

LOG = """\
Building wheel for frobby (setup.py): started
Frobnicating 3 of 4
RuntimeError: frob engine "libfrob" could not be loaded at build time
ERROR: Failed building wheel for frobby
"""
KNOWN = "a.c:1:10: fatal error: frob/frob.h: No such file or directory\nERROR: Failed building wheel for frobby\n"
LINE = 'RuntimeError: frob engine "libfrob" could not be loaded at build time'
SYMPTOM = f"""\
schema: 1
symptoms:
  library-could-loaded-build:
    role: fatal
    kind: library
    contains: ["could not be loaded at build"]
    pattern: 'RuntimeError: (?P<name>[A-Za-z0-9_][A-Za-z0-9_.+-]*) engine \\S+ could not be loaded at build'
    match:
      - {{log: {json.dumps(LINE)}, needs: [library:frob]}}
    miss: ["could not be loaded"]
"""


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "configuration"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.log").write_text(LOG)
    (tmp_path / "known.log").write_text(KNOWN)


def new(*arguments: str) -> int:
    return main.run(["rules", "new", *arguments, "--distro", "debian:13"])


def content(directory: Path) -> dict[str, str]:
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


def test_a_message_nobody_understood_becomes_a_symptom_a_line_and_a_case(tmp_path, capsys):
    answers = ("--need", "library:frob", "--miss", "could not be loaded", "--packages", "libfrob-dev")
    assert new("odd.log", *answers, "--rules", "mine") == ExitCode.DONE
    mine = tmp_path / "mine"
    assert capsys.readouterr().err == (
        f"line: {LINE}\n"
        f"wrote {mine}/symptoms.yaml\n"
        f"wrote {mine}/debian.yaml\n"
        f"wrote {mine}/cases/debian-13-frobby/1.log\n"
        f"wrote {mine}/cases/debian-13-frobby/case.json\n"
        "check the log for anything private, then run: accel-doctor rules test\n"
    )
    written = content(mine)
    assert json.loads(written.pop("cases/debian-13-frobby/case.json")) == {
        "id": "debian-13-frobby",
        "distro": "debian:13",
        "python": "3.13",
        "steps": [{"log": "1.log", "needs": ["library:frob"], "cure": ["libfrob-dev"]}],
        "verified": False,
    }
    assert written == {
        "symptoms.yaml": SYMPTOM,
        "debian.yaml": "schema: 1\nfamily: debian\nneeds:\n  library:\n    frob: libfrob-dev\n",
        "cases/debian-13-frobby/1.log": LOG,
    }
    assert main.run(["rules", "test", "--rules", "mine"]) == ExitCode.DONE
    assert capsys.readouterr().out.endswith("1 case of `rules new` passed\n")
    assert main.run(["rules", "lint", "--rules", "mine"]) == ExitCode.DONE
    assert capsys.readouterr() == ("no problems found\n", "")


def test_the_case_holds_the_rule(tmp_path, capsys):
    new("odd.log", "--need", "library:frob", "--miss", "x", "--packages", "libfrob-dev", "--rules", "mine")
    capsys.readouterr()
    (tmp_path / "mine/debian.yaml").unlink()
    assert main.run(["rules", "test", "--rules", "mine"]) == ExitCode.USAGE
    log = tmp_path / "mine/cases/debian-13-frobby/1.log"
    assert f"{log}: expected the packages libfrob-dev, found nothing\n" in capsys.readouterr().err
    (tmp_path / "mine/symptoms.yaml").unlink()
    assert main.run(["rules", "test", "--rules", "mine"]) == ExitCode.USAGE
    assert f"{log}: expected library:frob, found nothing\n" in capsys.readouterr().err


def test_a_need_without_a_package_becomes_one_line(tmp_path, capsys):
    assert new("known.log", "--packages", "libfrob-dev,frob-headers", "--case", "frob") == ExitCode.DONE
    own = tmp_path / "configuration/rules"
    written = content(own)
    assert written["debian.yaml"] == (
        "schema: 1\nfamily: debian\nneeds:\n  header:\n    frob/frob.h: [libfrob-dev, frob-headers]\n"
    )
    assert sorted(written) == ["cases/frob/1.log", "cases/frob/case.json", "debian.yaml"]
    assert capsys.readouterr().err.startswith("line 1: header:frob/frob.h: a.c:1:10: fatal error: frob/frob.h: No")
    assert new("known.log") == ExitCode.DONE
    assert capsys.readouterr().err.endswith(
        "\nthe rules already answer this log; if they are wrong, use --line and --need\n"
    )
    assert content(own) == written


def test_of_several_needs_one_is_chosen(tmp_path, capsys):
    (tmp_path / "both.log").write_text(KNOWN.replace("frob/frob.h", "other/other.h") + KNOWN)
    assert new("both.log", "--packages", "libfrob-dev") == ExitCode.USAGE
    assert capsys.readouterr().err.endswith(
        "error: --packages: several needs have no packages: header:other/other.h, header:frob/frob.h\n"
        "hint: choose one with --need\n"
    )
    arguments = ("--packages", "libfrob-dev", "--need", "header:frob/frob.h", "--rules", "mine")
    assert new("both.log", *arguments) == ExitCode.DONE
    assert content(tmp_path / "mine")["debian.yaml"].endswith("  header:\n    frob/frob.h: libfrob-dev\n")


def test_in_a_checkout_its_rules_and_cases_grow(tmp_path, monkeypatch, capsys):
    checkout = tmp_path / "checkout"
    for directory in ("src/accel_doctor", "rules", "tests/data/cases/debian-13-frobby"):
        (checkout / directory).mkdir(parents=True)
    (checkout / "rules/symptoms.yaml").write_text("schema: 1\n# mine\nsymptoms:\n  # first\n  x: null\n")
    (checkout / "rules/debian.yaml").write_text("schema: 1\nfamily: debian\nmanager: apt\n")
    monkeypatch.chdir(checkout)
    answers = ("--need", "library:frob", "--miss", "could not be loaded", "--packages", "libfrob-dev")
    assert new("../odd.log", *answers) == ExitCode.DONE
    assert content(checkout / "rules") == {
        "symptoms.yaml": SYMPTOM.replace("schema: 1\n", "schema: 1\n# mine\n").replace(
            "symptoms:\n", "symptoms:\n  # first\n  x: null\n"
        ),
        "debian.yaml": "schema: 1\nfamily: debian\nmanager: apt\nneeds:\n  library:\n    frob: libfrob-dev\n",
    }
    assert sorted(content(checkout / "tests/data/cases")) == [
        "debian-13-frobby-2/1.log",
        "debian-13-frobby-2/case.json",
    ]


GIVEN = ("--need", "library:frob", "--miss", "x", "--packages", "libfrob-dev")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("odd.log",), "error: no terminal to ask on: What is missing, as kind:name\nhint: answer with --need\n"),
        (
            ("odd.log", "--need", "library:frob"),
            "error: no terminal to ask on: A similar line that must not match\nhint: answer with --miss\n",
        ),
        (
            ("known.log",),
            "error: no terminal to ask on: The packages of debian 13 that provide header:frob/frob.h (- if none is "
            "known)\nhint: answer with --packages\n",
        ),
        (("odd.log", "--need", "hat:frob"), "error: --need: no kind of need is called 'hat'\n"),
        (("odd.log", *GIVEN, "--line", "99"), "error: --line: the log has no line 99\n"),
        (("odd.log", *GIVEN, "--pattern", "x.*"), f"error: --pattern: does not match the line: {LINE}\n"),
        (
            ("odd.log", *GIVEN, "--pattern", "(?=R)"),
            "error: --pattern: uses lookaround, which RE2 does not support\n",
        ),
        (
            ("odd.log", *GIVEN, "--miss", LINE),
            f"error: --miss: the message pattern matches it: {LINE}\n",
        ),
        (("odd.log", *GIVEN, "--packages", "-y"), "error: --packages: '-y' is not a package name for apt\n"),
        (("odd.log", *GIVEN, "--symptom", "c-header"), "error: --symptom: c-header already exists\n"),
        (
            ("odd.log", *GIVEN, "--case", "../x"),
            "error: --case: not a valid name: '../x': use letters, digits, dots and",
        ),
        (("gone.log",), "error: cannot read gone.log: No such file or directory\n"),
    ],
)
def test_what_cannot_be_asked_or_used_ends_it_and_nothing_is_written(tmp_path, capsys, arguments, message):
    assert new(*arguments) == ExitCode.USAGE
    lines = capsys.readouterr().err.splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.startswith("error: "))
    assert "".join(lines[start:]).startswith(message)
    assert not (tmp_path / "configuration").exists()


def test_a_rule_that_does_not_answer_its_log_is_not_written(tmp_path, capsys):
    (tmp_path / "two.log").write_text(LOG.replace("Frobnicating 3 of 4", "needs frob now\n" + LINE))
    code = new("odd.log", *GIVEN, "--line", "Building wheel", "--pattern", "Building wheel for frobby")
    assert code == ExitCode.DONE, capsys.readouterr().err
    assert content(tmp_path / "configuration/rules")
    code = new("two.log", *GIVEN, "--line", "Frobnicating", "--rules", "mine")
    assert code == ExitCode.USAGE
    assert not (tmp_path / "mine").exists()


def test_a_log_is_no_larger_than_a_case_may_be(tmp_path, capsys):
    (tmp_path / "large.log").write_bytes(b"x\n" * (1 << 20) + b"x")
    assert new("large.log", *GIVEN) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        "error: large.log is larger than 2 MB\nhint: cut it down to the failed build; keep its end\n"
    )


def test_passwords_in_urls_and_control_characters_go_no_further(tmp_path, capsys):
    (tmp_path / "odd.log").write_bytes(
        b"Looking in https://me:secret@host/simple \xff\n" + LOG.encode() + b"E\x1b]0;x\x07\n"
    )
    assert new("odd.log", *GIVEN, "--rules", "mine") == ExitCode.DONE
    assert "\x1b" not in capsys.readouterr().err
    kept = (tmp_path / "mine/cases/debian-13-frobby/1.log").read_bytes()
    assert kept.startswith(b"Looking in https://****@host/simple \xff\n")
