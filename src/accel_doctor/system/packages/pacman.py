"""Arch Linux and its derivatives: pacman.

Output formats are those of pacman 7.0. Arch supports no partial upgrades
(https://wiki.archlinux.org/title/System_maintenance#Partial_upgrades_are_unsupported): package databases are fetched
together with a full upgrade, so only if there are none yet, as in a fresh container image. Stale ones
are reported to the user.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from accel_doctor.fileindex.contents import is_wanted
from accel_doctor.model.cures import Provider
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.model.plans import Simulation
from accel_doctor.system.packages.driver import Driver
from accel_doctor.system.packages.facts import (
    AGAIN,
    BARE_NAME,
    EACH_LINE,
    ManagerFacts,
    OwnerQuery,
    RemovalFacts,
    Trouble,
    broken,
    locked,
    size_in_bytes,
    unreachable,
)
from accel_doctor.system.packages.questions import described, worth_a_look

_TO_BUILD_WITH = re.compile(r"usr/include/|.*\.pc$")
_UNKNOWN = re.compile(r"^error: target not found: (\S+)", re.MULTILINE)
_WANTED = re.compile(r"^(\S+)/(\S+) (\S+) (\d+)$", re.MULTILINE)
_INSTALLED_SIZE = re.compile(r"^Installed Size +: ([\d.]+) ([KMGT]?)i?B$", re.MULTILINE)
_LOCKED = re.compile(r"unable to lock database|could not lock database")
_NETWORK = re.compile(r"^error: failed retrieving file .*(?:Could not resolve|onnect|timed out|Operation too slow)")
_STALE = re.compile(r"^error: failed retrieving file .*(?:404|not found|No such file|Couldn't open)", re.IGNORECASE)
_SPOILED = re.compile(
    r"invalid or corrupted package|Unrecognized archive format|truncated gzip input|could not open file .*\.db"
)
# Without CheckSpace in pacman.conf(5), a partially unpacked package counts as installed.
_UNFINISHED = re.compile(r"^error: problem occurred while installing (\S+)", re.MULTILINE)
_UNTRUSTED = re.compile(
    r"failed retrieving file '.*\.sig'|unknown trust|marginal trust|invalid or corrupted package \(PGP"
    r"|missing required signature"
)
_ERROR = re.compile(r"^error: |^:: .*(?:are in conflict$|required by)|^warning: cannot resolve")

_UPGRADE_HINT = f"the package databases may be out of date: upgrade with pacman -Syu, {AGAIN}"

PACMAN = ManagerFacts(
    "pacman",
    # PKGBUILD(5), pkgname: the characters allowed in a name; the first is neither a hyphen nor a dot.
    re.compile(r"[a-z0-9@_+](?:[a-z0-9@._+-]*[a-z0-9@_+])?"),
    (("pacman", "-S", "--needed", "--noconfirm"),),
    _ERROR,
    (
        locked(_LOCKED),
        Trouble(
            _UNTRUSTED,
            "pacman does not trust a package: update its keys with pacman -S archlinux-keyring",
        ),
        unreachable(_NETWORK, "check the network, the proxy and the mirrors in /etc/pacman.d"),
        broken(_SPOILED, "fetch the databases again with pacman -Syyu"),
        Trouble(_UNKNOWN, _UPGRADE_HINT, quote=_ERROR),
        Trouble(_STALE, _UPGRADE_HINT, quote=_ERROR),
    ),
    owner_query=OwnerQuery(("pacman", "-Qqo", "--"), BARE_NAME),
    version_query=("pacman", "-Q", "--"),
    downloads_to="/var/cache/pacman/pkg",
    cleanup="pacman -Scc --noconfirm",
    removal=RemovalFacts(
        inventory=("pacman", "-Qq"),
        installed=EACH_LINE,
        marks=("pacman", "-Qqe"),
        marked=EACH_LINE,
        # The simulation takes along what needs the packages, to name it; the command refuses to.
        simulation=("pacman", "-Rp", "--cascade", "--print-format", "%n", "--"),
        changed=EACH_LINE,
        size_query=("pacman", "-Qi", "--"),
        size=re.compile(r"^Name +: (\S+)\n(?:.+\n)*?Installed Size +: ([\d.]+) ([KMGT]?)i?B$", re.MULTILINE),
        command=("pacman", "-R", "--noconfirm", "--"),
        real=("pacman", "-Qq", "--"),
    ),
)


class Pacman(Driver):
    """Drive pacman, which itself refuses to remove packages without confirmation."""

    facts = PACMAN

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        checked = PACMAN.checked(names)
        if not checked:
            return frozenset()
        done = self.ask("pacman", "-T", "--", *checked)
        return frozenset(checked) - frozenset(done.output.split())

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Return the ``names`` that a repository has or provides; all if there are no databases."""
        checked = PACMAN.checked(names)
        if not checked or not self._has_databases():
            return frozenset(checked)
        return frozenset(checked) - frozenset(_UNKNOWN.findall(self._resolve(checked)[1]))

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Return the packages that ship the need, if there are file databases (pacman -Fy).

        These have no file modes, and library packages contain programs too: a provider of a command is never considered
        a development package.
        """
        places: dict[str, list[str]] = {}
        for file_name in need.file_names:
            for package, path in self._rows("-F", file_name):
                if is_wanted(path):
                    places.setdefault(package, []).append(path)
        files = {name: self._files(name) for name in worth_a_look(places)}
        # Arch does not split packages: a library's only package has its headers.
        development = [name for name in files if any(map(_TO_BUILD_WITH.match, files[name]))]
        return described(places, "pacman -F", files, () if need.kind is NeedKind.COMMAND else development)

    def denies(self, need: Need) -> bool:
        return bool(need.file_names) and not self.providers(need) and bool(self._files("pacman"))

    def _files(self, name: str) -> list[str]:
        return [path for package, path in self._rows("-Fl", name) if package == name]

    def _rows(self, operation: str, wanted: str) -> list[tuple[str, str]]:
        """Return package and path of the files that ``pacman -F`` finds."""
        rows = self._questions.lines(("pacman", operation, "--machinereadable", "--", wanted))
        fields = [row.split("\0") for row in rows if row.count("\0") == 3]
        return [(package, path) for _, package, _, path in fields if PACMAN.accepts(package)]

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """Return what pacman would install, with its size; None without package databases.

        Conflicts with installed packages show only in the transaction itself, where pacman fails on them.
        """
        checked = PACMAN.checked(names)
        if not self._has_databases():
            return None
        returncode, output = self._resolve(checked)
        if returncode != 0:
            raise self.refused(output, checked)
        wanted = _WANTED.findall(output)
        return self.fitting(
            Simulation(
                installs=tuple(name for _, name, _, _ in wanted),
                downgrades=self._downgrades({name: version for _, name, version, _ in wanted}),
                download_bytes=sum(int(size) for *_, size in wanted),
                disk_bytes=self._unpacked_size([f"{repository}/{name}" for repository, name, _, _ in wanted]),
            )
        )

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return the install command; without databases it fetches them, and upgrades the installed packages."""
        checked = PACMAN.checked(names)
        operation = "-S" if self._has_databases() else "-Syu"
        return (self._privilege.prefix(("pacman", operation, "--needed", "--noconfirm", "--", *checked)),)

    def mend(self, output: str) -> str:
        """Return how to repair packages that were only partially unpacked but count as installed."""
        unfinished = " ".join(_UNFINISHED.findall(output))
        return f"reinstall with pacman -S {unfinished}, " if unfinished else ""

    def _has_databases(self) -> bool:
        return bool(self.ask("pacman", "-Slq").output.strip())

    def _resolve(self, names: Sequence[str]) -> tuple[int, str]:
        """Resolve ``names`` without privilege; return the return code, and rows of name, version and bytes to fetch."""
        command = ["pacman", "-Sp", "--needed", "--noconfirm", "--print-format", "%r/%n %v %s", "--", *names]
        done = self.ask(*command)
        return done.returncode, f"{done.output}\n{done.stderr}"

    def _unpacked_size(self, names: Sequence[str]) -> int:
        if not names:
            return 0
        shown = self.ask("pacman", "-Si", "--", *names).output
        return sum(size_in_bytes(number, unit, 1024) for number, unit in _INSTALLED_SIZE.findall(shown))

    def _downgrades(self, wanted: dict[str, str]) -> tuple[str, ...]:
        """Return the packages that are installed in a newer version than the repositories have."""
        if not wanted:
            return ()
        rows = self.ask("pacman", "-Q").output.splitlines()
        here = dict(row.split(" ", 1) for row in rows if " " in row)
        return tuple(
            name
            for name, version in wanted.items()
            if name in here and self.ask("vercmp", version, here[name]).output.startswith("-")
        )
