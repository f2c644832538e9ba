"""The main job on fresh machines: real apt, real PyPI, real builds."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pexpect
import pytest
from integration.machine import Base, Machine, UnavailableError, machine
from paths import ROOT

from accel_doctor.errors import ExitCode
from accel_doctor.model.processes import Completed

TUTORIAL = ROOT / "docs/tutorial/requirements.txt"
REPORT_SCHEMA = ROOT / "docs/reference/report.schema.json"
DOCTOR = "/doctor/bin/accel-doctor"

# Where the import name is not the distribution's.
MODULES = {
    "dbus-python": "dbus", "mysqlclient": "MySQLdb", "pycairo": "cairo", "python-ldap": "ldap", "pyyaml": "yaml",
    "python-dateutil": "dateutil",
}  # fmt: skip
COMPILED = {
    "cffi", "dbus-python", "markupsafe", "mysqlclient", "psycopg2", "pycairo", "pycurl", "pygraphviz", "python-ldap",
    "pyyaml",
}  # fmt: skip


def with_doctor(base: Base, wheel: Path) -> Iterator[Machine]:
    """A fresh machine on which accel-doctor, and nothing that compiles, is installed."""
    try:
        with machine(base) as fresh:
            fresh.copy_in(wheel, f"/root/{wheel.name}")
            fresh.must("python3", "-m", "venv", "/doctor")
            fresh.must("/doctor/bin/pip", "install", "--quiet", f"/root/{wheel.name}")
            yield fresh
    except UnavailableError as problem:
        pytest.skip(str(problem))


def install(where: Machine, *arguments: str, user: str | None = None, network: bool = True) -> Completed:
    """``accel-doctor install`` without a terminal, in the user's home."""
    home = f"/home/{user}" if user else "/root"
    argv = ["sh", "-c", f'cd {home} && exec {DOCTOR} install "$@"', "sh", *arguments]
    return where.runner(user, network=network).capture(argv, timeout=900)


def packages_of(where: Machine) -> str:
    return where.must("dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status}\n")


def wheels_of(where: Machine, home: str = "/root") -> list[Path]:
    return sorted(where.path(f"{home}/.cache/accel-doctor/wheels").rglob("*.whl"))


# --- the main job ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FirstRun:
    """A machine after the README's first command, and what that said."""

    machine: Machine
    done: Completed
    report: dict


@pytest.fixture(scope="module", params=[pytest.param("bookworm", marks=pytest.mark.long), "trixie"])
def first_run(request, wheel) -> Iterator[FirstRun]:
    for fresh in with_doctor(Base(request.param), wheel):
        assert fresh.run("which", "gcc").returncode == 1
        fresh.copy_in(TUTORIAL, "/root/requirements.txt")
        fresh.must("python3", "-m", "venv", "/root/demo")
        done = install(fresh, "--yes", "--python", "demo", "--report", "report.json", "-r", "requirements.txt")
        assert done.returncode == 0, done.stderr
        yield FirstRun(fresh, done, json.loads(fresh.path("/root/report.json").read_text()))


def test_everything_is_importable_after_at_most_two_transactions(first_run):
    report = first_run.report
    jsonschema.Draft202012Validator(json.loads(REPORT_SCHEMA.read_text())).validate(report)
    assert report["outcome"] == "done"
    assert {built["name"] for built in report["built"]} >= COMPILED
    assert 1 <= len(report["transactions"]) <= 2
    names = [line.partition("==")[0].lower() for line in TUTORIAL.read_text().splitlines() if "==" in line]
    modules = [MODULES.get(name, name.replace("-", "_")) for name in names]
    first_run.machine.must("/root/demo/bin/python", "-c", "; ".join(f"import {module}" for module in modules))


def test_a_second_environment_builds_nothing_and_asks_apt_nothing(first_run):
    where = first_run.machine
    where.must("python3", "-m", "venv", "/root/again")
    before = packages_of(where)
    done = install(where, "--python", "again", "--report", "second.json", "-r", "requirements.txt")
    assert done.returncode == 0, done.stderr
    report = json.loads(where.path("/root/second.json").read_text())
    assert [built["name"] for built in report["built"] if not built["reused"]] == []
    assert report["transactions"] == []
    assert packages_of(where) == before
    frozen = [where.must(f"/root/{name}/bin/pip", "freeze") for name in ("demo", "again")]
    assert frozen[0] == frozen[1]


