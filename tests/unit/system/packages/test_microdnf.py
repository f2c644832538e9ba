"""Microdnf: what it makes of the words of microdnf, recorded from 3.10.2 (libdnf 0.74) over a small repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.model.plans import Simulation
from accel_doctor.system.packages.microdnf import Microdnf
from accel_doctor.system.packages.privilege import Privilege

ROOT = Privilege("", terminal=False)
INSTALL = ("microdnf", "-y", "--setopt=install_weak_deps=0", "install", "--")

SUMMARY = """Transaction Summary:
 Installing:        1 packages
 Reinstalling:      0 packages
 Upgrading:         0 packages
 Obsoleting:        0 packages
 Removing:          0 packages
 Downgrading:       1 packages
"""
INSTALLING = f"""Downloading metadata...
Package                                                                                          Repository   Size
Installing:                                                                                                       \n\
 demo-devel-1-1.noarch                                                                           demo       6.1 kB
 demo-libs-2-1.noarch                                                                            demo       5.5 kB
 python3-a-name-so-long-that-it-would-not-fit-into-any-column-of-a-table-at-all-devel-1-1.noarch demo       5.8 kB
{SUMMARY}Operation aborted.
"""
DOWNGRADING = f"""Package                           Repository   Size
Installing:                                        \n\
 demo-old-1-1.noarch              demo       5.5 kB
Downgrading:                                       \n\
 demo-libs-1-1.noarch             demo       5.5 kB
   replacing demo-libs-2-1.noarch                  \n\
{SUMMARY}Operation aborted.
"""
OBSOLETING = f"""Package                          Repository   Size
Installing:                                       \n\
 demo-heir-1-1.noarch            demo       5.6 kB
   replacing demo-doc-1-1.noarch                  \n\
{SUMMARY}Operation aborted.
"""
# Not recorded, but as dnf-utils.c of microdnf prints: a removal, an epoch.
REMOVING = f"""Package                          Repository   Size
Removing:                                         \n\
 demo-doc-1-1.noarch             @System       0 B
Upgrading:                                        \n\
 demo-libs-1:2-1.noarch          demo       1.5 MB
   replacing demo-libs-1-1.noarch                 \n\
{SUMMARY}Operation aborted.
"""
# Shortened: without libdnf's second telling of the same.
UNREACHABLE = (
    "\n(microdnf:30638): libdnf-WARNING **: 00:02:42.392: Skipping refresh of demo: cannot update repo 'demo': "
    "Cannot download repomd.xml: Curl error (6): Could not resolve hostname for http://nohost.invalid/\n"
    "error: No package matches 'demo-devel'\n"
)


def _microdnf(scripted, privilege: Privilege = ROOT) -> Microdnf:
    return Microdnf(scripted, privilege)


@pytest.mark.parametrize(
    ("output", "simulation"),
    [
        (
            INSTALLING,
            Simulation(
                installs=(
                    "demo-devel",
                    "demo-libs",
                    "python3-a-name-so-long-that-it-would-not-fit-into-any-column-of-a-table-at-all-devel",
                ),
                download_bytes=17_400,
            ),
        ),
        (DOWNGRADING, Simulation(installs=("demo-old",), downgrades=("demo-libs",), download_bytes=5_500)),
        (OBSOLETING, Simulation(installs=("demo-heir",), removes=("demo-doc",), download_bytes=5_600)),
        (REMOVING, Simulation(installs=("demo-libs",), removes=("demo-doc",), download_bytes=1_500_000)),
        ("Nothing to do.\n", Simulation(download_bytes=0)),
    ],
    ids=["installs", "downgrades", "obsoletes", "removes", "nothing to do"],
)
def test_simulate_reads_the_transaction_table(scripted, output: str, simulation: Simulation) -> None:
    scripted.on("--assumeno", output=output)
    assert _microdnf(scripted).simulate(["demo-devel"]) == simulation


@pytest.mark.parametrize(
    "error",
    [
        "error: Failed to create: /var/cache/yum/metadata\n",
        "error: failed to obtain lock 'metadata': Failed to create file /var/cache/yum/lock/x: Permission denied\n",
    ],
)
def test_without_metadata_only_root_is_told(scripted, tmp_path: Path, error: str) -> None:
    scripted.on("sudo", "--assumeno", output=OBSOLETING).on("--assumeno", stderr=error, returncode=1)
    microdnf = _microdnf(scripted, Privilege("sudo", terminal=False))
    assert microdnf.simulate(["demo-heir"]) is None
    with pytest.raises(PackageManagerError) as caught:
        microdnf.install(["demo-heir"], tmp_path / "log")
    assert caught.value.message == "refused, nothing was changed: microdnf would remove demo-doc"
    assert [argv[:4] for argv in scripted.recorded] == [("sudo", "-n", "microdnf", "--assumeno")]


def test_commands(scripted) -> None:
    names = ["gcc-c++", "pkgconfig(cairo)"]
    assert _microdnf(scripted).commands(names) == ((*INSTALL, *names),)
    with pytest.raises(PackageManagerError) as caught:
        _microdnf(scripted).commands(["-y"])
    assert caught.value.message == "not a package name for microdnf: '-y'"


def test_available(scripted) -> None:
    scripted.on("--assumeno", "nosuch", stderr="error: No package matches 'nosuch'\n", returncode=1)
    scripted.on("--assumeno", "demo-broken", stderr="error: Could not depsolve transaction\n", returncode=1)
    scripted.on("--assumeno", output=INSTALLING)
    microdnf = _microdnf(scripted)
    assert microdnf.available(["demo-devel", "nosuch", "pkgconfig(demo)"]) == {"demo-devel", "pkgconfig(demo)"}
    assert microdnf.available(["demo-devel"]) == {"demo-devel"}
    assert microdnf.available(["nosuch"]) == microdnf.available([]) == frozenset()
    assert microdnf.available(["demo-broken"]) == {"demo-broken"}  # it is there, and simulate says what is wrong


def test_available_when_no_repository_answers(scripted) -> None:
    scripted.on("--assumeno", stderr=UNREACHABLE, returncode=1)
    assert _microdnf(scripted).available(["gcc", "nosuch"]) == {"gcc", "nosuch"}


def test_install_verifies_afterwards(scripted, tmp_path: Path) -> None:
    scripted.on("--assumeno", output=INSTALLING).on("-y", output="Complete.\n")
    scripted.on("rpm", "demo-devel", output="demo-devel-1-1.noarch\n").on("rpm", "nosuch", returncode=1)
    _microdnf(scripted).install(["demo-devel"], tmp_path / "log")
    assert scripted.recorded == [(*INSTALL, "demo-devel")]
    with pytest.raises(PackageManagerError) as caught:
        _microdnf(scripted).install(["demo-devel", "nosuch"], tmp_path / "log")
    assert caught.value.message == "microdnf reported success, but these are not installed: nosuch"


def test_an_unknown_name(scripted, tmp_path: Path) -> None:
    scripted.on("--assumeno", stderr="error: No package matches 'nosuch'\n", returncode=1)
    with pytest.raises(PackageManagerError) as caught:
        _microdnf(scripted).install(["nosuch"], tmp_path / "log")
    assert caught.value.message == "microdnf cannot install nosuch:\nerror: No package matches 'nosuch'"
    assert caught.value.hint == (
        "check which repositories are enabled with microdnf repolist --all: -devel packages may be in CRB or EPEL"
    )


def test_a_repository_out_of_reach(scripted, tmp_path: Path) -> None:
    scripted.on("--assumeno", stderr=UNREACHABLE, returncode=1)
    with pytest.raises(NetworkError) as caught:
        _microdnf(scripted).install(["demo-devel"], tmp_path / "log")
    first, second = caught.value.message.splitlines()
    assert first == "microdnf could not reach a repository:"
    assert "Cannot download repomd.xml: Curl error (6): Could not resolve hostname for http://no" in second


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (
            "error: rpmdb[process] already locked by sleep(32003)\n",
            "microdnf is locked by another program:\nerror: rpmdb[process] already locked by sleep(32003)",
            "wait until it has finished, then run the same command again",
        ),
        (
            "error: package demo-devel-1-1.noarch cannot be verified and repo demo is GPG enabled: x could not be"
            " verified.\nx:  digest:  SIGNATURE:  NOT OK\n",
            "microdnf failed (return code 1):\nerror: package demo-devel-1-1.noarch cannot be verified and repo demo"
            " is GPG enabled: x could not be verified.",
            "microdnf does not trust a package: import its repository's key with rpm --import",
        ),
        (
            "Running transaction test...\nerror: Error -1 running transaction\n",
            "microdnf failed (return code 1):\nerror: Error -1 running transaction",
            "read {log}",
        ),
    ],
    ids=["locked", "not signed", "any other"],
)
def test_a_failed_transaction(scripted, tmp_path: Path, said: str, message: str, hint: str) -> None:
    log = tmp_path / "log"
    scripted.on("--assumeno", output=INSTALLING).on("-y", output=said, returncode=1)
    with pytest.raises(PackageManagerError) as caught:
        _microdnf(scripted).install(["demo-devel"], log)
    assert (caught.value.message, caught.value.hint) == (message, hint.format(log=log))
