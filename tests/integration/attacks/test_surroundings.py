"""Odd surroundings: no command answers any of them with a traceback, and none with the wrong exit code.

A surrounding is a line of bash that starts ``"$@"``, a command, in it. Those that change the machine do so in a mount
namespace of their own. Each surrounding meets ``install`` and some other commands, and all of them before a release.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from paths import ROOT

NOBODY = "setpriv --reuid 4711 --regid 4711 --clear-groups"
# Each works in a directory that anybody may write, with HOME=home, a directory there.
AS_EVER = {  # name -> what starts the command; the exit code is as in ordinary surroundings
    "ordinary": '"$@"',
    "no-home": 'env -u HOME "$@"',
    "home-empty": 'HOME= "$@"',
    "home-missing": 'HOME=$PWD/none "$@"',
    "home-relative": 'HOME=home "$@"',
    "home-the-root": 'HOME=/ XDG_CACHE_HOME=$PWD/c XDG_STATE_HOME=$PWD/s "$@"',
    "no-passwd-entry": f'exec {NOBODY} "$@"',
    "no-passwd-entry-no-home": f'exec {NOBODY} env -u HOME "$@"',
    "home-noexec": 'mount -t tmpfs -o noexec none home; "$@"',
    "tmp-noexec": 'mount -t tmpfs -o noexec none /tmp/; cd; TMPDIR=/tmp "$@"',
    "tmpdir-missing": 'TMPDIR=/nonexistent "$@"',
    "tmpdir-noexec": 'mkdir t; mount -t tmpfs -o noexec none t; TMPDIR=$PWD/t "$@"',
    "tmpdir-relative": 'mkdir t; TMPDIR=t "$@"',
    "no-dev-shm": 'mount -t tmpfs none /dev/shm; chmod 0 /dev/shm; "$@"',
    "no-proc": 'mount -t tmpfs none /proc; "$@"',
    "no-sys": 'mount -t tmpfs none /sys; "$@"',
    "stdin-closed": '"$@" <&-',
    "stderr-closed": '"$@" 2>&-',
    "stdin-and-stderr-closed": '"$@" <&- 2>&-',
    "stdin-empty": '"$@" </dev/null',
    "stderr-full": '"$@" 2>/dev/full',
    "stderr-read-only": '"$@" 2</dev/null',
    "descriptors-24": 'ulimit -n 24; "$@"',
    "descriptors-many-inherited": 'for n in {10..60}; do eval "exec $n</dev/null"; done; "$@"',
    "sigpipe-ignored": "trap '' PIPE; \"$@\"",
    "sigchld-ignored": "trap '' CHLD; \"$@\"",
    "sigint-ignored": "trap '' INT; \"$@\"",
    "locale-c": 'LC_ALL=C "$@"',
    "locale-posix-not-coerced": 'LC_ALL=POSIX PYTHONCOERCECLOCALE=0 PYTHONUTF8=0 "$@"',
    "locale-invalid": 'LC_ALL=xx_YY.nothing LANG=zz "$@"',
    "encoding-ascii": 'PYTHONIOENCODING=ascii "$@"',
    "encoding-latin": 'PYTHONIOENCODING=latin-1 "$@"',
    "term-unset": 'env -u TERM "$@"',
    "term-dumb": 'TERM=dumb "$@"',
    "term-unknown": 'TERM=no-such-terminal FORCE_COLOR=1 "$@"',
    "columns-0": 'COLUMNS=0 LINES=0 "$@"',
    "columns-odd": 'COLUMNS=-5 LINES=x "$@"',
    "umask-077": 'umask 077; "$@"',
    "path-empty": 'PATH= "$@"',
    "path-unset": 'unset PATH; "$@"',
    "path-odd": 'PATH=:.:/nonexistent:/dev/null:$PATH "$@"',
    "environment-large": 'for n in {1..12}; do export BIG$n=$(printf %100000s); done; "$@"',
    "environment-not-utf-8": "export ODD=$'\\xff\\xfe'; \"$@\"",
    "directory-not-utf-8": "mkdir d$'\\xff'; cd d$'\\xff'; \"$@\"",
    "xdg-relative": 'XDG_CACHE_HOME=c XDG_CONFIG_HOME=k XDG_STATE_HOME=s "$@"',
    "nice": 'nice -n 19 "$@"',
    "clock-before-1980": 'PYTHONPATH=$PYTHONPATH:$PWD/../../early "$@"',
    "no-etc-os-release": 'mount -t tmpfs none /etc; "$@"',
    "no-resolv-conf": 'mount --bind /dev/null /etc/resolv.conf; "$@"',
}
UNUSABLE = {  # no cache can be made: what needs one does without, and says so
    "home-missing-deep": 'HOME=/proc/none/there "$@"',
    "home-a-file": 'HOME=$PWD/log "$@"',
    "no-passwd-entry-home-the-root": f'HOME=/ exec {NOBODY} "$@"',
    "no-passwd-entry-home-missing": f'HOME=/nonexistent exec {NOBODY} "$@"',
    "home-read-only": f'chmod 555 home; exec {NOBODY} "$@"',
    "home-full": 'mount -t tmpfs -o size=64k none home; head -c 1M /dev/zero >home/f 2>&-; "$@"',
    "home-read-only-for-root": 'mount --bind home home; mount -o remount,bind,ro home; "$@"',
    "home-without-inodes": 'mount -t tmpfs -o nr_inodes=1 none home; "$@"',
}
COMMANDS = {
    "install": ("install", "--dry-run", "--no-index", "--find-links", "{place}", "--python", "{place}/venv", "tiny"),
    "diagnose": ("diagnose", "--distro", "debian:12", "{log}"),
    "check": (
        "check",
        "--no-index",
        "--find-links",
        "{place}",
        "--python",
        "{place}/venv",
        "-r",
        "{place}/requirements.txt",
    ),
    "run": ("run", "--no-system", "--", "/bin/echo", "said"),
    "why": ("why", "--distro", "debian:12", "header:ffi.h"),
    "cache": ("cache", "list"),
    "env": ("env", "list"),
    "rules": ("rules", "show", "header:ffi.h"),
    "history": ("history",),
    "config": ("config", "list"),
    "version": ("--version",),
    "help": ("install", "--help"),
}
NO_RESULT = {"install", "cache", "env", "history", "config"}  # nothing to show: what they say goes to stderr
OTHERS = set(COMMANDS) - {"install", "check"}  # need neither uv nor a cache
REFUSED = {  # name -> what starts the command, the words of the error that every command ends with, but these
    "directory-removed": ('mkdir gone; cd gone; rmdir ../gone; "$@"', "working directory", {"version", "help"}),
    "home-of-root": (f'mkdir -m 700 own; HOME=$PWD/own exec {NOBODY} "$@"', "/own/.", {"version", "help"}),
    "stdout-closed": ('"$@" >&-', "stdout: ", NO_RESULT),
    "stdout-full": ('"$@" >/dev/full', "stdout: No space left on device", NO_RESULT),
    "stdout-read-only": ('"$@" 1</dev/null', "stdout: ", NO_RESULT),
    "stdin-and-stdout-closed": ('"$@" <&- >&-', "stdout: ", NO_RESULT),
    "argument-not-utf-8": ("\"$@\" $'\\xff'", "rror: ", {"run", "version", "help"}),
    "nothing-can-be-written": ('ulimit -f 0; "$@"', "No usable temporary directory", OTHERS),
    "umask-777": ('umask 777; "$@"', "ermission denied", OTHERS),
    "umask-777-for-nobody": (f'umask 777; exec {NOBODY} "$@"', "ermission denied", OTHERS),
    "home-not-utf-8": ("mkdir h$'\\xff'; HOME=$PWD/h$'\\xff' \"$@\"", "invalid UTF-8", OTHERS),
    "directory-unreadable": (
        f'mkdir d; cd d; chmod 0 .; exec {NOBODY} "$@"',
        "Permission denied",
        {"version", "help", "diagnose", "why", "history"},
    ),
}
UNHEARD = {
    "stdout-and-stderr-closed": '"$@" >&- 2>&-',
    "all-closed": '"$@" <&- >&- 2>&-',
    "stdout-and-stderr-full": '"$@" >/dev/full 2>&1',
}


# A clock before the first date that a zip archive can hold; it is Python's alone, since no namespace has a wall clock.
EARLY = """
import time
for name in ("time", "time_ns"):
    setattr(time, name, lambda now=getattr(time, name), unit=10**9 if name == "time_ns" else 1: now() % (unit * 10**6))