def test_pip_installs_the_same_from_the_same_store(first_run):
    where = first_run.machine
    where.must("python3", "-m", "venv", "/root/by-pip")
    done = install(where, "--frontend", "pip", "--python", "by-pip", "--report", "p.json", "-r", "requirements.txt")
    assert done.returncode == 0, done.stderr
    report = json.loads(where.path("/root/p.json").read_text())
    assert [built["name"] for built in report["built"] if not built["reused"]] == []
    frozen = [where.must(f"/root/{name}/bin/pip", "freeze") for name in ("demo", "by-pip")]
    assert frozen[0] == frozen[1]


def test_what_was_pinned_and_seen_needs_no_network(first_run):
    where = first_run.machine
    formats = next(line for line in TUTORIAL.read_text().splitlines() if line.startswith("--no-binary "))
    where.write("/root/pinned.txt", f"{formats}\n{where.must('/root/demo/bin/pip', 'freeze')}")
    for name in ("seen", "dark", "darker"):
        where.must("python3", "-m", "venv", f"/root/{name}")
    done = install(where, "--python", "seen", "-r", "pinned.txt")
    assert done.returncode == 0, done.stderr
    done = install(where, "--python", "dark", "-r", "pinned.txt", network=False)
    assert done.returncode == 0, done.stderr
    for wheel in wheels_of(where):
        if wheel.name.startswith("psycopg2-"):
            shutil.rmtree(wheel.parent)
    done = install(where, "--offline", "--python", "darker", "-r", "pinned.txt", "--report", "r.json", network=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(where.path("/root/r.json").read_text())
    assert [built["name"] for built in report["built"] if not built["reused"]] == ["psycopg2"]
    frozen = [where.must(f"/root/{name}/bin/pip", "freeze") for name in ("demo", "dark", "darker")]
    assert frozen[0] == frozen[1] == frozen[2]


def sdist(files: dict[str, str], name: str = "odd") -> bytes:
    buffer = io.BytesIO()
    project = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in {"pyproject.toml": project, **files}.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


SETUP = (
    "from setuptools import Extension, setup\n"
    "setup(name='odd', version='1.0', ext_modules=[Extension('odd', ['odd.c'])])\n"
)


def test_a_header_nobody_knows_is_named_and_nothing_changes(first_run):
    where = first_run.machine
    archive = sdist({"setup.py": SETUP, "odd.c": "#include <nobody/knows.h>\n"})
    where.path("/root/odd-1.0.tar.gz").write_bytes(archive)
    before = packages_of(where), wheels_of(where), where.must("/root/demo/bin/pip", "freeze")
    done = install(where, "--yes", "--python", "demo", "./odd-1.0.tar.gz")
    assert done.returncode == ExitCode.UNCURED
    assert 'header:nobody/knows.h: "odd.c:1:10: fatal error: nobody/knows.h: No such file or directory"' in done.stderr
    assert "error: odd did not build: no known cure\n" in done.stderr
    assert (packages_of(where), wheels_of(where), where.must("/root/demo/bin/pip", "freeze")) == before


def test_an_editable_project_is_cured_while_it_is_installed(first_run):
    where = first_run.machine
    source = "#include <Python.h>\n#include <lzo/lzo1x.h>\nPyMODINIT_FUNC PyInit_odd(void) { return NULL; }\n"
    for name, text in {"setup.py": SETUP, "odd.c": source}.items():
        where.write(f"/root/project/{name}", text)
    where.must("python3", "-m", "venv", "/root/editable")
    done = install(where, "--yes", "--python", "editable", "-e", "./project")
    assert done.returncode == 0, done.stderr
    assert where.run("dpkg-query", "-W", "liblzo2-dev").returncode == 0
    assert "-e" in where.must("/root/editable/bin/pip", "freeze")


def test_an_archive_keeps_its_origin(first_run):
    where = first_run.machine
    archive = sdist({"setup.py": "from setuptools import setup\nsetup(name='plain', version='1.0')\n"}, "plain")
    where.path("/root/plain-1.0.tar.gz").write_bytes(archive)
    where.must("python3", "-m", "venv", "/root/origin")
    for _ in range(2):
        done = install(where, "--python", "origin", "./plain-1.0.tar.gz")
        assert done.returncode == 0, done.stderr
        assert "plain @ file:///root/plain-1.0.tar.gz" in where.must("/root/origin/bin/pip", "freeze")
        where.must("/root/origin/bin/pip", "check")


def test_a_repository_is_built_once_per_commit_and_git_is_a_need_like_any_other(first_run, tmp_path):
    where = first_run.machine
    (tmp_path / "setup.py").write_text("from setuptools import setup\nsetup(name='cloned', version='1.0')\n")
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "one"]):
        who = ["-c", "user.name=t", "-c", "user.email=t@t"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *command], check=True)
    commit = subprocess.run(["git", "-C", str(tmp_path), "rev-parse", "HEAD"], capture_output=True, text=True).stdout
    where.copy_in(tmp_path, "/root/repository")
    where.must("chown", "--recursive", "root:root", "/root/repository")
    built = []
    for name in ("cloned-1", "cloned-2"):
        where.must("python3", "-m", "venv", f"/root/{name}")
        done = install(where, "--yes", "--report", "r.json", "--python", name, "git+file:///root/repository")
        assert done.returncode == 0, done.stderr
        built.append([one["reused"] for one in json.loads(where.path("/root/r.json").read_text())["built"]])
        frozen = where.must(f"/root/{name}/bin/pip", "freeze")
        assert f"cloned @ git+file:///root/repository@{commit.strip()}" in frozen
    assert built == [[False], [True]]
    assert where.run("dpkg-query", "-W", "git").returncode == 0


