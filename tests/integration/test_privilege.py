"""sudo of Debian 13: absent, asking, refusing, and not asking."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect
import pytest
from integration.conftest import MakeMachine
from integration.machine import Base, Machine
from paths import TESTS

from accel_doctor.errors import PrivilegeError
from accel_doctor.system.packages.apt import Apt
from accel_doctor.system.packages.privilege import Privilege, find_privilege

SMALL = "libev-dev"

# What the command line does with a terminal, the processes inside the machine.
CONVERSATION = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from pathlib import Path
from accel_doctor.errors import AccelDoctorError
from accel_doctor.system.packages.apt import Apt
from accel_doctor.system.packages.privilege import Privilege
from integration.machine import MachineRunner
root, log = map(Path, sys.argv[1:])
try:
    Apt(MachineRunner(root, "ann"), Privilege("sudo", terminal=True)).install([{SMALL!r}], log)
    print("INSTALLED")
except AccelDoctorError as error:
    print("FAILED", type(error).__name__, error.message, [" ".join(command) for command in error.commands])
"""


@pytest.fixture
def debian(make_machine: MakeMachine) -> Machine:
    made = make_machine(Base("trixie", ("sudo",)))
    made.must("useradd", "--create-home", "ann")
    made.must("chpasswd", stdin="ann:correct horse\n")
    return made


def _sudoers(debian: Machine, text: str) -> None:
    debian.write("/etc/sudoers.d/ann", f"{text}\n", 0o440)


def _refused(debian: Machine, log: Path) -> PrivilegeError:
    with pytest.raises(PrivilegeError) as caught:
        Apt(debian.runner("ann"), Privilege("sudo", terminal=False)).install([SMALL], log)
    assert [command[0] for command in caught.value.commands] == ["env"]
    assert caught.value.commands[0][-1] == SMALL
    return caught.value


def _install(debian: Machine, log: Path) -> pexpect.spawn[str]:
    arguments = ["-c", CONVERSATION, str(debian.root), str(log)]
    return pexpect.spawn(sys.executable, arguments, encoding="utf-8", timeout=120, dimensions=(24, 200))


def test_a_machine_without_sudo(make_machine: MakeMachine, tmp_path: Path) -> None:
    bare = make_machine(Base("trixie"))
    bare.must("useradd", "--create-home", "ann")
    path = str(bare.path("/usr/bin"))
    nobody = find_privilege(euid=1000, path=path, terminal=False)
    with pytest.raises(PrivilegeError) as caught:
        Apt(bare.runner("ann"), nobody).install([SMALL], tmp_path / "log")
    assert caught.value.message == "installing system packages needs root: neither sudo nor doas found"
    assert caught.value.commands == Apt(bare.runner("ann"), nobody).commands([SMALL])


def test_without_a_password_rule_and_without_a_terminal(debian: Machine, tmp_path: Path) -> None:
    _sudoers(debian, "ann ALL=(ALL) ALL")
    assert find_privilege(euid=1000, path=str(debian.path("/usr/bin")), terminal=False).tool == "sudo"
    assert _refused(debian, tmp_path / "log").message == "sudo refused: sudo: a password is required"


def test_somebody_who_is_not_in_sudoers(debian: Machine, tmp_path: Path) -> None:
    _sudoers(debian, "ann ALL=(ALL) NOPASSWD: /bin/true")
    assert "sudo refused: " in _refused(debian, tmp_path / "log").message


def test_nopasswd_installs(debian: Machine, tmp_path: Path) -> None:
    _sudoers(debian, "ann ALL=(ALL) NOPASSWD: ALL")
    apt = Apt(debian.runner("ann"), Privilege("sudo", terminal=False))
    commands = apt.commands([SMALL])
    apt.install([SMALL], tmp_path / "log")
    assert apt.installed([SMALL]) == {SMALL}
    assert commands[0][:3] == ("sudo", "-n", "env")


def test_the_right_password(debian: Machine, tmp_path: Path) -> None:
    _sudoers(debian, "ann ALL=(ALL) ALL")
    us = _install(debian, tmp_path / "log")
    us.expect("password for ann: ")
    us.sendline("correct horse")
    us.expect("INSTALLED")
    us.expect(pexpect.EOF)
    us.close()
    log = (tmp_path / "log").read_text()
    assert "$ sudo apt-get -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold install" in log
    assert "Setting up libev-dev" in log
    assert "horse" not in log


def test_the_wrong_password(debian: Machine, tmp_path: Path) -> None:
    _sudoers(debian, "Defaults passwd_tries=2\nann ALL=(ALL) ALL")
    us = _install(debian, tmp_path / "log")
    for _ in range(2):
        us.expect("password for ann: ")
        us.sendline("wrong")
    us.expect(r"FAILED (\w+) (.*?) \[(.*)\]")
    kind, message, commands = us.match.groups()
    us.expect(pexpect.EOF)
    us.close()
    assert (kind, message) == ("PrivilegeError", "sudo refused: sudo: 2 incorrect password attempts")
    assert commands.startswith("'apt-get -o DPkg::Lock::Timeout=120")
    assert "wrong" not in (tmp_path / "log").read_text()


TWO_COMMANDS = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
from pathlib import Path
from accel_doctor.system.packages.privilege import Privilege
from integration.machine import MachineRunner
tool, root, log = sys.argv[1:]
runner, privilege = MachineRunner(Path(root), "ann"), Privilege(tool, terminal=True)
for _ in range(2):
    privilege.run(runner, privilege.prefix(["id", "-u"]), Path(log), [])
print("DONE")
"""


@pytest.mark.parametrize("tool", ["sudo", "doas"])
def test_two_commands_ask_for_the_password_once(debian: Machine, tmp_path: Path, tool: str) -> None:
    _sudoers(debian, "ann ALL=(ALL) ALL")
    if tool == "doas":
        debian.must("apt-get", "install", "-y", "--no-install-recommends", "opendoas")
        debian.write("/etc/doas.conf", "permit persist ann\n", 0o400)
    arguments = ["-c", TWO_COMMANDS, tool, str(debian.root), str(tmp_path / "log")]
    us = pexpect.spawn(sys.executable, arguments, encoding="utf-8", timeout=60)
    us.expect("password")
    us.expect(": ")
    us.sendline("correct horse")
    us.expect("DONE")
    assert us.before.count("password") == 0
    us.expect(pexpect.EOF)
    us.close()
    log = (tmp_path / "log").read_text()
    assert log.splitlines().count("0") == 2
    assert "horse" not in log