for name in ("gmtime", "localtime"):
    setattr(time, name, lambda at=None, made=getattr(time, name): made(time.time() if at is None else at))
"""
EVERYWHERE = "install"
PARTS = pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.long)], ids=["some", "all"])


@pytest.fixture(scope="session")
def shared() -> Iterator[Path]:
    """A directory that anybody may read, with an environment to install into; below ``bytecode`` anybody may write."""
    if os.geteuid() != 0:
        pytest.skip("only root can change its surroundings")
    made = Path(tempfile.mkdtemp(prefix="surroundings-", dir="/var/tmp"))
    made.chmod(0o755)
    (made / "bytecode").mkdir()
    (made / "bytecode").chmod(0o777)
    (made / "early").mkdir()
    (made / "early/sitecustomize.py").write_text(EARLY)
    for name in ("checkout", "prefix", "base"):
        (made / name).mkdir()
    wheel_in(made)
    (made / "requirements.txt").write_text("tiny\n")
    subprocess.run([sys.executable, "-m", "uv", "venv", "-q", "--python", sys.base_prefix, made / "venv"], check=True)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def place(shared) -> Iterator[Path]:
    """A directory that anybody may write, below which nothing of pytest's is private."""
    made = Path(tempfile.mkdtemp(prefix="place-", dir=shared))
    made.chmod(0o777)
    (made / "log").write_text("a.c:1:10: fatal error: ffi.h: No such file or directory\n")
    yield made
    shutil.rmtree(made)


