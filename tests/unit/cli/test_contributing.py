"""CONTRIBUTING.md, followed word by word in a copy of the checkout: it does what the text says."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from textwrap import dedent

import pytest
from paths import ROOT

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode

TEXT = (ROOT / "CONTRIBUTING.md").read_text()


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """As much of a checkout as the commands look at, without what the examples add."""
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "configuration"))
    copy = tmp_path / "checkout"
    (copy / "src/accel_doctor").mkdir(parents=True)
    case = "tests/data/cases/bookworm-psycopg2-2.9.10"
    shutil.copytree(ROOT / case, copy / case)
    shutil.copytree(ROOT / "rules", copy / "rules")
    debian = copy / "rules/debian.yaml"
    debian.write_text(re.sub(r"^    (?:xmp\.h|rigctl): .*\n", "", debian.read_text(), flags=re.MULTILINE))
    (copy / "rules/openeuler.yaml").unlink(missing_ok=True)
    # as with an editable install of that checkout
    monkeypatch.setattr("accel_doctor.rulebook.book.shipped_rules", lambda: copy / "rules")
    monkeypatch.chdir(copy)
    return copy


def section(title: str) -> str:
    return TEXT.partition(f"### {title}\n")[2].partition("\n## ")[0].partition("\n### ")[0]


def block(text: str) -> str:
    """The first fenced block, without the indentation of the list it stands in."""
    found = re.search(r"^ *```\w*\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    assert found
    return dedent(found[1])


def commands(text: str) -> list[list[str]]:
    return [shlex.split(command) for command in re.findall(r"`accel-doctor ([^`]*)`", text)]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = main.run(arguments)
    out, err = capsys.readouterr()
    assert code == ExitCode.DONE, err
    return out + err


def test_a_package_name_for_a_need(checkout, capsys):
    text = section("A package name for a need")
    why, fix, show = commands(text)
    run(capsys, *why)
    debian = checkout / "rules/debian.yaml"
    debian.write_text(debian.read_text().replace("\n  header:\n", f"\n  header:\n    {block(text)}", 1))
    assert run(capsys, *fix) == "formatted rules/debian.yaml\nno problems found\n"
    assert "  debian: libxmp-dev (rules/debian.yaml)\n" in run(capsys, *show)


def test_a_new_distribution(checkout, capsys):
    text = section("A new distribution")
    lint, try_it = commands(text)
    (checkout / "rules/openeuler.yaml").write_text(block(text))
    assert "openeuler.yaml: 1 needs, 1 unverified\n" in run(capsys, *lint)
    assert "To install what is missing on openeuler 24.03, as root:\n  dnf install -y " in run(capsys, *try_it)


def test_a_new_symptom(checkout, capsys):
    text = section("A new symptom")
    new, test = commands(text)
    (checkout / "build.log").write_text(block(text))
    answers = re.findall(r"^ *\| (.*?) \| (.*?) \|$", text, re.MULTILINE)
    options = []
    for question, answer in answers:
        for known, option in (
            ("What is missing", "--need"),
            ("must not match", "--miss"),
            ("The packages", "--packages"),
        ):
            if known in question:
                (value,) = re.findall(r"`([^`]*)`", answer)
                options += [option, value]
    assert len(options) == 6
    run(capsys, *new, *options)
    written = (checkout / "rules/symptoms.yaml").read_text()
    (form,) = re.findall(r"The message pattern \| Enter: `([^`]*)`", text)
    before, after = form.split("…")
    assert re.search(re.escape(before) + ".*" + re.escape(after), written)
    assert run(capsys, *test).endswith("1 case of `rules new` passed\n")
