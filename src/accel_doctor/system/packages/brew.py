"""macOS, and Linux where somebody put it there: Homebrew.

Output forms were read off brew 4.4.30; what brew 6 says and asks differently, off its source. Homebrew belongs to an
ordinary user: there is never sudo in front of it, and it refuses root.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from accel_doctor.errors import NetworkError, PackageManagerError, PrivilegeError
from accel_doctor.interfaces import Completed, Runner
from accel_doctor.model import Need, Provider, Simulation
from accel_doctor.system.packages.facts import ManagerFacts
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.packages.transactions import (
    ENGLISH,
    checked_names,
    full,
    last_words,
    locked,
    quoted,
    refuse_missing,
)
from accel_doctor.system.process.pseudo_terminal import NOT_FOUND

# A formula of Homebrew's own tap. Not NAME.rb and its like, which would be files.
BREW = ManagerFacts("brew", re.compile(r"(?!.*\.[a-z])[a-z0-9](?:[a-z0-9@._+-]*[a-z0-9_+])?"))
_SETTINGS = {
    "HOMEBREW_NO_ASK": "1",  # brew 5 and later would ask a second time
    "HOMEBREW_NO_AUTO_UPDATE": "1",
    "HOMEBREW_NO_INSTALL_CLEANUP": "1",  # which removes other versions, of other formulae too
    "HOMEBREW_NO_INSTALL_UPGRADE": "1",  # an older version of what is asked for does
}

_PLANNED = re.compile(r"^==> Would (?:install|upgrade) .*:\n((?:(?!==>).*\n)*)", re.MULTILINE)
_UNKNOWN = re.compile(r"No available formula with the name \"([^\"]+)\"|No formulae found for ")
_LOCKED = re.compile(r"process has already locked")
# 22 is a server's answer, 37 a file
_NETWORK = re.compile(r"^curl: \((?!22\)|37\))\d+\)|^fatal: unable to access")
_ERROR = re.compile(r"^Error: |^Last \d+ lines from |^  [a-z][^ ]*: ")

_NETWORK_HINT = "check the network and the proxy, then run the same command again"
_UPDATE_HINT = "what brew knows may be old: brew update, then run the same command again"
_ABSENT_HINT = "install Homebrew (https://brew.sh), or put its bin directory on PATH"


class Brew:
    """Implements :class:`accel_doctor.interfaces.PackageManager` with brew."""

    name = BREW.name

    def __init__(self, runner: Runner, privilege: Privilege) -> None:
        self._runner = runner
        self._as_myself = Privilege("", privilege.terminal)
        self.privileged = privilege.tool != ""  # anybody but root

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """Those of ``names`` that are installed, by their own name or an alias."""
        checked = checked_names(names, BREW)
        found = frozenset(checked) & frozenset(self._ask("list", "--formula", "-1").output.split())
        others = [name for name in checked if name not in found]
        if not others or not self._versions(*others):
            return found
        return found | {name for name in others if self._versions(name)}

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Those of ``names`` that brew knows; all of them where it cannot tell."""
        wanted = list(checked_names(names, BREW))
        while wanted:
            done = self._ask("info", "--formula", "--json=v2", "--", *wanted)
            unknown = _UNKNOWN.search(done.stderr)
            if not unknown or unknown[1] not in wanted:
                break
            wanted.remove(unknown[1])
        return frozenset(wanted)

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Nobody: brew knows no formula's files before it is installed."""
        return ()

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """What brew says it would install or upgrade. It removes nothing and downgrades nothing; conflicts show only in
        the installation itself, where brew gives up over them before it begins."""
        checked = checked_names(names, BREW)
        if not self.privileged:
            return None
        done = self._ask("install", "--formula", "--dry-run", "--", *checked)
        if done.returncode != 0:
            output = f"{done.output}\n{done.stderr}"
            raise _failure(output, done.returncode, None, f"brew cannot install {' '.join(checked)}:")
        planned = " ".join(_PLANNED.findall(done.output + "\n")).split()
        return Simulation(installs=tuple(dict.fromkeys(name for name in planned if BREW.accepts(name))))

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """The one command that installs, for the ordinary user whose Homebrew it is."""
        checked = checked_names(names, BREW)
        return (self._as_myself.prefix(("brew", "install", "--formula", "--", *checked), _SETTINGS),)

    def install(self, names: Sequence[str], log: Path) -> None:
        """Simulate, install, verify. Raises PrivilegeError for root."""
        plan = self.commands(names)
        if not self.privileged:
            raise PrivilegeError(
                "Homebrew refuses to be run by root",
                commands=plan,
                hint="run these commands as the user whose Homebrew it is, then the same command again",
            )
        self.simulate(names)
        done = self._as_myself.run(self._runner, plan[0], log, plan)
        if done.returncode != 0:
            raise _failure(done.output, done.returncode, log, f"brew failed (return code {done.returncode}):")
        refuse_missing(sorted(frozenset(names) - self.installed(names)), self.name, log)

    def _versions(self, *names: str) -> bool:
        """Whether any of these is installed; brew resolves aliases here."""
        return bool(self._ask("list", "--formula", "--versions", "--", *names).output.strip())

    def _ask(self, *arguments: str) -> Completed:
        return self._runner.capture(["brew", *arguments], environment={**ENGLISH, **_SETTINGS})


def _failure(output: str, returncode: int, log: Path | None, lead: str) -> PackageManagerError | NetworkError:
    """The error that an output stands for."""
    if returncode == NOT_FOUND:
        return PackageManagerError(f"{lead}\n{last_words(output)}", log=log, hint=_ABSENT_HINT)
    if too_full := full("brew", output, log):
        return too_full
    if held := quoted(output, _LOCKED):
        return locked("brew", held, log)
    if unreachable := quoted(output, _NETWORK):
        return NetworkError(f"brew could not download:\n{unreachable}", hint=_NETWORK_HINT)
    hint = _UPDATE_HINT if quoted(output, _UNKNOWN) else f"read {log}" if log else None
    return PackageManagerError(f"{lead}\n{quoted(output, _ERROR) or last_words(output)}", log=log, hint=hint)
