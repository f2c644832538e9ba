"""``accel-doctor diagnose``: logs in, cures out."""

from __future__ import annotations

import io
import json
import sys

import jsonschema
import pytest
from paths import CASES, ROOT

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode

SCHEMA = json.loads((ROOT / "docs/reference/diagnose.schema.json").read_text())
LOGS = sorted(CASES.glob("*/*.log"))
LOG = """\
  Building wheel for psycopg2 (pyproject.toml): started
      Error: pg_config executable not found.
  ERROR: Failed building wheel for psycopg2
  Building wheel for demjson (setup.py): started
      error in demjson setup command: use_2to3 is invalid.
  ERROR: Failed building wheel for demjson
  Building wheel for old (pyproject.toml): started
      CMake Error at CMakeLists.txt:1 (cmake_minimum_required):
        Compatibility with CMake < 3.5 has been removed from CMake.

      x.c:1:10: fatal error: nobody/knows.h: No such file or directory
  ERROR: Failed building wheel for old
"""


@pytest.fixture(autouse=True)
def _no_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "configuration"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def nothing_runs(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a process was started")

    monkeypatch.setattr("accel_doctor.system.process.runner.subprocess.Popen", refuse)


def run(capsys, *arguments: str) -> str:
    assert main.run(["diagnose", *arguments]) == ExitCode.DONE
    return capsys.readouterr().out


def document(capsys, *arguments: str) -> dict:
    result = json.loads(run(capsys, *arguments, "--format", "json"))
    jsonschema.Draft202012Validator(SCHEMA).validate(result)
    return result


def written(tmp_path, text: str | bytes, name: str = "build.log") -> str:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


@pytest.mark.usefixtures("nothing_runs")
def test_text_names_cause_line_cure_and_one_command(tmp_path, capsys):
    assert (
        run(capsys, written(tmp_path, LOG), "--distro", "debian:12")
        == """\
psycopg2
  command:pg_config
    line 2: "Error: pg_config executable not found."
    cure: install libpq-dev
demjson
  build-constraint:setuptools<58
    line 5: "error in demjson setup command: use_2to3 is invalid."
    cure: the source needs 2to3, which setuptools 58 removed: build with a build constraint setuptools<58 (Python 3.11 \
or older), or ask for a newer release
old
  build-constraint:cmake<4
    line 8: "CMake Error at CMakeLists.txt:1 (cmake_minimum_required): Compatibility with CMake < 3.5 has been removed \
from CMake."
    cure: the source asks for a CMake older than 3.5: set the environment variable CMAKE_POLICY_VERSION_MINIMUM=3.5, \
or build with a build constraint cmake<4
  header:nobody/knows.h
    line 11: "x.c:1:10: fatal error: nobody/knows.h: No such file or directory"
    cure: no package of debian 12 has nobody/knows.h

Build constraints (a file for --build-constraint):
  setuptools<58

Environment variables:
  export CMAKE_POLICY_VERSION_MINIMUM=3.5

To install what is missing on debian 12, as root:
  apt-get update && apt-get install -y --no-install-recommends libpq-dev
"""
    )


@pytest.mark.usefixtures("nothing_runs")
def test_json_has_the_documented_shape(tmp_path, capsys):
    result = document(capsys, written(tmp_path, LOG), "--distro", "debian:12")
    assert result["distro"] == {"id": "debian", "version": "12"}
    assert result["findings"][0] == {
        "need": "command:pg_config",
        "package": "psycopg2",
        "line": 2,
        "evidence": "Error: pg_config executable not found.",
        "role": "cause",
    }
    assert result["plan"]["system_packages"] == [
        {
            "name": "libpq-dev",
            "needs": ["command:pg_config"],
            "confidence": "rule",
            "source": "rules/debian.yaml",
            "alternatives": [],
        }
    ]
    assert result["plan"]["build_constraints"] == ["setuptools<58"]
    assert result["plan"]["environment"] == {"CMAKE_POLICY_VERSION_MINIMUM": "3.5"}
    assert result["plan"]["commands"] == [
        ["apt-get", "update"],
        ["apt-get", "install", "-y", "--no-install-recommends", "libpq-dev"],
    ]
    assert [unmet["need"] for unmet in result["unmet"]] == ["header:nobody/knows.h"]


@pytest.mark.parametrize("log", LOGS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_recorded_log_gives_a_valid_document(log, capsys):
    result = document(capsys, str(log), "--distro", "fedora")
    causes = {finding["need"] for finding in result["findings"] if finding["role"] == "cause"}
    answered = {need for package in result["plan"]["system_packages"] for need in package["needs"]}
    assert answered <= causes


@pytest.mark.parametrize(
    ("distro", "names"),
    [
        ("debian:bookworm", ["python3.9-dev"]),
        ("debian", ["python3.9-dev"]),
        ("ubuntu:24.04", ["python3.9-dev"]),
        ("rocky:9", None),
    ],
)
def test_the_log_shows_the_version_of_python(tmp_path, capsys, distro, names):
    log = "gcc -I/usr/include/python3.9 -c x.c\nx.c:1:10: fatal error: Python.h: No such file or directory\n"
    result = document(capsys, written(tmp_path, log), "--distro", distro)
    found = [package["name"] for package in result["plan"]["system_packages"]]
    assert found == names if names else found


def test_python_is_the_distributions_own_where_nothing_shows_it(tmp_path, capsys):
    log = written(tmp_path, "x.c:1:10: fatal error: Python.h: No such file or directory\n")
    for arguments, name in (
        (["--distro", "debian:12"], "python3.11-dev"),
        (["--distro", "debian:trixie"], "python3.13-dev"),
        (["--distro", "debian:12", "--python", "3.12"], "python3.12-dev"),
    ):
        (package,) = document(capsys, log, *arguments)["plan"]["system_packages"]
        assert package["name"] == name


def test_what_is_missing_as_an_export(tmp_path, capsys):
    log = written(tmp_path, LOG)
    assert run(capsys, log, "--distro", "debian:12", "--export", "dockerfile") == (
        "# libpq-dev: command:pg_config for psycopg2\n"
        "RUN apt-get update \\\n"
        " && apt-get install -y --no-install-recommends libpq-dev \\\n"
        " && rm -rf /var/lib/apt/lists/*\n"
        "# demjson: build constraint setuptools<58: build-constraint:setuptools<58\n"
        "# old: CMAKE_POLICY_VERSION_MINIMUM=3.5: build-constraint:cmake<4\n"
        "RUN printf '%s\\n' 'setuptools<58' > /etc/build-constraints.txt\n"
        "ENV PIP_BUILD_CONSTRAINT=/etc/build-constraints.txt UV_BUILD_CONSTRAINT=/etc/build-constraints.txt\n"
        "ENV CMAKE_POLICY_VERSION_MINIMUM=3.5\n"
    )
    shell = run(capsys, log, "--distro", "fedora:42", "--export", "shell")
    assert shell.splitlines()[0] == "dnf install -y libpq-devel"
    assert run(capsys, written(tmp_path, "all is well\n"), "--export", "shell") == ""


def test_guesses_are_called_so_and_are_in_no_command(tmp_path, capsys):
    log = tmp_path / "log"
    log.write_text("sh: 1: pkexec: not found\nx.c:1:10: fatal error: ffi.h: No such file or directory\n")
    install = "apt-get update && apt-get install -y --no-install-recommends libffi-dev"
    assert run(capsys, "--distro", "debian:13", str(log)) == (
        f"""\
the log
  command:pkexec
    line 1: "sh: 1: pkexec: not found"
    a guess: install pkexec
  header:ffi.h
    line 2: "x.c:1:10: fatal error: ffi.h: No such file or directory"
    cure: install libffi-dev

To install what is missing on debian 13, as root:
  {install}

To be looked at before it is installed: pkexec, a guess for command:pkexec
"""
    )
    document = json.loads(run(capsys, "--distro", "debian:13", "--format", "json", str(log)))
    assert "pkexec" not in json.dumps(document["plan"]["commands"])
    for form in ("shell", "dockerfile", "ansible", "bindep", "cloud-init", "pep725", "pip", "uv"):
        assert main.run(["diagnose", "--distro", "debian:13", "--export", form, str(log)]) == ExitCode.DONE
        printed = capsys.readouterr()
        assert "pkexec" not in printed.out
        assert "left out of the export: pkexec, a guess for command:pkexec" in printed.err


def test_a_pipe_is_read(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LOG.encode())))
    assert run(capsys, "--distro", "debian:12").startswith("psycopg2\n")


