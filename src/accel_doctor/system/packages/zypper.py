"""openSUSE and SUSE Linux Enterprise: zypper and rpm.

Output forms and return codes were read off zypper 1.14.89; zypper(8), EXIT CODES, names the codes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.fileindex import named_for_development
from accel_doctor.interfaces import Runner
from accel_doctor.model import Need, NeedKind, Provider, Simulation
from accel_doctor.system.packages.facts import ManagerFacts
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.questions import capabilities, paths
from accel_doctor.system.packages.rpm import RPM_NAMES, RpmPackageManager
from accel_doctor.system.packages.transactions import (
    ENGLISH,
    UnknownNameError,
    full,
    last_words,
    locked,
    quoted,
    spoiled,
)

_QUESTIONLESS = ("zypper", "--non-interactive")
_INSTALL = ("install", "--no-recommends")

_NOT_FOUND = 104
_LOCKED = 7
# All is installed, and: reboot needed, restart needed, a repository was skipped, a package's script failed.
_INFORMATIONAL = frozenset({0, 102, 103, 106, 107})

_NOT_ROOT = re.compile(r"Root privileges are required")
_UNREACHABLE = re.compile(r"Download \(curl\) error|Error message: |Timeout exceeded|Error trying to read from")
_HELD = re.compile(r"System management is locked|can't create transaction lock")
_SPOILED = re.compile(r"Digest verification failed|has wrong checksum|seems to be corrupted|Repository '.*' is invalid")
_UNSIGNED = re.compile(r"Signature verification failed|is unsigned")
_NO_PROVIDER = re.compile(r"No provider of '.*' found|Package '.*' not found")
_ERROR = re.compile(
    r"Problem: |not installable|nothing provides|No provider of|[Ee]rror|needs \S+ more space|No space left"
)

_PACKAGE = re.compile(r'<solvable [^>]*\bname="([A-Za-z0-9_][A-Za-z0-9._+-]*)"[^>]*\bkind="package"')

_NETWORK_HINT = "check the network, the proxy and the repositories (zypper lr -u), then run the same command again"
_REPOSITORY_HINT = "are the right repositories enabled? zypper lr shows them"

ZYPPER = ManagerFacts("zypper", RPM_NAMES)


class Zypper(RpmPackageManager):
    """Implements :class:`accel_doctor.interfaces.PackageManager` with zypper."""

    facts = ZYPPER
    downloads_to = "/var/cache/zypp"
    succeeded = _INFORMATIONAL
    _refresh = (*_QUESTIONLESS, "refresh")

    def __init__(self, runner: Runner, privilege: Privilege, lock_timeout: int = 60) -> None:
        super().__init__(runner, privilege)
        # Seconds zypper waits for another program that holds its lock; it gives up at once unless told.
        self._refreshed = False
        self._wait = ("env", f"ZYPP_LOCK_TIMEOUT={lock_timeout}")

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Those of ``names`` that a repository provides; all of them where no repository can be read.

        Where a name is not found, and for root only, who alone may, metadata is refreshed once.
        """
        checked = self._checked(names)
        found = frozenset(filter(self._may_be_had, checked))
        missing = [name for name in checked if name not in found]
        if not missing or self._refreshed or self._privilege.tool != "":
            return found
        self._refreshed = True
        self._runner.capture(self._refresh, environment=ENGLISH)
        return found | frozenset(filter(self._may_be_had, missing))

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Who has it: what a capability or a command says. zypper's metadata has no other files."""
        commands = paths(need) if need.kind is NeedKind.COMMAND else ()
        for place in (*capabilities(need), *commands):
            answer = self._questions.ask(_search(place))
            if names := dict.fromkeys(_PACKAGE.findall(answer.output)):
                return tuple(_provider(name, place.lstrip("/")) for name in names)
        return ()

    def _may_be_had(self, name: str) -> bool:
        output = self._runner.capture(_search(name), environment=ENGLISH).output
        # Without an error, all enabled repositories were read: an ordinary user cannot refresh them, for one.
        return "<solvable " in output or 'type="error"' in output

    def _rehearsal(self, names: Sequence[str]) -> tuple[str, ...]:
        return (*self._wait, *_QUESTIONLESS, "--xmlout", *_INSTALL, "--dry-run", "--", *names)

    def _transaction(self, names: Sequence[str]) -> tuple[str, ...]:
        return (*self._wait, *_QUESTIONLESS, *_INSTALL, "--", *names)

    def _simulation(self, output: str, names: Sequence[str]) -> Simulation | None:
        """What the XML of a rehearsal says; None for who is not root."""
        if _NOT_ROOT.search(output):
            return None
        found = re.search(r"<install-summary\b.*</install-summary>", output, re.DOTALL)
        if not found:
            raise _error(_plain(output), None, f"zypper cannot install {' '.join(names)}:")
        # What root's own zypper wrote; it escapes the texts of packages.
        summary = ElementTree.fromstring(found[0])  # noqa: S314
        return Simulation(
            installs=_listed(summary, "to-install", "to-upgrade", "to-reinstall", "to-change-arch", "to-change-vendor"),
            removes=_listed(summary, "to-remove"),
            downgrades=_listed(summary, "to-downgrade"),
            download_bytes=int(summary.get("download-size", "0")),
            disk_bytes=int(summary.get("space-usage-diff", "0")),
        )

    def _failure(self, output: str, returncode: int, log: Path) -> PackageManagerError | NetworkError:
        return _error(output, log, f"zypper failed (return code {returncode}):", returncode)


def _search(provided: str) -> tuple[str, ...]:
    return (*_QUESTIONLESS, "-x", "search", "--provides", "--match-exact", "--", provided)


def _provider(name: str, place: str) -> Provider:
    # A package's files cannot be listed. One to build with starts nothing; of any other, nobody knows.
    development = named_for_development(name)
    return Provider(name, place, "zypper search", development, service=not development)


def _listed(summary: ElementTree.Element, *sections: str) -> tuple[str, ...]:
    return tuple(
        solvable.get("name", "") for section in sections for solvable in summary.findall(f"{section}/solvable")
    )


def _plain(xml: str) -> str:
    """The texts of an XML output that may be cut short, one below the other."""
    from html import unescape

    return unescape(re.sub(r"<[^<>]*>", "\n", xml))


def _error(
    output: str, log: Path | None, lead: str, returncode: int | None = None
) -> PackageManagerError | NetworkError:
    """The error that an output stands for. An unreachable repository shows as a name that nothing provides."""
    if too_full := full("zypper", output, log):
        return too_full
    if returncode == _LOCKED or _HELD.search(output):
        return locked("zypper", quoted(output, _HELD) or last_words(output), log)
    if unsigned := quoted(output, _UNSIGNED):
        hint = "zypper does not trust a repository: import its key with zypper refresh, or remove it"
        return PackageManagerError(f"{lead}\n{unsigned}", log=log, hint=hint)
    unreachable = quoted(output, _UNREACHABLE)
    if unreachable and (returncode == _NOT_FOUND or returncode is None or not _NO_PROVIDER.search(output)):
        return NetworkError(f"zypper could not reach a repository:\n{unreachable}", hint=_NETWORK_HINT)
    if broken := quoted(output, _SPOILED):
        return spoiled("zypper", broken, log, "fetch everything anew with zypper clean --all && zypper refresh")
    words = f"{lead}\n{quoted(output, _ERROR) or last_words(output)}"
    if _NO_PROVIDER.search(output):
        return UnknownNameError(words, log=log, hint=_REPOSITORY_HINT)
    return PackageManagerError(words, log=log, hint=f"read {log}" if log else None)
