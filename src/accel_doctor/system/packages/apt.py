"""Debian, Ubuntu and their derivatives: apt-get, apt-cache, dpkg-query, and apt-file if installed.

Output formats are those of apt 2.6 (Debian 12) and 3.0 (Debian 13), whose stable interface for scripts is apt-get, and
of apt-file 3.3. Every failure of apt-get returns 100, so only its messages tell failures apart. apt itself does
not know the files of packages; a search with apt-file takes a few seconds, listing a package half a second.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from accel_doctor.errors import NetworkError
from accel_doctor.fileindex import named_for_development
from accel_doctor.fileindex.contents import is_suitable, is_wanted
from accel_doctor.interfaces import Runner
from accel_doctor.model.cures import Provider
from accel_doctor.model.needs import Need
from accel_doctor.model.plans import Simulation
from accel_doctor.system.packages.driver import Driver, Plan
from accel_doctor.system.packages.facts import (
    AGAIN,
    EACH_LINE,
    ManagerFacts,
    OwnerQuery,
    RemovalFacts,
    StaleListsError,
    Trouble,
    broken,
    locked,
    quoted,
    size_found,
    unreachable,
)
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.questions import described, worth_a_look

_FIELD = re.compile(r"(Package|Section): (?:[a-z-]+/)?(\S+)")
_DEVELOPMENT = frozenset({"devel", "libdevel"})


_STATE = ("/var/lib/dpkg/status", "/var/lib/apt/lists")

_ACTIONS = re.compile(
    r"^The following (NEW packages will be installed|packages will be (?:upgraded|REMOVED|DOWNGRADED)):\n"
    r"((?:  .*\n?)+)",
    re.MULTILINE,
)
# "Need to get 3 MB/12.3 MB of archives.": the first number is what is not downloaded yet
_DOWNLOAD = re.compile(r"^Need to get ([\d.,]+) ([kMGT]?)B", re.MULTILINE)
_FILLED = re.compile(r"^After this operation, ([\d.,]+) ([kMGT]?)B of additional disk space", re.MULTILINE)
_FREED = re.compile(r"^After this operation, ([\d.,]+) ([kMGT]?)B disk space", re.MULTILINE)

_ERROR = re.compile(r"^E: |^The following packages have unmet dependencies:|^ \S+ : |^ {4,}(?:Pre)?Depends: ")
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
_OWNER = re.compile(r"^([a-z0-9][a-z0-9.+-]*)(?::[a-z0-9-]+)?(?:, [^:/]+(?::[a-z0-9-]+)?)*: (/.+)$", re.MULTILINE)

_NETWORK_HINT = "check the network, the proxy and the mirrors in /etc/apt"


_EXACTLY = ("-o", "APT::Get::AutomaticRemove=false", "-o", "APT::Get::Purge=false")
# With a terminal, debconf and needrestart may ask; without one they must not.
_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l"}

APT = ManagerFacts(
    "apt",
    # Debian policy 5.6.1. apt-get reads a trailing "-" as a removal; real names can end in "+" (minisat+).
    re.compile(r"[a-z0-9][a-z0-9+.-]*[a-z0-9+]"),
    (("apt-get", "update"), ("apt-get", "install", "-y", "--no-install-recommends")),
    _ERROR,
    (
        broken(_SPOILED, "fetch the lists again with apt-get update", error=StaleListsError),
        Trouble(_NOT_FOUND_ON_MIRROR, f"{_NETWORK_HINT}, {AGAIN}", error=StaleListsError),
        unreachable(_NETWORK, _NETWORK_HINT),
        locked(_LOCKED),
        Trouble(
            _UNAUTHENTICATED,
            "apt does not trust a repository: install its key, or remove it from /etc/apt/sources.list.d",
            quote=re.compile("^E: "),
        ),
    ),
    owner_query=OwnerQuery(("dpkg-query", "-S", "--"), _OWNER, unmerged=True),
    version_query=("dpkg-query", "-W", "-f", "${Package} ${Version}\n", "--"),
    downloads_to="/var/cache/apt/archives",
    download_only="--download-only",
    cleanup="rm -rf /var/lib/apt/lists/*",
    removal=RemovalFacts(
        inventory=("dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n"),
        installed=re.compile(r"^installed (\S+)$", re.MULTILINE),
        marks=("apt-mark", "showmanual"),
        marked=EACH_LINE,
        # Configured to, apt-get would also remove what nothing needs any more.
        requirements=("dpkg-query", "-W", "-f", "${Package}\t${Provides}\t${Pre-Depends}, ${Depends}\n"),
        simulation=("apt-get", "-s", *_EXACTLY, "remove", "--"),
        changed=re.compile(r"^(?:Inst|Remv|Purg) (\S+)", re.MULTILINE),
        size_query=("dpkg-query", "-W", "-f", "${Package} ${Installed-Size}k\n", "--"),
        size=re.compile(r"^(\S+) (\d+)(k)$", re.MULTILINE),
        command=("apt-get", "-o", "DPkg::Lock::Timeout=120", *_EXACTLY, "remove", "-y", "--"),
        quiet=_QUIET,
    ),
)


class Apt(Driver):
    """Drive apt-get."""

    facts = APT

    def __init__(self, runner: Runner, privilege: Privilege, lock_timeout: int = 120) -> None:
        super().__init__(runner, privilege)
        self._lists_seen = False
        self._simulated: dict[tuple[str, tuple[str, ...]], Simulation] = {}
        self._options = ("-o", f"DPkg::Lock::Timeout={lock_timeout}", "-o", "Dpkg::Options::=--force-confold")

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """Return the ``names`` that are installed for the native architecture or provided by an installed package."""
        output = self._answer(
            "dpkg-query", "-W", "-f", "${Package}\t${Architecture}\t${db:Status-Status}\t${Provides}\n"
        )
        rows = [line.split("\t") for line in output.splitlines() if line.count("\t") == 3]
        native = next((row[1] for row in rows if row[0] == "dpkg"), "")  # dpkg itself is always of that architecture
        there: set[str] = set()
        for package, architecture, status, provides in rows:
            if status == "installed" and architecture in (native, "all"):
                there.add(package)
                there.update(entry.split()[0].partition(":")[0] for entry in provides.split(",") if entry.strip())
        return frozenset(names) & there

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Return the ``names`` with an installation candidate, or provided by exactly one package."""
        checked = APT.checked(names)
        return self.listed(checked) if checked and self._has_lists() else frozenset(checked)

    def listed(self, names: Sequence[str]) -> frozenset[str]:
        accepted = tuple(filter(APT.accepts, names))
        if not accepted or not self._has_lists():
            return frozenset()
        return frozenset(accepted) - frozenset(self._unknown(accepted))

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Return the packages that ship the need, if apt-file is installed and has its lists."""
        places: dict[str, list[str]] = {}
        for file_name in need.file_names:
            for package, path in self._rows("search", "-x", "--", f"/{re.escape(file_name)}$"):
                if is_wanted(path) and is_suitable(package):
                    places.setdefault(package, []).append(path)
        if not places:
            return ()
        development = self._for_development(sorted(places))
        files = {name: self._files(name) for name in worth_a_look(places)}
        return described(places, "apt-file search", files, development)

    def versions(self, names: Sequence[str]) -> Mapping[str, str]:
        policy = self._answer("apt-cache", "policy", "--", *APT.checked(names))
        found = re.findall(r"^(\S+):\n  Installed: .*\n  Candidate: (.+)$", policy, re.MULTILINE)
        return {name: version for name, version in found if version != "(none)"}

    def denies(self, need: Need) -> bool:
        return bool(need.file_names) and not self.providers(need) and bool(self._files("dpkg"))

    def _files(self, package: str) -> list[str]:
        return [path for name, path in self._rows("list", "-F", "--", package) if name == package]

    def _rows(self, *arguments: str) -> list[tuple[str, str]]:
        rows = (line.partition(": /") for line in self._questions.lines(("apt-file", *arguments)))
        return [(package, path) for package, slash, path in rows if slash and APT.accepts(package)]

    def _for_development(self, packages: Sequence[str]) -> frozenset[str]:
        shown = self._questions.lines(("apt-cache", "show", "--no-all-versions", "--", *packages))
        sections: dict[str, str] = {}
        package = ""
        for found in filter(None, map(_FIELD.match, shown)):
            if found[1] == "Package":
                package = found[2]
            else:
                sections.setdefault(package, found[2])
        return frozenset(name for name in packages if named_for_development(name) or sections.get(name) in _DEVELOPMENT)

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """Return the transaction that apt-get plans, with its sizes; None without package lists.

        It is planned once for the same names, as long as packages and lists stay the same. Raises PackageManagerError,
        quoting apt, for unknown names and unsatisfiable dependencies.
        """
        checked = APT.checked(names)
        if not self._has_lists():
            return None
        asked = (self.ask("stat", "--format=%z", *_STATE).output, checked)
        if asked not in self._simulated:
            self._simulated[asked] = self._simulate(checked)
        return self.fitting(self._simulated[asked])

    def _simulate(self, checked: tuple[str, ...]) -> Simulation:
        if unknown := self._unknown(checked):
            raise StaleListsError(
                f"apt found no package named {', '.join(unknown)}",
                hint="check the releases and components in /etc/apt/sources.list.d",
            )
        # It changes nothing, takes no lock, and takes a tenth of the time of apt-get -s, which plays each step through.
        done = self.ask("apt-get", "--print-uris", "-y", "install", "--no-install-recommends", "--", *checked)
        actions = [(what, name) for what, packages in _ACTIONS.findall(done.output) for name in packages.split()]
        freed = size_found(_FREED, done.output, 1000)
        simulation = Simulation(
            installs=tuple(name for what, name in actions if what.endswith(("installed", "upgraded"))),
            removes=tuple(name for what, name in actions if what.endswith("REMOVED")),
            downgrades=tuple(name for what, name in actions if what.endswith("DOWNGRADED")),
            download_bytes=size_found(_DOWNLOAD, done.output, 1000),
            disk_bytes=size_found(_FILLED, done.output, 1000) if freed is None else -freed,
        )
        if done.returncode != 0 and not simulation.objection:  # with -y, apt itself refuses downgrades
            raise self.refused(done.output + done.stderr, checked)
        return simulation

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return the install command, preceded by an update if there are no package lists (as in most images)."""
        install = self._install_command(APT.checked(names))
        return (install,) if self._has_lists() else (self._update_command(), install)

    def carry_out(self, names: tuple[str, ...], log: Path, plan: Plan) -> None:
        """Install, after an update if there are no package lists, or with one update if they are stale."""
        updated = not self._has_lists()
        trouble = self._update(log, plan) if updated else None
        try:
            super().carry_out(names, log, plan)
        except StaleListsError as stale:
            if not updated:
                trouble = self._update(log, plan)
            if trouble:
                raise NetworkError(f"{stale.message}\n{trouble}", hint=f"{_NETWORK_HINT}, {AGAIN}") from stale
            if updated:
                raise
            super().carry_out(names, log, plan)

    def mend(self, output: str) -> str:
        """Return the commands that repair half-installed packages as root, according to dpkg(1) and apt-get(8)."""
        unfinished = self._answer("dpkg", "--audit").strip()
        return "finish what dpkg began with dpkg --configure -a && apt-get --fix-broken install, " if unfinished else ""

    def _update(self, log: Path, plan: Plan) -> str | None:
        """Fetch the lists; return the errors for unreachable ones, if any. NetworkError if there are no lists then.

        ``apt-get update`` returns 0 when a mirror cannot be reached, and one broken repository of several need not
        matter.
        """
        done = self._privilege.run(self._runner, self._update_command(), log, plan)
        trouble = quoted(done.output, _NETWORK)
        if self._has_lists():
            return trouble
        if trouble:
            raise NetworkError(f"apt-get update got no package lists:\n{trouble}", hint=f"{_NETWORK_HINT}, {AGAIN}")
        raise self.failed(done, log)

    def _install_command(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return self._privilege.prefix(
            ("apt-get", *self._options, "install", "-y", "--no-install-recommends", "--", *names),
            {} if self._privilege.terminal else _QUIET,
        )

    def _update_command(self) -> tuple[str, ...]:
        return self._privilege.prefix(("apt-get", *self._options[:2], "update"))

    def _has_lists(self) -> bool:
        """Return whether any Packages list was ever fetched (container images ship without)."""
        if not self._lists_seen:
            listing = self._answer("apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages")
            self._lists_seen = bool(listing.strip())
        return self._lists_seen

    def _unknown(self, names: Sequence[str]) -> list[str]:
        """Return the names that apt-get would not install literally.

        Call this before apt-get install, which reads an unknown name with a dot in it as a regular expression and
        installs whatever matches.
        """
        candidates = self.versions(names)
        return [name for name in names if name not in candidates and len(self._providers(name)) != 1]

    def _providers(self, name: str) -> set[str]:
        """Return the packages that provide a virtual name; apt-get refuses to choose among several."""
        shown = self._answer("apt-cache", "showpkg", "--", name)
        return {line.split()[0] for line in shown.partition("\nReverse Provides:")[2].splitlines() if line.strip()}

    def _answer(self, *argv: str) -> str:
        return self.ask(*argv).output
