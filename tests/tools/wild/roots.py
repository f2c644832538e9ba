"""Fresh machines for the wild cases: in memory, with access times, and accel-doctor in an environment of its own."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import gethostname
from tempfile import TemporaryDirectory

from integration.machine import Base, Machine, machine
from paths import ROOT

TOOL = "/opt/accel-doctor"
_BASE_FILES = (("/etc/dpkg/dpkg.cfg.d/quick", "force-unsafe-io\n"),)


@contextmanager
def machines_in_memory(size: str) -> Iterator[Path]:
    """Keep the machines in a tmpfs that records every access: it is fast, and tells which packages were of use."""
    if "ACCEL_DOCTOR_TEST_MACHINES" in os.environ:
        yield Path(os.environ["ACCEL_DOCTOR_TEST_MACHINES"])
        return
    with TemporaryDirectory(prefix="wild-") as name:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"strictatime,size={size}", "tmpfs", name], check=True)
        try:
            os.environ["ACCEL_DOCTOR_TEST_MACHINES"] = name
            yield Path(name)
        finally:
            subprocess.run(["umount", "--lazy", name], check=True)


class Workshop:
    """Makes machines with one commit of the tool on them; the packages that apt fetched are kept per slot."""

    def __init__(self, commit: str, directory: Path, archives: Path) -> None:
        self._directory = directory
        self._archives = archives
        self._tool = {suite: self._prepare(suite, commit) for suite in ("bookworm", "trixie")}

    @contextmanager
    def fresh(self, suite: str, slot: int) -> Iterator[Machine]:
        """A fresh machine with the tool; two slots never share apt's directory, which apt locks."""
        archives = self._archives / f"{suite}-{slot}"
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        with machine(_base(suite)) as made:
            subprocess.run(["mount", "-o", "remount,strictatime", str(made.root)], check=True)
            made.path(TOOL).mkdir(parents=True)
            # every Debian machine knows its own name
            made.write("/etc/hosts", f"127.0.0.1\tlocalhost\n127.0.1.1\t{gethostname()}\n")
            _bind(self._tool[suite], made.path(TOOL), "ro")
            _bind(archives, made.path("/var/cache/apt/archives"), "rw")
            yield made

    def _prepare(self, suite: str, commit: str) -> Path:
        target = self._directory / f"tool-{suite}-{commit}"
        if target.exists():
            return target
        with TemporaryDirectory() as scratch, machine(_base(suite)) as made:
            source, out = Path(scratch, "source"), Path(scratch, "out")
            archive = subprocess.run(["git", "-C", str(ROOT), "archive", commit], check=True, capture_output=True)
            with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
                tar.extractall(source, filter="data")
            build = [sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--out-dir", str(out), str(source)]
            subprocess.run(build, check=True, env={**os.environ, "SETUPTOOLS_SCM_PRETEND_VERSION": "0"})
            wheel = next(out.glob("*.whl"))
            made.copy_in(wheel, f"/root/{wheel.name}")
            made.must("python3", "-m", "venv", TOOL)
            made.must(f"{TOOL}/bin/pip", "install", "--quiet", f"/root/{wheel.name}", timeout=600)
            # a commit that cannot read its own rules answers nothing
            made.must(f"{TOOL}/bin/accel-doctor", "diagnose", "/etc/hostname")
            shutil.copytree(made.path(TOOL), target, symlinks=True)
        return target


def run_bounded(where: Machine, command: list[str], log: Path, seconds: int) -> int:
    """Run a command in a process namespace of its own, which ends with it; return its code, 124 if time ran out."""
    root = str(where.root)
    inside = ["chroot", root, "timeout", "--kill-after=15", str(seconds), *command]
    script = 'mount -t proc proc "$0/proc" && "$@"'
    argv = ["unshare", "--pid", "--mount", "--fork", "--kill-child", "sh", "-c", script, root, *inside]
    with log.open("wb") as stream, suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env=where.runner().environment,
            timeout=seconds + 60,
        )
        return done.returncode
    return 124


def _base(suite: str) -> Base:
    return Base(suite, files=_BASE_FILES)


def _bind(source: Path, target: Path, mode: str) -> None:
    subprocess.run(["mount", "--bind", "-o", mode, str(source), str(target)], check=True)
