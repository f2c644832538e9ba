"""The apt adapter drives the apt of Debian 12 and 13."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from integration.conftest import MakeMachine
from integration.machine import Base, Machine

from accel_doctor.errors import NetworkError, PackageManagerError, PrivilegeError
from accel_doctor.system.packages.apt import Apt
from accel_doctor.system.packages.privilege import Privilege

ROOT = Privilege("", terminal=False)
SMALL = "libev-dev"  # pulls libev4 in, recommends nothing that is needed


@pytest.fixture(params=["bookworm", "trixie"])
def debian(request: pytest.FixtureRequest, make_machine: MakeMachine) -> Machine:
    return make_machine(Base(request.param))


def _local_package(debian: Machine, name: str, version: str, *fields: str) -> None:
    """An empty package in a local, trusted repository."""
    control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: A <a@example.org>\n"
    control += "".join(f"{field}\n" for field in fields) + "Description: empty\n"
    debian.write("/tmp/build/DEBIAN/control", control)
    debian.must("dpkg-deb", "--build", "/tmp/build", f"/srv/{name}_{version}.deb")
    packages = debian.path("/srv/Packages")
    size = debian.path(f"/srv/{name}_{version}.deb").stat().st_size
    digest = debian.must("sha256sum", f"/srv/{name}_{version}.deb").split()[0]
    entry = control.replace(
        "Description:", f"Filename: ./{name}_{version}.deb\nSize: {size}\nSHA256: {digest}\nDescription:"
    )
    packages.write_text((packages.read_text() if packages.exists() else "") + entry + "\n")


def _add_repository(debian: Machine, options: str = "[trusted=yes]", location: str = "file:/srv") -> None:
    debian.write("/etc/apt/sources.list.d/local.list", f"deb {options} {location} ./\n")
    debian.must("apt-get", "update", "-o", "Dir::Etc::SourceList=/etc/apt/sources.list.d/local.list",
                "-o", "Dir::Etc::SourceParts=-", "-o", "APT::Get::List-Cleanup=0")  # fmt: skip


@contextmanager
def _held(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """A web server on the host, which the machine shares its network with."""

    class Silent(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_from_empty_lists_to_an_installed_package(debian: Machine, tmp_path: Path) -> None:
    debian.forget_package_lists()
    apt = Apt(debian.runner(), ROOT)
    log = tmp_path / "log"
    assert apt.simulate([SMALL]) is None
    assert apt.available([SMALL, "no-such-package"]) == {SMALL, "no-such-package"}
    assert [command[-1] for command in apt.commands([SMALL])] == ["update", SMALL]

    apt.install([SMALL], log)

    assert apt.installed([SMALL, "libev4", "no-such-package"]) >= {SMALL}
    assert debian.path("/usr/include/ev.h").exists()
    assert log.read_text().startswith("$ apt-get -o DPkg::Lock::Timeout=120 update\n")
    assert [command[-1] for command in apt.commands([SMALL])] == [SMALL]
    assert apt.available([SMALL, "no-such-package", "libz-dev", "awk"]) == {SMALL, "libz-dev"}


def test_what_was_fetched_ahead_is_not_installed_and_not_fetched_again(debian: Machine, tmp_path: Path) -> None:
    debian.forget_package_lists()
    debian.path("/etc/apt/apt.conf.d/docker-clean").unlink(missing_ok=True)
    apt = Apt(debian.runner(), ROOT)
    before = debian.must("dpkg-query", "-W")

    apt.fetch([SMALL], tmp_path / "ahead")

    assert debian.must("dpkg-query", "-W") == before
    assert list(debian.path("/var/cache/apt/archives").glob(f"{SMALL}_*.deb"))
    apt.install([SMALL], tmp_path / "log")
    said = (tmp_path / "log").read_text()
    assert "update\n" not in said
    assert "Get:" not in said
    assert "Setting up libev-dev" in said


def test_a_simulation_for_anybody_changes_nothing_and_tells_sizes(debian: Machine) -> None:
    debian.must("useradd", "--create-home", "ann")
    apt = Apt(debian.runner("ann"), ROOT)
    simulation = apt.simulate(["gcc", "libc6-dev"])
    assert simulation is not None
    assert {"gcc", "binutils", "libc6-dev"} <= set(simulation.installs)
    assert (simulation.removes, simulation.downgrades) == ((), ())
    assert simulation.download_bytes is not None
    assert 30_000_000 < simulation.download_bytes < 100_000_000
    assert simulation.disk_bytes is not None
    assert 100_000_000 < simulation.disk_bytes < 400_000_000
    assert apt.installed(["gcc", "dpkg", "libz1", "python3"]) == {"dpkg", "libz1", "python3"}


def test_an_unknown_name_installs_nothing(debian: Machine, tmp_path: Path) -> None:
    apt = Apt(debian.runner(), ROOT)
    with pytest.raises(PackageManagerError) as caught:
        apt.install([SMALL, "no-such.package"], tmp_path / "log")
    assert caught.value.message == "apt found no package named no-such.package"
    assert apt.installed([SMALL]) == frozenset()
    assert "apt-get -o DPkg::Lock::Timeout=120 update\n" in (tmp_path / "log").read_text()


def test_removals_and_downgrades_are_refused(debian: Machine, tmp_path: Path) -> None:
    _local_package(debian, "accel-quarrel", "1", "Conflicts: mawk", "Provides: awk")
    _local_package(debian, "accel-nostalgia", "1", "Depends: accel-libs (= 1)")
    _local_package(debian, "accel-libs", "1")
    _local_package(debian, "accel-libs", "2")
    _add_repository(debian)
    apt = Apt(debian.runner(), ROOT)
    apt.install(["accel-libs"], tmp_path / "log")

    with pytest.raises(PackageManagerError) as caught:
        apt.install(["accel-quarrel"], tmp_path / "log")
    assert caught.value.message == "refused, nothing was changed: apt-get would remove mawk"

    debian.write("/etc/apt/preferences.d/old", "Package: accel-libs\nPin: version 1\nPin-Priority: 1001\n")
    with pytest.raises(PackageManagerError) as caught:
        apt.install(["accel-nostalgia"], tmp_path / "log")
    assert caught.value.message == "refused, nothing was changed: apt-get would downgrade accel-libs"
    assert apt.installed(["mawk", "accel-libs", "accel-quarrel", "accel-nostalgia"]) == {"mawk", "accel-libs"}


def test_dependencies_that_cannot_be_met(debian: Machine) -> None:
    _local_package(debian, "accel-broken", "1", "Depends: no-such-package")
    _add_repository(debian)
    with pytest.raises(PackageManagerError) as caught:
        Apt(debian.runner(), ROOT).simulate(["accel-broken"])
    first, second, third, *_ = caught.value.message.splitlines()
    assert first == "apt-get cannot install accel-broken:"
    assert second == "The following packages have unmet dependencies:"
    assert third.split() == [
        "accel-broken",
        ":",
        "Depends:",
        "no-such-package",
        "but",
        "it",
        "is",
        "not",
        "installable",
    ]


def test_an_untrusted_repository_is_not_installed_from(debian: Machine, tmp_path: Path) -> None:
    _local_package(debian, "accel-shady", "1")
    _add_repository(debian, "[allow-insecure=yes]")
    with pytest.raises(PackageManagerError) as caught:
        Apt(debian.runner(), ROOT).install(["accel-shady"], tmp_path / "log")
    assert "E: There were unauthenticated packages" in caught.value.message
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("apt does not trust a repository")


def test_a_failing_maintainer_script_is_quoted(debian: Machine, tmp_path: Path) -> None:
    debian.write("/tmp/build/DEBIAN/postinst", "#!/bin/sh\necho broken on purpose >&2\nexit 3\n", 0o755)
    _local_package(debian, "accel-fails", "1")
    _add_repository(debian)
    with pytest.raises(PackageManagerError) as caught:
        Apt(debian.runner(), ROOT).install(["accel-fails"], tmp_path / "log")
    assert caught.value.message == (
        "apt-get failed (return code 100):\nE: Sub-process /usr/bin/dpkg returned an error code (1)"
    )
    assert caught.value.hint == (
        "finish what dpkg began with dpkg --configure -a && apt-get --fix-broken install, then run the same command "
        f"again; what went wrong is in {tmp_path}/log"
    )
    assert "broken on purpose" in (tmp_path / "log").read_text()


def test_a_held_lock_is_waited_for_and_its_holder_named(debian: Machine, tmp_path: Path) -> None:
    apt = Apt(debian.runner(), ROOT, lock_timeout=1)
    with _held(debian.path("/var/lib/dpkg/lock-frontend")), pytest.raises(PackageManagerError) as caught:
        apt.install([SMALL], tmp_path / "log")
    first, second, third = caught.value.message.splitlines()
    assert first == "apt-get is locked by another program:"
    assert second.startswith("Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by")
    assert third.startswith("E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another")
    assert caught.value.hint == "wait until it has finished, then run the same command again"


def test_without_the_network(debian: Machine, tmp_path: Path) -> None:
    debian.write("/etc/apt/apt.conf.d/90impatient", 'Acquire::Retries "0";\n')
    apt = Apt(debian.runner(network=False), ROOT)
    with pytest.raises(NetworkError) as caught:
        apt.install([SMALL], tmp_path / "log")
    assert caught.value.message.startswith("apt-get could not reach a repository:\nE: Failed to fetch http")
    debian.forget_package_lists()
    with pytest.raises(NetworkError) as caught:
        Apt(debian.runner(network=False), ROOT).install([SMALL], tmp_path / "log")
    assert caught.value.message.startswith("apt-get update got no package lists:\nW: Failed to fetch http")


def test_a_file_gone_from_the_mirror_is_cured_by_an_update(debian: Machine, tmp_path: Path) -> None:
    _local_package(debian, "accel-moves", "1")
    os.utime(debian.path("/srv/Packages"), (0, 0))  # apt asks for what is newer, to the second
    with _served(debian.path("/srv")) as address:
        _add_repository(debian, location=address)
        debian.path("/srv/accel-moves_1.deb").unlink()
        debian.path("/srv/Packages").unlink()
        _local_package(debian, "accel-moves", "2")
        Apt(debian.runner(), ROOT).install(["accel-moves"], tmp_path / "log")
    assert re.search(r"^E: Failed to fetch \S+/accel-moves_1.deb  404 ", (tmp_path / "log").read_text(), re.MULTILINE)
    assert debian.must("dpkg-query", "-W", "-f", "${Version}", "accel-moves") == "2"


def test_somebody_without_sudo_gets_the_commands(debian: Machine, tmp_path: Path) -> None:
    debian.must("useradd", "--create-home", "ann")
    apt = Apt(debian.runner("ann"), Privilege(None, terminal=False))
    with pytest.raises(PrivilegeError) as caught:
        apt.install([SMALL], tmp_path / "log")
    assert caught.value.commands == apt.commands([SMALL])
    assert caught.value.commands[0][-2:] == ("--", SMALL)


def test_a_user_who_is_not_root_fails_with_apt_s_words(debian: Machine, tmp_path: Path) -> None:
    debian.must("useradd", "--create-home", "ann")
    with pytest.raises(PackageManagerError) as caught:
        Apt(debian.runner("ann"), ROOT).install([SMALL], tmp_path / "log")
    assert "are you root?" in caught.value.message


ONE_OF_TWO = pytest.mark.parametrize(
    "debian", [pytest.param("bookworm", marks=pytest.mark.long), "trixie"], indirect=True
)


@ONE_OF_TWO
def test_exactly_what_was_installed_is_removed(debian: Machine, tmp_path: Path) -> None:
    _local_package(debian, "accel-user", "1", "Depends: libev4t64 | libev4")
    # configured to remove more: it must not
    debian.write("/etc/apt/apt.conf.d/tidy", 'APT::Get::AutomaticRemove "true";\nAPT::Get::Purge "true";\n')
    apt = Apt(debian.runner(), ROOT)
    before = apt.inventory()
    apt.install([SMALL], tmp_path / "log")
    new = sorted(apt.inventory() - before)
    remover = apt.remover(tmp_path / "removed")
    assert remover is not None
    assert set(new) & remover.explicit() == {SMALL}
    assert remover.simulate([SMALL]) == {SMALL}
    assert remover.sizes(new).keys() == set(new)
    assert remover.sizes([SMALL])[SMALL] > 50_000

    # what somebody else needs by now would take that along
    debian.must("dpkg", "--install", "/srv/accel-user_1.deb")
    assert remover.needed(frozenset(new)) == {name: ["accel-user"] for name in new if name.startswith("libev4")}
    with pytest.raises(PackageManagerError) as caught:
        remover.remove(new)
    assert caught.value.message == (
        "refused, nothing was changed: apt-get would not remove exactly these packages: accel-user"
    )
    assert apt.inventory() - before == {*new, "accel-user"}
    debian.must("dpkg", "--remove", "accel-user")

    remover.remove(new)
    assert apt.inventory() == before
    assert remover.sizes(["dpkg"]).keys() == {"dpkg"}
    (command,) = remover.commands(["libev4"])
    assert (tmp_path / "removed").read_text().startswith(f"$ {' '.join(command[:-1])} {' '.join(new)}\n")


@ONE_OF_TWO
def test_what_the_system_needs_is_not_removed(debian: Machine, tmp_path: Path) -> None:
    remover = Apt(debian.runner(), ROOT).remover(tmp_path / "log")
    assert remover is not None
    with pytest.raises(PackageManagerError):
        remover.remove(["hostname"])  # essential, and nothing depends on it
    with pytest.raises(PackageManagerError) as caught:
        remover.remove(["gcc-", "--purge"])
    assert caught.value.message == "not a package name for apt: 'gcc-'"
    assert debian.must("hostname", "--version")
