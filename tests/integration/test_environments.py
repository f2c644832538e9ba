"""A real environment, stored and restored somewhere else: everything in it still works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import uv

# Scripts, compiled modules, data outside of site-packages (a kernel of Jupyter), a namespace package.
PACKAGES = ("pip", "ipykernel", "pytest", "numpy", "docutils", "jaraco.text", "pyyaml", "httpx[cli]")
NOBODY = 65534
# One that other users can run, too: that of the distribution.
PYTHON = shutil.which("python3", path="/usr/bin") or os.path.realpath(sys.executable)


def run(*argv: object, user: int | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_NO", "ACCEL_"))}
    return subprocess.run(
        [str(word) for word in argv],
        env={**kept, **variables},
        cwd=None if user is None else "/",  # ours may be out of reach for others
        capture_output=True,
        text=True,
        user=user,
        timeout=120,
    )


def done(*argv: object, user: int | None = None, **variables: str) -> str:
    ended = run(*argv, user=user, **variables)
    assert ended.returncode == 0, f"{argv}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose environment is stored in the cache beside it; the environment itself is gone."""
    base = tmp_path_factory.mktemp("environments")
    project = base / "project"
    editable = base / "editable"
    editable.mkdir()
    (editable / "pyproject.toml").write_text('[project]\nname = "own"\nversion = "1"\n')
    (editable / "own.py").write_text("WORDS = 'mine'\n")
    project.mkdir()
    (project / "requirements.txt").write_text("\n".join(PACKAGES) + "\n")
    environment = project / ".venv"
    done(uv.find_uv_bin(), "venv", "--python", PYTHON, environment)
    done(uv.find_uv_bin(), "pip", "install", "--compile-bytecode", "--python", environment, *PACKAGES, "-e", editable)
    done(
        sys.executable,
        "-m",
        "accel_doctor",
        "env",
        "store",
        "--work-dir",
        project,
        ACCEL_DOCTOR_CACHE_DIR=str(base / "cache"),
    )
    shutil.rmtree(environment)
    for directory in (base, *base.parents):  # for another user
        if any(part.startswith("pytest-") for part in directory.parts):  # pytest's own, which it makes for one user
            directory.chmod(0o755)
    return base


def restored(base: Path, project: Path) -> Path:
    shutil.copy(base / "project/requirements.txt", project)
    done(
        sys.executable, "-m", "accel_doctor", "env", "restore", "--work-dir", project, "--python", PYTHON,
        ACCEL_DOCTOR_CACHE_DIR=str(base / "cache"), HOME=str(project),
    )  # fmt: skip
    return project / ".venv"


CHECK = """
import importlib, importlib.metadata, sys
names = importlib.metadata.packages_distributions()
for name in sorted(names):
    if name.isidentifier() and not name.startswith("_"):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name in names:  # otherwise something optional
                raise
import own
assert own.WORDS == "mine"
print(len(names), sys.flags.dont_write_bytecode)
"""


def check(environment: Path, user: int | None = None) -> None:
    """pip finds no fault, every module imports, every script finds its interpreter, nothing is compiled anew."""
    python = environment / "bin/python"
    home = str(environment.parent)
    compiled = {path: path.stat().st_mtime_ns for path in environment.rglob("*.pyc")}
    assert len(compiled) > 500
    assert "No broken requirements found" in done(python, "-m", "pip", "check", user=user, HOME=home)
    done(python, "-c", CHECK, user=user, HOME=home)
    scripts = [path for path in (environment / "bin").iterdir() if path.read_bytes().startswith(b"#!")]
    assert len(scripts) > 8
    for script in scripts:
        ended = run(script, "--help", user=user, HOME=home)
        # some know no --help (2); a shell says 126 and 127 of interpreters that are not there
        assert ended.returncode in (0, 2), f"{script}: {ended.returncode} {ended.stdout}{ended.stderr}"
        assert "Traceback" not in ended.stderr, ended.stderr
    assert str(python) in done("sh", "-c", '. "$0"; command -v python', environment / "bin/activate", HOME=home)
    kernel = (environment / "share/jupyter/kernels/python3/kernel.json").read_text()
    assert f'"{python}"' in kernel or '"python"' in kernel
    assert {path: path.stat().st_mtime_ns for path in compiled} == compiled


@pytest.mark.parametrize("name", ["another", "with a space"])
def test_at_another_path(base: Path, name: str) -> None:
    (base / name).mkdir()
    check(restored(base, base / name))


# The interpreter of these tests may be out of reach for other users: what it needs is imported before it becomes one.
BECOMING = """
import os, sys
from accel_doctor.cli.main import run
def restore(project):
    return run(["env", "restore", "--work-dir", project, "--python", sys.argv[1]])
assert restore(sys.argv[2]) == 0
os.chdir(sys.argv[3])
os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(restore(sys.argv[3]))
"""


def test_under_another_user(base: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    first, theirs = base / "first", base / "theirs"
    for project in (first, theirs):
        project.mkdir()
        shutil.copy(base / "project/requirements.txt", project)
    shutil.chown(theirs, NOBODY, NOBODY)
    done(
        sys.executable,
        "-c",
        BECOMING,
        PYTHON,
        first,
        theirs,
        HOME=str(base),
        ACCEL_DOCTOR_CACHE_DIR=str(base / "cache"),
    )
    environment = theirs / ".venv"
    check(environment, NOBODY)
    files = [path for path in environment.rglob("*") if path.is_file() and not path.is_symlink()]
    # root's files are copied: their owner could change them later
    assert {(path.stat().st_uid, path.stat().st_nlink) for path in files} == {(NOBODY, 1)}
