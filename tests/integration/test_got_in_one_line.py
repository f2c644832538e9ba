"""From a fresh Debian to a project's running environment, in each way to get accel-doctor that the pages show."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
import uv
from integration.conftest import MakeMachine
from integration.machine import Base, Machine
from integration.pages import shown
from needy_source import write_needy_source
from paths import ROOT

PAGE = "../installation.md"
SUITES = ["bookworm", "trixie"]
NEEDS_APT = "pylibacl==0.7.2"  # an extension module: a compiler, Python's headers, libacl1-dev
PROOF = ".venv/bin/python -c 'import posix1e'"
WHEELS = "/wheels"


@pytest.fixture(scope="module")
def pyz(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if os.geteuid() != 0:
        pytest.skip("throw-away machines need root")  # before anything is made for them
    return made("pyz", tmp_path_factory.mktemp("pyz") / "accel-doctor.pyz", wheel)


def made(script: str, output: Path, wheel: Path) -> Path:
    """Run one of the scripts that make packages."""
    subprocess.run([sys.executable, ROOT / f".ci/packages/{script}.py", output, "--wheel", wheel], check=True)
    return output


def project(where: Machine, requirement: str = NEEDS_APT) -> None:
    where.write("/root/project/requirements.txt", f"{requirement}\n")


def run_in_project(where: Machine, line: str) -> str:
    """Run a command line in the project as a person would, if without a terminal; return all that it said."""
    variables = {"PATH": "/root/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    if where.path(WHEELS).exists():  # accel-doctor's wheel, as if PyPI had it
        variables |= {"PIP_FIND_LINKS": WHEELS, "UV_FIND_LINKS": WHEELS}
    done = where.run("sh", "-c", f"cd /root/project && {line}", environment=variables, timeout=600)
    assert done.returncode == 0, done.output + done.stderr
    return done.output + done.stderr


def run_page(where: Machine, section: str) -> str:
    """Run a section's commands as they are written, but with ``--yes --venv``, which a person types or is asked; not
    those that download."""
    lines = "".join(shown(PAGE, section, "console")).splitlines()
    said = ""
    for line in (line.removeprefix("$ ") for line in lines):
        if not line.startswith("curl"):
            said += run_in_project(where, line + " --yes --venv" * (" -r " in line))
    return said


def without_venv(where: Machine) -> Machine:
    """Take away what Debian has in packages of its own: the machine has python3 alone."""
    where.must("apt-get", "purge", "-y", "--auto-remove", "python3*-venv")
    assert where.run("python3", "-m", "venv", "/root/none").returncode != 0
    assert where.run("python3", "-m", "pip", "--version").returncode != 0
    return where


def test_one_file_on_a_machine_with_python_alone(make_machine: MakeMachine, pyz: Path, tmp_path: Path) -> None:
    assert [name for name in ZipFile(pyz).namelist() if name.endswith((".so", ".pyc"))] == []  # any Python runs it
    where = without_venv(make_machine(Base("trixie")))
    where.copy_in(pyz, "/root/project/accel-doctor.pyz")
    where.copy_in(write_needy_source(tmp_path, "flex"), "/root/project/needy-1.0.tar.gz")
    project(where, "./needy-1.0.tar.gz")
    said = run_page(where, "One file")
    assert "  flex  command:flex" in said
    assert "needy 1.0 (built here)" in said
    run_in_project(where, ".venv/bin/python -c 'import needy'")
    again = run_in_project(where, ".venv/bin/python accel-doctor.pyz install -r requirements.txt")
    assert "everything is already installed in /root/project/.venv" in again


@pytest.mark.long
def test_one_file_is_the_same_when_it_is_made_again(pyz: Path, wheel: Path, tmp_path: Path) -> None:
    assert made("pyz", tmp_path / pyz.name, wheel).read_bytes() == pyz.read_bytes()


@pytest.mark.long
@pytest.mark.parametrize("suite", SUITES)
def test_one_file_builds_what_is_compiled(make_machine: MakeMachine, pyz: Path, suite: str) -> None:
    where = without_venv(make_machine(Base(suite)))
    where.copy_in(pyz, "/root/project/accel-doctor.pyz")
    project(where)
    assert "(1 built here) into /root/project/.venv" in run_page(where, "One file")
    run_in_project(where, PROOF)


@pytest.fixture(params=SUITES)
def fresh(request: pytest.FixtureRequest, make_machine: MakeMachine, wheel: Path) -> Machine:
    """A machine with a project; what is fetched there by name is this checkout's wheel."""
    where = make_machine(Base(request.param))
    where.copy_in(wheel, f"{WHEELS}/{wheel.name}")
    project(where)
    return where


@pytest.fixture
def with_uv(fresh: Machine) -> Machine:
    """A machine with uv, as its own installer leaves it."""
    for name in ("uv", "uvx"):
        fresh.copy_in(Path(uv.find_uv_bin()).with_name(name), f"/root/.local/bin/{name}")
    return fresh


@pytest.mark.long
def test_pipx(fresh: Machine) -> None:
    assert "(1 built here) into /root/project/.venv" in run_page(fresh, "pipx")
    run_in_project(fresh, PROOF)
    run_in_project(fresh, "pipx uninstall accel-doctor")


@pytest.mark.long
def test_uv_tool(with_uv: Machine) -> None:
    assert "(1 built here) into /root/project/.venv" in run_page(with_uv, "uv")
    run_in_project(with_uv, PROOF)


@pytest.mark.long
def test_uvx_works_on_the_project_and_not_on_its_own_environment(with_uv: Machine) -> None:
    assert "(1 built here) into /root/project/.venv" in run_page(with_uv, "uvx: run it without installing it")
    run_in_project(with_uv, PROOF)
    found = with_uv.must("find", "/root", "-path", "*/site-packages/posix1e*.so").splitlines()
    assert [Path(path).is_relative_to("/root/project/.venv") for path in found] == [True]
    assert "tool" not in with_uv.run("/root/.local/bin/uv", "tool", "list").output


@pytest.fixture(scope="module")
def deb(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("dpkg-deb"):
        pytest.skip("a .deb is made with dpkg-deb")
    return next(made("deb", tmp_path_factory.mktemp("deb"), wheel).glob("*.deb"))


@pytest.mark.long
def test_debian_package(fresh: Machine, deb: Path) -> None:
    fresh.copy_in(deb, f"/root/project/{deb.name}")
    assert "(1 built here) into /root/project/.venv" in run_page(fresh, "Debian package")
    run_in_project(fresh, PROOF)
    assert fresh.path("/usr/share/man/man1/accel-doctor-install.1.gz").exists()
    assert list(fresh.path("/usr/lib/accel-doctor/accel_doctor/__pycache__").glob("*.pyc"))
    assert "accel-doctor" in fresh.must("bash", "-c", ". /usr/share/bash-completion/completions/accel-doctor; complete")
    run_in_project(fresh, "apt-get purge -y accel-doctor")
    found = fresh.must("find", "/", "-xdev", "-name", "*accel?doctor*").splitlines()
    assert [path for path in found if not path.startswith(("/root/", f"{WHEELS}/"))] == []
