"""denies: what lists that can be read do not have."""

from __future__ import annotations

import pytest

from accel_doctor.model.needs import Need
from accel_doctor.system.packages.managers import DRIVERS
from accel_doctor.system.packages.privilege import Privilege

NOBODY = Privilege(None, terminal=False)
COMMAND, PC, HEADER, LIBRARY = map(
    Need.parse, ("command:demo-config", "pkgconfig:demo", "header:demo.h", "library:demo")
)


def denied(scripted, manager: str, need: Need) -> bool:
    return DRIVERS[manager](scripted, NOBODY).denies(need)


@pytest.mark.parametrize("need", [COMMAND, PC, HEADER, LIBRARY])
def test_dnf_s_repositories_have_no_such_file(scripted, need):
    scripted.on("repoquery")
    assert denied(scripted, "dnf", need)


def test_dnf_without_repositories_denies_nothing(scripted):
    scripted.on("repoquery", returncode=1, stderr="Error: Failed to download metadata")
    assert not denied(scripted, "dnf", HEADER)


@pytest.mark.parametrize(("need", "known"), [(COMMAND, True), (PC, True), (HEADER, False), (LIBRARY, False)])
def test_zypper_s_metadata_has_commands_and_capabilities(scripted, need, known):
    scripted.on("search", output='<stream><message type="info">No matching items found.</message></stream>')
    assert denied(scripted, "zypper", need) is known


def test_zypper_that_cannot_read_a_repository_denies_nothing(scripted):
    scripted.on("search", output='<stream><message type="error">no access</message></stream>')
    assert not denied(scripted, "zypper", PC)


@pytest.mark.parametrize(("need", "known"), [(COMMAND, True), (PC, True), (HEADER, False)])
def test_apk_s_lists_have_no_such_thing(scripted, need, known):
    scripted.on("search", "-x")
    scripted.on("search", "--no-cache", output="musl\nzlib\n")
    assert denied(scripted, "apk", need) is known


def test_apk_without_lists_denies_nothing(scripted):
    scripted.on("search", returncode=1)
    assert not denied(scripted, "apk", PC)


@pytest.mark.parametrize(("files", "known"), [("core\0pacman\0006.1\0usr/bin/pacman\n", True), ("", False)])
def test_pacman_s_lists_of_files(scripted, files, known):
    scripted.on("-Fl", output=files)
    scripted.on("-F", returncode=1)
    assert denied(scripted, "pacman", HEADER) is known


@pytest.mark.parametrize(("files", "known"), [("dpkg: /usr/bin/dpkg\n", True), ("", False)])
def test_apt_file_s_lists(scripted, files, known):
    scripted.on("apt-file", "search", returncode=1)
    scripted.on("apt-file", "list", output=files)
    assert denied(scripted, "apt", HEADER) is known
