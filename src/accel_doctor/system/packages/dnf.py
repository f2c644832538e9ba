"""Fedora, RHEL and their derivatives: dnf and rpm.

Output formats are those of dnf 4.23 and dnf5 5.4; both accept the commands used here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from accel_doctor.fileindex import named_for_development
from accel_doctor.interfaces import Runner
from accel_doctor.model.cures import Provider
from accel_doctor.model.needs import Need
from accel_doctor.model.plans import Simulation
from accel_doctor.system.packages.facts import (
    EACH_LINE,
    ManagerFacts,
    RemovalFacts,
    StaleListsError,
    Trouble,
    broken,
    locked,
    size_found,
    unreachable,
)
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.questions import described, worth_a_look
from accel_doctor.system.packages.rpm import (
    RPM_INVENTORY,
    RPM_NAMES,
    RPM_OWNERS,
    RPM_REAL,
    RPM_SIZE,
    RPM_SIZES,
    RPM_VERSIONS,
    RpmDriver,
    rehearsed,
    tally,
)
from accel_doctor.system.process.children import TIMED_OUT

_QUERY = ("dnf", "-q", "repoquery")

_SECTION = re.compile(r"^([A-Z][^:]*):$")
_ROW = re.compile(r"^ (\S+)")
_REPLACED = re.compile(r"^ {3,}replacing +(\S+)")
_ARCHITECTURE = re.compile(r"\.(?:noarch|x86_64|i[3-6]86|aarch64|armv7hl|ppc64le|s390x|riscv64)$")
_DOWNLOAD = re.compile(r"(?:Total download size: |Need to download )([\d.,]+) ([kKMGT]?)")
_DISK = re.compile(r"(?:^Installed size: |After this operation, )([\d.,]+) ([kKMGT]?)", re.MULTILINE)

_NETWORK = re.compile(r"Curl error|Failed to download|Cannot download|Librepo error|Could not resolve host")
# dnf 4, dnf5 and rpm itself
_LOCKED = re.compile(r"already locked by|Waiting for (?:process with pid|a lock)|can't create transaction lock")
_SPOILED = re.compile(
    r"checksum doesn't match|incorrect checksum|Inconsistent server data|repomd\.xml parser error|Parsing unsuccessful"
)
_HOLDER = re.compile(r"already locked by|Waiting for|transaction lock|The application with PID|^\d+\t")
_NO_MATCH = re.compile(r"^No match for argument: |^Error: Unable to find a match")
_ERROR = re.compile(r"^Error: |^ Problem|^Problem|^Failed to |^  - |^No match for argument: |^Librepo error")

_NOT_ROOT = re.compile(r"superuser privileges|lock file .* Permission denied")
_EXACTLY = "--setopt=clean_requirements_on_remove=False"  # by default what nothing needs any more goes too

DNF = ManagerFacts(
    "dnf",
    RPM_NAMES,
    (("dnf", "install", "-y"),),
    _ERROR,
    (
        locked(_LOCKED, _HOLDER),
        broken(_SPOILED, "empty dnf's cache with dnf clean all"),
        # before an unknown name, which an unreachable repository causes
        unreachable(_NETWORK, "check the network, the proxy and the repositories in /etc/yum.repos.d"),
        Trouble(
            _NO_MATCH,
            "check which repositories are enabled with dnf repolist --all: -devel packages may be in CRB or EPEL",
            quote=_ERROR,
            error=StaleListsError,
        ),
    ),
    formerly={"7": "yum", "2": "yum"},  # of RHEL and of Amazon Linux
    owner_query=RPM_OWNERS,
    version_query=RPM_VERSIONS,
    downloads_to="/var/cache/dnf",
    download_only="--downloadonly",
    cleanup="dnf clean all",
    removal=RemovalFacts(
        inventory=RPM_INVENTORY,
        installed=EACH_LINE,
        marks=(*_QUERY, "--userinstalled", "--qf", "%{name}\n"),
        marked=EACH_LINE,
        simulation=("dnf", "--assumeno", _EXACTLY, "remove", "--"),
        # rows of any section of the table, but not its heading and the summary of dnf5
        changed=re.compile(r"^ (?!Package |After this )([A-Za-z0-9_][\w.+-]*)(?: +\S|$)", re.MULTILINE),
        size_query=RPM_SIZES,
        size=RPM_SIZE,
        command=("dnf", "-y", _EXACTLY, "remove", "--"),
        simulated=re.compile(r"Operation aborted"),
        not_root=_NOT_ROOT,
        real=RPM_REAL,
    ),
)


class Dnf(RpmDriver):
    """Drive dnf."""

    facts = DNF
    _not_root = _NOT_ROOT
    _no_weak_dependencies = "--setopt=install_weak_deps=False"
    _refresh = ("dnf", "makecache", "--refresh")

    def __init__(self, runner: Runner, privilege: Privilege, lock_timeout: int = 120) -> None:
        super().__init__(runner, privilege)
        self._patience = lock_timeout

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Return the ``names`` that a repository provides; all if no repository can be read.

        Metadata (for ordinary users, their own copy) is refreshed once if a name is not found.
        """
        checked = DNF.checked(names)
        found = self._provided(checked) if checked else frozenset()
        missing = [name for name in checked if name not in found]
        if not missing or self._refreshed:
            return found
        self._refreshed = True
        return found | self._provided(missing, "--refresh")

    def _provided(self, checked: Sequence[str], *options: str) -> frozenset[str]:
        query = ("dnf", *options, "repoquery", "--qf", "%{name}\n%{provides}\n", "--whatprovides")
        done = self.ask(*query, ",".join(checked))
        if done.returncode != 0 or _NETWORK.search(done.output + done.stderr):
            return frozenset(checked)
        provided = {line.split()[0] for line in done.output.splitlines() if line.strip()}
        return frozenset(checked) & provided

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Return the packages that have the need, by file and capability: in dnf 4 only ``--file`` finds files."""
        asked = [("--file", path) for path in need.paths]
        for option, place in (*asked, *(("--whatprovides", capability) for capability in need.capabilities)):
            found = self._questions.lines((*_QUERY, "--qf", "%{name}\n", option, place))  # dnf5 adds no line end itself
            if names := [name for name in dict.fromkeys(found) if DNF.accepts(name)]:
                places = {name: (place.lstrip("/"),) for name in names}
                files = {name: self._files(name) for name in worth_a_look(places)}
                return described(places, "dnf repoquery", files, set(filter(named_for_development, names)))
        return ()

    def denies(self, need: Need) -> bool:
        asked = bool(need.paths or need.capabilities)
        return asked and not self.providers(need) and self._questions.answered

    def _files(self, name: str) -> list[str]:
        return [line[1:] for line in self._questions.lines((*_QUERY, "-l", "--", name)) if line.startswith("/")]

    def _rehearse(self, names: Sequence[str]) -> str:
        """Return the output of the simulation; if it waits for a lock, what it printed until the timeout."""
        done = self._runner.capture(
            self._command(names, rehearse=True), environment=self.variables, timeout=self._patience
        )
        output = f"{done.output}\n{done.stderr}"
        if done.returncode == TIMED_OUT and not _LOCKED.search(output):  # a slow network
            return super()._rehearse(names)
        return output

    def _transaction(self, output: str) -> Simulation | None:
        """Parse the transaction that ``--assumeno`` printed; dnf 4 shows it to root only, dnf5 not always to users."""
        if not rehearsed(output):
            return None
        section, package = "", ""
        rows: list[tuple[str, str]] = []
        for line in output.splitlines():
            if found := _SECTION.match(line):
                section = found[1]
            elif found := _ROW.match(line):
                package = found[1]
                rows.append((section, package))
            elif found := _REPLACED.match(line):
                # dnf5 lists the old version of an upgraded package like this too
                replaced = _ARCHITECTURE.sub("", found[1])
                if replaced != package:
                    rows.append(("Removing", replaced))
            elif not line.startswith(" "):
                section = ""
        return tally(rows, size_found(_DOWNLOAD, output, 1024), size_found(_DISK, output, 1024))
