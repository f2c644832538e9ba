"""Arch Linux and its kin: pacman.

Output forms were read off pacman 7.0. Arch supports no partial upgrades
(https://wiki.archlinux.org/title/System_maintenance#Partial_upgrades_are_unsupported): package databases are fetched
together with a full upgrade, so that happens only where there are none yet, as in a fresh container image. Stale ones
are told to the owner.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.fileindex.contents import is_wanted
from accel_doctor.interfaces import Runner
from accel_doctor.model import Need, NeedKind, Provider, Simulation
from accel_doctor.system.packages.facts import ManagerFacts
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.questions import Questions, file_names, looked_into
from accel_doctor.system.packages.space import refuse_without_space
from accel_doctor.system.packages.transactions import (
    ENGLISH,
    checked_names,
    full,
    last_words,
    locked,
    quoted,
    refuse_losses,
    refuse_missing,
    size_in_bytes,
    spoiled,
)

# PKGBUILD(5), pkgname: the characters that may be in a name, the first one no hyphen and no dot.
PACMAN = ManagerFacts("pacman", re.compile(r"[a-z0-9@_+](?:[a-z0-9@._+-]*[a-z0-9@_+])?"))

_UNKNOWN = re.compile(r"^error: target not found: (\S+)", re.MULTILINE)
_WANTED = re.compile(r"^(\S+)/(\S+) (\S+) (\d+)$", re.MULTILINE)
_INSTALLED_SIZE = re.compile(r"^Installed Size +: ([\d.]+) ([KMGT]?)i?B$", re.MULTILINE)
_DOWNLOADS_TO = "/var/cache/pacman/pkg"
_LOCKED = re.compile(r"unable to lock database|could not lock database")
_NETWORK = re.compile(r"^error: failed retrieving file .*(?:Could not resolve|onnect|timed out|Operation too slow)")
_STALE = re.compile(r"^error: failed retrieving file .*(?:404|not found|No such file|Couldn't open)", re.IGNORECASE)
_SPOILED = re.compile(
    r"invalid or corrupted package|Unrecognized archive format|truncated gzip input|could not open file .*\.db"
)
# Without CheckSpace in pacman.conf(5), what could not be unpacked whole counts as installed.
_UNFINISHED = re.compile(r"^error: problem occurred while installing (\S+)", re.MULTILINE)
_UNTRUSTED = re.compile(
    r"failed retrieving file '.*\.sig'|unknown trust|marginal trust|invalid or corrupted package \(PGP"
    r"|missing required signature"
)
_ERROR = re.compile(r"^error: |^:: .*(?:are in conflict$|required by)|^warning: cannot resolve")

_NETWORK_HINT = "check the network, the proxy and the mirrors in /etc/pacman.d, then run the same command again"
_KEYS_HINT = "pacman does not trust a package: update its keys with pacman -S archlinux-keyring"
_UPGRADE_HINT = "the package databases may be old: upgrade with pacman -Syu, then run the same command again"


class Pacman:
    """Implements :class:`accel_doctor.interfaces.PackageManager` with pacman."""

    name = PACMAN.name

    def __init__(self, runner: Runner, privilege: Privilege) -> None:
        self._runner = runner
        self._privilege = privilege
        self._questions = Questions(runner)
        self.privileged = privilege.tool is not None

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """Those of ``names`` that are installed, or provided by what is."""
        checked = checked_names(names, PACMAN)
        if not checked:
            return frozenset()
        done = self._runner.capture(["pacman", "-T", "--", *checked], environment=ENGLISH)
        return frozenset(checked) - frozenset(done.output.split())

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Those of ``names`` that a repository has or provides; all of them where there are no databases."""
        checked = checked_names(names, PACMAN)
        if not checked or not self._has_databases():
            return frozenset(checked)
        return frozenset(checked) - frozenset(_UNKNOWN.findall(self._resolve(checked)[1]))

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Who ships it, where there are databases of files (pacman -Fy).

        They have no modes, and packages of libraries hold programs too: what is asked for as a command is never taken
        to be for development.
        """
        places: dict[str, list[str]] = {}
        for file_name in file_names(need):
            for package, path in self._rows("-F", file_name):
                if is_wanted(path):
                    places.setdefault(package, []).append(path)
        return looked_into(
            places,
            "pacman -F",
            lambda name: [path for package, path in self._rows("-Fl", name) if package == name],
            lambda name, files: need.kind is not NeedKind.COMMAND and any(map(_is_to_build_with, files)),
        )

    def _rows(self, operation: str, wanted: str) -> list[tuple[str, str]]:
        """Package and path of the files that ``pacman -F`` knows."""
        rows = self._questions.lines(("pacman", operation, "--machinereadable", "--", wanted))
        fields = [row.split("\0") for row in rows if row.count("\0") == 3]
        return [(package, path) for _, package, _, path in fields if PACMAN.accepts(package)]

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """What pacman says it would install, and how much of it; None without package databases.

        Conflicts with what is installed show only in the transaction itself, where pacman gives up over them.
        """
        checked = checked_names(names, PACMAN)
        if not self._has_databases():
            return None
        returncode, output = self._resolve(checked)
        if returncode != 0:
            raise _failure(output, None, f"pacman cannot install {' '.join(checked)}:")
        wanted = _WANTED.findall(output)
        simulation = Simulation(
            installs=tuple(name for _, name, _, _ in wanted),
            downgrades=self._downgrades({name: version for _, name, version, _ in wanted}),
            download_bytes=sum(int(size) for *_, size in wanted),
            disk_bytes=self._unpacked_size([f"{repository}/{name}" for repository, name, _, _ in wanted]),
        )
        refuse_without_space(simulation, _DOWNLOADS_TO, self._runner, self.name)
        return simulation

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """The one command that installs; without databases it fetches them, and upgrades what is installed."""
        checked = checked_names(names, PACMAN)
        operation = "-S" if self._has_databases() else "-Syu"
        return (self._privilege.prefix(("pacman", operation, "--needed", "--noconfirm", "--", *checked)),)

    def install(self, names: Sequence[str], log: Path) -> None:
        """Simulate, refuse downgrades, install, verify. pacman itself refuses to remove without being asked."""
        plan = self.commands(names)
        simulation = self.simulate(names)
        if simulation is not None:
            refuse_losses(simulation, self.name)
        done = self._privilege.run(self._runner, plan[0], log, plan)
        if done.returncode != 0:
            raise _failure(done.output, log, f"pacman failed (return code {done.returncode}):")
        refuse_missing(sorted(frozenset(names) - self.installed(names)), self.name, log)

    def _has_databases(self) -> bool:
        return bool(self._runner.capture(["pacman", "-Slq"], environment=ENGLISH).output.strip())

    def _resolve(self, names: Sequence[str]) -> tuple[int, str]:
        """What ``names`` come to, without privilege: return code, and name, version and bytes to fetch in rows."""
        command = ["pacman", "-Sp", "--needed", "--noconfirm", "--print-format", "%r/%n %v %s", "--", *names]
        done = self._runner.capture(command, environment=ENGLISH)
        return done.returncode, f"{done.output}\n{done.stderr}"

    def _unpacked_size(self, names: Sequence[str]) -> int:
        if not names:
            return 0
        shown = self._runner.capture(["pacman", "-Si", "--", *names], environment=ENGLISH).output
        return sum(size_in_bytes(number, unit, 1024) for number, unit in _INSTALLED_SIZE.findall(shown))

    def _downgrades(self, wanted: dict[str, str]) -> tuple[str, ...]:
        """Those that are installed in a newer version than the repositories have."""
        if not wanted:
            return ()
        rows = self._runner.capture(["pacman", "-Q"], environment=ENGLISH).output.splitlines()
        here = dict(row.split(" ", 1) for row in rows if " " in row)
        return tuple(
            name
            for name, version in wanted.items()
            if name in here
            and self._runner.capture(["vercmp", version, here[name]], environment=ENGLISH).output.startswith("-")
        )


def _is_to_build_with(path: str) -> bool:
    """Whether this file of a package says so: Arch does not split packages, headers are in a library's only one."""
    return path.startswith("usr/include/") or path.endswith(".pc")


def _failure(output: str, log: Path | None, lead: str) -> PackageManagerError | NetworkError:
    """The error that an output stands for."""
    unfinished = " ".join(_UNFINISHED.findall(output))
    if too_full := full("pacman", output, log, f"install anew with pacman -S {unfinished}, " if unfinished else ""):
        return too_full
    if held := quoted(output, _LOCKED):
        return locked("pacman", held, log)
    if untrusted := quoted(output, _UNTRUSTED):
        return PackageManagerError(f"{lead}\n{untrusted}", log=log, hint=_KEYS_HINT)
    if unreachable := quoted(output, _NETWORK):
        return NetworkError(f"pacman could not reach a mirror:\n{unreachable}", hint=_NETWORK_HINT)
    if broken := quoted(output, _SPOILED):
        return spoiled("pacman", broken, log, "fetch the databases anew with pacman -Syyu")
    words = quoted(output, _ERROR) or last_words(output)
    stale = _UNKNOWN.search(output) or quoted(output, _STALE)
    hint = _UPGRADE_HINT if stale else f"read {log}" if log else None
    return PackageManagerError(f"{lead}\n{words}", log=log, hint=hint)
