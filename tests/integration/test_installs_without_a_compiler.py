"""Resolve what accel-doctor needs at run time, with binaries only, for the platforms that uv has wheels for."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytest.importorskip("pip")

PYTHON = "3.12"
# uv has no wheels for musl on ppc64le and s390x.
PLATFORMS = [
    *(("manylinux", machine) for machine in ("x86_64", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64")),
    *(("musllinux", machine) for machine in ("x86_64", "aarch64", "armv7l", "riscv64")),
]
# Not for every platform, but their sources become pure Python where no compiler is: proven below.
FALL_BACK = ("markupsafe", "pyyaml")
BUILT_WITHOUT_COMPILER = "import markupsafe, yaml; print(markupsafe.escape('<'), yaml.safe_load('a: [1]'))"


def needed_at_run_time(name: str = "accel-doctor") -> dict[str, str]:
    """Return name and requirement of every distribution that ``name`` requires, directly or not, without extras."""
    found: dict[str, str] = {}
    pending = [name]
    while pending:
        for line in distribution(pending.pop()).requires or ():
            requirement = Requirement(line)
            own = canonicalize_name(requirement.name)
            if own in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
                continue
            found[own] = f"{requirement.name}{requirement.specifier}"
            pending.append(requirement.name)
    return found


def tags(libc: str, machine: str) -> list[str]:
    if libc == "musllinux":
        return [f"musllinux_1_{minor}_{machine}" for minor in (2, 1)]
    return [f"manylinux_2_{minor}_{machine}" for minor in range(39, 16, -1)] + [f"manylinux2014_{machine}"]


def pip(*arguments: str | Path, **variables: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        env={**os.environ, **variables}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("libc", "machine"), PLATFORMS, ids=lambda word: word)
def test_there_are_binaries(libc, machine, tmp_path):
    needed = [requirement for name, requirement in needed_at_run_time().items() if name not in FALL_BACK]
    assert any(requirement.startswith("uv>=") for requirement in needed)
    platforms = [word for tag in tags(libc, machine) for word in ("--platform", tag)]
    pip(
        "install", "--dry-run", "--ignore-installed", "--target", tmp_path, "--no-deps", "--only-binary", ":all:",
        "--implementation", "cp", "--python-version", PYTHON, *platforms, *needed,
    )  # fmt: skip


def test_what_has_no_binary_everywhere_builds_without_a_compiler(tmp_path):
    needed = needed_at_run_time()
    pip(
        "wheel", "--no-deps", "--no-binary", ",".join(FALL_BACK), "--no-cache-dir", "-w", tmp_path,
        *(needed[name] for name in FALL_BACK), CC="/bin/false",
    )  # fmt: skip
    site = tmp_path / "site"
    for wheel in tmp_path.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            assert [name for name in archive.namelist() if name.endswith(".so")] == []
            archive.extractall(site)
    command = [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(site)!r}); {BUILT_WITHOUT_COMPILER}"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert shown == "&lt; {'a': [1]}\n"