def wheel_in(place: Path) -> None:
    """Make a wheel to install."""
    info = "tiny-1.0.dist-info"
    files = {
        "tiny.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(place / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)


def answers(place: Path, surrounding: str, commands: Iterable[str]) -> dict[str, tuple[int, str, str]]:
    """Run commands in a surrounding, each with a directory and a HOME of its own; return code, stdout, stderr."""
    shared = place.parent
    for name, meant in (("checkout", ROOT), ("prefix", Path(sys.prefix))):
        surrounding = f"mount --bind {meant} {shared / name}\n{surrounding}"  # where anybody may read it
    if Path(sys.base_prefix).is_relative_to("/root"):  # private: shown alone
        shown = f"mkdir -p {sys.base_prefix}; mount --bind {shared}/base {sys.base_prefix}"
        hidden = f"mount --bind {sys.base_prefix} {shared}/base; mount -t tmpfs -o mode=755 none /root"
        surrounding = f"{hidden}; {shown}\n{surrounding}"
    kept = {
        "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm", "PYTHONPATH": str(shared / "checkout/src"),
        "PYTHONPYCACHEPREFIX": str(shared / "bytecode"),
    }  # fmt: skip
    found = {}
    for name in commands:
        work = place / f"work-{name}"
        for directory in (work, work / "home"):
            directory.mkdir()
            directory.chmod(0o777)
        shutil.copy(place / "log", work)
        argv = [str(shared / "prefix/bin/python"), "-m", "accel_doctor"]
        argv += [word.format(place=shared, log=place / "log") for word in COMMANDS[name]]
        done = subprocess.run(
            ["unshare", "--mount", "bash", "-c", surrounding, "bash", *argv],
            cwd=work, env={**kept, "HOME": str(work / "home")}, timeout=120,
            input=b"", capture_output=True, check=False,
        )  # fmt: skip
        found[name] = (done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
        assert not {"~", ".cache", ".config", ".local"} & {path.name for path in work.iterdir()}
    return found


def chosen(surrounding: str, whole: bool) -> Iterable[str]:
    """Return all commands, or ``install`` and two others, by turns."""
    if whole:
        return tuple(COMMANDS)
    others = [name for name in COMMANDS if name != EVERYWHERE]
    first = zlib.crc32(surrounding.encode()) % len(others)
    return (EVERYWHERE, others[first], others[first - 4])


def complaints(place: Path, surrounding: str, whole: bool, wrong: Callable[[str, int, str], bool]) -> list[str]:
    found = [
        f"\n\n@@@@ {command}: exit code {code}\n{out[-300:]}{err[-600:]}"
        for command, (code, out, err) in answers(place, surrounding, chosen(surrounding, whole)).items()
        if uncaught(out + err) or wrong(command, code, err)
    ]
    print(*found)
    return found


def uncaught(text: str) -> bool:
    return "Traceback (most" in text or "Exception ignored" in text or "Fatal Python error" in text


@PARTS
@pytest.mark.parametrize("name", AS_EVER)
def test_commands_answer_as_ever(place, name, whole):
    assert complaints(place, AS_EVER[name], whole, lambda command, code, err: code != 0) == []


@PARTS
@pytest.mark.parametrize("name", UNUSABLE)
def test_commands_do_without_a_cache_where_none_can_be_made(place, name, whole):
    def wrong(command: str, code: int, err: str) -> bool:
        said = "not using a cache: cannot write to " in err
        return code != 0 or (command in ("install", "check") and not said)

    assert complaints(place, UNUSABLE[name], whole, wrong) == []


@PARTS
@pytest.mark.parametrize("name", REFUSED)
def test_commands_say_what_stops_them(place, name, whole):
    surrounding, words, but = REFUSED[name]

    def wrong(command: str, code: int, err: str) -> bool:
        return command not in but and (not code or words not in err)

    assert complaints(place, surrounding, whole, wrong) == []


@PARTS
@pytest.mark.parametrize("name", UNHEARD)
def test_commands_that_nobody_hears_fail(place, name, whole):
    assert (
        complaints(place, UNHEARD[name], whole, lambda command, code, err: command not in NO_RESULT and not code) == []
    )


@PARTS
def test_a_reader_that_leaves_hears_nothing_more(place, whole):
    assert complaints(place, '"$@" | true', whole, lambda command, code, err: "rror" in err) == []
