"""What goes wrong ends in words of its own, leaves nothing half done, and is over once its cause is."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pexpect
import pytest
from integration.conftest import MakeMachine
from integration.machine import Machine
from integration.troubles import (
    FILE,
    KINDS,
    NAME,
    ROOT,
    Kind,
    Server,
    a_page_instead,
    cut_short,
    held_by_a_process_id,
    held_by_zypper,
    held_for_writing,
    little_room,
    one_bit_wrong,
    spoiled,
)

from accel_doctor.errors import AccelDoctorError, NetworkError, PackageManagerError
from accel_doctor.interfaces import PackageManager

AGAIN = "then run the same command again"


@dataclass(frozen=True)
class Practice:
    """A machine on which something can go wrong."""

    name: str
    kind: Kind
    machine: Machine
    server: Server
    manager: PackageManager
    log: Path

    def fails(self, *others: str, error: type[AccelDoctorError] = PackageManagerError) -> tuple[list[str], str | None]:
        """The lines and the hint of the error; what was installed before is what is installed afterwards."""
        before = self.machine.must(*self.kind.database)
        with pytest.raises(error) as caught:
            self.manager.install([NAME, *others], self.log)
        assert self.machine.must(*self.kind.database) == before
        assert self.manager.installed([NAME]) == frozenset()
        return caught.value.message.splitlines(), caught.value.hint

    def works_now(self) -> None:
        self.manager.install([NAME], self.log)
        assert self.manager.installed([NAME]) == {NAME}
        assert self.machine.path("/opt/demo/big").stat().st_size == 8_000_000


@pytest.fixture(params=list(KINDS))
def practice(request: pytest.FixtureRequest, make_machine: MakeMachine, tmp_path: Path) -> Iterator[Practice]:
    kind = KINDS[request.param]
    machine = make_machine(kind.base)
    kind.make(machine)
    with Server(machine.path("/srv/repo")) as server:
        kind.configure(machine, server.url)
        if request.param in ("apt", "pacman"):
            machine.must(*{"apt": ("apt-get", "update"), "pacman": ("pacman", "-Sy")}[request.param])
        yield Practice(request.param, kind, machine, server, kind.drive(machine.runner(), ROOT), tmp_path / "log")


UNKNOWN = {
    "apt": "apt found no package named no-such-package",
    "dnf4": f"dnf cannot install {NAME} no-such-package:\nNo match for argument: no-such-package\n"
    "Error: Unable to find a match: no-such-package",
    "dnf5": f"dnf cannot install {NAME} no-such-package:\nFailed to resolve the transaction:\n"
    "No match for argument: no-such-package",
    "zypper": f"zypper cannot install {NAME} no-such-package:\nNo provider of 'no-such-package' found.",
    "pacman": f"pacman cannot install {NAME} no-such-package:\nerror: target not found: no-such-package",
}


def test_a_name_that_is_missing(practice: Practice) -> None:
    lines, hint = practice.fails("no-such-package")
    assert lines == UNKNOWN[practice.name].splitlines()
    assert hint
    practice.works_now()


UNREACHABLE = {
    "apt": "apt-get update got no package lists:",
    "dnf4": "dnf could not reach a repository:",
    "dnf5": "dnf could not reach a repository:",
    "zypper": "zypper could not reach a repository:",
    "pacman": "pacman could not reach a repository:",
}


def test_a_mirror_out_of_reach(practice: Practice) -> None:
    forget_lists(practice)
    practice.kind.configure(practice.machine, "http://127.0.0.1:9")
    (first, *quoted), hint = practice.fails(error=NetworkError)
    assert first == UNREACHABLE[practice.name]
    assert "127.0.0.1" in "".join(quoted)
    assert hint
    assert hint.startswith("check the network, the proxy and the ")
    practice.kind.configure(practice.machine, practice.server.url)
    forget_lists(practice)
    practice.works_now()


@pytest.mark.parametrize("directory", ["/usr", "/var/cache"])
def test_no_room_is_told_before_anything_begins(practice: Practice, directory: str) -> None:
    with little_room(practice.machine, directory):
        with pytest.raises(PackageManagerError) as caught:
            practice.manager.simulate([NAME])  # before the question, that is
        (line,), hint = practice.fails()
    assert caught.value.message == line
    assert re.fullmatch(
        f"refused, nothing was changed: not enough disk space for {practice.kind.program}: "
        rf"{directory} needs 8\.[0-4] MB and has [\d.]+ (MB|kB) free",
        line,
    )
    assert hint == f"free some disk space, {AGAIN}"
    assert not practice.log.exists()
    practice.works_now()


HALF_DONE = {
    "apt": "cannot copy extracted data for './opt/demo/big' to '/opt/demo/big.dpkg-new': failed to write "
    "(No space left on device)",
    "dnf4": "installing package demo-big-1-1.noarch needs 8MB more space on the /opt filesystem",
    "dnf5": "- installing package demo-big-1-1.noarch needs 8MB more space on the /opt filesystem",
    "zypper": "installing package demo-big-1-1.noarch needs 8MB more space on the /opt filesystem",
    "pacman": "error: Partition /opt too full: ",
}


def test_no_room_where_packages_unpack_to(practice: Practice) -> None:
    with little_room(practice.machine, "/opt"):  # which nobody looked at before
        (first, second, *_), hint = practice.fails()
    assert first == f"{practice.kind.program} ran out of disk space:"
    assert second.startswith(HALF_DONE[practice.name])
    assert hint == f"free some disk space, {AGAIN}"
    practice.works_now()


BROKEN = "got broken files from a repository:"
NEXT_STEP = {
    "apt": "fetch the lists again with apt-get update",
    "dnf4": "empty dnf's cache with dnf clean all",
    "dnf5": "empty dnf's cache with dnf clean all",
    "zypper": "fetch everything again with zypper clean --all && zypper refresh",
    "pacman": "fetch the databases again with pacman -Syyu",
}


def forget_lists(practice: Practice) -> None:
    commands = {
        "apt": "rm -rf /var/lib/apt/lists/*_*",
        "dnf4": "dnf clean all",
        "dnf5": "dnf clean all",
        "zypper": "zypper clean --all",
        "pacman": "rm -f /var/lib/pacman/sync/*",
    }
    practice.machine.must("sh", "-c", commands[practice.name])


@pytest.mark.parametrize(
    ("where", "change"),
    [("index", cut_short), ("lists", a_page_instead), ("package", one_bit_wrong), ("package", cut_short)],
    ids=["a list cut short", "a page to sign in", "another package", "a package cut short"],
)
def test_broken_files(practice: Practice, where: str, change: Callable[[bytes], bytes]) -> None:
    if where != "package":
        forget_lists(practice)
    if (practice.name, where) == ("apt", "lists"):  # apt asks no questions of a repository that is trusted anyway
        practice.machine.must("sed", "--in-place", "s/trusted=yes/trusted=no/", "/etc/apt/sources.list")
    with spoiled(practice.machine, getattr(practice.kind, where), change):
        (first, *quoted), hint = practice.fails()
    if (practice.name, where) == ("zypper", "lists"):  # takes the page for a repository without packages
        assert [first, *quoted] == [f"zypper cannot install {NAME}:", f"No provider of '{NAME}' found."]
    else:
        assert first == f"{practice.kind.program} {BROKEN}"
        assert quoted
        assert hint == f"{NEXT_STEP[practice.name]}, {AGAIN}; if it persists, switch to another mirror"
    if where != "package":
        forget_lists(practice)
    practice.machine.run("sed", "--in-place", "s/trusted=no/trusted=yes/", "/etc/apt/sources.list")
    practice.works_now()


HOLDERS = {
    "dnf4": lambda machine: held_by_a_process_id(machine.path("/var/cache/dnf/metadata_lock.pid")),
    "dnf5": lambda machine: held_for_writing(machine.path("/var/lib/dnf/system-repo.lock")),
    "zypper": held_by_zypper,
}


@pytest.mark.parametrize("practice", HOLDERS, indirect=True)  # the others: test_apt.py, test_pacman.py
def test_a_lock_that_is_held(practice: Practice) -> None:
    if practice.name == "dnf5":
        practice.machine.must("dnf", "-y", "install", "demo-libs")  # makes the file
    with HOLDERS[practice.name](practice.machine):
        (first, second, *_), hint = practice.fails()
    assert first == f"{practice.kind.program} is locked by another program:"
    said = {
        "dnf4": rf"Waiting for process with pid {os.getpid()} to finish\.",
        "dnf5": r"Waiting for a lock on the system repository\. The following processes are currently accessing it:",
        "zypper": r"System management is locked by the application with pid \d+ \(zypper\)\.",
    }
    assert re.fullmatch(said[practice.name], second)
    assert hint == f"wait until it has finished, {AGAIN}"
    practice.works_now()


# What the command line does with a terminal, the processes inside the machine.
CONVERSATION = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
from pathlib import Path
from accel_doctor.system.packages.privilege import Privilege
from integration.machine import MachineRunner
from integration.troubles import KINDS
kind, root, log = sys.argv[1:]
try:
    KINDS[kind].drive(MachineRunner(Path(root)), Privilege("", terminal=True)).install([{NAME!r}], Path(log))
except KeyboardInterrupt:
    print("INTERRUPTED")
"""


