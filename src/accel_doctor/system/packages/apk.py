"""Alpine Linux and its kin: apk.

Output forms were read off apk 3.0.6 and 2.14.9. Package names are asked for with their exact spelling: ``apk add``
would also take ``pc:x``, ``cmd:x`` and ``so:x``, choose one of several providers, and write that word into its world.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.interfaces import Completed, Runner
from accel_doctor.model import Need, NeedKind, Provider, Simulation
from accel_doctor.system.packages.facts import ManagerFacts
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.transactions import (
    ENGLISH,
    checked_names,
    full,
    last_words,
    locked,
    quoted,
    refuse_losses,
    refuse_missing,
)

# No version and no tag (=, <, >, ~, @), no conflict (!), no provider (:); apk 2 takes what has ".apk" in it for a file.
APK = ManagerFacts("apk", re.compile(r"(?!.*\.apk)[A-Za-z0-9_](?:[A-Za-z0-9._+-]*[A-Za-z0-9_+])?"))

# The lists that are kept, then, where these do not do, fresh ones that are not kept: every user may have those.
_LISTS: tuple[tuple[str, ...], ...] = ((), ("--no-cache",))

# What abuild writes down of a package's files, and what is asked for with them: no glob characters
_PROVIDED = {NeedKind.PKGCONFIG: "pc:", NeedKind.COMMAND: "cmd:", NeedKind.SONAME: "so:"}
_PROVIDED_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")

_CHANGE = re.compile(r"^\( *\d+/\d+\) (\w+) ([^ @]+)\S* \(", re.MULTILINE)
_INSTALLED = frozenset({"Installing", "Upgrading", "Replacing", "Reinstalling"})

_UNKNOWN = re.compile(r"\(no such package\):$")
_LOCKED = re.compile(r"^ERROR: Unable to lock database: (?!Permission denied)")
_UNTRUSTED = re.compile(r": (?:UNTRUSTED|BAD) signature$")
# apk 3 and apk 2 have words of their own for each
_NETWORK = re.compile(
    r"^(?:WARNING|ERROR): .*: (?:Connection |DNS: |TLS: |HTTP (?:407|408|5\d\d): |Network |No route to host|Host is "
    r"|Operation timed out|could not connect to server|DNS lookup error|network |operation timed out|temporary error"
    r"|remote server returned error)"
)
_NOT_THERE = re.compile(r": HTTP 404: |: package mentioned in index not found|^WARNING: fetching .*: No such file")
_ERROR = re.compile(r"^ERROR: (?!unable to select packages:)|^  +\S")

_NETWORK_HINT = "check the network, the proxy and /etc/apk/repositories, then run the same command again"
_KEYS_HINT = "apk does not trust a repository: put its key into /etc/apk/keys, or take it out of /etc/apk/repositories"
_MIRROR_HINT = "is the mirror in /etc/apk/repositories right and complete? another one may do"
_REPOSITORY_HINT = "are the right repositories in /etc/apk/repositories? -dev packages may sit in community"


class Apk:
    """Implements :class:`accel_doctor.interfaces.PackageManager` with apk."""

    name = APK.name

    def __init__(self, runner: Runner, privilege: Privilege, lock_timeout: int = 120) -> None:
        self._runner = runner
        self._privilege = privilege
        self.privileged = privilege.tool is not None
        self._wait = ("--wait", str(lock_timeout))

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """Those of ``names`` that are installed, or provided by what is."""
        checked = checked_names(names, APK)
        return frozenset(name for name in checked if self._ask("info", "-e", "--", name).returncode == 0)

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Those of ``names`` that a repository has or one package provides; all of them where none can be read."""
        checked = checked_names(names, APK)
        unknown = checked
        for options in _LISTS:
            unknown = self._unknown(unknown, options)
        readable = not unknown or self._found("--no-cache")
        return frozenset(checked) - frozenset(unknown) if readable else frozenset(checked)

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Who provides a .pc file, a command or a shared library; by fresh lists, kept nowhere, if there are no others.

        Nothing in Alpine's lists tells a service from a tool, so that only -dev packages count as development ones.
        """
        prefix = _PROVIDED.get(need.kind)
        if not prefix or not _PROVIDED_NAME.fullmatch(need.name):
            return ()
        place = f"{prefix}{need.name}"
        for options in _LISTS:
            if found := self._found(*options, "-x", "--", place):
                return tuple(Provider(name, place, "apk search", name.endswith("-dev")) for name in sorted(found))
        return ()

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """What apk says it would do, which it tells everybody.

        Raises PackageManagerError, quoting apk, for unknown names and for dependencies that cannot be met, NetworkError
        where no repository can be reached.
        """
        checked = checked_names(names, APK)
        output = ""
        for options in _LISTS:
            done = self._ask("add", "-s", *options, "--", *checked)
            output = f"{done.output}\n{done.stderr}"
            if done.returncode == 0:
                return _changes_shown(output)
            if not quoted(output, _UNKNOWN):
                break
        raise _failure(output, None, f"apk cannot install {' '.join(checked)}:")

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """The one command that installs. Lists are refreshed where some are kept, and else (in images) not kept."""
        checked = checked_names(names, APK)
        lists = "--update-cache" if self._found() else "--no-cache"
        return (self._privilege.prefix(("apk", "add", lists, "--no-interactive", *self._wait, "--", *checked)),)

    def install(self, names: Sequence[str], log: Path) -> None:
        """Simulate, refuse removals and downgrades, install, verify."""
        plan = self.commands(names)
        simulation = self.simulate(names)
        if simulation is not None:
            refuse_losses(simulation, self.name)
        done = self._privilege.run(self._runner, plan[0], log, plan)
        if done.returncode != 0:
            raise _failure(done.output, log, f"apk failed (return code {done.returncode}):")
        refuse_missing(sorted(frozenset(names) - self.installed(names)), self.name, log)

    def _unknown(self, names: Sequence[str], options: Sequence[str]) -> tuple[str, ...]:
        """Names that apk would not install; it refuses to choose where several packages provide a name."""
        found = self._found(*options, "-x", "--", *names) if names else frozenset()
        unknown = [name for name in names if name not in found]
        if found <= frozenset(names):  # nothing of what was found is there for what it provides
            return tuple(unknown)
        return tuple(name for name in unknown if len(self._found(*options, "-x", "--", name)) != 1)

    def _found(self, *arguments: str) -> frozenset[str]:
        """The names of the packages that a search finds; without a word to search for, of all there are."""
        return frozenset(self._ask("search", "-q", *arguments).output.split())

    def _ask(self, *arguments: str) -> Completed:
        return self._runner.capture(["apk", *arguments], environment=ENGLISH)


def _changes_shown(output: str) -> Simulation:
    changes = _CHANGE.findall(output)
    return Simulation(
        installs=tuple(name for action, name in changes if action in _INSTALLED),
        removes=tuple(name for action, name in changes if action == "Purging"),
        downgrades=tuple(name for action, name in changes if action == "Downgrading"),
    )


def _failure(output: str, log: Path | None, lead: str) -> PackageManagerError | NetworkError:
    """The error that an output stands for. A repository that is not read shows as a name that is not known."""
    if too_full := full("apk", output, log):
        return too_full
    if held := quoted(output, _LOCKED):
        return locked("apk", held, log)
    if untrusted := quoted(output, _UNTRUSTED):
        return PackageManagerError(f"{lead}\n{untrusted}", log=log, hint=_KEYS_HINT)
    if unreachable := quoted(output, _NETWORK):
        return NetworkError(f"apk could not reach a repository:\n{unreachable}", hint=_NETWORK_HINT)
    if gone := quoted(output, _NOT_THERE):
        return PackageManagerError(f"{lead}\n{gone}", log=log, hint=_MIRROR_HINT)
    hint = _REPOSITORY_HINT if quoted(output, _UNKNOWN) else f"read {log}" if log else None
    return PackageManagerError(f"{lead}\n{quoted(output, _ERROR) or last_words(output)}", log=log, hint=hint)
