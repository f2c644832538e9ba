"""Machines with one package manager, one repository of one large package, served over HTTP, and ways to break them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import IO

from integration import test_dnf, test_pacman, test_zypper
from integration.machine import Base, Machine, MachineRunner

from accel_doctor.interfaces import PackageManager
from accel_doctor.system.packages.apt import Apt
from accel_doctor.system.packages.dnf import Dnf
from accel_doctor.system.packages.pacman import Pacman
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.zypper import Zypper

ROOT = Privilege("", terminal=False)
NAME = "demo-big"
FILE = "opt/demo/big"
SIZE = 8_000_000  # bytes, which cannot be compressed
PAGE = "<!DOCTYPE html><html><body>Please sign in to use this network.</body></html>\n"

SPEC = f"""\
Name: {NAME}
Version: 1
Release: 1
Summary: big
License: MIT
BuildArch: noarch
%description
big
%install
mkdir -p %{{buildroot}}/opt/demo
head -c {SIZE} /dev/urandom > %{{buildroot}}/{FILE}
%files
/{FILE}
"""
PKGBUILD = f"""\
pkgname={NAME}
pkgver=1
pkgrel=1
arch=(any)
options=(!strip !debug)
package() {{ mkdir -p "$pkgdir/opt/demo"; head -c {SIZE} /dev/urandom > "$pkgdir/{FILE}"; }}
"""


@dataclass(frozen=True)
class Kind:
    """One package manager: how a machine with it and its repository is made, and where things are on it."""

    base: Base
    make: Callable[[Machine], None]
    configure: Callable[[Machine, str], None]
    drive: Callable[[MachineRunner, Privilege], PackageManager]
    lists: str  # what a captive portal would answer instead of, below the repository
    index: str  # what a transfer may cut short
    package: str
    database: tuple[str, ...]  # the command that lists what is installed
    program: str  # as messages call it


def _make_debs(machine: Machine) -> None:
    machine.write("/tmp/build/DEBIAN/control", f"{_CONTROL}Description: big\n")
    big = machine.path(f"/tmp/build/{FILE}")
    big.parent.mkdir(parents=True)
    big.write_bytes(os.urandom(SIZE))
    machine.path("/srv/repo").mkdir()
    machine.must("dpkg-deb", "--build", "/tmp/build", f"/srv/repo/{NAME}.deb")
    data = machine.path(f"/srv/repo/{NAME}.deb").read_bytes()
    where = f"Filename: ./{NAME}.deb\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"
    packages = f"{_CONTROL}{where}Description: big\n"
    machine.write("/srv/repo/Packages", packages)
    digest = f" {hashlib.sha256(packages.encode()).hexdigest()} {len(packages)} Packages\n"
    machine.write("/srv/repo/Release", f"Date: Thu, 01 Jan 2026 00:00:00 +0000\nSHA256:\n{digest}")


_CONTROL = (
    f"Package: {NAME}\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\nInstalled-Size: {SIZE // 1000}\n"
)


def _use_only_debs(machine: Machine, url: str) -> None:
    machine.write("/etc/apt/sources.list", f"deb [trusted=yes] {url} ./\n")
    machine.write("/etc/apt/apt.conf.d/90impatient", 'Acquire::Retries "0";\n')
    machine.forget_package_lists()


def _make_rpms(machine: Machine) -> None:
    machine.write(f"/srv/big/{NAME}.spec", SPEC)
    definitions = ("--define", "_topdir /srv/build", "--define", "_rpmdir /srv/repo")
    machine.must("rpmbuild", "-bb", "--quiet", *definitions, f"/srv/big/{NAME}.spec")
    machine.must("sh", "-c", "rm -r /srv/repo/repodata && createrepo_c --quiet /srv/repo")


def _make_pacman_packages(machine: Machine) -> None:
    machine.write("/srv/big/PKGBUILD", PKGBUILD)
    machine.must("chown", "--recursive", "maker", "/srv/big")
    make = "cd /srv/big && PKGDEST=/srv/repo PKGEXT=.pkg.tar.gz makepkg --nodeps"
    machine.must("su", "maker", "-c", f"{make} && cd /srv/repo && repo-add --quiet demo.db.tar.gz {NAME}*.gz")


RPM_DATABASE = ("rpm", "--query", "--all")
KINDS = {
    "apt": Kind(
        *(Base("trixie"), _make_debs, _use_only_debs, Apt),
        *("InRelease", "Packages", f"{NAME}.deb", ("dpkg", "--list"), "apt-get"),
    ),
    **{
        name: Kind(
            *(base, _make_rpms),
            lambda machine, url: machine.write("/etc/yum.repos.d/demo.repo", test_dnf.REPOSITORY.format(url=url)),
            partial(Dnf, lock_timeout=3),
            *("repodata/repomd.xml", "repodata/*primary.xml*", f"noarch/{NAME}*.rpm", RPM_DATABASE, "dnf"),
        )
        for name, base in {"dnf4": test_dnf.DNF4, "dnf5": test_dnf.DNF5}.items()
    },
    "zypper": Kind(
        *(test_zypper.BASE, _make_rpms),
        lambda machine, url: machine.write(
            "/etc/zypp/repos.d/demo.repo", test_zypper.REPOSITORY.format(url=url, signed=0)
        ),
        partial(Zypper, lock_timeout=1),
        *("repodata/repomd.xml", "repodata/*primary.xml*", f"noarch/{NAME}*.rpm", RPM_DATABASE, "zypper"),
    ),
    "pacman": Kind(
        *(test_pacman.BASE, _make_pacman_packages, test_pacman.configure, Pacman),
        *("demo.db", "demo.db.tar.gz", f"{NAME}*.gz", ("sh", "-c", "pacman --query || true"), "pacman"),
    ),
}


@contextmanager
def little_room(machine: Machine, directory: str) -> Iterator[None]:
    """One megabyte for all that is written below a directory, whose files stay visible."""
    below = machine.path(directory)
    below.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as mounts:
        _mount(mounts, "-t", "tmpfs", "-o", "size=1m", "tmpfs", scratch)
        for name in ("upper", "work"):
            Path(scratch, name).mkdir()
        options = f"lowerdir={below},upperdir={scratch}/upper,workdir={scratch}/work"
        _mount(mounts, "-t", "overlay", "-o", options, "overlay", str(below))
        yield


def _mount(mounts: ExitStack, *arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)
    mounts.callback(partial(subprocess.run, ["umount", "--lazy", arguments[-1]], check=True, capture_output=True))


class Server:
    """Serves a folder; of a path that holds ``stalls_at`` only half, and the rest when ``go_on`` is set."""

    def __init__(self, folder: Path) -> None:
        self.stalls_at: str | None = None
        self.stalled = Event()
        self.go_on = Event()
        server = self

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def copyfile(self, source: IO[bytes], outputfile: IO[bytes]) -> None:  # type: ignore[override]
                with suppress(ConnectionError):  # whoever asked has seen enough
                    if server.stalls_at and server.stalls_at in self.path:
                        outputfile.write(source.read(SIZE // 2))
                        server.stalled.set()
                        server.go_on.wait()
                    shutil.copyfileobj(source, outputfile)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Server:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def spoiled(machine: Machine, pattern: str, change: Callable[[bytes], bytes]) -> Iterator[None]:
    """A file of the repository, or one that is added to it, has other contents."""
    repository = machine.path("/srv/repo")
    path = next(repository.glob(pattern), repository / pattern)
    before = path.read_bytes() if path.exists() else None
    path.write_bytes(change(before or b""))
    yield
    if before is None:
        path.unlink()
    else:
        path.write_bytes(before)


def cut_short(data: bytes) -> bytes:
    return data[: len(data) // 2]


def one_bit_wrong(data: bytes) -> bytes:
    return data[:-100] + bytes([data[-100] ^ 1]) + data[-99:]


def a_page_instead(data: bytes) -> bytes:
    return PAGE.encode()


@contextmanager
def held_by_zypper(machine: Machine) -> Iterator[None]:
    """The real thing sits at its own prompt."""
    command = ["chroot", str(machine.root), "zypper", "shell"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.read(1)  # its prompt: the lock is held
        yield
        holder.communicate()


@contextmanager
def held_by_a_process_id(path: Path) -> Iterator[None]:
    """As dnf 4 does it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(os.getpid()))
    yield
    path.unlink()


@contextmanager
def held_for_writing(path: Path) -> Iterator[None]:
    """As dnf5 and rpm do it."""
    with path.open("a") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield
