"""Dnf: what it makes of dnf 4.23's and dnf5 5.4's words. tests/integration drives the real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.model.plans import Simulation
from accel_doctor.system.packages.dnf import Dnf
from accel_doctor.system.packages.privilege import Privilege

ROOT = Privilege("", terminal=False)
INSTALL = ("dnf", "-y", "--setopt=install_weak_deps=False", "install", "--")

DNF4 = """Last metadata expiration check: 0:00:16 ago on Fri Nov 20 17:58:57 2026.
Dependencies resolved.
================================================================================
 Package               Architecture      Version          Repository       Size
================================================================================
Installing:
 demo-devel            noarch            1-1              demo            5.5 k
 python3-a-name-so-long-that-dnf-wraps-the-row
                       noarch            1-1              demo            5.5 k
Installing dependencies:
 demo-libs             noarch            2-1              demo            5.4 k

Transaction Summary
================================================================================
Install  3 Packages

Total download size: 1.5 M
Installed size: 3.0 M
Operation aborted.
"""
DNF4_LOSSES = """Dependencies resolved.
================================================================================
 Package               Architecture      Version         Repository        Size
================================================================================
Installing:
 foe                   noarch            1-1             demo             5.4 k
     replacing  demo-libs.noarch 2-1
Downgrading:
 other-libs            noarch            1-1             demo             5.4 k
Removing dependent packages:
 demo-tools            noarch            1-1             @demo              0

Transaction Summary
================================================================================
Install  1 Package

Operation aborted.
"""
DNF5 = """Updating and loading repositories:
 demo                                   100% | 266.7 KiB/s |   2.7 KiB |  00m00s
Repositories loaded.
Package            Arch   Version Repository      Size
Upgrading:
 demo-libs         noarch 0:2-1   demo         0.0   B
   replacing demo-libs noarch 0:1-1 @System    0.0   B
Installing:
 demo-devel        noarch 0:1-1   demo         0.0   B

Transaction Summary:
 Installing:         1 package
 Upgrading:          1 package
 Replacing:          1 package

Total size of inbound packages is 11 KiB. Need to download 11 KiB.
After this operation, 2 KiB extra will be used (install 2 KiB, remove 0 B).
Operation aborted by the user.
"""
DNF5_LOSSES = """Repositories loaded.
Package                Arch   Version Repository      Size
Downgrading:
 demo-libs             noarch 0:1-1   demo         0.0   B
   replacing demo-libs noarch 0:2-1   demo         0.0   B
Installing:
 heir                  noarch 0:1-1   demo         0.0   B
   replacing ancestor  noarch 0:1-1   demo         0.0   B

Transaction Summary:
 Installing:         1 package
 Downgrading:        1 package

Operation aborted by the user.
"""


def _dnf(scripted, privilege: Privilege = ROOT) -> Dnf:
    return Dnf(scripted, privilege)


@pytest.mark.parametrize(
    ("output", "simulation"),
    [
        (
            DNF4,
            Simulation(
                installs=("demo-devel", "python3-a-name-so-long-that-dnf-wraps-the-row", "demo-libs"),
                download_bytes=1_572_864,
                disk_bytes=3_145_728,
            ),
        ),
        (
            DNF4_LOSSES,
            Simulation(installs=("foe",), removes=("demo-libs", "demo-tools"), downgrades=("other-libs",)),
        ),
        (DNF5, Simulation(installs=("demo-libs", "demo-devel"), download_bytes=11_264, disk_bytes=2_048)),
        (DNF5_LOSSES, Simulation(installs=("heir",), removes=("ancestor",), downgrades=("demo-libs",))),
        ("Package demo-devel is already installed.\nNothing to do.\nComplete!\n", Simulation()),
    ],
    ids=["dnf4", "dnf4 losses", "dnf5", "dnf5 losses", "nothing to do"],
)
def test_simulate_reads_the_transaction_table(scripted, output: str, simulation: Simulation) -> None:
    scripted.on("--assumeno", output=output, returncode=1)
    assert _dnf(scripted).simulate(["demo-devel"]) == simulation


@pytest.mark.parametrize(
    "error",
    [
        "Error: This command has to be run with superuser privileges (under the root user on most systems).\n",
        'Failed to open lock file "/var/lib/dnf/system-repo.lock": (13) - Permission denied\n',
    ],
    ids=["dnf4", "dnf5"],
)
def test_dnf_may_simulate_for_root_only(scripted, error: str) -> None:
    scripted.on("--assumeno", stderr=error, returncode=1)
    assert _dnf(scripted).simulate(["demo-devel"]) is None


def test_where_only_root_is_told_install_simulates_as_root_first(scripted, tmp_path: Path) -> None:
    error = "Error: This command has to be run with superuser privileges (under the root user on most systems).\n"
    scripted.on("sudo", "--assumeno", output=DNF4_LOSSES, returncode=1).on("--assumeno", stderr=error, returncode=1)
    with pytest.raises(PackageManagerError) as caught:
        _dnf(scripted, Privilege("sudo", terminal=False)).install(["foe"], tmp_path / "log")
    assert caught.value.message == (
        "refused, nothing was changed: dnf would remove demo-libs, demo-tools and downgrade other-libs"
    )
    assert [argv[:4] for argv in scripted.recorded] == [("sudo", "-n", "dnf", "--assumeno")]


def test_commands(scripted) -> None:
    names = ["gcc-c++", "pkgconfig(cairo)", "perl(Foo::Bar)", "libX11-devel"]
    assert _dnf(scripted).commands(names) == ((*INSTALL, *names),)
    assert _dnf(scripted, Privilege("sudo", terminal=True)).commands(["gcc"]) == (("sudo", *INSTALL, "gcc"),)


@pytest.mark.parametrize("name", ["-y", "lib*", "a,b", "a b", "@devtools", "x[12]", "(x)", "", "$HOME"])
def test_what_is_no_package_name_never_reaches_dnf(scripted, name: str) -> None:
    with pytest.raises(PackageManagerError) as caught:
        _dnf(scripted).commands([name])
    assert caught.value.message == f"not a package name for dnf: {name!r}"


def test_available_by_name_and_capability(scripted) -> None:
    scripted.on(
        "--whatprovides",
        output="demo-devel\ndemo-devel = 1-1\npkgconfig(demo) = 1\n\n",
        stderr="Last metadata expiration check: 0:00:5\n",
    )
    names = ["demo-devel", "pkgconfig(demo)", "nosuch"]
    assert _dnf(scripted).available(names) == {"demo-devel", "pkgconfig(demo)"}


def test_available_when_no_repository_answers(scripted) -> None:
    scripted.on("--whatprovides", stderr="  - Curl error (6): Could not resolve hostname for https://mirrors\n")
    assert _dnf(scripted).available(["gcc", "nosuch"]) == {"gcc", "nosuch"}


def test_install_verifies_afterwards(scripted, tmp_path: Path) -> None:
    scripted.on("--assumeno", output=DNF4, returncode=1).on("-y", output="Complete!\n")
    scripted.on("rpm", "demo-devel", output="demo-devel-1-1.noarch\n")
    scripted.on("rpm", "nosuch", output="no package provides nosuch\n", returncode=1)
    _dnf(scripted).install(["demo-devel"], tmp_path / "log")
    assert scripted.recorded == [(*INSTALL, "demo-devel")]
    with pytest.raises(PackageManagerError) as caught:
        _dnf(scripted).install(["demo-devel", "nosuch"], tmp_path / "log")
    assert caught.value.message == "dnf reported success, but these are not installed: nosuch"
    assert caught.value.log == tmp_path / "log"


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (
            "No match for argument: nosuch\nError: Unable to find a match: nosuch\n",
            "dnf cannot install nosuch:\nNo match for argument: nosuch\nError: Unable to find a match: nosuch",
        ),
        (
            "Failed to resolve the transaction:\nNo match for argument: nosuch\nYou can try to add to command line:\n",
            "dnf cannot install nosuch:\nFailed to resolve the transaction:\nNo match for argument: nosuch",
        ),
    ],
    ids=["dnf4", "dnf5"],
)
def test_an_unknown_name(scripted, tmp_path: Path, output: str, message: str) -> None:
    scripted.on("--assumeno", output=output, returncode=1).on("makecache")
    with pytest.raises(PackageManagerError) as caught:
        _dnf(scripted).install(["nosuch"], tmp_path / "log")
    assert caught.value.message == message
    assert scripted.recorded == [("dnf", "makecache", "--refresh")]  # once: the package may be newer than the metadata
    assert caught.value.hint == (
        "check which repositories are enabled with dnf repolist --all: -devel packages may be in CRB or EPEL"
    )


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (
            "Errors during downloading metadata for repository 'demo':\n"
            "  - Curl error (7): Could not connect to server for http://x/repomd.xml\n"
            "Ignoring repositories: demo\nNo match for argument: extra\nError: Unable to find a match: extra\n",
            "- Curl error (7): Could not connect to server for http://x/repomd.xml",
        ),
        (
            ">>> Curl error (6): Could not resolve hostname for http://x - http://x\n>>> Usable URL not found\n"
            "Failed to resolve the transaction:\nNo match for argument: extra\n",
            ">>> Curl error (6): Could not resolve hostname for http://x - http://x",
        ),
    ],
    ids=["dnf4", "dnf5"],
)
def test_a_repository_out_of_reach(scripted, tmp_path: Path, output: str, line: str) -> None:
    scripted.on("--assumeno", output=output, returncode=1)
    with pytest.raises(NetworkError) as caught:
        _dnf(scripted).install(["extra"], tmp_path / "log")
    assert caught.value.message == f"dnf could not reach a repository:\n{line}"


def test_any_other_failure_quotes_dnf_and_names_the_log(scripted, tmp_path: Path) -> None:
    said = "Running transaction test\nError: Transaction test error:\n  file /a conflicts between x and y\n"
    scripted.on("--assumeno", output=DNF4, returncode=1).on("-y", output=said, returncode=1)
    with pytest.raises(PackageManagerError) as caught:
        _dnf(scripted).install(["demo-devel"], tmp_path / "log")
    assert caught.value.message == "dnf failed (return code 1):\nError: Transaction test error:"
    assert caught.value.hint == f"read {tmp_path}/log"
