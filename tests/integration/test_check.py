"""``accel-doctor check`` on a fresh machine: what it foresees is what the builds then need."""

from __future__ import annotations

import json

import pytest
from integration.machine import Base, Machine
from integration.test_install import DOCTOR, install, packages_of, with_doctor

from accel_doctor.errors import ExitCode

# django-auth-ldap is a wheel, and asks for python-ldap, which is none.
REQUIREMENTS = "psycopg2==2.9.10\ndjango-auth-ldap==5.1.0\nidna==3.10\n"


@pytest.fixture(scope="module")
def fresh(wheel):
    for machine in with_doctor(Base("trixie"), wheel):
        machine.write("/root/requirements.txt", REQUIREMENTS)
        machine.must("python3", "-m", "venv", "/root/demo")
        yield machine


def check(where: Machine, *arguments: str) -> tuple[int, str]:
    done = where.run("sh", "-c", f'cd /root && exec {DOCTOR} check -r requirements.txt "$@"', "sh", *arguments)
    return done.returncode, done.output


def test_what_is_foreseen_is_what_the_builds_need(fresh):
    before = packages_of(fresh)
    code, elsewhere = check(fresh, "--distro", "debian:13", "--format", "json")
    assert code == ExitCode.DONE
    code, out = check(fresh, "--python", "demo", "--format", "json")
    assert code == ExitCode.CONSENT, out
    document = json.loads(out)
    assert {p["name"] for p in document["packages"] if p["built"] == "certain"} == {"psycopg2", "python-ldap"}
    assert packages_of(fresh) == before
    names = [
        [package["name"] for package in each["plan"]["system_packages"]] for each in (document, json.loads(elsewhere))
    ]
    assert names[0] == names[1]
    fresh.must("apt-get", "update")
    for command in document["plan"]["commands"]:
        fresh.must(*command, timeout=600)
    code, out = check(fresh, "--python", "demo")
    assert (code, out.splitlines()[-1]) == (ExitCode.DONE, "nothing is missing")
    done = install(fresh, "--no-system", "--python", "demo", "-r", "requirements.txt")
    assert done.returncode == ExitCode.DONE, done.stderr
    fresh.must("/root/demo/bin/python", "-c", "import psycopg2, ldap")
    code, out = check(fresh, "--python", "demo")
    assert (code, out) == (ExitCode.DONE, "nothing to install\nnothing is missing\n")
