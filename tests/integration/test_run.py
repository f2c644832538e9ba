"""``accel-doctor run`` around real tools on a fresh machine: each of them fails without it, and ends well with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from integration.conftest import MakeMachine
from integration.machine import Base, Machine
from integration.pages import build
from integration.test_install import DOCTOR, with_doctor

from accel_doctor.model.processes import Completed

TOX = """\
[tox]
skipsdist = true
envlist = py
[testenv]
deps = python-prctl==1.8.1
commands = python -c "import prctl"
"""
MAKEFILE = "shrink: shrink.c\n\t$(CC) -o $@ $< `pkg-config --libs zlib`\n"
PROGRAM = "#include <zlib.h>\nint main(void) { return zlibVersion()[0] != '1'; }\n"


@pytest.fixture(scope="module")
def fresh(wheel) -> Iterator[Machine]:
    for machine in with_doctor(Base("trixie"), wheel):
        machine.must("python3", "-m", "venv", "/root/env")
        machine.must("/root/env/bin/pip", "install", "--quiet", "uv", "tox")
        yield machine


def run(where: Machine, *words: str) -> Completed:
    script = f'cd /root && PATH=/root/env/bin:$PATH VIRTUAL_ENV=/root/env && exec {DOCTOR} run --yes -- "$@"'
    return where.run("sh", "-c", script, "sh", *words, timeout=900)


def test_one_answer_names_what_all_builds_of_a_project_are_known_to_need(fresh: Machine) -> None:
    project = '[project]\nname = "p"\nversion = "1"\ndependencies = ["psycopg2==2.9.10", "python-ldap==3.4.4"]\n'
    fresh.write("/root/p/pyproject.toml", project)
    done = fresh.run(
        "sh", "-c", f"cd /root/p && PATH=/root/env/bin:$PATH exec {DOCTOR} run --dry-run -- uv sync", timeout=900
    )
    assert done.returncode != 0
    assert "-- gcc libc6-dev libldap-dev libpq-dev libsasl2-dev python3.13-dev\n" in done.stderr


# In this order: what one has brought, the next one has.
@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["pip", "install", "--no-binary", ":all:", "pylibacl==0.7.2"], {"gcc", "libacl1-dev", "python3.13-dev"}),
        (["uv", "pip", "install", "cracklib==2.9.6"], {"libcrack2-dev"}),
        (["tox"], {"libcap-dev"}),
        (["make"], {"make", "pkgconf", "zlib1g-dev"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_it_ends_well(fresh: Machine, words: list[str], wanted: set[str]) -> None:
    fresh.write("/root/tox.ini", TOX)
    fresh.write("/root/Makefile", MAKEFILE)
    fresh.write("/root/shrink.c", PROGRAM)
    done = run(fresh, *words)
    assert done.returncode == 0, done.output + done.stderr
    installed = set(fresh.must("dpkg-query", "-W", "-f", "${Package}\n").split())
    assert wanted <= installed
    assert f"accel-doctor: running again: {words[0]}" in done.stderr
    assert "accel-doctor" not in done.output  # stdout is the command's alone


def test_it_is_the_command_that_was_cured(fresh: Machine) -> None:
    fresh.must("/root/env/bin/python", "-c", "import posix1e, cracklib")
    fresh.must("/root/shrink")


# --- what it writes down for the next machine ---------------------------------------------------------------


def export(where: Machine, form: str) -> str:
    return where.must(DOCTOR, "export", "--format", form)


def test_history_says_what_was_installed_for_what(fresh: Machine) -> None:
    lines = fresh.must(DOCTOR, "history")
    assert re.search(r'^  libacl1-dev +header:sys/acl.h for pylibacl: "', lines, re.MULTILINE)
    assert "accel-doctor run --yes -- make" in lines


def test_the_tools_take_what_is_exported(fresh: Machine) -> None:
    fresh.must("apt-get", "install", "-y", "--no-install-recommends", "shellcheck")
    fresh.must("python3", "-m", "venv", "/tools")
    fresh.must("/tools/bin/pip", "install", "--quiet", "bindep", "ansible-core", timeout=300)
    fresh.write("/root/needed.sh", "#!/bin/sh\nset -e\n" + export(fresh, "shell"))
    fresh.must("shellcheck", "/root/needed.sh")
    fresh.write("/root/bindep.txt", export(fresh, "bindep"))
    # every package is there already, so that bindep has nothing to list
    assert fresh.must("/tools/bin/bindep", "-b", "-f", "/root/bindep.txt") == ""
    fresh.write("/root/play.yml", export(fresh, "ansible"))
    fresh.must(
        *("/tools/bin/ansible-playbook", "--inventory", "localhost,", "--syntax-check", "/root/play.yml"),
        environment={"LC_ALL": "C.UTF-8"},
    )


def test_the_exported_line_alone_lets_plain_pip_build_the_same(fresh: Machine, make_machine: MakeMachine) -> None:
    for form in ("shell", "dockerfile"):
        another = make_machine(Base("trixie"))
        exported = export(fresh, form)
        build(exported if form == "dockerfile" else f"RUN {exported}", another)
        another.must("python3", "-m", "venv", "/env")
        names = ["pylibacl==0.7.2", "cracklib==2.9.6", "python-prctl==1.8.1"]
        another.must("/env/bin/pip", "install", *names, timeout=600)
        another.must("/env/bin/python", "-c", "import posix1e, cracklib, prctl")
