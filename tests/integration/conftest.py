"""Everything here meets the real thing: uv, pip, PyPI, servers, terminals, and throw-away Debian machines (as root).

A test that cannot run is skipped with its reason; with ``ACCEL_DOCTOR_NO_SKIPS=1`` (CI) it fails instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from integration.machine import Base, Machine, UnavailableError, machine
from paths import ROOT

HERE = Path(__file__).parent
PROJECT = ROOT

MakeMachine = Callable[[Base], Machine]


# What takes longest begins first, or the other worker waits for it at the end.
LONGEST = {"test_readme_for_an_ordinary_user.py", "test_install.py"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests in this directory; put the longest first."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.integration)
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With ACCEL_DOCTOR_NO_SKIPS a skipped integration test is a failed one."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and _no_skips() and item.path.is_relative_to(HERE):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"ACCEL_DOCTOR_NO_SKIPS is set: {reason}"
    return report


def _no_skips() -> bool:
    return os.environ.get("ACCEL_DOCTOR_NO_SKIPS", "") not in ("", "0")


@pytest.fixture
def make_machine() -> Iterator[MakeMachine]:
    """Makes fresh machines, gone again after the test."""
    with ExitStack() as machines:

        def make(base: Base) -> Machine:
            try:
                return machines.enter_context(machine(base))
            except UnavailableError as problem:
                pytest.skip(str(problem))

        yield make


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: an empty one, with a home and a cache of its own beside it."""
    for name in os.environ:
        if name.startswith(("VIRTUAL_ENV", "CONDA_", "ACCEL_DOCTOR_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for place in ("CONFIG", "CACHE", "STATE"):
        monkeypatch.setenv(f"ACCEL_DOCTOR_{place}_DIR", str(tmp_path / place))
    (project := tmp_path / "project").mkdir()
    monkeypatch.chdir(project)
    return project


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own wheel, built once."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", str(out), str(PROJECT)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return next(out.glob("accel_doctor-*.whl"))


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository, as far as it is needed to install from, and what CI services read of it."""
    there = tmp_path_factory.mktemp("checkout") / "accel-doctor"
    for name in (".ci", ".github", "docs", "rules", "src"):
        shutil.copytree(ROOT / name, there / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, there / name)
    return there


@contextmanager
def mounted(path: Path, size: str) -> Iterator[Path]:
    """A small disk at ``path`` while the block lasts; ``size`` in mount's words. Skips where none can be had."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    if not shutil.which("mount"):
        pytest.skip("a small disk needs mount(8)")
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "small", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted: {done.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)
