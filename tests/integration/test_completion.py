"""Completion in real shells, what is on the line after Tab; and manual pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pexpect
import pytest
from integration.machine import Base, Machine
from integration.test_install import DOCTOR, with_doctor

SHELLS = {"bash": ["bash", "--norc"], "zsh": ["zsh", "-f"], "fish": ["fish", "--no-config"]}
READY = "ready-to-type"
LOAD = {
    "bash": ". /usr/share/bash-completion/bash_completion",
    "zsh": "fpath+=(~/.local/share/zsh/site-functions); autoload -Uz compinit; compinit -u",
    "fish": "set fish_complete_path ~/.config/fish/completions $fish_complete_path",
}
# typed, then Tab -> the rest of the word that appears; each has one completion
LINES = {
    "accel-doctor hist": "ory",
    "accel-doctor install --yes-t": "o-all",
    "accel-doctor why header:zba": "r.h",
    "accel-doctor check --distro ubuntu:20": ".04",
    "accel-doctor install -r requirements-of-ann": ".txt",
    "accel-doctor install --cache-dir direc": "tory-of-ann",
}


@pytest.fixture(scope="module")
def shells(wheel) -> Iterator[Machine]:
    """A machine with the three shells, for each of which completion was installed."""
    for made in with_doctor(Base("trixie", ("bash-completion", "zsh", "fish", "man-db")), wheel):
        made.must("ln", "-s", DOCTOR, "/usr/local/bin/accel-doctor")
        made.must("mkdir", "/root/directory-of-ann")
        made.write("/root/requirements-of-ann.txt", "")
        for shell in SHELLS:
            made.must("accel-doctor", "completion", shell, "--install")
        yield made


def at_the_prompt(where: Machine, shell: str) -> pexpect.spawn:
    runner = where.runner()
    argv = [*runner.prefix, "sh", "-c", f"cd /root && exec {' '.join(SHELLS[shell])}"]
    environment = {**runner.environment, "TERM": "xterm", "HOME": "/root"}
    child = pexpect.spawn(argv[0], argv[1:], env=environment, encoding="utf-8", timeout=60, dimensions=(40, 160))
    child.sendline(f"{LOAD[shell]}; echo {READY[:5]}''{READY[5:]}")
    child.expect(READY)
    return child


@pytest.mark.parametrize("shell", SHELLS)
def test_tab_completes(shells: Machine, shell: str) -> None:
    child = at_the_prompt(shells, shell)
    for typed, rest in LINES.items():
        child.send(f"echo {typed}"[5:] + "\t")
        child.expect(rest.replace(".", r"\.").replace("+", r"\+"))
        child.sendcontrol("u")
    child.close(force=True)


def test_man_finds_the_pages_of_the_wheel(shells: Machine) -> None:
    page = shells.must("sh", "-c", "PATH=/doctor/bin:$PATH MANWIDTH=80 man accel-doctor-install")
    assert "\n       -r, --requirement FILE\n" in page


def test_bash_needs_no_package_for_its_script(shells: Machine) -> None:
    line = 'eval "$(accel-doctor completion bash)"; complete -p accel-doctor'
    assert re.fullmatch(r"complete -F \S+ accel-doctor\n", shells.must("bash", "--norc", "-c", line))
