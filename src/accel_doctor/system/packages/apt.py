"""Debian, Ubuntu and their kin: apt-get, apt-cache and dpkg-query.

Output forms were read off apt 2.6 (Debian 12) and 3.0 (Debian 13), whose stable interface for scripts is apt-get.
Every failure of apt-get is return code 100, so its words have to tell failures apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.interfaces import Runner
from accel_doctor.model import Need, Provider, Simulation
from accel_doctor.system.packages.apt_file import AptFile
from accel_doctor.system.packages.facts import ManagerFacts
from accel_doctor.system.packages.privilege import Privilege
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

# Debian policy 5.6.1; a trailing "-" is left out, since apt-get takes it for an order to remove.
APT = ManagerFacts("apt", re.compile(r"[a-z0-9][a-z0-9+.-]*[a-z0-9+]"))

_ARCHIVES = "/var/cache/apt/archives"

_ACTION = re.compile(r"^(Inst|Remv) (\S+)", re.MULTILINE)
_DOWNGRADED = re.compile(r"^The following packages will be DOWNGRADED:\n((?:  .*\n?)+)", re.MULTILINE)
# "Need to get 3 MB/12.3 MB of archives.": the first number is what is not there yet
_DOWNLOAD = re.compile(r"^Need to get ([\d.,]+) ([kMGT]?)B", re.MULTILINE)
_DISK = re.compile(r"^After this operation, ([\d.,]+) ([kMGT]?)B (of additional disk space|disk space)", re.MULTILINE)

_ERROR = re.compile(r"^E: ")
_NOT_FOUND_ON_MIRROR = re.compile(r"^E: Failed to fetch .* 404 ")
_NETWORK = re.compile(
    r"^[EW]: (?:Failed to fetch .*(?:Temporary failure resolving|Could not (?:resolve|connect|wait)|Unable to connect"
    r"|Connection (?:failed|timed out)|Network is unreachable|Certificate verification|Could not handshake"
    r"|50\d )|Unable to fetch some archives)"
)
_LOCKED = re.compile(r"Could not get lock|^E: Unable to (?:acquire|lock)")
_SPOILED = re.compile(
    r"^[EW]: (?:Failed to fetch .*(?:Hash Sum mismatch|File has unexpected size)|Unable to parse package file"
    r"|.*Clearsigned file isn't valid)"
)
_UNAUTHENTICATED = re.compile(r"^E: There were unauthenticated packages")


class StaleListsError(PackageManagerError):
    """apt's package lists do not say what the mirror has: an unknown name, or a file that is gone from it."""


