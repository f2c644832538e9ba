"""README's two commands, carried out on a fresh machine."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pytest
from integration.machine import Base, UnavailableError, machine
from paths import ROOT

INSTALLING, TESTING = "accel-doctor install --yes --python", "pytest"


def run_readme_command(part: str, scratch: Path, user: str | None, said: str) -> None:
    """Run the command with this ``part`` as ``user`` (None: root) in a copy of this tree; it says what it should."""
    command = next(line for line in (ROOT / "README.md").read_text().splitlines() if f"bin/{part}" in line)
    try:
        with machine(Base("trixie")) as fresh:
            tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
            with tarfile.open(scratch / "tree.tar", "w") as archive:
                for name in tracked.splitlines():
                    if (ROOT / name).exists():
                        archive.add(ROOT / name, name)
            fresh.must("useradd", "--create-home", "--shell", "/bin/sh", "ann")
            home = f"/home/{user}" if user else "/root"
            fresh.copy_in(scratch / "tree.tar", f"{home}/tree.tar")
            fresh.must("su", user or "root", "-c", f"mkdir {home}/tree && tar -xf {home}/tree.tar -C {home}/tree")
            done = fresh.runner(user).capture(["sh", "-c", f"cd {home}/tree && {command}"], timeout=900)
            assert done.returncode == 0, done.output[-5000:] + done.stderr[-2000:]
            assert said in done.output + done.stderr
    except UnavailableError as problem:
        pytest.skip(str(problem))
