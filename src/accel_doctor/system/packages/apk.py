"""Alpine Linux and its derivatives: apk.

Output formats are those of apk 3.0.6 and 2.14.9. Packages are requested by their exact names: ``apk add``
would also take ``pc:x``, ``cmd:x`` and ``so:x``, choose one of several providers, and write that word into its world.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from accel_doctor.interfaces import Runner
from accel_doctor.model.cures import Provider
from accel_doctor.model.needs import Need
from accel_doctor.model.plans import Simulation
from accel_doctor.system.packages.driver import Driver
from accel_doctor.system.packages.facts import ManagerFacts, OwnerQuery, Trouble, locked, quoted, unreachable
from accel_doctor.system.packages.privilege import Privilege

# The stored lists, then, if these do not suffice, fresh ones that are not stored: every user may fetch those.
_LISTS: tuple[tuple[str, ...], ...] = ((), ("--no-cache",))


_CHANGE = re.compile(r"^\( *\d+/\d+\) (\w+) ([^ @]+)\S* \(", re.MULTILINE)
_INSTALLED = frozenset({"Installing", "Upgrading", "Replacing", "Reinstalling"})

_UNKNOWN = re.compile(r"\(no such package\):$")
_LOCKED = re.compile(r"^ERROR: Unable to lock database: (?!Permission denied)")
_UNTRUSTED = re.compile(r": (?:UNTRUSTED|BAD) signature$")
# apk 3 and apk 2 word each differently
_NETWORK = re.compile(
    r"^(?:WARNING|ERROR): .*: (?:Connection |DNS: |TLS: |HTTP (?:407|408|5\d\d): |Network |No route to host|Host is "
    r"|Operation timed out|could not connect to server|DNS lookup error|network |operation timed out|temporary error"
    r"|remote server returned error)"
)
_NOT_THERE = re.compile(r": HTTP 404: |: package mentioned in index not found|^WARNING: fetching .*: No such file")
_ERROR = re.compile(r"^ERROR: (?!unable to select packages:)|^  +\S")
_OWNER = re.compile(r" is owned by (\S+)-[^-\s]+-r[0-9]+$", re.MULTILINE)

APK = ManagerFacts(
    "apk",
    # No version or tag (=, <, >, ~, @), conflict (!) or provider (:); apk 2 treats a name containing ".apk" as a file.
    re.compile(r"(?!.*\.apk)[A-Za-z0-9_](?:[A-Za-z0-9._+-]*[A-Za-z0-9_+])?"),
    (("apk", "add"),),
    _ERROR,
    (
        locked(_LOCKED),
        Trouble(
            _UNTRUSTED,
            "apk does not trust a repository: put its key into /etc/apk/keys, or remove it from /etc/apk/repositories",
        ),
        unreachable(_NETWORK, "check the network, the proxy and /etc/apk/repositories"),
        Trouble(
            _NOT_THERE,
            "check the mirror in /etc/apk/repositories; if it is incomplete, switch to another one",
        ),
        Trouble(
            _UNKNOWN,
            "check the repositories in /etc/apk/repositories: -dev packages may be in community",
            quote=_ERROR,
        ),
    ),
    owner_query=OwnerQuery(("apk", "info", "--who-owns"), _OWNER),
    cleanup="rm -rf /var/cache/apk/*",
)


class Apk(Driver):
    """Drive apk."""

    facts = APK

    def __init__(self, runner: Runner, privilege: Privilege, lock_timeout: int = 120) -> None:
        super().__init__(runner, privilege)
        self._wait = ("--wait", str(lock_timeout))

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        checked = APK.checked(names)
        return frozenset(name for name in checked if self.ask("apk", "info", "-e", "--", name).returncode == 0)

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Return the ``names`` that a repository has or exactly one package provides; all if none can be read."""
        checked = APK.checked(names)
        unknown = checked
        for options in _LISTS:
            unknown = self._unknown(unknown, options)
        readable = not unknown or self._found("--no-cache")
        return frozenset(checked) - frozenset(unknown) if readable else frozenset(checked)

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Return the providers of a .pc file, a command or a shared library; from fresh lists if none are stored.

        Alpine's lists do not distinguish services from tools, so only -dev packages count as development packages.
        """
        place = need.apk_name
        if place is None:
            return ()
        for options in _LISTS:
            if found := self._found(*options, "-x", "--", place):
                return tuple(Provider(name, place, "apk search", name.endswith("-dev")) for name in sorted(found))
        return ()

    def denies(self, need: Need) -> bool:
        return need.apk_name is not None and not self.providers(need) and bool(self._found("--no-cache"))

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """Return the transaction that apk simulates, which needs no root.

        Raises PackageManagerError, quoting apk, for unknown names and unsatisfiable dependencies, NetworkError
        if no repository can be reached.
        """
        checked = APK.checked(names)
        output = ""
        for options in _LISTS:
            done = self.ask("apk", "add", "-s", *options, "--", *checked)
            output = f"{done.output}\n{done.stderr}"
            if done.returncode == 0:
                return _changes_shown(output)
            if not quoted(output, _UNKNOWN):
                break
        raise self.refused(output, checked)

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return the install command. It refreshes stored lists, and stores none if there are none."""
        checked = APK.checked(names)
        lists = "--update-cache" if self._found() else "--no-cache"
        return (self._privilege.prefix(("apk", "add", lists, "--no-interactive", *self._wait, "--", *checked)),)

    def _unknown(self, names: Sequence[str], options: Sequence[str]) -> tuple[str, ...]:
        """Return the names that apk would not install: unknown ones, and those with several providers."""
        found = self._found(*options, "-x", "--", *names) if names else frozenset()
        unknown = [name for name in names if name not in found]
        if found <= frozenset(names):  # nothing was found by what it provides
            return tuple(unknown)
        return tuple(name for name in unknown if len(self._found(*options, "-x", "--", name)) != 1)

    def _found(self, *arguments: str) -> frozenset[str]:
        """Return the names of the packages that a search finds; without a search term, all packages."""
        return frozenset(self.ask("apk", "search", "-q", *arguments).output.split())


def _changes_shown(output: str) -> Simulation:
    changes = _CHANGE.findall(output)
    return Simulation(
        installs=tuple(name for action, name in changes if action in _INSTALLED),
        removes=tuple(name for action, name in changes if action == "Purging"),
        downgrades=tuple(name for action, name in changes if action == "Downgrading"),
    )
