"""Recorded logs of Debian builds, answered for the distributions that install RPM packages."""

from __future__ import annotations

import json

import jsonschema
import pytest
from paths import CASES, ROOT

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode

SCHEMA = json.loads((ROOT / "docs/reference/diagnose.schema.json").read_text())
DNF, ZYPPER = ("dnf", "install", "-y"), ("zypper", "--non-interactive", "install")
CONFIG_MANAGER = ["dnf", "install", "-y", "dnf-plugins-core"]
POWERTOOLS, CRB = (["dnf", "config-manager", "--set-enabled", name] for name in ("powertools", "crb"))


@pytest.fixture(autouse=True)
def _no_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path))


def commands(capsys, distribution: str, log: str, *options: str) -> list[list[str]]:
    arguments = ["diagnose", "--distro", distribution, "--format", "json", *options, str(CASES / log)]
    assert main.run(arguments) == ExitCode.DONE
    document = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return document["plan"]["commands"]


@pytest.mark.parametrize(
    ("log", "distribution", "last"),
    [
        ("bookworm-psycopg2-2.9.10/1.log", "fedora:42", [*DNF, "libpq-devel"]),
        ("bookworm-psycopg2-2.9.10/1.log", "rocky:8", [*DNF, "libpq-devel"]),
        ("bookworm-psycopg2-2.9.10/1.log", "centos:7", ["yum", "install", "-y", "postgresql-devel"]),
        ("bookworm-psycopg2-2.9.10/1.log", "opensuse-leap:15.6", [*ZYPPER, "postgresql-devel"]),
        ("bookworm-pysqlite3-0.5.4/3.log", "rocky:9", [*DNF, "sqlite-devel"]),
        ("bookworm-pysqlite3-0.5.4/3.log", "opensuse-tumbleweed", [*ZYPPER, "sqlite3-devel"]),
    ],
)
def test_the_family_s_own_names(capsys, log, distribution, last):
    assert commands(capsys, distribution, log)[-1] == last


@pytest.mark.parametrize(
    ("distribution", "python", "package"),
    [
        ("fedora:42", "3.13", "python3-devel"),
        ("fedora:42", "3.12", "python3.12-devel"),
        ("rocky:8", "3.6", "python3-devel"),
        ("rocky:8", "3.9", "python39-devel"),
        ("rocky:8", "3.11", "python3.11-devel"),
        ("rocky:9", "3.9", "python3-devel"),
        ("rocky:9", "3.12", "python3.12-devel"),
        ("almalinux:10", "3.12", "python3-devel"),
        ("amzn:2023", "3.11", "python3.11-devel"),
        ("opensuse-leap:15.6", "3.6", "python3-devel"),
        ("opensuse-leap:15.6", "3.11", "python311-devel"),
        ("opensuse-tumbleweed", "3.13", "python313-devel"),
    ],
)
def test_the_headers_of_the_interpreter_that_builds(capsys, tmp_path, distribution, python, package):
    log = tmp_path / "1.log"
    log.write_text("m.c:1:10: fatal error: Python.h: No such file or directory\n")
    assert commands(capsys, distribution, str(log), "--python", python)[-1][-1] == package


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        ("rocky:8", [CONFIG_MANAGER, POWERTOOLS, [*DNF, "libpcap-devel"]]),
        ("rocky:9", [CONFIG_MANAGER, CRB, [*DNF, "libpcap-devel"]]),
        ("fedora:42", [[*DNF, "libpcap-devel"]]),
        ("amzn:2023", [[*DNF, "libpcap-devel"]]),
        ("opensuse-leap:15.6", [[*ZYPPER, "libpcap-devel"]]),
    ],
)
def test_what_enables_a_repository_comes_first(capsys, tmp_path, distribution, expected):
    log = tmp_path / "1.log"
    log.write_text("p.c:1:10: fatal error: pcap.h: No such file or directory\n")
    assert commands(capsys, distribution, str(log)) == expected
