"""Apt: what it makes of apt's and dpkg's words, as apt 2.6 and 3.0 say them. tests/integration drives the real one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from accel_doctor.errors import AccelDoctorError, NetworkError, PackageManagerError, PrivilegeError
from accel_doctor.model.plans import Simulation
from accel_doctor.system.packages.apt import Apt
from accel_doctor.system.packages.privilege import Privilege

ROOT = Privilege("", terminal=False)
QUIET = ("env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_MODE=l")
INSTALL = (
    *("apt-get", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Options::=--force-confold"),
    *("install", "-y", "--no-install-recommends", "--"),
)
UPDATE = ("apt-get", "-o", "DPkg::Lock::Timeout=120", "update")
LISTS = "/var/lib/apt/lists/deb.debian.org_debian_dists_trixie_main_binary-amd64_Packages\n"
HEAD = "Reading package lists...\nBuilding dependency tree...\nReading state information...\n"
DPKG = "dpkg\tamd64\tinstalled\t\n"


def _policy(*known: str) -> str:
    return "".join(f"{name}:\n  Installed: (none)\n  Candidate: 1.0-1\n  Version table:\n" for name in known)


def _knowing(scripted, *names: str, lists: str = LISTS):
    scripted.on("indextargets", output=lists)
    scripted.on("policy", output=_policy(*names))
    scripted.on("showpkg", output="Package: x\nReverse Provides: \n")
    return scripted


NEW = "The following NEW packages will be installed:\n  libpq-dev\n"


def _installing(scripted, simulated: str = NEW, **failure: object):
    scripted.on("--print-uris", output=HEAD + simulated)
    scripted.on("-y", **failure)
    return scripted


def _apt(scripted, privilege: Privilege = ROOT) -> Apt:
    return Apt(scripted, privilege)


def _failing(scripted, log: Path, error: type[AccelDoctorError]) -> tuple[str, str | None]:
    with pytest.raises(error) as caught:
        _apt(scripted).install(["libpq-dev"], log)
    assert type(caught.value).__mro__[0] is error or issubclass(type(caught.value), error)
    return caught.value.message, caught.value.hint


def test_installed_knows_architectures_states_and_provided_names(scripted) -> None:
    rows = [
        "dpkg\tamd64\tinstalled\t",
        "zlib1g\tamd64\tinstalled\tlibz1",
        "zlib1g-dev\ti386\tinstalled\tlibz-dev",  # of a foreign architecture: no use to a build
        "gcc\tamd64\tconfig-files\t",
        "python3\tall\tinstalled\tpython3-profiler, python3-supported (= 3.13.5), python3-any:any (= 3)",
    ]
    scripted.on("dpkg-query", output="\n".join(rows) + "\n")
    asked = ["zlib1g", "libz1", "zlib1g-dev", "libz-dev", "gcc", "python3-supported", "python3-any", "absent"]
    found = _apt(scripted).installed(asked)
    assert found == {"zlib1g", "libz1", "python3-supported", "python3-any"}


def test_available_counts_a_virtual_name_that_one_package_provides(scripted) -> None:
    shown = {
        "libz-dev": "Package: libz-dev\nReverse Provides: \nzlib1g-dev 1:1.3 (= )\nzlib1g-dev 1:1.2 (= )\n",
        "awk": "Package: awk\nReverse Provides: \nmawk 1.3 (= )\ngawk 1:5 (= )\n",
        "nosuch": "",
    }
    none = "libz-dev:\n  Installed: (none)\n  Candidate: (none)\n  Version table:\n"
    scripted.on("indextargets", output=LISTS)
    scripted.on("policy", output=none + _policy("gcc"))
    scripted.call("showpkg", answer=lambda argv: (0, shown[argv[-1]], ""))
    assert _apt(scripted).available(["gcc", "libz-dev", "awk", "nosuch"]) == {"gcc", "libz-dev"}
    assert _apt(scripted).listed(["gcc", "nosuch", "no package's name"]) == {"gcc"}


def test_versions_are_those_that_would_be_installed(scripted) -> None:
    none = "nosuch:\n  Installed: (none)\n  Candidate: (none)\n  Version table:\n"
    scripted.on("policy", output=none + "rustc:\n  Installed: 1.63.0+dfsg1-2\n  Candidate: 1.63.0+dfsg1-3\n")
    assert _apt(scripted).versions(["rustc", "nosuch"]) == {"rustc": "1.63.0+dfsg1-3"}


def test_without_lists_nothing_can_be_told(scripted) -> None:
    scripted.on("indextargets", output="")
    apt = _apt(scripted)
    assert apt.available(["gcc", "nosuch"]) == {"gcc", "nosuch"}
    assert apt.listed(["gcc", "nosuch"]) == frozenset()
    assert apt.simulate(["gcc"]) is None
    assert apt.commands(["gcc"]) == (UPDATE, (*QUIET, *INSTALL, "gcc"))


def test_commands_are_what_is_pasted_into_a_shell(scripted) -> None:
    scripted.on("indextargets", output=LISTS)
    names = ["gcc", "g++", "gcc"]
    assert _apt(scripted).commands(names) == ((*QUIET, *INSTALL, "gcc", "g++"),)
    assert _apt(scripted, Privilege("sudo", terminal=True)).commands(names) == (("sudo", *INSTALL, "gcc", "g++"),)
    assert _apt(scripted, Privilege("sudo", terminal=False)).commands(names) == (
        ("sudo", "-n", *QUIET, *INSTALL, "gcc", "g++"),
    )
    assert _apt(scripted).privileged
    assert not _apt(scripted, Privilege(None, terminal=True)).privileged


@pytest.mark.parametrize("name", ["gcc-", "-y", "GCC", "gcc:i386", "gcc=1", "a", "gcc/sid", "lib*", "g cc", ""])
def test_what_is_no_package_name_never_reaches_apt(scripted, name: str) -> None:
    with pytest.raises(PackageManagerError) as caught:
        _apt(scripted).commands(["gcc", name])
    assert caught.value.message == f"not a package name for apt: {name!r}"


def test_a_simulation_lists_everything_with_its_sizes(scripted) -> None:
    _knowing(scripted, "libpq-dev")
    scripted.on(
        "--print-uris",
        output=HEAD
        + "The following additional packages will be installed:\n  libssl-dev zlib1g-dev\n"
        + "The following packages will be REMOVED:\n  mawk python3-venv\n"
        + "The following NEW packages will be installed:\n  libpq-dev\n  libssl-dev\n"
        + "The following packages will be upgraded:\n  zlib1g-dev\n"
        + "The following packages will be DOWNGRADED:\n  libssl3 libpq5\n  openssl\n"
        + "1 upgraded, 2 newly installed, 3 downgraded, 2 to remove and 0 not upgraded.\n"
        + "Need to get 46.0 MB of archives.\nAfter this operation, 180 MB of additional disk space will be used.\n",
        stderr="E: Packages were downgraded and -y was used without --allow-downgrades.\n",
        returncode=100,
    )
    assert _apt(scripted).simulate(["libpq-dev"]) == Simulation(
        installs=("libpq-dev", "libssl-dev", "zlib1g-dev"),
        removes=("mawk", "python3-venv"),
        downgrades=("libssl3", "libpq5", "openssl"),
        download_bytes=46_000_000,
        disk_bytes=180_000_000,
    )


@pytest.mark.parametrize(
    ("words", "download", "disk"),
    [
        (
            "Need to get 0 B/12.3 MB of archives.\nAfter this operation, 1,087 kB of additional disk space",
            0,
            1_087_000,
        ),
        (
            "Need to get 512 B of archives.\nAfter this operation, 2048 B disk space will be freed.",
            512,
            -2048,
        ),
        ("", None, None),
    ],
)
def test_sizes(scripted, words: str, download: int | None, disk: int | None) -> None:
    _knowing(scripted, "gcc").on("--print-uris", output=words + "\n")
    simulation = _apt(scripted).simulate(["gcc"])
    assert simulation is not None
    assert (simulation.download_bytes, simulation.disk_bytes) == (download, disk)


def test_the_same_is_planned_once_until_packages_or_lists_change(scripted) -> None:
    changed = iter(["10:00\n", "10:00\n", "10:01\n"])
    _installing(_knowing(scripted, "libpq-dev")).call("stat", answer=lambda argv: (0, next(changed), ""))
    apt = _apt(scripted)
    planned = []
    for _ in range(3):
        apt.simulate(["libpq-dev"])
        planned.append(sum("--print-uris" in command for command in scripted.commands))
    assert planned == [1, 1, 2]


def test_unmet_dependencies_are_quoted_whole(scripted) -> None:
    said = (
        "Some packages could not be installed. This may mean that...\n"
        "The following packages have unmet dependencies:\n"
        " libpq-dev : Depends: libpq5 (= 15.1) but 16.2 is to be installed\n"
    )
    error = "E: Unable to correct problems, you have held broken packages.\n"
    _knowing(scripted, "libpq-dev").on("--print-uris", output=HEAD + said, stderr=error, returncode=100)
    with pytest.raises(PackageManagerError) as caught:
        _apt(scripted).simulate(["libpq-dev"])
    assert caught.value.message == (
        "apt-get cannot install libpq-dev:\n"
        "The following packages have unmet dependencies:\n"
        "libpq-dev : Depends: libpq5 (= 15.1) but 16.2 is to be installed\n"
        "E: Unable to correct problems, you have held broken packages."
    )


def test_install_verifies_afterwards(scripted, tmp_path: Path) -> None:
    _installing(_knowing(scripted, "libpq-dev")).on("dpkg-query", output=DPKG)
    message, hint = _failing(scripted, tmp_path / "log", PackageManagerError)
    assert message == "apt-get reported success, but these are not installed: libpq-dev"
    assert hint == f"read {tmp_path}/log"


def test_install_runs_exactly_the_commands_it_showed(scripted, tmp_path: Path) -> None:
    fetched: list[str] = []

    def update(argv: Sequence[str]) -> tuple[int, str, str]:
        fetched.append(LISTS)
        return 0, "Get:1 http://deb.debian.org trixie InRelease\n", ""

    scripted.call("indextargets", answer=lambda argv: (0, "".join(fetched), ""))
    scripted.call("update", answer=update)
    _installing(_knowing(scripted, "libpq-dev")).on("dpkg-query", output=DPKG + "libpq-dev\tamd64\tinstalled\t\n")
    commands = _apt(scripted).commands(["libpq-dev"])
    _apt(scripted).install(["libpq-dev"], tmp_path / "log")
    assert tuple(scripted.recorded) == commands == (UPDATE, (*QUIET, *INSTALL, "libpq-dev"))
    assert (tmp_path / "log").read_text() == (
        "$ apt-get -o DPkg::Lock::Timeout=120 update\nGet:1 http://deb.debian.org trixie InRelease\n"
        "$ env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -o DPkg::Lock::Timeout=120 "
        "-o Dpkg::Options::=--force-confold install -y --no-install-recommends -- libpq-dev\n"
    )


@pytest.mark.parametrize(
    ("simulated", "losses"),
    [
        ("The following packages will be REMOVED:\n  mawk\n" + NEW, "remove mawk"),
        ("The following packages will be DOWNGRADED:\n  libpq5\n", "downgrade libpq5"),
    ],
)
def test_removals_and_downgrades_are_refused_before_anything_runs(
    scripted, tmp_path: Path, simulated: str, losses: str
) -> None:
    _installing(_knowing(scripted, "libpq-dev"), simulated)
    message, hint = _failing(scripted, tmp_path / "log", PackageManagerError)
    assert message == f"refused, nothing was changed: apt-get would {losses}"
    assert hint == "if that is what you want, install with apt-get yourself, then run the same command again"
    assert scripted.recorded == []


def test_an_unknown_name_is_asked_for_again_after_one_update(scripted, tmp_path: Path) -> None:
    _knowing(scripted).on("update", output="Hit:1 http://deb.debian.org trixie InRelease\n")
    message, _ = _failing(scripted, tmp_path / "log", PackageManagerError)
    assert message == "apt found no package named libpq-dev"
    assert scripted.recorded == [UPDATE]


def test_a_file_gone_from_the_mirror_is_cured_by_one_update(scripted, tmp_path: Path) -> None:
    gone = "E: Failed to fetch http://deb.debian.org/pool/libpq-dev_16.deb  404  Not Found [IP: 10.0.0.1 80]\n"
    rest = "E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?\n"
    tries = iter([(100, "", gone + rest), (0, "", "")])
    _knowing(scripted, "libpq-dev").on("--print-uris", output=HEAD).on("update")
    scripted.call("-y", answer=lambda argv: next(tries))
    scripted.on("dpkg-query", output=DPKG + "libpq-dev\tamd64\tinstalled\t\n")
    _apt(scripted).install(["libpq-dev"], tmp_path / "log")
    assert [("update" in argv) for argv in scripted.recorded] == [False, True, False]


def test_a_mirror_out_of_reach(scripted, tmp_path: Path) -> None:
    line = "E: Failed to fetch http://deb.debian.org/libpq-dev_16.deb  Temporary failure resolving 'deb.debian.org'"
    rest = "E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?"
    _installing(_knowing(scripted, "libpq-dev"), stderr=f"Ign:1 http://deb\n{line}\n{rest}\n", returncode=100)
    message, hint = _failing(scripted, tmp_path / "log", NetworkError)
    assert message == f"apt-get could not reach a repository:\n{line}\n{rest}"
    assert hint == "check the network, the proxy and the mirrors in /etc/apt, then run the same command again"


def test_an_update_that_gets_no_lists_although_it_returns_0(scripted, tmp_path: Path) -> None:
    line = "W: Failed to fetch http://deb.debian.org/InRelease  Could not connect to 127.0.0.1:9 (127.0.0.1)."
    rest = "W: Some index files failed to download. They have been ignored, or old ones used instead."
    _knowing(scripted, lists="").on("update", output="Reading package lists...\n", stderr=f"{line}\n{rest}\n")
    message, _ = _failing(scripted, tmp_path / "log", NetworkError)
    assert message == f"apt-get update got no package lists:\n{line}"


def test_a_name_that_stays_unknown_because_the_update_failed_is_the_network_s_fault(scripted, tmp_path: Path) -> None:
    line = "W: Failed to fetch http://deb.debian.org/InRelease  Temporary failure resolving 'deb.debian.org'"
    _knowing(scripted).on("update", stderr=f"{line}\n")
    message, _ = _failing(scripted, tmp_path / "log", NetworkError)
    assert message == f"apt found no package named libpq-dev\n{line}"


def test_a_held_lock_names_its_holder(scripted, tmp_path: Path) -> None:
    waiting = "Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)..."
    error = "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?"
    said = f"{waiting}\r{waiting}\r\n"
    _installing(_knowing(scripted, "libpq-dev"), output=said, stderr=f"{error}\n", returncode=100)
    message, hint = _failing(scripted, tmp_path / "log", PackageManagerError)
    assert message == f"apt-get is locked by another program:\n{waiting}\n{error}"
    assert hint == "wait until it has finished, then run the same command again"


def test_an_untrusted_repository(scripted, tmp_path: Path) -> None:
    error = "E: There were unauthenticated packages and -y was used without --allow-unauthenticated"
    _installing(_knowing(scripted, "libpq-dev"), stderr=f"{error}\n", returncode=100)
    message, hint = _failing(scripted, tmp_path / "log", PackageManagerError)
    assert message == f"apt-get failed (return code 100):\n{error}"
    assert hint == "apt does not trust a repository: install its key, or remove it from /etc/apt/sources.list.d"


def test_any_other_failure_quotes_apt_and_names_the_log(scripted, tmp_path: Path) -> None:
    error = "E: Sub-process /usr/bin/dpkg returned an error code (1)"
    _installing(_knowing(scripted, "libpq-dev"), stderr=f"{error}\n", returncode=100)
    message, hint = _failing(scripted, tmp_path / "log", PackageManagerError)
    assert (message, hint) == (f"apt-get failed (return code 100):\n{error}", f"read {tmp_path}/log")


def test_what_dpkg_leaves_half_installed_is_to_be_mended_first(scripted, tmp_path: Path) -> None:
    error = " cannot copy extracted data for './usr/a' to '/usr/a.dpkg-new': failed to write (No space left on device)"
    scripted.on("--audit", output="The following packages are only half configured:\n libpq-dev\n")
    _installing(_knowing(scripted, "libpq-dev"), stderr=f"{error}\n", returncode=100)
    message, hint = _failing(scripted, tmp_path / "log", PackageManagerError)
    assert message == f"apt-get ran out of disk space:\n{error.strip()}"
    assert hint == (
        "free some disk space, finish what dpkg began with dpkg --configure -a && apt-get --fix-broken install, "
        "then run the same command again"
    )


def test_without_privilege_the_commands_are_handed_over(scripted, tmp_path: Path) -> None:
    _installing(_knowing(scripted, "libpq-dev"))
    with pytest.raises(PrivilegeError) as caught:
        _apt(scripted, Privilege(None, terminal=False)).install(["libpq-dev"], tmp_path / "log")
    assert caught.value.commands == ((*QUIET, *INSTALL, "libpq-dev"),)
    assert scripted.recorded == []


def test_everything_parsed_is_asked_for_in_english(scripted, tmp_path: Path) -> None:
    _installing(_knowing(scripted, "libpq-dev")).on("dpkg-query", output=DPKG + "libpq-dev\tamd64\tinstalled\t\n")
    _apt(scripted).install(["libpq-dev"], tmp_path / "log")
    assert {environment.get("LC_ALL") for environment in scripted.environments} == {"C"}
