"""Throw-away Debian machines: a root made once with mmdebstrap, an overlay over it per machine, chroot to run things.

Needs root, mmdebstrap and overlayfs; :class:`UnavailableError` says what is missing. Bases are kept under
``ACCEL_DOCTOR_TEST_MACHINES`` (default ``/var/tmp/accel-doctor-test-machines``); remove that directory to have fresh
ones. The network is the host's own, and a machine gets the host's resolver, CA bundle, proxies and index settings, so
that it works behind whatever the host is behind.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from filelock import FileLock

from accel_doctor.model.processes import Completed
from accel_doctor.system.process.runner import ProcessRunner

DEFAULT_MIRROR = "http://deb.debian.org/debian"
ESSENTIALS = ("ca-certificates", "passwd", "python3", "python3-venv")

_PASSED_ON = re.compile(
    r"(?i:https?_proxy|no_proxy|all_proxy)|SSL_CERT_(?:FILE|DIR)|(?:REQUESTS|CURL)_CA_BUNDLE|PIP_CERT|GIT_SSL_CAINFO"
    r"|CARGO_HTTP_CAINFO|PIP_(?:DEFAULT_TIMEOUT|INDEX_URL|EXTRA_INDEX_URL)|UV_(?:DEFAULT_INDEX|INDEX|INDEX_URL)"
)
_COPIED = (
    *("/etc/resolv.conf", "/etc/ssl/certs/ca-certificates.crt", "/etc/pip.conf"),
    *("/root/.config/pip/pip.conf", "/root/.config/uv/uv.toml", "/etc/uv/uv.toml"),
)
_APT_SETTINGS = re.compile(r'^Acquire::(?:https?::.+|Check-Valid-Until|Check-Date|ForceIPv[46]) "[^"]*";$')
_MIRROR = re.compile(r"^(?:URIs: *|deb (?:\[[^]]*\] +)?)(\S+/debian/?)(?:\s|$)", re.MULTILINE)
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


class UnavailableError(Exception):
    """This host cannot make machines; the message says why."""


@dataclass(frozen=True)
class Base:
    """What machines of one kind start from: a suite, more packages, files (path and text), commands run at the end."""

    suite: str
    include: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    setup: tuple[tuple[str, ...], ...] = ()

    @property
    def key(self) -> str:
        """Names the directory: the same for the same contents."""
        return f"{self.suite}-{hashlib.sha256(repr(self).encode()).hexdigest()[:12]}"


class MachineRunner:
    """A Runner whose processes run inside a machine: what is under test drives the machine's own tools with it.

    ``prefix`` and ``environment`` are what a test needs to start something there on a terminal.
    """

    def __init__(self, root: Path, user: str | None = None, network: bool = True) -> None:
        self.environment = _environment(user)
        self._processes = ProcessRunner(self.environment)
        self.prefix = (
            *(() if network else ("unshare", "--net")),
            "chroot",
            *((f"--userspec={user}:{user}",) if user else ()),
            str(root),
        )

    def capture(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        stdin: str | None = None,
        timeout: float | None = None,
    ) -> Completed:
        return self._processes.capture(self._inside(argv), environment=environment, stdin=stdin, timeout=timeout)

    def record(
        self,
        argv: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        return self._processes.record(self._inside(argv), log, environment=environment, on_line=on_line)

    def converse(self, argv: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None) -> Completed:
        return self._processes.converse(self._inside(argv), log, environment=environment)

    def _inside(self, argv: Sequence[str]) -> tuple[str, ...]:
        return (*self.prefix, *argv)


@dataclass(frozen=True)
class Machine:
    """A running machine; ``root`` is its file system, seen from the host."""

    root: Path

    def runner(self, user: str | None = None, *, network: bool = True) -> MachineRunner:
        """A Runner inside, as root or another user, with or without the network."""
        return MachineRunner(self.root, user, network)

    def run(
        self,
        *argv: str,
        environment: Mapping[str, str] | None = None,
        stdin: str | None = None,
        timeout: float = 300,
        user: str | None = None,
    ) -> Completed:
        """Run a command inside, stdout and stderr apart."""
        return self.runner(user).capture(argv, environment=environment, stdin=stdin, timeout=timeout)

    def must(self, *argv: str, **options: object) -> str:
        """The output of a command that has to succeed: the test is broken, not failed, where it does not."""
        done = self.run(*argv, **options)  # type: ignore[arg-type]
        if done.returncode != 0:
            raise RuntimeError(f"{argv}: return code {done.returncode}\n{done.output}{done.stderr}")
        return done.output

    def path(self, inside: str) -> Path:
        """The host's path of a file inside."""
        return self.root / inside.lstrip("/")

    def write(self, inside: str, text: str, mode: int = 0o644) -> None:
        """Write a file inside."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def copy_in(self, source: Path, inside: str) -> None:
        """Copy a file or a tree in, such as the project's wheel."""
        target = self.path(inside)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        else:
            shutil.copy(source, target)

    def forget_package_lists(self) -> None:
        """As container images are shipped."""
        for path in self.path("/var/lib/apt/lists").glob("*_*"):
            path.unlink()


