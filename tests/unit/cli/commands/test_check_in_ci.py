"""``accel-doctor check`` in CI: formats, annotations, the baseline file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode

RULES = "schema: 1\npackages:\n  lacking: {needs: [command:surely-not-there], sdist_only: true}\n"
ANNOTATION = (
    "::error title=accel-doctor check%3A lacking,file=requirements.txt,line=2::lacking needs command:surely-not-there:"
    " missing, no known package\n"
)
HERE = ["--python", sys.executable]


@pytest.fixture
def check(tmp_path, monkeypatch, capsys):
    """Runs check on a requirements file; code, stdout and stderr."""
    for variable in ("CI", "GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "configuration"))
    monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Path("rules").mkdir()
    Path("rules/python.yaml").write_text(RULES)
    Path("requirements.txt").write_text("# what builds\nlacking>=1\n")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main.run(["check", "-r", "requirements.txt", "--no-resolve", "--rules", "rules", *arguments])
        return code, *capsys.readouterr()

    return run


def test_each_format_has_the_same_exit_code(check):
    for form in ("text", "json", "github", "sarif", "junit"):
        code, out, _ = check(*HERE, "--format", form)
        assert (code, bool(out)) == (ExitCode.UNCURED, True)
    assert check(*HERE, "--format", "github")[1] == ANNOTATION
    location = json.loads(check(*HERE, "--format", "sarif")[1])["runs"][0]["results"][0]["locations"][0]
    assert location["physicalLocation"]["region"] == {"startLine": 2}
    assert ElementTree.fromstring(check(*HERE, "--format", "junit")[1])[0].get("failures") == "1"


def test_annotations_come_beside_any_format_where_the_log_is_github_s(check, monkeypatch):
    assert "::error" not in check(*HERE, "--annotate")[2]
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    code, out, err = check(*HERE, "--format", "json", "--annotate")
    assert (code, json.loads(out)["schema"], err) == (ExitCode.UNCURED, 1, ANNOTATION)
    assert check(*HERE, "--format", "github", "--annotate")[1:] == (ANNOTATION, "")


def test_what_a_baseline_has_does_not_fail(check):
    assert check(*HERE, "--write-baseline", "known.json")[0] == ExitCode.DONE
    assert Path("known.json").read_text() == (
        '{\n  "schema": 1,\n  "findings": [\n    {\n      "package": "lacking",\n      "needs": [\n'
        '        "command:surely-not-there"\n      ]\n    }\n  ]\n}\n'
    )
    code, out, _ = check(*HERE, "--baseline", "known.json")
    assert code == ExitCode.DONE
    assert "    command:surely-not-there: missing, no known package (in the baseline)\n" in out
    document = json.loads(check(*HERE, "--baseline", "known.json", "--format", "json")[1])
    assert document["packages"][0]["needs"][0]["known"] is True


def test_what_is_new_for_another_machine_fails_beside_a_baseline(check):
    elsewhere = ("--distro", "debian:13", "--no-binary", "pycurl", "pycurl")
    assert check(*elsewhere)[0] == ExitCode.DONE
    check("--distro", "debian:13", "--write-baseline", "known.json")
    assert check("--distro", "debian:13", "--baseline", "known.json")[0] == ExitCode.DONE
    assert check(*elsewhere, "--baseline", "known.json")[0] == ExitCode.CONSENT


def test_a_baseline_is_written_beside_a_link_not_through_it(check):
    Path("precious").write_text("kept")
    Path("known.json").symlink_to("precious")
    check(*HERE, "--write-baseline", "known.json")
    assert (Path("precious").read_text(), Path("known.json").is_symlink()) == ("kept", False)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no document of schema 1"),
        ('{"schema": 2}', "no document of schema 1"),
        ('{"schema": 1}', "its findings are malformed"),
        ('{"schema": 1, "findings": [{"package": "a", "needs": "b"}]}', "its findings are malformed"),
        (" " * (4 << 20) + "[]", "more than 4194304 bytes"),
    ],
    ids=["empty", "deep", "list", "another", "bare", "odd", "large"],
)
def test_a_file_that_is_no_baseline_is_refused(check, text, why):
    Path("known.json").write_text(text)
    assert check("--baseline", "known.json") == (
        ExitCode.USAGE,
        "",
        f"error: known.json is not a baseline: {why}\n"
        "hint: write one with accel-doctor check --write-baseline known.json\n",
    )


def test_a_baseline_that_cannot_be_read_or_written(check):
    assert check("--baseline", "gone.json")[2] == (
        "error: baseline file not found: gone.json\n"
        "hint: write one with accel-doctor check --write-baseline gone.json\n"
    )
    assert check("--baseline", "rules")[2] == "error: cannot read the baseline file rules: is a directory\n"
    assert check(*HERE, "--write-baseline", "no/such.json")[::2] == (
        ExitCode.USAGE,
        "error: cannot write the baseline file no/such.json: no such file or directory\n",
    )
