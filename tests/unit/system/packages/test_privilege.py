"""Privilege: command lines that can be pasted, and refusals told from failures."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel_doctor.errors import PrivilegeError
from accel_doctor.system.packages.privilege import Privilege, find_privilege

NONINTERACTIVE = {"DEBIAN_FRONTEND": "noninteractive"}


def _path(tmp_path: Path, *commands: str) -> str:
    for command in commands:
        (tmp_path / command).touch(0o755)
    return str(tmp_path)


def test_root_needs_nothing(tmp_path: Path) -> None:
    found = find_privilege(euid=0, path=_path(tmp_path, "sudo"), terminal=False)
    assert found == Privilege("", terminal=False)
    assert found.prefix(["apt-get", "update"]) == ("apt-get", "update")
    assert found.prefix(["apt-get"], NONINTERACTIVE) == ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get")


def test_sudo_is_preferred_to_doas(tmp_path: Path) -> None:
    assert find_privilege(euid=1000, path=_path(tmp_path, "doas"), terminal=True).tool == "doas"
    assert find_privilege(euid=1000, path=_path(tmp_path, "sudo"), terminal=True).tool == "sudo"


def test_without_a_terminal_sudo_and_doas_may_not_ask() -> None:
    assert Privilege("sudo", terminal=True).prefix(["dnf"]) == ("sudo", "dnf")
    assert Privilege("sudo", terminal=False).prefix(["dnf"]) == ("sudo", "-n", "dnf")
    assert Privilege("doas", terminal=False).prefix(["apt-get"], NONINTERACTIVE) == (
        *("doas", "-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"),
    )


def test_no_way_to_root(scripted, tmp_path: Path) -> None:
    nobody = find_privilege(euid=1000, path=str(tmp_path), terminal=True)
    assert nobody.tool is None
    command = nobody.prefix(["apt-get", "install", "gcc"])
    with pytest.raises(PrivilegeError) as caught:
        nobody.run(scripted, command, tmp_path / "log", [command])
    assert caught.value.message == "installing system packages needs root: neither sudo nor doas found"
    assert caught.value.commands == (("apt-get", "install", "gcc"),)
    assert caught.value.hint == "run these commands as root, then run the same command again"


@pytest.mark.parametrize(
    "line",
    [
        "sudo: a password is required",
        "sudo: a terminal is required to read the password; either use the -S option or configure an askpass helper",
        "sudo: 3 incorrect password attempts",
        "sudo: no password was provided",
        "sudo: interactive authentication is required",  # sudo-rs
        "ann is not in the sudoers file.",
        "ann is not in the sudoers file.  This incident will be reported.",
        "Sorry, user ann is not allowed to execute '/usr/bin/apt-get update' as root on box.",
        "Sorry, user ann may not run sudo on box.",
        'sudo: The "no new privileges" flag is set, which prevents sudo from running as root.',
    ],
)
def test_a_refusal_names_the_line_and_carries_the_commands_for_root(scripted, tmp_path: Path, line: str) -> None:
    scripted.on("sudo", output=f"[sudo] password for ann: \r\n{line}\r\n", returncode=1)
    sudo = Privilege("sudo", terminal=False)
    plan = [sudo.prefix(["apt-get", "update"]), sudo.prefix(["apt-get", "install", "gcc"], NONINTERACTIVE)]
    with pytest.raises(PrivilegeError) as caught:
        sudo.run(scripted, plan[0], tmp_path / "log", plan)
    assert caught.value.message == f"sudo refused: {line}"
    assert caught.value.commands == (
        ("apt-get", "update"),
        ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "gcc"),
    )


@pytest.mark.parametrize("line", ["doas: Authentication failed", "doas: Operation not permitted"])
def test_doas_refuses_likewise(scripted, tmp_path: Path, line: str) -> None:
    scripted.on("doas", output=f"{line}\n", returncode=1)
    doas = Privilege("doas", terminal=True)
    with pytest.raises(PrivilegeError, match=f"doas refused: {line}"):
        doas.run(scripted, doas.prefix(["dnf"]), tmp_path / "log", [])


@pytest.mark.parametrize(
    ("returncode", "output"),
    [
        (
            1,
            "sudo: unable to resolve host box: Name or service not known\nError: Unable to find a match: x\n",
        ),
        (100, "sudo: a password is required\nE: Unable to locate package x\n"),
        (0, "sudo: a password is required\n"),
    ],
)
def test_the_command_s_own_failure_is_no_refusal(scripted, tmp_path: Path, returncode: int, output: str) -> None:
    scripted.on("sudo", output=output, returncode=returncode)
    sudo = Privilege("sudo", terminal=True)
    done = sudo.run(scripted, sudo.prefix(["dnf"]), tmp_path / "log", [])
    assert (done.returncode, done.output) == (returncode, f"$ sudo dnf\n{output}")


def test_with_a_terminal_it_is_a_conversation_and_without_one_it_is_recorded(scripted, tmp_path: Path) -> None:
    scripted.on("dnf", output="\x1b[1mdone\x1b[0m\r\n")
    log = tmp_path / "log"
    log.write_text("earlier\n")
    done = Privilege("sudo", terminal=True).run(scripted, ("sudo", "dnf", "a b"), log, [])
    assert done.output == "$ sudo dnf 'a b'\ndone\n"
    Privilege("", terminal=False).run(scripted, ("dnf",), log, [])
    assert (scripted.conversations, scripted.recorded) == ([("sudo", "dnf", "a b")], [("dnf",)])
    assert scripted.environments == [{"LC_ALL": "C"}] * 2
    assert log.read_text().startswith("earlier\n$ sudo dnf 'a b'\n")


def test_ctrl_c_in_a_conversation_ends_the_run_whatever_the_command_made_of_it(scripted, tmp_path: Path) -> None:
    scripted.on("apt-get", output="done anyway\n")
    scripted.interrupted = True
    root = Privilege("", terminal=True)
    with pytest.raises(KeyboardInterrupt):
        root.run(scripted, ["apt-get", "update"], tmp_path / "log", [["apt-get", "update"]])
    assert (tmp_path / "log").read_text() == "$ apt-get update\ndone anyway\n"
