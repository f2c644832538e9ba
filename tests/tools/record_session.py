"""Records a first session on a fresh Debian 13: ``python tests/tools/record_session.py WHEEL`` (as root; ten minutes).

Somebody types at a shell on a terminal of 80 columns; ``docs/tutorial/first-session.md`` has what is on the screen
afterwards, as it is. Needs what the integration tests need: mmdebstrap, overlayfs, the network.
"""

from __future__ import annotations

import argparse
import platform
import sys
import textwrap
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pexpect
import pyte

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from integration.machine import Base, Machine, machine  # noqa: E402

PAGE = ROOT / "docs/tutorial/first-session.md"
COLUMNS, ROWS = 80, 600
PROMPT = "$ "
INSTALL = "accel-doctor install psycopg2"
PASSWORD = "correct horse"

INTRODUCTION = """\
# A first session

Recorded whole on a fresh Debian 13, on a terminal of 80 columns, by `tests/tools/record_session.py`: nothing is left
out or touched up. Ann has installed accel-doctor ([how](../installation.md)), and nothing else. There is no compiler.
"""


@dataclass(frozen=True)
class Step:
    """A command, what is said about it, and what is typed when something appears; ``stop`` presses Ctrl-C then."""

    said: str
    command: str
    answers: Sequence[tuple[str, str]] = ()
    stop: str | None = None
    look: str | None = None  # show the screen also once this appears
    before: Sequence[Sequence[str]] = field(default_factory=tuple)  # what root does meanwhile


STEPS = (
    Step("A slip of the fingers.", "accel-doctor instal psycopg2"),
    Step(
        "There is no environment yet: one is offered. psycopg2 has no wheel for Linux, and the machine lacks what it"
        " takes to build it. Ann looks at the log first (there is none yet), then says no.",
        INSTALL,
        (("Make ./.venv?", "y\r"), ("? help]", "l\r"), ("known without it", "n\r")),
    ),
    Step(
        "Ann says yes, but may not become root here: what root would have to run is printed.",
        INSTALL,
        (("? help]", "y\r"), ("password for ann", f"{PASSWORD}\r")),
    ),
    Step(
        "Root lets ann use sudo. Now yes means yes. This is the screen while apt works, and at the end.",
        INSTALL,
        (("? help]", "y\r"), ("password for ann", f"{PASSWORD}\r")),
        look="unpacking ",
        before=(("sh", "-c", "echo 'ann ALL=(ALL) ALL' > /etc/sudoers.d/ann"),),
    ),
    Step(
        "A longer build, which Ann stops with Ctrl-C. This is the screen while it compiles, and after it.",
        "accel-doctor install --no-binary cython cython",
        stop="compile ",
    ),
    Step("What was done here, and the last run as a page to look at.", "accel-doctor report"),
    Step("", "accel-doctor report --last --html report.html && ls -sh report.html"),
)


class Shell:
    """A shell of ann's on a terminal."""

    def __init__(self, where: Machine) -> None:
        runner = where.runner("ann")
        environment = {**runner.environment, "TERM": "xterm-256color", "LANG": "C.UTF-8", "HOME": "/home/ann"}
        environment |= {"PS1": PROMPT, "USER": "ann", "PATH": f"/home/ann/.local/bin:{environment['PATH']}"}
        argv = [*runner.prefix, "sh", "-c", "cd /home/ann && exec sh -i"]
        self._child = pexpect.spawn(argv[0], argv[1:], env=environment, dimensions=(ROWS, COLUMNS), timeout=1)
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._wait_for_prompt(0)

    def carry_out(self, step: Step) -> list[list[str]]:
        """Return the screens of a step: while it runs, if it is stopped, and at its end."""
        top, screens = self._cursor, []
        self._child.send(f"{step.command}\r")
        seen = top + 1
        for awaited, keys in (*step.answers, *([(step.stop, "\x03")] if step.stop else [])):
            self._wait(awaited, seen)
            if keys == "\x03":
                self._wait_seconds(6)
                screens.append(self._lines(top))
            seen = self._cursor if keys != "\x03" else seen
            self._child.send(keys)
        if step.look:
            self._wait(step.look, seen)
            self._wait_seconds(3)
            screens.append(self._lines(top))
        self._wait_for_prompt(top + 1)
        screens.append(self._lines(top)[:-1])
        return screens

    @property
    def _cursor(self) -> int:
        return int(self._screen.cursor.y)

    def _lines(self, top: int) -> list[str]:
        return [line.rstrip() for line in self._screen.display[top : self._cursor + 1]]

    def _wait(self, text: str, top: int) -> None:
        while text not in "\n".join(self._screen.display[top:]):
            self._read()

    def _wait_for_prompt(self, top: int) -> None:
        while self._cursor < top or self._screen.display[self._cursor].rstrip() != PROMPT.strip():
            self._read()

    def _wait_seconds(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._read()

    def _read(self) -> None:
        with suppress(pexpect.TIMEOUT):
            self._stream.feed(self._child.read_nonblocking(65536, timeout=1))


def recorded(where: Machine) -> str:
    """Return the page."""
    shell, parts = Shell(where), [INTRODUCTION]
    for step in STEPS:
        for command in step.before:
            where.must(*command)
        parts += [f"{textwrap.fill(step.said, 120)}\n"] if step.said else []
        parts += ["\n".join(["```console", *screen, "```", ""]) for screen in shell.carry_out(step)]
    return "\n".join(parts)


def prepared(where: Machine, wheel: Path) -> None:
    """Make ann, with a password, and accel-doctor in an environment of its own."""
    where.must("useradd", "--create-home", "--shell", "/bin/sh", "ann")
    where.must("chpasswd", stdin=f"ann:{PASSWORD}\n")
    where.write("/etc/hosts", f"127.0.0.1 localhost {platform.node()}\n")
    where.copy_in(wheel, f"/tmp/{wheel.name}")
    home = "/home/ann"
    made = f"python3 -m venv {home}/.accel-doctor && {home}/.accel-doctor/bin/pip install -q /tmp/{wheel.name}"
    linked = f"mkdir -p {home}/.local/bin && ln -s {home}/.accel-doctor/bin/accel-doctor {home}/.local/bin"
    where.must("sh", "-c", f"cd {home} && {made} && {linked}", user="ann", environment={"HOME": home})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    wheel = parser.parse_args().wheel
    with machine(Base("trixie", ("sudo",))) as fresh:
        prepared(fresh, wheel)
        PAGE.write_text(recorded(fresh), encoding="utf-8")


if __name__ == "__main__":
    main()
