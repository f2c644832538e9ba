"""macOS, and Linux if installed there: Homebrew.

Output formats are those of brew 4.4.30; the differences in brew 6 are from its source. Homebrew belongs to an
ordinary user: it is never run with sudo, and it refuses root.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from accel_doctor.errors import PrivilegeError
from accel_doctor.interfaces import Runner
from accel_doctor.model.plans import Simulation
from accel_doctor.system.packages.driver import Driver, Plan
from accel_doctor.system.packages.facts import AGAIN, ENGLISH, ManagerFacts, Trouble, locked, unreachable
from accel_doctor.system.packages.privilege import Privilege

_SETTINGS = {
    "HOMEBREW_NO_ASK": "1",  # brew 5 and later would ask a second time
    "HOMEBREW_NO_AUTO_UPDATE": "1",
    "HOMEBREW_NO_INSTALL_CLEANUP": "1",  # cleanup removes old versions, of other formulae too
    "HOMEBREW_NO_INSTALL_UPGRADE": "1",  # an older version of a requested formula suffices
}

_PLANNED = re.compile(r"^==> Would (?:install|upgrade) .*:\n((?:(?!==>).*\n)*)", re.MULTILINE)
_UNKNOWN = re.compile(r"No available formula with the name \"([^\"]+)\"|No formulae found for ")
_LOCKED = re.compile(r"process has already locked")
# 22 is a server's answer, 37 a file
_NETWORK = re.compile(r"^curl: \((?!22\)|37\))\d+\)|^fatal: unable to access")
_ERROR = re.compile(r"^Error: |^Last \d+ lines from |^  [a-z][^ ]*: ")

_REFUSES_ROOT = "Homebrew refuses to run as root"

BREW = ManagerFacts(
    "brew",
    # A formula of Homebrew's own tap. Not NAME.rb and the like, which would be files.
    re.compile(r"(?!.*\.[a-z])[a-z0-9](?:[a-z0-9@._+-]*[a-z0-9_+])?"),
    (("brew", "install"),),
    _ERROR,
    (
        Trouble(
            re.compile(r"^brew: command not found"),
            "install Homebrew (https://brew.sh), or add its bin directory to PATH",
        ),
        locked(_LOCKED),
        unreachable(_NETWORK, "check the network and the proxy"),
        Trouble(
            _UNKNOWN,
            f"Homebrew's formulae may be out of date: run brew update, {AGAIN}",
            quote=_ERROR,
        ),
    ),
    refuses_root=_REFUSES_ROOT,
)


class Brew(Driver):
    """Drive brew."""

    facts = BREW
    variables: ClassVar[Mapping[str, str]] = {**ENGLISH, **_SETTINGS}

    def __init__(self, runner: Runner, privilege: Privilege) -> None:
        super().__init__(runner, Privilege("", privilege.terminal))
        self._is_root = privilege.tool == ""

    @property
    def privileged(self) -> bool:
        """Return whether the user is not root."""
        return not self._is_root

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """Return the ``names`` that are installed, by their own name or an alias."""
        checked = BREW.checked(names)
        found = frozenset(checked) & frozenset(self.ask("brew", "list", "--formula", "-1").output.split())
        others = [name for name in checked if name not in found]
        if not others or not self._versions(*others):
            return found
        return found | {name for name in others if self._versions(name)}

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Return the ``names`` that brew knows; all if it cannot tell."""
        wanted = list(BREW.checked(names))
        while wanted:
            done = self.ask("brew", "info", "--formula", "--json=v2", "--", *wanted)
            unknown = _UNKNOWN.search(done.stderr)
            if not unknown or unknown[1] not in wanted:
                break
            wanted.remove(unknown[1])
        return frozenset(wanted)

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """Return what brew would install or upgrade. It never removes or downgrades; conflicts show only in
        the installation itself, where brew fails on them before it changes anything."""
        checked = BREW.checked(names)
        if not self.privileged:
            return None
        done = self.ask("brew", "install", "--formula", "--dry-run", "--", *checked)
        if done.returncode != 0:
            raise self.refused(f"{done.output}\n{done.stderr}", checked)
        planned = " ".join(_PLANNED.findall(done.output + "\n")).split()
        return Simulation(installs=tuple(dict.fromkeys(name for name in planned if BREW.accepts(name))))

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return the install command, for the ordinary user who owns Homebrew."""
        checked = BREW.checked(names)
        return (self._privilege.prefix(("brew", "install", "--formula", "--", *checked), _SETTINGS),)

    def carry_out(self, names: tuple[str, ...], log: Path, plan: Plan) -> None:
        if self._is_root:
            raise PrivilegeError(
                _REFUSES_ROOT,
                commands=plan,
                hint=f"run these commands as the user who owns Homebrew, {AGAIN}",
            )
        super().carry_out(names, log, plan)

    def _versions(self, *names: str) -> bool:
        """Return whether any of these is installed; brew resolves aliases here."""
        return bool(self.ask("brew", "list", "--formula", "--versions", "--", *names).output.strip())