def test_ctrl_c_during_a_download(practice: Practice) -> None:
    before = practice.machine.must(*practice.kind.database)
    practice.server.stalls_at = NAME
    arguments = ["-c", CONVERSATION, practice.name, str(practice.machine.root), str(practice.log)]
    us = pexpect.spawn(sys.executable, arguments, encoding="utf-8", timeout=120, dimensions=(24, 200))
    assert practice.server.stalled.wait(120)
    us.sendintr()
    us.expect("INTERRUPTED")
    us.expect(pexpect.EOF)
    us.close()
    practice.server.stalls_at = None
    practice.server.go_on.set()
    assert practice.machine.must(*practice.kind.database) == before
    practice.works_now()


@pytest.mark.parametrize("practice", ["pacman"], indirect=True)
def test_pacman_counts_what_is_cut_short_as_installed(practice: Practice) -> None:
    configuration = practice.machine.path("/etc/pacman.conf")
    configuration.write_text(configuration.read_text().replace("CheckSpace\n", ""))
    with little_room(practice.machine, "/opt"), pytest.raises(PackageManagerError) as caught:
        practice.manager.install([NAME], practice.log)
    assert caught.value.message == (f"pacman ran out of disk space:\nerror: could not extract /{FILE} (Write failed)")
    assert caught.value.hint == f"free some disk space, reinstall with pacman -S {NAME}, {AGAIN}"
    practice.machine.must("pacman", "-S", "--noconfirm", NAME)
    practice.works_now()
