"""Brew: what it makes of brew's words, recorded from brew 4.4.30 on Linux over formulae made for it.

What it says without Homebrew's own servers (formulae.brew.sh) was not recorded.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from accel_doctor.errors import NetworkError, PackageManagerError, PrivilegeError
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.model.plans import Simulation
from accel_doctor.system.packages.brew import Brew
from accel_doctor.system.packages.privilege import Privilege

OWNER = Privilege("sudo", terminal=False)  # who may use sudo, and must not here
ROOT = Privilege("", terminal=False)
INSTALL = (
    *("env", "HOMEBREW_NO_ASK=1", "HOMEBREW_NO_AUTO_UPDATE=1"),
    *("HOMEBREW_NO_INSTALL_CLEANUP=1", "HOMEBREW_NO_INSTALL_UPGRADE=1"),
    *("brew", "install", "--formula", "--"),
)
PLANNED = "==> Would install 1 formula:\ndemo-dev\n==> Would install 1 dependency for demo-dev:\ndemo-libs\n"
UNKNOWN = 'Warning: No available formula with the name "nosuch".\nError: No formulae found for nosuch.\n'
UPDATE_HINT = "Homebrew's formulae may be out of date: run brew update, then run the same command again"


def _brew(scripted, privilege: Privilege = OWNER) -> Brew:
    return Brew(scripted, privilege)


@pytest.mark.parametrize(
    ("output", "installs"),
    [
        (PLANNED, ("demo-dev", "demo-libs")),
        (
            "==> Would install 2 formulae:\ndemo-dev demo-at@2\n==> Would install 1 dependency for demo-dev:\n"
            "demo-libs\n",
            ("demo-dev", "demo-at@2", "demo-libs"),
        ),
        (
            "demo-libs 1.0 is already installed but outdated (so it will be upgraded).\n"
            "==> Would install 1 formula:\ndemo-libs\n",
            ("demo-libs",),
        ),
        ("", ()),  # installed already, which is said on stderr
    ],
)
def test_simulate_reads_what_brew_would_install(scripted, output: str, installs: tuple[str, ...]) -> None:
    scripted.on("--dry-run", output=output)
    assert _brew(scripted).simulate(["demo-dev"]) == Simulation(installs=installs)
    assert scripted.environments[0]["HOMEBREW_NO_AUTO_UPDATE"] == "1"


@pytest.mark.parametrize("privilege", [OWNER, Privilege(None, terminal=False)])
def test_an_ordinary_user_needs_no_sudo(scripted, tmp_path: Path, privilege: Privilege) -> None:
    scripted.on("--dry-run", output=PLANNED).on(*INSTALL, output="==> Installing demo-dev\n")
    scripted.on("list", "-1", output="demo-dev\ndemo-libs\n")
    brew = _brew(scripted, privilege)
    assert brew.privileged
    assert brew.commands(["demo-dev"]) == ((*INSTALL, "demo-dev"),)
    brew.install(["demo-dev"], tmp_path / "log")
    assert scripted.recorded == [(*INSTALL, "demo-dev")]


def test_root_is_told_the_command_and_runs_nothing(scripted, tmp_path: Path) -> None:
    brew = _brew(scripted, ROOT)
    assert not brew.privileged
    assert brew.simulate(["demo-dev"]) is None
    with pytest.raises(PrivilegeError) as caught:
        brew.install(["demo-dev"], tmp_path / "log")
    assert caught.value.message == "Homebrew refuses to run as root"
    assert caught.value.commands == ((*INSTALL, "demo-dev"),)
    assert caught.value.hint == ("run these commands as the user who owns Homebrew, then run the same command again")
    assert scripted.environments == []


@pytest.mark.parametrize(
    "name", ["--force", "user/tap/name", "./x", "x.rb", "x.json", "x.tar.gz", "https://h/x", "UP", "", "a b"]
)
def test_what_is_no_formula_never_reaches_brew(scripted, name: str) -> None:
    for ask in (_brew(scripted).commands, _brew(scripted).available, _brew(scripted).simulate):
        with pytest.raises(PackageManagerError) as caught:
            ask([name])
        assert caught.value.message == f"not a package name for brew: {name!r}"


def test_installed_by_own_name_or_alias(scripted) -> None:
    scripted.on("list", "-1", output="demo-dev\ndemo-keg\n")
    scripted.on("--versions", "demo-alias", output="demo-dev 1.0\n").on("--versions", returncode=1)
    assert _brew(scripted).installed(["demo-dev", "demo-alias", "nosuch"]) == {"demo-dev", "demo-alias"}
    assert _brew(scripted).installed(["nosuch"]) == frozenset()


def test_available_takes_out_what_brew_does_not_know(scripted) -> None:
    for name in ("nosuch", "other"):
        scripted.call(
            *("info", name),
            answer=lambda argv: (
                (1, "", f'Error: No available formula with the name "{"nosuch" if "nosuch" in argv else "other"}".\n')
            ),
        )
    scripted.on("info", output='{"formulae": []}')
    assert _brew(scripted).available(["demo-dev", "nosuch", "pypy3.10", "other"]) == {"demo-dev", "pypy3.10"}
    assert _brew(scripted).available([]) == frozenset()


def test_available_when_brew_cannot_tell(scripted) -> None:
    scripted.on("info", stderr="curl: (6) Could not resolve host: formulae.brew.sh\n", returncode=1)
    assert _brew(scripted).available(["demo-dev", "nosuch"]) == {"demo-dev", "nosuch"}


def test_nobody_is_known_to_provide_anything(scripted) -> None:
    assert _brew(scripted).providers(Need(NeedKind.PKGCONFIG, "cairo")) == ()


@pytest.mark.parametrize(
    ("said", "returncode", "message", "hint"),
    [
        (UNKNOWN, 1, "Error: No formulae found for nosuch.", UPDATE_HINT),
        (
            "brew: command not found",
            127,
            "brew: command not found",
            "install Homebrew (https://brew.sh), or add its bin directory to PATH",
        ),
    ],
)
def test_what_cannot_be_installed(
    scripted, tmp_path: Path, said: str, returncode: int, message: str, hint: str
) -> None:
    scripted.on("--dry-run", stderr=said, returncode=returncode)
    with pytest.raises(PackageManagerError) as caught:
        _brew(scripted).install(["nosuch"], tmp_path / "log")
    assert caught.value.message == f"brew cannot install nosuch:\n{message}"
    assert caught.value.hint == hint
    assert scripted.recorded == []


@pytest.mark.parametrize(
    ("said", "message", "hint"),
    [
        (
            "Error: Cannot install demo-foe because conflicting formulae are installed.\n  demo-libs: because both\n\n"
            "Please `brew unlink demo-libs` before continuing.\n",
            "brew failed (return code 1):\nError: Cannot install demo-foe because conflicting formulae are installed.\n"
            "demo-libs: because both",
            "read {log}",
        ),
        (
            "Error: demo-dis has been disabled because it is not maintained upstream! It was disabled on 2020-01-01.\n",
            "brew failed (return code 1):\n"
            "Error: demo-dis has been disabled because it is not maintained upstream! It was disabled on 2020-01-01.",
            "read {log}",
        ),
        (
            "Error: A `brew install --formula demo-dev` process has already locked /opt/homebrew/Cellar/demo-dev.\n"
            "Please wait for it to finish or terminate it to continue.\n",
            "brew is locked by another program:\n"
            "Error: A `brew install --formula demo-dev` process has already locked /opt/homebrew/Cellar/demo-dev.",
            "wait until it has finished, then run the same command again",
        ),
        (  # after a failed build brew asks GitHub about it: that this fails too is not why
            "==> false\nLast 15 lines from /home/ann/.cache/Homebrew/Logs/demo-fails/01.false:\n"
            "2026-11-21 00:30:28 +0000\n\nfalse\n\n\nREAD THIS: https://docs.brew.sh/Troubleshooting\n\n"
            "Warning: Unable to query GitHub for recent issues on the tap\n"
            "curl failed!   % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
            "  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0curl: (6) Could not resolve"
            " host: api.github.com\n",
            "brew failed (return code 1):\nLast 15 lines from /home/ann/.cache/Homebrew/Logs/demo-fails/01.false:",
            "read {log}",
        ),
        (
            "curl: (37) Couldn't open file /home/ann/src/demo-dev-1.0.tar.gz\n"
            'Error: demo-dev: Failed to download resource "demo-dev"\nFile does not exist: /home/ann/src/x\n',
            'brew failed (return code 1):\nError: demo-dev: Failed to download resource "demo-dev"',
            "read {log}",
        ),
    ],
    ids=["conflict", "disabled", "locked", "failed build", "gone"],
)
def test_a_failed_installation(scripted, tmp_path: Path, said: str, message: str, hint: str) -> None:
    log = tmp_path / "log"
    scripted.on("--dry-run", output=PLANNED).on(*INSTALL, output=said, returncode=1)
    with pytest.raises(PackageManagerError) as caught:
        _brew(scripted).install(["demo-dev"], log)
    assert (caught.value.message, caught.value.hint) == (message, hint.format(log=log))


def test_a_server_out_of_reach(scripted, tmp_path: Path) -> None:
    said = "curl: (7) Failed to connect to 127.0.0.1 port 9 after 0 ms: Could not connect to server"
    scripted.on("--dry-run", output=PLANNED).on(*INSTALL, output=f"{said}\nError: demo-dev: x\n", returncode=1)
    with pytest.raises(NetworkError) as caught:
        _brew(scripted).install(["demo-dev"], tmp_path / "log")
    assert caught.value.message == f"brew could not reach a repository:\n{said}"


def test_install_verifies_afterwards(scripted, tmp_path: Path) -> None:
    scripted.on("--dry-run", output=PLANNED).on(*INSTALL).on("list", "-1", output="demo-libs\n").on("list")
    with pytest.raises(PackageManagerError) as caught:
        _brew(scripted).install(["demo-dev"], tmp_path / "log")
    assert caught.value.message == "brew reported success, but these are not installed: demo-dev"