def test_several_logs_make_one_plan_and_findings_name_their_log(tmp_path, capsys):
    one = written(tmp_path, "Error: pg_config executable not found.\n", "one")
    two = written(tmp_path, "/bin/sh: 1: krb5-config: not found\n", "two")
    result = document(capsys, one, two, "--distro", "debian:12")
    assert [finding["log"] for finding in result["findings"]] == [one, two]
    assert [package["name"] for package in result["plan"]["system_packages"]] == ["libkrb5-dev", "libpq-dev"]


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("", "no failure found in this log\n"),
        (
            "Building wheel for x (pyproject.toml): started\nchecking for zlib.h... no\nSuccessfully built x\n",
            "no failure found in this log\n",
        ),
        (
            "Building wheel for pyyaml (setup.py): started\n"
            "ext/_yaml.h:2:10: fatal error: yaml.h: No such file or directory\n"
            "Error compiling module, falling back to pure Python\n"
            "Successfully built pyyaml\n",
            "no failure found in this log\n",
        ),
        ("RuntimeError: \x1b[31mbo\x07om\u202e\n", 'cause unknown: "RuntimeError: boom\ufffd"\n'),
    ],
)
def test_what_is_said_where_there_is_no_cause(tmp_path, capsys, log, said):
    assert run(capsys, written(tmp_path, log), "--distro", "debian:12") == said


def test_nothing_printed_drives_a_terminal(tmp_path, capsys):
    evil = "\x1b]0;x\x07\x9b31m\u202e\x00\x1b[2J"
    log = written(
        tmp_path, f"{evil}x.c:1:1: fatal error: a.h: No such file or directory {evil}\nE{evil}rror: {evil}x\n"
    )
    for form in ("text", "json"):
        out = run(capsys, log, "--distro", "debian:12", "--format", form)
        assert "header:a.h" in out
        assert all(character == "\n" or character.isprintable() for character in out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.log"], "error: cannot read gone.log: No such file or directory\n"),
        (["."], "error: cannot read .: Is a directory\n"),
        (
            ["-", "--distro", "plan9"],
            "error: --distro plan9: no rules for this distribution\nhint: there are rules for: ",
        ),
        (
            ["-", "--distro", "de bian"],
            "error: not a distribution: 'de bian'\nhint: write ID or ID:VERSION, such as debian:13 or fedora\n",
        ),
        (
            ["-", "--python", "three"],
            "error: --python three: not a version of Python\nhint: give two numbers, such as 3.13\n",
        ),
    ],
)
def test_usage_errors(capsys, arguments, message):
    assert main.run(["diagnose", *arguments]) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith(message)


def test_this_machine_is_the_default(tmp_path, capsys):
    result = document(capsys, written(tmp_path, "Error: pg_config executable not found.\n"))
    assert result["findings"][0]["need"] == "command:pg_config"
    assert result["plan"]["system_packages"] or result["unmet"]