# --- nobody agrees, nobody may, nothing there ------------------------------------------------------------


@pytest.fixture(scope="module")
def bare(wheel) -> Iterator[Machine]:
    """A machine that every test of this part must leave as it is: one of its users may use sudo, with a password."""
    for fresh in with_doctor(Base("trixie", ("sudo",)), wheel):
        for user in ("ann", "bob"):
            fresh.must("useradd", "--create-home", "--shell", "/bin/sh", user)
            fresh.must("su", user, "-c", f"python3 -m venv /home/{user}/demo")
        fresh.must("chpasswd", stdin="ann:correct horse\n")
        fresh.write("/etc/sudoers.d/ann", "ann ALL=(ALL) ALL\n", 0o440)
        fresh.must("python3", "-m", "venv", "/root/demo")
        yield fresh


@pytest.fixture
def unchanged(bare) -> Iterator[Machine]:
    def state():
        return packages_of(bare), [bare.must(f"/{home}/demo/bin/pip", "freeze") for home in ("root", "home/ann")]

    before = state()
    yield bare
    assert state() == before


NEEDS_A_COMPILER = ("--no-binary", "cffi", "--python", "demo", "cffi==2.1.1")
COMMAND = (
    "apt-get -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold install -y --no-install-recommends -- "
    "gcc libc6-dev libffi-dev python3.13-dev"
)
QUIETLY = "env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l "


def test_without_a_terminal_and_without_yes_the_command_is_printed(unchanged):
    done = install(unchanged, *NEEDS_A_COMPILER)
    assert done.returncode == ExitCode.CONSENT
    assert done.output == f"{QUIETLY}{COMMAND}\n"
    assert "error: system packages are missing, and installing them was not confirmed\n" in done.stderr


def test_a_dry_run_prints_the_plan_and_changes_nothing(unchanged):
    done = install(unchanged, "--yes", "--dry-run", *NEEDS_A_COMPILER)
    assert done.returncode == ExitCode.DONE
    assert done.output == f"{QUIETLY}{COMMAND}\n"
    assert "\n + cffi 2.1.1 (to be built)\n" in done.stderr
    done = install(unchanged, "--dry-run", "--export", "shell", *NEEDS_A_COMPILER)
    line = "apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev libffi-dev python3.13-dev\n"
    assert done.output == line


def test_no_system_diagnoses_what_failed(unchanged):
    done = install(unchanged, "--yes", "--no-system", *NEEDS_A_COMPILER)
    assert done.returncode == ExitCode.CONSENT
    assert "No such file or directory: 'x86_64-linux-gnu-gcc'" in done.stderr
    assert done.output.endswith("-- gcc libc6-dev libffi-dev python3.13-dev\n")  # as check says
    assert done.stderr.endswith(
        "error: system packages are missing, and --no-system installs none\n"
        "hint: run the command above as root, then run the same accel-doctor command again\n"
    )


def test_a_user_without_any_privilege_has_a_code_of_his_own(unchanged):
    unchanged.path("/usr/bin/sudo").chmod(0o700)
    try:
        done = install(unchanged, "--yes", *NEEDS_A_COMPILER, user="bob")
    finally:
        unchanged.path("/usr/bin/sudo").chmod(0o4755)
    assert done.returncode == ExitCode.PRIVILEGE
    assert done.output == f"{QUIETLY}{COMMAND}\n"


