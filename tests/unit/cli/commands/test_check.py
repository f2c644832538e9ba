"""``accel-doctor check``: what requirements will need, before anything is built."""

from __future__ import annotations

import io
import json
import sys
import tarfile
from pathlib import Path

import jsonschema
import pytest
from paths import ROOT

from accel_doctor.cli import machines, main
from accel_doctor.errors import ExitCode
from accel_doctor.model.machine import Distribution
from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere

SCHEMA = json.loads((ROOT / "docs/reference/check.schema.json").read_text())
LAYER = {
    "python.yaml": """\
schema: 1
packages:
  here-already: {needs: [command:sh], sdist_only: true}
  cure-known: {needs: [command:surely-not-there, command:sh], sdist_only: true}
  cure-unknown: {needs: [command:surely-not-there-either], sdist_only: true}
  maybe: {needs: [command:surely-not-there]}
""",
    "debian.yaml": "schema: 1\nfamily: debian\nneeds: {command: {surely-not-there: surely-not-a-package, sh: dash}}\n",
}
HERE = """\
schema: 1
family: here
manager: zypper
needs: {command: {surely-not-there: surely-not-a-package}}
"""


@pytest.fixture(autouse=True)
def rules(tmp_path, monkeypatch) -> str:
    """A layer of rules, in an environment that configures nothing."""
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "configuration"))
    monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "rules"
    directory.mkdir()
    for file, text in LAYER.items():
        (directory / file).write_text(text)
    return str(directory)


@pytest.fixture
def requirements(tmp_path):
    """Writes a requirements file."""

    def write(*lines: str) -> str:
        (tmp_path / "requirements.txt").write_text("".join(f"{line}\n" for line in lines))
        return "requirements.txt"

    return write


def run(capsys, code: ExitCode, *arguments: str) -> str:
    assert main.run(["check", *arguments]) == code, capsys.readouterr()
    return capsys.readouterr().out


def test_another_distribution_is_told_what_it_would_need(requirements, rules, capsys):
    file = requirements("cure-known>=1", "cure-unknown", "maybe", "plain", "old; python_version < '3'")
    arguments = ("-r", file, "--distro", "debian:12", "--no-resolve", "--rules", rules)
    assert (
        run(capsys, ExitCode.DONE, *arguments)
        == """\
Built from source:
  cure-known (PyPI has no wheel for it)
    command:surely-not-there: install surely-not-a-package
    command:sh: install dash
  cure-unknown (PyPI has no wheel for it)
    command:surely-not-there-either: no known package
Built from source unless a compatible wheel exists:
  maybe
    command:surely-not-there: install surely-not-a-package
Unknown needs, if these are built: plain

command:surely-not-there-either: no package of debian 12 has surely-not-there-either

To install what is missing on debian 12, as root:
  apt-get update && apt-get install -y --no-install-recommends dash surely-not-a-package
"""
    )


def test_another_distribution_s_needs_as_an_export(requirements, rules, capsys):
    file = requirements("cure-known>=1", "plain")
    arguments = ("-r", file, "--distro", "debian:12", "--no-resolve", "--rules", rules)
    assert run(capsys, ExitCode.DONE, *arguments, "--export", "bindep") == (
        "# What builds needed on debian 12\n"
        "# command:sh for cure-known\ndash [platform:debian]\n"
        "# command:surely-not-there for cure-known\nsurely-not-a-package [platform:debian]\n"
    )


def test_json_has_the_documented_shape(requirements, rules, capsys):
    file = requirements("cure-known", "maybe", "psycopg2")
    arguments = ("-r", file, "--distro", "debian:12", "--no-resolve", "--rules", rules, "--format", "json")
    document = json.loads(run(capsys, ExitCode.DONE, *arguments, "--python", "3.12", "--only-binary", "psycopg2"))
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    known, maybe, binary = document.pop("packages")
    unseen = {"present": None, "evidence": None, "known": False}
    missing = {"need": "command:surely-not-there", "system_packages": ["surely-not-a-package"], **unseen}
    assert known == {
        "name": "cure-known",
        "version": None,
        "built": "certain",
        "why": "PyPI has no wheel for it",
        "needs": [missing, {"need": "command:sh", "system_packages": ["dash"], **unseen}],
    }
    assert (maybe["built"], maybe["needs"]) == ("possible", [missing])
    assert (binary["built"], binary["why"], binary["needs"]) == ("no", "--only-binary", [])
    source = f"{rules}/debian.yaml"
    common = {"confidence": "rule", "source": source, "alternatives": []}
    assert document == {
        "schema": 1,
        "distro": {"id": "debian", "version": "12"},
        "python": "3.12",
        "resolved": False,
        "plan": {
            "system_packages": [
                {"name": "dash", "needs": ["command:sh"], **common},
                {"name": "surely-not-a-package", "needs": ["command:surely-not-there"], **common},
            ],
            "advice": [],
            "commands": [
                ["apt-get", "update"],
                ["apt-get", "install", "-y", "--no-install-recommends", "dash", "surely-not-a-package"],
            ],
        },
        "unmet": [],
    }


@pytest.mark.parametrize(
    ("line", "code", "last"),
    [
        ("here-already", ExitCode.DONE, "nothing is missing"),
        ("maybe", ExitCode.DONE, "nothing is missing"),
        ("cure-unknown", ExitCode.UNCURED, ""),
        ("./project", ExitCode.DONE, "nothing is missing, as far as known"),
    ],
)
def test_here_the_exit_code_says_whether_something_is_missing(requirements, rules, capsys, tmp_path, line, code, last):
    (tmp_path / "project").mkdir()
    (tmp_path / "project/pyproject.toml").write_text("[project]\nname = 'p'\nversion = '1'\n")
    file = requirements(line)
    out = run(capsys, code, "-r", file, "--no-resolve", "--rules", rules, "--python", sys.executable)
    assert not last or out.splitlines()[-1] == last


def test_a_cure_that_is_known_has_a_code_of_its_own(requirements, rules, capsys, tmp_path, monkeypatch):
    (tmp_path / "rules/here.yaml").write_text(HERE)
    monkeypatch.setattr("accel_doctor.cli.session.read_distribution", lambda: Distribution("here", "1"))
    monkeypatch.setattr(machines, "driver_for", lambda name, *others: PackageManagerElsewhere("zypper"))
    file = requirements("cure-known")
    arguments = ("-r", file, "--no-resolve", "--rules", rules, "--python", sys.executable)
    out = run(capsys, ExitCode.CONSENT, *arguments)
    assert out.splitlines()[1:4] == [
        "  cure-known (PyPI has no wheel for it)",
        "    command:surely-not-there: missing, install surely-not-a-package",
        "    command:sh: installed",
    ]
    assert out.splitlines()[-1] == "  zypper --non-interactive install surely-not-a-package"


def sdist(directory: Path, name: str, dependencies: tuple[str, ...] = ()) -> None:
    """A source distribution whose metadata is said to be static, so that no resolver builds it."""
    metadata = f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n"
    metadata += "".join(f"Requires-Dist: {dependency}\n" for dependency in dependencies)
    archive(directory, name, {"PKG-INFO": metadata, "pyproject.toml": "[build-system]\nrequires = []\n"})


def archive(directory: Path, name: str, files: dict[str, str]) -> None:
    """A source distribution of these files."""
    with tarfile.open(directory / f"{name.replace('-', '_')}-1.0.tar.gz", "w:gz") as packed:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name.replace('-', '_')}-1.0/{path}")
            entry.size = len(text.encode())
            packed.addfile(entry, io.BytesIO(text.encode()))


@pytest.mark.parametrize("where", [["--python", sys.executable], ["--distro", "debian:12"]], ids=["here", "elsewhere"])
def test_dependencies_are_resolved(requirements, rules, capsys, tmp_path, where):
    sdist(tmp_path, "asks", ("cure-known",))
    sdist(tmp_path, "cure-known")
    file = requirements("asks")
    arguments = ["-r", file, "--no-index", "-f", ".", "--rules", rules, "--format", "json", *where]
    code = main.run(["check", *arguments])
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    assert document["resolved"], captured.err
    assert [(p["name"], p["version"], p["built"], p["why"]) for p in document["packages"]] == [
        ("asks", "1.0", "certain", "no compatible wheel"),
        ("cure-known", "1.0", "certain", "no compatible wheel"),
    ]
    elsewhere = where[0] == "--distro"
    assert (code == ExitCode.DONE) is elsewhere
    assert [need["present"] for need in document["packages"][1]["needs"]] == (
        [None, None] if elsewhere else [False, True]
    )


BACKEND = """\
import sys
def prepare_metadata_for_build_wheel(*arguments):
    sys.exit("Error: pg_config executable not found.")
build_wheel = prepare_metadata_for_build_wheel
"""


def test_a_source_whose_metadata_takes_a_build_that_fails_is_part_of_the_answer(requirements, rules, capsys, tmp_path):
    sdist(tmp_path, "cure-known")
    project = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    archive(
        tmp_path, "stubborn", {"pyproject.toml": project, "backend.py": BACKEND, "PKG-INFO": "Metadata-Version: 2.1\n"}
    )
    file = requirements("stubborn", "cure-known")
    arguments = ("-r", file, "--no-index", "-f", ".", "--rules", rules, "--format", "json", "--distro", "debian:12")
    document = json.loads(run(capsys, ExitCode.DONE, *arguments))
    assert document["resolved"]
    known, stubborn = document["packages"]
    assert (known["name"], known["version"]) == ("cure-known", "1.0")
    assert stubborn == {
        "name": "stubborn",
        "version": None,
        "built": "certain",
        "why": "its metadata could not be built",
        "needs": [
            {
                "need": "command:pg_config",
                "present": False,
                "system_packages": ["libpq-dev"],
                "evidence": "Error: pg_config executable not found.",
                "known": False,
            }
        ],
    }
    assert "libpq-dev" in document["plan"]["commands"][-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "error: no requirements given\nhint: accel-doctor check "),
        (["x", "--distro", "plan9"], "error: --distro plan9: no rules for this distribution\nhint: there are"),
        (
            ["x", "--distro", "debian:12", "--python", "/usr/bin/python3"],
            "error: --python /usr/bin/python3: not a version of Python\nhint: give two numbers, such as 3.13\n",
        ),
        (["-r", "gone.txt"], "error: requirements file not found: gone.txt\n"),
    ],
)
def test_usage_errors(capsys, arguments, message):
    assert main.run(["check", *arguments]) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith(message)
