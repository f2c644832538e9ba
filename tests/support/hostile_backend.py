"""A build backend that tries what no build may do, in each of its hooks, and reports what succeeded in its wheel.

It is copied into source distributions, with ``facts.json`` beside it: what the test made for it to attack.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import multiprocessing
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import termios
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

FACTS = json.loads(Path("facts.json").read_text(encoding="utf-8")) if Path("facts.json").exists() else {}
OUTCOMES = Path("outcomes.json").absolute()
_libc = ctypes.CDLL(None, use_errno=True)

Attempts = Iterator[tuple[str, Callable[[], object]]]


class RefusedError(Exception):
    """Nothing came of it."""


def _must(condition: object) -> None:
    if not condition:
        raise RefusedError


def _call(*arguments: object) -> int:
    result = _libc.syscall(*(ctypes.c_long(one) if isinstance(one, int) else one for one in arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(result)


def _append(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("attacked\n")


def _read(path: Path) -> None:
    with path.open("rb") as file:
        _must(file.read(64))


def _open(path: str, flags: int = os.O_RDONLY) -> None:
    os.close(os.open(path, flags | os.O_NOCTTY))


def _set_attribute(path: Path) -> None:
    os.setxattr(path, "user.attacked", b"1")


def _renamed_and_back(path: Path) -> None:
    other = path.with_name("renamed")
    path.rename(other)
    other.rename(path)


def _files(what: str, directory: Path, file: Path) -> Attempts:
    """Yield what could be done to a directory and to a file in it."""
    own = Path(tempfile.gettempdir())
    yield f"{what}: read", lambda: _read(file)
    yield f"{what}: list", lambda: os.listdir(directory)
    yield f"{what}: create", lambda: (directory / "attacked").touch()
    yield f"{what}: append", lambda: _append(file)
    yield f"{what}: truncate", lambda: os.truncate(file, file.stat().st_size)
    yield f"{what}: make a directory", lambda: (directory / "attacked.d").mkdir()
    yield f"{what}: make a symlink", lambda: (directory / "attacked.l").symlink_to("/")
    yield f"{what}: make a socket", lambda: socket.socket(socket.AF_UNIX).bind(str(directory / "attacked.s"))
    yield f"{what}: rename", lambda: _renamed_and_back(file)
    yield f"{what}: link from", lambda: os.link(file, own / f"linked-{time.monotonic_ns()}")
    yield f"{what}: link into", lambda: os.link(OUTCOMES.with_name("facts.json"), directory / "attacked.h")
    yield f"{what}: change the mode", lambda: file.chmod(file.stat().st_mode)
    yield f"{what}: change the times", lambda: os.utime(file)
    yield f"{what}: set an attribute", lambda: _set_attribute(file)
    yield f"{what}: read through /proc", lambda: _read(Path(f"/proc/self/root{file}"))
    yield f"{what}: read through our root", lambda: _read(Path(f"/proc/{_ours()[0]}/root{file}"))


def _secrets() -> Attempts:
    for name in (".ssh/id_rsa", ".netrc", ".aws/credentials", ".config/uv/credentials.toml"):
        yield f"HOME/{name}: read", partial(_read, Path(FACTS["home"]) / name)
    yield "/etc/shadow: read", lambda: _read(Path("/etc/shadow"))


def _environment() -> Attempts:
    for name in FACTS["secret_variables"]:
        yield f"${name}", partial(os.environ.__getitem__, name)
    for place, process in zip(("build's launcher", "accel-doctor", "test"), _ours(), strict=False):
        yield f"{place}: read its environment", partial(_read, Path(f"/proc/{process}/environ"))


def _connect(family: int, kind: int, address: str | tuple[str, int]) -> None:
    with socket.socket(family, kind) as made:
        made.settimeout(2)
        made.connect(address)
        with contextlib.suppress(BrokenPipeError):
            made.send(b"attacked\n")


def _network() -> Attempts:
    four, six = ("127.0.0.1", FACTS["port"]), ("::1", FACTS["port"])
    yield "network: TCP", lambda: _connect(socket.AF_INET, socket.SOCK_STREAM, four)
    yield "network: UDP", lambda: _connect(socket.AF_INET, socket.SOCK_DGRAM, four)
    yield "network: TCP over IPv6", lambda: _connect(socket.AF_INET6, socket.SOCK_STREAM, six)
    yield "network: UDP over IPv6", lambda: _connect(socket.AF_INET6, socket.SOCK_DGRAM, six)
    yield "network: listen", lambda: socket.create_server(("127.0.0.1", 0)).close()
    yield "network: netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()
    yield "network: packets", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
    yield "network: virtual machine", lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close()
    yield "network: io_uring", lambda: os.close(_call(425, 4, ctypes.create_string_buffer(120)))
    yield "network: program of its own", _bash_connects
    yield "socket of another program: abstract", lambda: _connect(socket.AF_UNIX, socket.SOCK_STREAM, FACTS["abstract"])
    yield "socket of another program: file", lambda: _connect(socket.AF_UNIX, socket.SOCK_STREAM, FACTS["socket"])


def _bash_connects() -> None:
    subprocess.run(["bash", "-c", f"echo attacked >/dev/tcp/127.0.0.1/{FACTS['port']}"], check=True, stderr=-3)


def _parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[1])


def _ours() -> list[int]:
    """Return the processes above this one: the launcher, accel-doctor, the test."""
    found = [os.getppid()]
    while found[-1] > 1:
        found.append(_parent(found[-1]))
    return [one for one in found if one > 1] or [os.getpid()]


def _other_build() -> tuple[int, Path]:
    """Return a process of the other build and the directory that it may write to; wait for it to come."""
    for _ in range(200):
        for entry in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                words = Path(f"/proc/{entry}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
                work, named, _ = words[0].partition("/environment/bin/")
                if named and "/victim-" in work:
                    return int(entry), Path(work, "build")
        time.sleep(0.05)
    raise RefusedError


def _processes() -> Attempts:
    for place, process in zip(("build's launcher", "accel-doctor", "test"), _ours(), strict=False):
        yield f"{place}: signal", partial(os.kill, process, 0)
        yield f"{place}: continue", partial(os.kill, process, signal.SIGCONT)
        yield f"{place}: trace", partial(_trace, process)
        yield f"{place}: read its memory", partial(_open, f"/proc/{process}/mem")
        yield f"{place}: see its descriptors", Path(f"/proc/{process}/fd/2").readlink
        yield f"{place}: change its limits", partial(_limit, process)


def _trace(process: int) -> None:
    if _libc.ptrace(ctypes.c_long(0x4206), ctypes.c_long(process), None, None) < 0:  # PTRACE_SEIZE
        raise OSError(ctypes.get_errno(), "ptrace")
    _libc.ptrace(ctypes.c_long(17), ctypes.c_long(process), None, None)


def _limit(process: int) -> None:
    limits = resource.prlimit(process, resource.RLIMIT_CORE)
    resource.prlimit(process, resource.RLIMIT_CORE, limits)


def _kernel() -> Attempts:
    yield "keys of the kernel", lambda: _call({"x86_64": 250, "ppc64le": 271}.get(os.uname().machine, 219), 0, -3, 1)
    yield "shared memory of another program: read", lambda: _read(Path(FACTS["shared_memory"]))
    yield "terminal of the user: write", lambda: _append(Path(FACTS["terminal"]))
    yield "terminal of the user: read", lambda: _open(FACTS["terminal"])
    yield "terminal of the user: type", lambda: _type(FACTS["terminal"])
    yield "change its groups", lambda: os.setgroups(os.getgroups())
    yield "mount", _mount
    yield "kernel settings: write", lambda: _open("/proc/sys/kernel/core_pattern", os.O_WRONLY)


def _mount() -> None:
    place = os.fsencode(tempfile.mkdtemp())
    _must(_libc.mount(b"none", place, b"tmpfs", 0, None) == 0)
    _libc.umount(place)


def _type(terminal: str) -> None:
    opened = os.open(terminal, os.O_RDWR)
    try:
        fcntl.ioctl(opened, termios.TIOCSTI, b"#")
    finally:
        os.close(opened)


def _daemon() -> None:
    """Leave a process that has left our session, is deaf to signals and holds our output; it notes that it lives."""
    if os.fork() == 0:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", FACTS["daemon_sleeps"]])
        os._exit(0)
    time.sleep(0.1)


def _attempts() -> Attempts:
    home, cache, uv = (Path(FACTS[name]) for name in ("home", "cache", "uv_cache"))
    yield from _files("HOME", home, home / ".bashrc")
    yield from _files("store", cache / "wheels", cache / "wheels" / "of-others" / "kept")
    yield from _files("uv's cache", uv, uv / "kept")
    yield from _files("a directory of anybody", Path(FACTS["shared"]), Path(FACTS["shared"]) / "kept")
    yield "/etc: create", lambda: Path("/etc/attacked").touch()
    yield "/tmp: create", lambda: Path(f"/tmp/{FACTS['mark']}").touch()
    packages = Path(sysconfig.get_path("purelib"))
    yield "environment of the build: create", lambda: (packages / "attacked.pth").write_text("import os")
    yield "environment of the build: replace its interpreter", lambda: _renamed_and_back(Path(sys.executable))
    yield from _secrets()
    yield from _environment()
    yield from _network()
    yield from _processes()
    yield from _kernel()
    if FACTS["victim"]:
        process, room = _other_build()
        yield from _files(
            "another build", room / "source" / "victim-1.0", room / "source" / "victim-1.0" / "secret.txt"
        )
        yield "another build: signal", lambda: os.kill(process, 0)
        yield "another build: trace", lambda: _trace(process)


def _legitimate() -> Attempts:
    yield "HOME of its own", lambda: Path.home().joinpath(".cache", "x").mkdir(parents=True, exist_ok=True)
    yield "TMPDIR of its own", lambda: tempfile.NamedTemporaryFile().close()
    yield "semaphores", lambda: multiprocessing.get_context("fork").Lock().acquire()
    yield "a pool of processes", _pool
    yield "a manager of processes", _manager
    yield "pairs of sockets", socket.socketpair
    yield "a program", lambda: subprocess.run(["sh", "-c", "exit 0"], check=True)
    yield "renames and links", _rename
    yield "signals to its own children", _signal_own
    yield "the kernel's random numbers", lambda: _read(Path("/dev/urandom"))
    yield "/dev/null", lambda: _append(Path("/dev/null"))
    yield "limits of its own", lambda: _limit(0)
    yield "a terminal", _terminal


def _pool() -> None:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        _must(pool.map(abs, [-1, -2]) == [1, 2])


def _manager() -> None:
    with multiprocessing.get_context("fork").Manager() as manager:
        _must(manager.list([1])[0] == 1)


def _terminal() -> None:
    master, slave = os.openpty()
    os.write(slave, b"through")
    _must(os.read(master, 100) == b"through")
    _open(os.ttyname(slave))


def _rename() -> None:
    with tempfile.TemporaryDirectory() as made:
        one, two = Path(made, "one"), Path(made, "two")
        one.mkdir()
        two.mkdir()
        (one / "file").write_text("x", encoding="utf-8")
        os.link(one / "file", two / "linked")
        (one / "file").rename(two / "file")
        (two / "file").chmod(0o755)
        shutil.move(two / "file", one)


def _signal_own() -> None:
    child = subprocess.Popen(["sleep", "60"])
    child.terminate()
    child.wait()


def _outcome(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except Exception as error:  # whatever comes of it is reported
        return f"{type(error).__name__}: {error}"
    return "done"


def _try_all(hook: str) -> None:
    outcomes = json.loads(OUTCOMES.read_text(encoding="utf-8")) if OUTCOMES.exists() else {}
    outcomes[hook] = {name: _outcome(attempt) for name, attempt in _attempts()}
    outcomes[f"{hook}: legitimate"] = {name: _outcome(attempt) for name, attempt in _legitimate()}
    OUTCOMES.write_text(json.dumps(outcomes), encoding="utf-8")
    _daemon()


def get_requires_for_build_wheel(settings: object = None) -> list[str]:
    """Try everything once."""
    _try_all("get_requires_for_build_wheel")
    return []


def prepare_metadata_for_build_wheel(directory: str, settings: object = None) -> str:
    """Try everything once more; the log holds what came of it."""
    _try_all("prepare_metadata_for_build_wheel")
    print(f"outcomes: {OUTCOMES.read_text(encoding='utf-8')}", flush=True)
    place = Path(directory, "hostile-1.0.dist-info")
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n", encoding="utf-8")
    return place.name


def build_wheel(directory: str, settings: object = None, metadata: object = None) -> str:
    """Try everything once more; the wheel holds what came of it."""
    _try_all("build_wheel")
    return write_wheel(directory, "hostile", {"hostile_outcomes.json": OUTCOMES.read_text(encoding="utf-8")})


def write_wheel(directory: str, project: str, files: dict[str, str]) -> str:
    """Write a wheel of these files; return its name."""
    name, info = f"{project}-1.0-py3-none-any.whl", f"{project}-1.0.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.2\nName: {project}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: own (1)\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(Path(directory, name), "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)
    return name