@contextmanager
def machine(base: Base) -> Iterator[Machine]:
    """A fresh machine over ``base``; unmounted and removed afterwards, whatever happened."""
    lower = _ready(base)
    scratch = Path(mkdtemp(prefix="machine-", dir=_directory()))
    root = scratch / "root"
    try:
        for name in ("upper", "work", "root"):
            (scratch / name).mkdir()
        options = f"lowerdir={lower},upperdir={scratch}/upper,workdir={scratch}/work"
        _mount("-t", "overlay", "overlay", "-o", options, str(root))
        with _system_mounts(root):
            yield Machine(root)
    finally:
        remove(scratch)


def _directory() -> Path:
    directory = Path(os.environ.get("ACCEL_DOCTOR_TEST_MACHINES", "/var/tmp/accel-doctor-test-machines"))
    directory.mkdir(parents=True, exist_ok=True)
    return directory.resolve()


def _ready(base: Base) -> Path:
    """The root of a base, made now if it was not yet; two test runs at once make it once."""
    if os.geteuid() != 0:
        raise UnavailableError("throw-away machines need root")
    for command in ("mmdebstrap", "unshare", "mount", "chroot"):
        if not shutil.which(command):
            raise UnavailableError(f"throw-away machines need {command}")
    if "overlay" not in Path("/proc/filesystems").read_text():
        raise UnavailableError("throw-away machines need overlayfs")
    finished = _directory() / base.key
    with FileLock(f"{finished}.lock"):
        if not finished.exists():
            draft = finished.with_suffix(".draft")
            remove(draft)
            _make(base, draft)
            draft.rename(finished)
    return finished


def _make(base: Base, root: Path) -> None:
    options = [f"--aptopt={line}" for line in host_apt_settings()]
    done = subprocess.run(
        [
            *("mmdebstrap", "--quiet", "--mode=root", "--variant=apt", "--skip=cleanup/apt/lists"),
            f"--include={','.join((*ESSENTIALS, *base.include))}",
            *options,
            *(base.suite, str(root), debian_mirror()),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise UnavailableError(f"mmdebstrap could not make {base.suite}: {done.stdout[-2000:]}")
    for name in _COPIED:
        if Path(name).is_file():
            (root / name.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, root / name.lstrip("/"))
    policy = root / "usr/sbin/policy-rc.d"  # no package may start a daemon
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    with _system_mounts(root):
        for name, text in base.files:
            Machine(root).write(name, text)
        for command in base.setup:
            Machine(root).must(*command, environment={"DEBIAN_FRONTEND": "noninteractive"}, timeout=600)


def debian_mirror() -> str:
    """The mirror that a Debian host uses itself; Debian's own elsewhere."""
    if not re.search(r"^ID=debian$", Path("/etc/os-release").read_text(), re.MULTILINE):
        return DEFAULT_MIRROR
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("debian.*"))]
    for file in files:
        if file.is_file():
            found = re.search(
                r"^(?:URIs: *|deb (?:\[[^]]*\] +)?)(\S+/debian/?)(?:\s|$)", file.read_text(), re.MULTILINE
            )
            if found:
                return found[1]
    return DEFAULT_MIRROR


def host_apt_settings() -> list[str]:
    """What this host's apt is set to that says how mirrors are reached."""
    if not shutil.which("apt-config"):
        return []
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    return [line for line in dump.splitlines() if _APT_SETTINGS.match(line)]


def passed_on() -> dict[str, str]:
    """What this host's environment says of proxies, certificates and indexes."""
    return {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}


def _environment(user: str | None) -> dict[str, str]:
    return {
        **passed_on(),
        "HOME": f"/home/{user}" if user else "/root",
        "LANG": "C.UTF-8",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "TERM": "dumb",
    }


@contextmanager
def _system_mounts(root: Path) -> Iterator[None]:
    """/proc, /sys and a small /dev of its own: never the host's, which a careless removal could reach."""
    try:
        _mount("-t", "proc", "proc", str(root / "proc"))
        with suppress(subprocess.CalledProcessError):  # not allowed in some containers, and hardly ever needed
            _mount("-t", "sysfs", "-o", "ro", "sysfs", str(root / "sys"))
        dev = root / "dev"
        _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", str(dev))
        for name in _DEVICES:
            (dev / name).touch()
            _mount("--bind", f"/dev/{name}", str(dev / name))
        for name in ("pts", "shm"):
            (dev / name).mkdir()
        (dev / "shm").chmod(0o1777)
        _mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620,gid=5", "devpts", str(dev / "pts"))
        for link, target in {
            "ptmx": "pts/ptmx",
            "fd": "/proc/self/fd",
            "stdin": "fd/0",
            "stdout": "fd/1",
        }.items():
            (dev / link).symlink_to(target)
        yield
    finally:
        for name in ("dev", "sys", "proc"):
            _unmount(root / name)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def _unmount(path: Path) -> None:
    if any(_mounted_below(path)):
        subprocess.run(["umount", "--recursive", "--lazy", str(path)], check=True, capture_output=True)


def _mounted_below(path: Path) -> Iterator[str]:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        place = line.split()[1]
        if Path(place).is_relative_to(path):
            yield place


def remove(directory: Path) -> None:
    """Remove a directory, once nothing is mounted below it."""
    for place in list(_mounted_below(directory)):
        subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)
    if any(_mounted_below(directory)):
        raise RuntimeError(f"{directory} is still mounted, and so left where it is")
    shutil.rmtree(directory, ignore_errors=True)
