"""``accel-doctor sync``: locks of real projects, exported by their real tools, installed on fresh machines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.machine import Base, Machine
from integration.test_install import with_doctor
from paths import DATA

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode

HOSTILE = """
from pathlib import Path

def get_requires_for_build_editable(config_settings=None):
    Path("ran").touch()
    raise SystemExit("the backend ran")

get_requires_for_build_wheel = prepare_metadata_for_build_wheel = build_wheel = get_requires_for_build_editable
"""
PROJECT = """
[project]
name = "app"
version = "1.0"
requires-python = ">=3.10"
dependencies = ["six==1.17.0"]
[dependency-groups]
dev = ["iniconfig==2.1.0"]
[build-system]
requires = []
build-backend = "hostile"
backend-path = ["."]
"""


def installed(project: Path) -> set[str]:
    command = [sys.executable, "-m", "uv", "pip", "freeze", "--python", project / ".venv/bin/python"]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")) - {""}


def test_a_lock_of_uv(project, capfd):
    """What comes with the project does not run until the project itself is installed."""
    (project / "hostile.py").write_text(HOSTILE)
    (project / "pyproject.toml").write_text(PROJECT)
    subprocess.run([sys.executable, "-m", "uv", "lock", "--quiet"], check=True)
    (project / "uv.toml").write_text('index-url = "https://evil.invalid/"\n')
    assert main.run(["sync", "--no-install-project", "--no-verify"]) == ExitCode.DONE
    assert installed(project) == {"six==1.17.0", "iniconfig==2.1.0"}
    assert not (project / "ran").exists()
    (project / "pyproject.toml").write_text(PROJECT.replace("six==1.17.0", "six==1.16.0"))
    capfd.readouterr()
    assert main.run(["sync"]) == ExitCode.REQUIREMENTS
    assert capfd.readouterr().err == (
        "Reading uv.lock\n"
        "error: uv.lock is out of date: pyproject.toml was changed since\n"
        "hint: uv lock; or --frozen, to install the lock as it is\n"
    )


def test_a_project_for_another_python(project, capfd):
    """No environment is left for a Python that the project is not for."""
    (project / "pyproject.toml").write_text(PROJECT)
    subprocess.run([sys.executable, "-m", "uv", "lock", "--quiet"], check=True)
    (project / "pyproject.toml").write_text(PROJECT.replace(">=3.10", ">=3.99"))
    capfd.readouterr()
    assert main.run(["sync", "--frozen"]) == ExitCode.USAGE
    error, hint = capfd.readouterr().err.splitlines()[-2:]
    assert error.startswith("error: the project requires Python >=3.99, and python3 on PATH is Python 3.")
    assert hint == "hint: install such a Python, or make an environment with one and name it with --python"
    assert not (project / ".venv").exists()


@pytest.fixture(scope="module")
def fresh(wheel: Path) -> Iterator[Machine]:
    yield from with_doctor(Base("trixie"), wheel)


BARMAN = """
/doctor/bin/accel-doctor download --no-deps --no-binary barman barman==3.20.1 -d /root/uv --python /usr/bin/python3
cd /root/uv && tar xf barman-3.20.1.tar.gz --strip-components=1
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("project", "words", "wanted", "proof"),
    [
        ("uv", "--all-extras --no-dev", {"libpq-dev"}, "import barman, psycopg2, snappy"),
        ("poetry", "", {"libldap-dev", "libsasl2-dev"}, "import django_auth_ldap.config, iniconfig"),
        ("pdm", "--no-dev", {"libpq-dev"}, "import yoyo, psycopg2"),
        ("pylock", "", {"default-libmysqlclient-dev"}, "import flask_mysqldb"),
        ("pip-tools", "", {"librsync-dev", "libacl1-dev"}, "import rdiff_backup._librsync, posix1e, xattr"),
    ],
)
def test_a_real_projects_lock(fresh: Machine, project: str, words: str, wanted: set[str], proof: str) -> None:
    """From the lock to an import; of each, something has no wheel for this machine, and needs a system library."""
    if project == "uv":  # its sdist has its uv.lock
        fresh.must("sh", "-ec", BARMAN, timeout=300)
    else:
        for path in (DATA / "locked" / project).iterdir():
            fresh.write(f"/root/{project}/{path.name}", path.read_text())
    script = f"cd /root/{project} && /doctor/bin/accel-doctor sync --yes {words} && .venv/bin/python -c '{proof}'"
    done = fresh.run("sh", "-c", script, timeout=900)
    print(done.output + done.stderr)
    assert done.returncode == 0, done.output + done.stderr
    assert wanted <= set(fresh.must("dpkg-query", "-W", "-f", "${Package}\n").split())


EVIL = "import os; os.system('touch {}')\n"


@pytest.mark.long
@pytest.mark.parametrize("tool", ["poetry", "pdm"])
def test_what_comes_with_a_project_is_not_run(project, tool):
    """Its plugins, its configuration, its saved interpreter: the tool exports the lock as if they were not there."""
    for path in (DATA / "locked" / tool).iterdir():
        (project / path.name).write_text(path.read_text())
    ran, python = project / "ran", project / "python"
    python.write_text(f"#!/bin/sh\ntouch {ran}\n")
    python.chmod(0o755)
    (project / ".pdm-python").write_text(f"{python}\n")
    (project / "pdm.toml").write_text('[pypi]\nurl = "https://evil.invalid/simple"\n')
    (project / "poetry.toml").write_text(f'[virtualenvs]\npath = "{project}/evil"\n')
    for name in ("sitecustomize.py", "poetry.py", "pdm.py", "usercustomize.py"):
        (project / name).write_text(EVIL.format(ran))
    for version in range(10, 16):
        (plugins := project / f".pdm-plugins/lib/python3.{version}/site-packages").mkdir(parents=True)
        (plugins / "evil.pth").write_text(EVIL.format(ran))
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.poetry.requires-plugins]\nevil = "*"\n[tool.pdm.plugins]\nevil = "*"\n')
    assert main.run(["sync", "--dry-run", "--only-group", "test"]) == ExitCode.DONE
    assert not ran.exists()
    assert not (project / "evil").exists()