class Apt:
    """Implements :class:`accel_doctor.interfaces.PackageManager` with apt-get."""

    name = APT.name

    def __init__(self, runner: Runner, privilege: Privilege, lock_timeout: int = 120) -> None:
        self._runner = runner
        self._privilege = privilege
        self._apt_file = AptFile(runner, APT)
        self.privileged = privilege.tool is not None
        self._options = ("-o", f"DPkg::Lock::Timeout={lock_timeout}", "-o", "Dpkg::Options::=--force-confold")

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """Those of ``names`` that dpkg has installed for the native architecture, by their own or a provided name."""
        output = self._ask("dpkg-query", "-W", "-f", "${Package}\t${Architecture}\t${db:Status-Status}\t${Provides}\n")
        rows = [line.split("\t") for line in output.splitlines() if line.count("\t") == 3]
        native = next((row[1] for row in rows if row[0] == "dpkg"), "")  # dpkg itself is always of that architecture
        there: set[str] = set()
        for package, architecture, status, provides in rows:
            if status == "installed" and architecture in (native, "all"):
                there.add(package)
                there.update(entry.split()[0].partition(":")[0] for entry in provides.split(",") if entry.strip())
        return frozenset(names) & there

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Those of ``names`` with an installation candidate, or provided by exactly one package."""
        checked = checked_names(names, APT)
        if not checked or not self._has_lists():
            return frozenset(checked)
        return frozenset(checked) - frozenset(self._unknown(checked))

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Who ships it, where apt-file is installed and has its lists."""
        return self._apt_file.providers(need)

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """What apt-get says it would do, and how much it would fetch; None without package lists.

        Raises PackageManagerError, quoting apt, for unknown names and for dependencies that cannot be met.
        """
        checked = checked_names(names, APT)
        if not self._has_lists():
            return None
        if unknown := self._unknown(checked):
            raise StaleListsError(
                f"apt has no package to install for: {', '.join(unknown)}",
                hint="are the right releases and components in /etc/apt/sources.list.d?",
            )
        arguments = ("install", "--no-install-recommends", "--", *checked)
        done = self._runner.capture(["apt-get", "-s", *arguments], environment=ENGLISH)
        if done.returncode != 0:
            raise PackageManagerError(
                f"apt-get cannot install {' '.join(checked)}:\n{_words(done.output + done.stderr)}"
            )
        actions = _ACTION.findall(done.output)
        downgraded = _DOWNGRADED.search(done.output)
        # Only this shows sizes without root; it changes nothing and takes no lock.
        sizes = self._ask("apt-get", "--print-uris", "-y", *arguments)
        simulation = Simulation(
            installs=tuple(name for action, name in actions if action == "Inst"),
            removes=tuple(name for action, name in actions if action == "Remv"),
            downgrades=tuple(downgraded[1].split()) if downgraded else (),
            download_bytes=_download(sizes),
            disk_bytes=_disk(sizes),
        )
        refuse_without_space(simulation, _ARCHIVES, self._runner, "apt-get")
        return simulation

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """The install command, after an update where there are no package lists (as in most container images)."""
        install = self._install_command(checked_names(names, APT))
        return (install,) if self._has_lists() else (self._update_command(), install)

    def install(self, names: Sequence[str], log: Path) -> None:
        """Simulate, refuse removals and downgrades, install, verify; with one update where the lists are stale."""
        checked = checked_names(names, APT)
        plan = self.commands(checked)
        updated = not self._has_lists()
        trouble = self._update(log, plan) if updated else None
        try:
            self._install(checked, log, plan)
        except StaleListsError as stale:
            if not updated:
                trouble = self._update(log, plan)
            if trouble:
                raise NetworkError(f"{stale.message}\n{trouble}", hint=_NETWORK_HINT) from stale
            if updated:
                raise
            self._install(checked, log, plan)
        refuse_missing(sorted(frozenset(checked) - self.installed(checked)), "apt-get", log)

    def _install(self, names: tuple[str, ...], log: Path, plan: Sequence[Sequence[str]]) -> None:
        simulation = self.simulate(names)
        if simulation is not None:
            refuse_losses(simulation, "apt-get")
        done = self._privilege.run(self._runner, self._install_command(names), log, plan)
        if done.returncode != 0:
            raise self._failure(done.output, done.returncode, log)

    def _update(self, log: Path, plan: Sequence[Sequence[str]]) -> str | None:
        """Fetch the lists; what could not be reached, if anything. NetworkError where there are no lists after it.

        ``apt-get update`` returns 0 when a mirror cannot be reached, and one broken repository of several need not
        matter.
        """
        done = self._privilege.run(self._runner, self._update_command(), log, plan)
        trouble = quoted(done.output, _NETWORK)
        if self._has_lists():
            return trouble
        if trouble:
            raise NetworkError(f"apt-get update got no package lists:\n{trouble}", hint=_NETWORK_HINT)
        raise self._failure(done.output, done.returncode, log)

    def _failure(self, output: str, returncode: int, log: Path) -> PackageManagerError | NetworkError:
        unfinished = bool(self._ask("dpkg", "--audit").strip())
        return _failure(output, returncode, log, _MEND if unfinished else "")

    def _install_command(self, names: tuple[str, ...]) -> tuple[str, ...]:
        # With a terminal, debconf and needrestart may ask; without one they must not.
        quiet = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l"}
        return self._privilege.prefix(
            ("apt-get", *self._options, "install", "-y", "--no-install-recommends", "--", *names),
            {} if self._privilege.terminal else quiet,
        )

    def _update_command(self) -> tuple[str, ...]:
        return self._privilege.prefix(("apt-get", *self._options[:2], "update"))

    def _has_lists(self) -> bool:
        """Whether any Packages list was ever fetched (container images are shipped without)."""
        listing = self._ask("apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages")
        return bool(listing.strip())

    def _unknown(self, names: Sequence[str]) -> list[str]:
        """Names that apt-get would not install as they are.

        To be asked before apt-get install, which reads an unknown name with a dot in it as a regular expression and
        installs whatever matches.
        """
        policy = self._ask("apt-cache", "policy", "--", *names)
        candidates = dict(re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (.+)$", policy, re.MULTILINE))
        return [
            name for name in names if candidates.get(name, "(none)") == "(none)" and len(self._providers(name)) != 1
        ]

    def _providers(self, name: str) -> set[str]:
        """The packages that provide a virtual name; apt-get takes the one, and refuses to choose among several."""
        shown = self._ask("apt-cache", "showpkg", "--", name)
        return {line.split()[0] for line in shown.partition("\nReverse Provides:")[2].splitlines() if line.strip()}

    def _ask(self, *argv: str) -> str:
        return self._runner.capture(argv, environment=ENGLISH).output


_NETWORK_HINT = "check the network, the proxy and the mirrors in /etc/apt, then run the same command again"


# What dpkg(1) and apt-get(8) say to do about packages that are half installed, as root.
_MEND = "finish what dpkg began with dpkg --configure -a && apt-get --fix-broken install, "


def _failure(output: str, returncode: int, log: Path, afterwards: str) -> PackageManagerError | NetworkError:
    """The error that a failed apt-get stands for; ``afterwards`` is what is left to mend."""
    if too_full := full("apt-get", output, log, afterwards):
        return too_full
    if broken := quoted(output, _SPOILED):
        error = spoiled("apt-get", broken, log, "fetch the lists anew with apt-get update")
        return StaleListsError(error.message, log=log, hint=error.hint)
    if gone := quoted(output, _NOT_FOUND_ON_MIRROR):
        return StaleListsError(f"apt-get failed:\n{gone}", log=log, hint=_NETWORK_HINT)
    if unreachable := quoted(output, _NETWORK):
        return NetworkError(f"apt-get could not reach a mirror:\n{unreachable}", hint=_NETWORK_HINT)
    hint = f"{afterwards}then run the same command again; what went wrong is in {log}" if afterwards else f"read {log}"
    if held := quoted(output, _LOCKED):
        return locked("apt-get", held, log)
    if _UNAUTHENTICATED.search(quoted(output, _ERROR) or ""):
        hint = "apt does not trust a repository: install its key, or take it out of /etc/apt/sources.list.d"
    return PackageManagerError(f"apt-get failed (return code {returncode}):\n{_words(output)}", log=log, hint=hint)


def _words(output: str) -> str:
    """What apt says is wrong: its E: lines, and the explanation of unmet dependencies that stands before them."""
    explanation = re.search(r"^The following packages have unmet dependencies:\n(?: .*\n)+", output, re.MULTILINE)
    error = quoted(output, _ERROR) or last_words(output)
    return f"{explanation[0]}{error}" if explanation else error


def _download(sizes: str) -> int | None:
    found = _DOWNLOAD.search(sizes)
    return size_in_bytes(found[1], found[2], 1000) if found else None


def _disk(sizes: str) -> int | None:
    found = _DISK.search(sizes)
    if not found:
        return None
    size = size_in_bytes(found[1], found[2], 1000)
    return size if found[3].startswith("of additional") else -size