def test_sudo_that_wants_a_password_is_never_waited_for(unchanged):
    done = install(unchanged, "--yes", *NEEDS_A_COMPILER, user="ann")
    assert done.returncode == ExitCode.PRIVILEGE
    assert "sudo refused: sudo: a password is required" in done.stderr
    assert done.output == f"{QUIETLY}{COMMAND}\n"


def test_a_package_that_does_not_exist_quotes_the_frontend(unchanged):
    done = install(unchanged, "--python", "demo", "accel-doctor-no-such-package")
    assert done.returncode == ExitCode.REQUIREMENTS
    assert "accel-doctor-no-such-package was not found in the package registry" in done.stderr


def test_no_network_is_told_apart(unchanged):
    done = install(unchanged, "--python", "demo", "idna==3.4", network=False)
    assert done.returncode == ExitCode.NETWORK
    assert "error: uv cannot resolve the requirements:\n" in done.stderr


def test_an_externally_managed_interpreter_is_refused(unchanged):
    done = install(unchanged, "--python", "/usr/bin/python3", "idna")
    assert done.returncode == ExitCode.USAGE
    assert "externally managed" in done.stderr


# --- somebody at a terminal ------------------------------------------------------------------------------


def at_a_terminal(where: Machine, *arguments: str, user: str | None = None, columns: int = 160) -> pexpect.spawn:
    home = f"/home/{user}" if user else "/root"
    runner = where.runner(user)
    argv = [*runner.prefix, "sh", "-c", f'cd {home} && exec {DOCTOR} install "$@"', "sh", *arguments]
    environment = {**runner.environment, "TERM": "xterm", "COLUMNS": str(columns)}
    return pexpect.spawn(argv[0], argv[1:], env=environment, encoding="utf-8", timeout=300, dimensions=(40, columns))


QUESTION = r"Install 4 system packages\? \[y yes, N no, l log, \? help\]"


def ended(child: pexpect.spawn) -> int | None:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def test_no_is_no(unchanged):
    child = at_a_terminal(unchanged, *NEEDS_A_COMPILER)
    child.expect(QUESTION)
    child.sendline("n")
    assert ended(child) == ExitCode.CONSENT


def test_ctrl_c_at_the_question_ends_the_run(unchanged):
    child = at_a_terminal(unchanged, *NEEDS_A_COMPILER)
    child.expect(QUESTION)
    child.sendintr()
    assert ended(child) == ExitCode.INTERRUPTED


def test_ctrl_c_during_a_build_ends_it_at_once(unchanged):
    child = at_a_terminal(unchanged, "--no-binary", "pyyaml", "--python", "demo", "pyyaml==6.0.2")
    child.expect(r"pyyaml 6\.0\.2\S* +(build|metadata|compile)")
    child.sendintr()
    assert ended(child) == ExitCode.INTERRUPTED
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "pyyaml-6.0.2" not in processes


def test_a_password_refused_three_times_changes_nothing(unchanged):
    child = at_a_terminal(unchanged, *NEEDS_A_COMPILER, user="ann")
    child.expect(QUESTION)
    child.sendline("y")
    for _ in range(3):
        child.expect("password for ann:")
        child.sendline("wrong")
    child.expect("sudo refused: sudo: 3 incorrect password attempts")
    assert ended(child) == ExitCode.PRIVILEGE


@pytest.mark.parametrize("user", [None, "ann"])
def test_yes_installs_and_the_build_goes_on(wheel, user):
    for fresh in with_doctor(Base("trixie", ("sudo",)), wheel):
        fresh.must("useradd", "--create-home", "--shell", "/bin/sh", "ann")
        fresh.must("chpasswd", stdin="ann:correct horse\n")
        fresh.write("/etc/sudoers.d/ann", "ann ALL=(ALL) ALL\n", 0o440)
        home = f"/home/{user}" if user else "/root"
        fresh.must("su", user or "root", "-c", f"python3 -m venv {home}/demo")
        child = at_a_terminal(fresh, *NEEDS_A_COMPILER, user=user)
        child.expect(QUESTION)
        child.sendline("y")
        if user:
            child.expect("password for ann:")
            child.sendline("correct horse")
        child.expect("installed 2 packages .1 built here. into")
        assert ended(child) == ExitCode.DONE
        fresh.must(f"{home}/demo/bin/python", "-c", "import cffi")
        logs = [path.read_text() for path in fresh.path(f"{home}/.cache/accel-doctor/logs").rglob("*-system-apt.log")]
        assert "Setting up gcc" in logs[0]
        assert "correct horse" not in "".join(logs)
