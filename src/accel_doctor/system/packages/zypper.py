"""openSUSE and SUSE Linux Enterprise: zypper and rpm.

Output formats and return codes are those of zypper 1.14.89; zypper(8), EXIT CODES, names the codes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from xml.etree import ElementTree

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.fileindex import named_for_development
from accel_doctor.interfaces import Runner
from accel_doctor.model.cures import Provider
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.model.plans import Simulation
from accel_doctor.system.packages.facts import (
    EACH_LINE,
    ManagerFacts,
    RemovalFacts,
    StaleListsError,
    Trouble,
    broken,
    locked,
    unreachable,
)
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.rpm import (
    RPM_INVENTORY,
    RPM_NAMES,
    RPM_OWNERS,
    RPM_REAL,
    RPM_SIZE,
    RPM_SIZES,
    RPM_VERSIONS,
    RpmDriver,
)

_QUESTIONLESS = ("zypper", "--non-interactive")

_UNREACHABLE = re.compile(r"Download \(curl\) error|Error message: |Timeout exceeded|Error trying to read from")
_HELD = re.compile(r"System management is locked|can't create transaction lock")
_SPOILED = re.compile(r"Digest verification failed|has wrong checksum|seems to be corrupted|Repository '.*' is invalid")
_UNSIGNED = re.compile(r"Signature verification failed|is unsigned")
_NO_PROVIDER = re.compile(r"No provider of '.*' found|Package '.*' not found")
_ERROR = re.compile(
    r"Problem: |not installable|nothing provides|No provider of|[Ee]rror|needs \S+ more space|No space left"
)

_PACKAGE = re.compile(r'<solvable [^>]*\bname="([A-Za-z0-9_][A-Za-z0-9._+-]*)"[^>]*\bkind="package"')

_NOT_ROOT = re.compile(r"Root privileges are required")

ZYPPER = ManagerFacts(
    "zypper",
    RPM_NAMES,
    (("zypper", "--non-interactive", "install"),),
    _ERROR,
    (
        locked(_HELD),
        Trouble(
            _UNSIGNED,
            "zypper does not trust a repository: import its key with zypper refresh, or remove it",
        ),
        # before an unknown name, which an unreachable repository causes
        unreachable(
            _UNREACHABLE,
            "check the network, the proxy and the repositories (zypper lr -u)",
        ),
        broken(_SPOILED, "fetch everything again with zypper clean --all && zypper refresh"),
        Trouble(
            _NO_PROVIDER,
            "check which repositories are enabled with zypper lr",
            quote=_ERROR,
            error=StaleListsError,
        ),
    ),
    owner_query=RPM_OWNERS,
    version_query=RPM_VERSIONS,
    downloads_to="/var/cache/zypp",
    download_only="--download-only",
    cleanup="zypper clean all",
    removal=RemovalFacts(
        inventory=RPM_INVENTORY,
        installed=EACH_LINE,
        marks=(*_QUESTIONLESS, "search", "--installed-only", "--type", "package"),
        marked=re.compile(r"^i\+ +\| (\S+)", re.MULTILINE),
        simulation=(*_QUESTIONLESS, "--xmlout", "remove", "--no-clean-deps", "--dry-run", "--"),
        changed=re.compile(r'<solvable [^>]*\bname="([^"]+)"'),
        size_query=RPM_SIZES,
        size=RPM_SIZE,
        command=(*_QUESTIONLESS, "remove", "--no-clean-deps", "--"),
        not_root=_NOT_ROOT,
        real=RPM_REAL,
    ),
)


class Zypper(RpmDriver):
    """Drive zypper."""

    facts = ZYPPER
    _not_root = _NOT_ROOT
    # Everything is installed, and: reboot needed, restart needed, a repository was skipped, a package's script failed.
    succeeded = frozenset({0, 102, 103, 106, 107})
    _refresh = (*_QUESTIONLESS, "refresh")

    def __init__(self, runner: Runner, privilege: Privilege, lock_timeout: int = 60) -> None:
        super().__init__(runner, privilege)
        # Seconds that zypper waits for another program to release its lock; by default it gives up at once.
        self._wait = ("env", f"ZYPP_LOCK_TIMEOUT={lock_timeout}")

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Return the ``names`` that a repository provides; all if no repository can be read.

        If a name is not found, metadata is refreshed once, as root only, since others may not.
        """
        checked = ZYPPER.checked(names)
        found = frozenset(filter(self._may_be_had, checked))
        missing = [name for name in checked if name not in found]
        if not missing or self._refreshed or self._privilege.tool != "":
            return found
        self._refreshed = True
        self.ask(*self._refresh)
        return found | frozenset(filter(self._may_be_had, missing))

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Return the packages that have the need, by capability or command: zypper's metadata has no other files."""
        commands = need.paths if need.kind is NeedKind.COMMAND else ()
        for place in (*need.capabilities, *commands):
            answer = self._questions.ask(_search(place))
            if names := dict.fromkeys(_PACKAGE.findall(answer.output)):
                return tuple(_provider(name, place.lstrip("/")) for name in names)
        return ()

    def denies(self, need: Need) -> bool:
        places = need.paths if need.kind is NeedKind.COMMAND else need.capabilities
        known = need.kind in (NeedKind.COMMAND, NeedKind.PKGCONFIG) and bool(places)
        return known and not any(map(self._may_be_had, places))

    def _may_be_had(self, name: str) -> bool:
        output = self.ask(*_search(name)).output
        # No error: all enabled repositories were read. An error may just mean that an ordinary user cannot refresh.
        return "<solvable " in output or 'type="error"' in output

    def _command(self, names: Sequence[str], *, rehearse: bool) -> tuple[str, ...]:
        before, after = (("--xmlout",), ("--dry-run",)) if rehearse else ((), ())
        return (*self._wait, *_QUESTIONLESS, *before, "install", "--no-recommends", *after, "--", *names)

    def refused(self, output: str, names: Sequence[str]) -> PackageManagerError | NetworkError:
        """Return the error for the XML output of a failed simulation, which may be truncated."""
        return super().refused(unescape(re.sub(r"<[^<>]*>", "\n", output)), names)

    def _transaction(self, output: str) -> Simulation | None:
        found = re.search(r"<install-summary\b.*</install-summary>", output, re.DOTALL)
        if not found:
            return None
        # Written by zypper as root; it escapes the texts of packages.
        summary = ElementTree.fromstring(found[0])  # noqa: S314
        return Simulation(
            installs=_listed(summary, "to-install", "to-upgrade", "to-reinstall", "to-change-arch", "to-change-vendor"),
            removes=_listed(summary, "to-remove"),
            downgrades=_listed(summary, "to-downgrade"),
            download_bytes=int(summary.get("download-size", "0")),
            disk_bytes=int(summary.get("space-usage-diff", "0")),
        )


def _search(provided: str) -> tuple[str, ...]:
    return (*_QUESTIONLESS, "-x", "search", "--provides", "--match-exact", "--", provided)


def _provider(name: str, place: str) -> Provider:
    # A package's files cannot be listed. A development package starts no service; any other might.
    development = named_for_development(name)
    return Provider(name, place, "zypper search", development, service=not development)


def _listed(summary: ElementTree.Element, *sections: str) -> tuple[str, ...]:
    return tuple(
        solvable.get("name", "") for section in sections for solvable in summary.findall(f"{section}/solvable")
    )
