"""Apk: what it makes of apk's words, recorded from apk 3.0.6 and 2.14.9 over a small signed repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel_doctor.errors import NetworkError, PackageManagerError, PrivilegeError
from accel_doctor.model.cures import Provider
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.model.plans import Simulation
from accel_doctor.system.packages.apk import Apk
from accel_doctor.system.packages.privilege import Privilege

ROOT = Privilege("", terminal=False)
ALL = "demo-alt\ndemo-dev\ndemo-libs\ndemo-tools\n"
NO_LISTS = "WARNING: opening from cache http://127.0.0.1:8765/x86_64/APKINDEX.tar.gz: No such file or directory\n"
UNKNOWN = "ERROR: unable to select packages:\n  {0} (no such package):\n    required by: world[{0}]\n"
INSTALLING = "(1/2) Installing demo-libs (2-r0)\n(2/2) Installing demo-dev (1-r0)\nOK: 34 KiB in 2 packages\n"

NETWORK_HINT = "check the network, the proxy and /etc/apk/repositories, then run the same command again"
MIRROR_HINT = "check the mirror in /etc/apk/repositories; if it is incomplete, switch to another one"
REPOSITORY_HINT = "check the repositories in /etc/apk/repositories: -dev packages may be in community"


def _apk(scripted, privilege: Privilege = ROOT) -> Apk:
    return Apk(scripted, privilege)


def _command(*names: str, lists: str = "--no-cache") -> tuple[str, ...]:
    return ("apk", "add", lists, "--no-interactive", "--wait", "120", "--", *names)


@pytest.mark.parametrize(
    ("output", "simulation"),
    [
        (INSTALLING, Simulation(installs=("demo-libs", "demo-dev"))),
        (
            "(1/2) Downgrading demo-libs (2-r0 -> 1-r0)\n(2/2) Installing demo-old (1-r0)\nOK: 15 B in 3 packages\n",
            Simulation(installs=("demo-old",), downgrades=("demo-libs",)),
        ),
        (
            "(1/2) Purging demo-heir (1-r0)\n(2/2) Installing demo-tools (1-r0)\nOK: 10 B in 2 packages\n",
            Simulation(installs=("demo-tools",), removes=("demo-heir",)),
        ),
        # not recorded, but as commit.c of apk 3.0.6 prints: a longer transaction, a package of a tagged repository
        (
            "( 9/10) Upgrading musl (1.2.5-r1 -> 1.2.5-r9)\n(10/10) Installing gcc@edge (14.2.0-r6)\n",
            Simulation(installs=("musl", "gcc")),
        ),
        ("OK: 34 KiB in 2 packages\n", Simulation()),
    ],
    ids=["installs", "downgrades", "removes", "upgrades", "nothing to do"],
)
def test_simulate_reads_what_apk_would_do(scripted, output: str, simulation: Simulation) -> None:
    scripted.on("add", "-s", output=output)
    assert _apk(scripted).simulate(["demo-dev"]) == simulation


def test_without_lists_the_simulation_reads_fresh_ones(scripted) -> None:
    scripted.on("-s", "--no-cache", output=INSTALLING)
    scripted.on("-s", stderr=NO_LISTS + UNKNOWN.format("demo-dev"), returncode=1)
    assert _apk(scripted, Privilege(None, terminal=False)).simulate(["demo-dev"]).installs == ("demo-libs", "demo-dev")


@pytest.mark.parametrize("loss", ["(1/1) Purging demo-heir (1-r0)\n", "(1/1) Downgrading demo-libs (2-r0 -> 1-r0)\n"])
def test_install_refuses_losses(scripted, tmp_path: Path, loss: str) -> None:
    scripted.on("search", output=ALL).on("add", "-s", output=loss)
    with pytest.raises(PackageManagerError) as caught:
        _apk(scripted).install(["demo-tools"], tmp_path / "log")
    loss = "remove demo-heir" if "Purging" in loss else "downgrade demo-libs"
    assert caught.value.message == f"refused, nothing was changed: apk would {loss}"
    assert scripted.recorded == []


def test_lists_are_refreshed_where_some_are_kept_and_not_kept_where_there_are_none(scripted) -> None:
    apk = _apk(scripted, Privilege("doas", terminal=False))
    scripted.on("search", output="", stderr=NO_LISTS)
    assert apk.commands(["gcc", "g++"]) == (("doas", "-n", *_command("gcc", "g++")),)
    scripted.answers.clear()
    scripted.on("search", output=ALL)
    assert apk.commands(["py3-pip"]) == (("doas", "-n", *_command("py3-pip", lists="--update-cache")),)


@pytest.mark.parametrize(
    "name", ["-U", "pc:zlib", "so:libz.so.1", "gcc=1", "gcc@edge", "!gcc", "gcc<2", "gcc~2", "x.apk", "a/b", "", "g*"]
)
def test_what_is_no_package_name_never_reaches_apk(scripted, name: str) -> None:
    for ask in (_apk(scripted).commands, _apk(scripted).available, _apk(scripted).simulate, _apk(scripted).installed):
        with pytest.raises(PackageManagerError) as caught:
            ask([name])
        assert caught.value.message == f"not a package name for apk: {name!r}"


def test_available_by_name_and_by_what_one_package_provides(scripted) -> None:
    answers = {
        ("--no-cache",): ALL,
        ("demo-dev", "demo-single", "demo-virtual", "nosuch"): "demo-dev\ndemo-one\ndemo-virtual-a\ndemo-virtual-b\n",
        ("demo-single",): "demo-one\n",
        ("demo-virtual",): "demo-virtual-a\ndemo-virtual-b\n",  # apk: "please select one of the 'provided by'"
    }

    def search(argv):
        options, _, words = " ".join(argv[3:]).partition(" -- ")
        return 0, answers.get(tuple(words.split() or [options]), ""), ""

    scripted.call("search", answer=search)
    names = ["demo-dev", "demo-single", "demo-virtual", "nosuch"]
    assert _apk(scripted).available(names) == {"demo-dev", "demo-single"}


def test_available_by_fresh_lists_where_those_kept_are_old(scripted) -> None:
    scripted.on("--no-cache", output="newcomer\n").on("newcomer").on("search", output=ALL)
    assert _apk(scripted).available(["newcomer"]) == {"newcomer"}


def test_available_when_no_repository_can_be_read(scripted) -> None:
    scripted.on("search", stderr=NO_LISTS)
    assert _apk(scripted).available(["gcc", "nosuch"]) == {"gcc", "nosuch"}


def test_installed_by_own_or_provided_name(scripted) -> None:
    scripted.on("-e", "nosuch", returncode=1).on("-e", "demo-dev", output="demo-dev\n")
    scripted.on("-e", "demo-single", output="demo-one\n")
    assert _apk(scripted).installed(["demo-dev", "nosuch", "demo-single"]) == {"demo-dev", "demo-single"}


@pytest.mark.parametrize(
    ("need", "answer", "providers"),
    [
        (
            Need(NeedKind.PKGCONFIG, "demo"),
            "demo-alt\ndemo-dev\n",
            (
                Provider("demo-alt", "pc:demo", "apk search"),
                Provider("demo-dev", "pc:demo", "apk search", development=True),
            ),
        ),
        (
            Need(NeedKind.COMMAND, "demo-config"),
            "demo-tools\n",
            (Provider("demo-tools", "cmd:demo-config", "apk search"),),
        ),
        (Need(NeedKind.SONAME, "libdemo.so.1"), "", ()),
    ],
)
def test_providers(scripted, need: Need, answer: str, providers: tuple[Provider, ...]) -> None:
    scripted.on("search", "--no-cache", providers[0].place if providers else "so:libdemo.so.1", output=answer)
    scripted.on("search", stderr=NO_LISTS, returncode=1)
    assert _apk(scripted).providers(need) == providers


@pytest.mark.parametrize(
    "need", [Need(NeedKind.HEADER, "demo.h"), Need(NeedKind.PKGCONFIG, "a[b]"), Need(NeedKind.COMMAND, "a b")]
)
def test_what_apk_has_no_word_for_is_not_asked(scripted, need: Need) -> None:
    assert _apk(scripted).providers(need) == ()


def test_install_verifies_afterwards(scripted, tmp_path: Path) -> None:
    scripted.on("search", stderr=NO_LISTS).on("-s", output=INSTALLING).on("add", output=INSTALLING)
    scripted.on("-e", "demo-dev", output="demo-dev\n").on("-e", "demo-libs", returncode=1)
    _apk(scripted).install(["demo-dev"], tmp_path / "log")
    assert scripted.recorded == [_command("demo-dev")]
    with pytest.raises(PackageManagerError) as caught:
        _apk(scripted).install(["demo-dev", "demo-libs"], tmp_path / "log")
    assert caught.value.message == "apk reported success, but these are not installed: demo-libs"
    assert caught.value.log == tmp_path / "log"


def test_without_a_way_to_root_the_command_is_told(scripted, tmp_path: Path) -> None:
    scripted.on("search", stderr=NO_LISTS).on("-s", output=INSTALLING)
    with pytest.raises(PrivilegeError) as caught:
        _apk(scripted, Privilege(None, terminal=False)).install(["demo-dev"], tmp_path / "log")
    assert caught.value.commands == (_command("demo-dev"),)


# What `apk add -s` printed on stderr, with both versions of apk where one is given twice.
@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (
            UNKNOWN.format("nosuch"),
            "nosuch (no such package):\nrequired by: world[nosuch]",
            REPOSITORY_HINT,
        ),
        (
            "ERROR: unable to select packages:\n  no-such-thing (no such package):\n"
            "    required by: demo-broken-1-r0[no-such-thing]\n",
            "no-such-thing (no such package):\nrequired by: demo-broken-1-r0[no-such-thing]",
            REPOSITORY_HINT,
        ),
        (
            "ERROR: unable to select packages:\n  demo-libs-2-r0:\n    breaks: demo-foe-1-r0[!demo-libs]\n"
            "    satisfies: demo-dev-1-r0[demo-libs]\n",
            "demo-libs-2-r0:\nbreaks: demo-foe-1-r0[!demo-libs]\nsatisfies: demo-dev-1-r0[demo-libs]",
            None,
        ),
        (
            "WARNING: fetching http://127.0.0.1:8765/x86_64/APKINDEX.tar.gz: UNTRUSTED signature\n"
            + UNKNOWN.format("demo-dev"),
            "WARNING: fetching http://127.0.0.1:8765/x86_64/APKINDEX.tar.gz: UNTRUSTED signature",
            "apk does not trust a repository: put its key into /etc/apk/keys, or remove it from /etc/apk/repositories",
        ),
        (
            "WARNING: fetching http://127.0.0.1:8765/nothere/x86_64/APKINDEX.tar.gz: HTTP 404: Not Found\n"
            + UNKNOWN.format("demo-dev"),
            "WARNING: fetching http://127.0.0.1:8765/nothere/x86_64/APKINDEX.tar.gz: HTTP 404: Not Found",
            MIRROR_HINT,
        ),
        (
            "WARNING: fetching http://127.0.0.1:8765/nothere: No such file or directory\n" + UNKNOWN.format("demo-dev"),
            "WARNING: fetching http://127.0.0.1:8765/nothere: No such file or directory",
            MIRROR_HINT,
        ),
    ],
    ids=["unknown", "needs unknown", "conflict", "untrusted", "no index, apk 3", "no index, apk 2"],
)
def test_what_cannot_be_installed(scripted, tmp_path: Path, said: str, message: str, hint: str | None) -> None:
    scripted.on("search", stderr=NO_LISTS).on("-s", stderr=said, returncode=1)
    with pytest.raises(PackageManagerError) as caught:
        _apk(scripted).install(["demo-dev"], tmp_path / "log")
    assert caught.value.message == f"apk cannot install demo-dev:\n{message}"
    assert caught.value.hint == hint
    assert scripted.recorded == []


@pytest.mark.parametrize(
    "warning",
    [
        "WARNING: fetching http://127.0.0.1:8765/x86_64/APKINDEX.tar.gz: Connection refused",
        "WARNING: fetching http://nohost.invalid/x86_64/APKINDEX.tar.gz: DNS: name does not exist",
        "WARNING: fetching http://127.0.0.1:8765: could not connect to server (check repositories file)",
        "WARNING: fetching http://nohost.invalid: DNS lookup error",
    ],
)
def test_a_repository_out_of_reach(scripted, tmp_path: Path, warning: str) -> None:
    said = f"{warning}\n{UNKNOWN.format('demo-dev')}"
    scripted.on("search", stderr=NO_LISTS).on("-s", stderr=said, returncode=1)
    with pytest.raises(NetworkError) as caught:
        _apk(scripted).install(["demo-dev"], tmp_path / "log")
    assert caught.value.message == f"apk could not reach a repository:\n{warning}"
    assert caught.value.hint == NETWORK_HINT


def test_a_repository_out_of_reach_does_not_matter_where_another_has_everything(scripted) -> None:
    warning = "WARNING: fetching http://127.0.0.1:9/x86_64/APKINDEX.tar.gz: Connection refused\n"
    scripted.on("-s", output=INSTALLING, stderr=warning)
    assert _apk(scripted).simulate(["demo-dev"]).installs == ("demo-libs", "demo-dev")


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (
            "ERROR: demo-dev-1-r0: HTTP 404: Not Found\n",
            "apk failed (return code 1):\nERROR: demo-dev-1-r0: HTTP 404: Not Found",
            MIRROR_HINT,
        ),
        (
            "ERROR: demo-dev-1-r0: package mentioned in index not found (try 'apk update')\n",
            "apk failed (return code 1):\n"
            "ERROR: demo-dev-1-r0: package mentioned in index not found (try 'apk update')",
            MIRROR_HINT,
        ),
        (
            "(1/1) Installing demo-big (1-r0)\n1 error; 0 B in 2 packages\n"
            "ERROR: demo-big-1-r0: failed to extract usr/include/big.h: No space left on device\n"
            "ERROR: demo-big-1-r0: No space left on device\n",
            "apk ran out of disk space:\n"
            "ERROR: demo-big-1-r0: failed to extract usr/include/big.h: No space left on device\n"
            "ERROR: demo-big-1-r0: No space left on device",
            "free some disk space, then run the same command again",
        ),
        (
            "ERROR: demo-dev-1-r0: v2 package integrity error\n",
            "apk failed (return code 1):\nERROR: demo-dev-1-r0: v2 package integrity error",
            "read {log}",
        ),
        (
            "ERROR: Unable to lock database: Resource temporarily unavailable\n"
            "ERROR: Failed to open apk database: Resource temporarily unavailable\n",
            "apk is locked by another program:\nERROR: Unable to lock database: Resource temporarily unavailable",
            "wait until it has finished, then run the same command again",
        ),
        (
            "Waiting for repository lock\nERROR: Unable to lock database: Interrupted system call\n"
            "ERROR: Failed to open apk database: Interrupted system call\n",
            "apk is locked by another program:\nERROR: Unable to lock database: Interrupted system call",
            "wait until it has finished, then run the same command again",
        ),
        (
            "ERROR: Unable to lock database: Permission denied\n"
            "ERROR: Failed to open apk database: Permission denied\n",
            "apk failed (return code 1):\nERROR: Unable to lock database: Permission denied\n"
            "ERROR: Failed to open apk database: Permission denied",
            "read {log}",
        ),
    ],
    ids=["gone, apk 3", "gone, apk 2", "full", "damaged", "locked", "locked for long", "not root"],
)
def test_a_failed_transaction(scripted, tmp_path: Path, said: str, message: str, hint: str) -> None:
    log = tmp_path / "log"
    scripted.on("search", output=ALL).on("-s", output=INSTALLING).on("add", output=said, returncode=1)
    with pytest.raises(PackageManagerError) as caught:
        _apk(scripted).install(["demo-dev"], log)
    assert caught.value.message == message
    assert caught.value.hint == hint.format(log=log)
    assert caught.value.log == log
