"""Fedora, RHEL and their kin: dnf and rpm.

Output forms were read off dnf 4.23 and dnf5 5.4; the commands used here are understood by both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.interfaces import Runner
from accel_doctor.model import Simulation
from accel_doctor.system.privilege import Privilege
from accel_doctor.system.transactions import (
    checked_names,
    last_words,
    quoted,
    refuse_losses,
    refuse_missing,
    size_in_bytes,
)

_ENGLISH = {"LC_ALL": "C"}

# A name, a capability such as pkgconfig(cairo) or cmake(Qt5), or the path of a file. No glob characters.
_NAME = re.compile(r"/?[A-Za-z0-9_][A-Za-z0-9_.+~^:/-]*(?:\([A-Za-z0-9_.+~^:/-]+\)){0,2}")

_SECTION = re.compile(r"^([A-Z][^:]*):$")
_ROW = re.compile(r"^ (\S+)")
_REPLACED = re.compile(r"^ {3,}replacing +(\S+)")
_ARCHITECTURE = re.compile(r"\.(?:noarch|x86_64|i[3-6]86|aarch64|armv7hl|ppc64le|s390x|riscv64)$")
_DOWNLOAD = re.compile(r"(?:Total download size: |Need to download )([\d.,]+) ([kKMGT]?)")
_DISK = re.compile(r"(?:^Installed size: |After this operation, )([\d.,]+) ([kKMGT]?)", re.MULTILINE)

_NETWORK = re.compile(r"Curl error|Failed to download|Cannot download|Librepo error|Could not resolve host")
_NO_MATCH = re.compile(r"^No match for argument: |^Error: Unable to find a match")
_NOT_ROOT = re.compile(r"superuser privileges|lock file .* Permission denied")
_ERROR = re.compile(r"^Error: |^ Problem|^Problem|^Failed to |^  - |^No match for argument: |^Librepo error")

_NETWORK_HINT = "check the network, the proxy and the repositories in /etc/yum.repos.d, then run the same command again"


class Dnf:
    """Implements :class:`accel_doctor.interfaces.PackageManager` with dnf."""

    name = "dnf"

    def __init__(self, runner: Runner, privilege: Privilege) -> None:
        self._runner = runner
        self._privilege = privilege
        self.privileged = privilege.tool is not None

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """Those of ``names`` (packages, capabilities, files) that an installed package provides."""
        checked = checked_names(names, _NAME, self.name)
        return frozenset(
            name
            for name in checked
            if self._runner.capture(["rpm", "-q", "--whatprovides", "--", name], environment=_ENGLISH).returncode == 0
        )

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Those of ``names`` that a repository provides; all of them where no repository can be read."""
        checked = checked_names(names, _NAME, self.name)
        if not checked:
            return frozenset()
        query = ("dnf", "repoquery", "--qf", "%{name}\n%{provides}\n", "--whatprovides")
        done = self._runner.capture([*query, ",".join(checked)], environment=_ENGLISH)
        if done.returncode != 0 or _NETWORK.search(done.output + done.stderr):
            return frozenset(checked)
        provided = {line.split()[0] for line in done.output.splitlines() if line.strip()}
        files = [name for name in checked if name.startswith("/")]  # not among what %{provides} prints
        found = {name for name in files if self._runner.capture([*query, name], environment=_ENGLISH).output.strip()}
        return frozenset(checked) & (provided | found)

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """What dnf says it would do; None where dnf tells only root (dnf 4 always, dnf5 at times).

        Raises PackageManagerError, quoting dnf, for unknown names and for dependencies that cannot be met.
        """
        checked = checked_names(names, _NAME, self.name)
        done = self._runner.capture(_argv("--assumeno", checked), environment=_ENGLISH)
        return _simulation(done.output + "\n" + done.stderr, checked)

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """The one command that installs."""
        return (self._privilege.prefix(_argv("-y", checked_names(names, _NAME, self.name))),)

    def install(self, names: Sequence[str], log: Path) -> None:
        """Simulate, as root where need be, refuse removals and downgrades, install, verify."""
        checked = checked_names(names, _NAME, self.name)
        plan = self.commands(checked)
        simulation = self.simulate(checked)
        if simulation is None:
            done = self._privilege.run(self._runner, self._privilege.prefix(_argv("--assumeno", checked)), log, plan)
            simulation = _simulation(done.output, checked)
        if simulation is not None:
            refuse_losses(simulation, self.name)
        done = self._privilege.run(self._runner, plan[0], log, plan)
        if done.returncode != 0:
            raise _failure(done.output, done.returncode, log)
        refuse_missing(sorted(frozenset(checked) - self.installed(checked)), self.name, log)


def _argv(answer: str, names: Sequence[str]) -> tuple[str, ...]:
    return ("dnf", answer, "--setopt=install_weak_deps=False", "install", "--", *names)


def _simulation(output: str, names: Sequence[str]) -> Simulation | None:
    """The transaction that ``--assumeno`` printed before it gave up (with return code 1, as for real failures)."""
    if "Operation aborted" not in output and "Nothing to do" not in output:
        if _NOT_ROOT.search(output):
            return None
        raise _failure(output, 1, None, f"dnf cannot install {' '.join(names)}:")
    section, package = "", ""
    installs, removes, downgrades = [], [], []
    for line in output.splitlines():
        if found := _SECTION.match(line):
            section = found[1]
        elif found := _ROW.match(line):
            package = found[1]
            if section.startswith(("Installing", "Upgrading", "Reinstalling")):
                installs.append(package)
            elif section.startswith("Removing"):
                removes.append(package)
            elif section.startswith("Downgrading"):
                downgrades.append(package)
        elif found := _REPLACED.match(line):
            # dnf5 shows the old version of an upgraded package in this way too
            replaced = _ARCHITECTURE.sub("", found[1])
            if replaced != package:
                removes.append(replaced)
        elif not line.startswith(" "):
            section = ""
    return Simulation(
        installs=tuple(installs),
        removes=tuple(removes),
        downgrades=tuple(downgrades),
        download_bytes=_size(_DOWNLOAD, output),
        disk_bytes=_size(_DISK, output),
    )


def _size(pattern: re.Pattern[str], output: str) -> int | None:
    found = pattern.search(output)
    return size_in_bytes(found[1], found[2], 1024) if found else None


def _failure(
    output: str, returncode: int, log: Path | None, lead: str | None = None
) -> PackageManagerError | NetworkError:
    """The error that a failed dnf stands for. An unreachable repository shows as a name without a match."""
    if unreachable := quoted(output, _NETWORK):
        return NetworkError(f"dnf could not reach a repository:\n{unreachable}", hint=_NETWORK_HINT)
    hint = f"read {log}" if log else None
    if quoted(output, _NO_MATCH):
        hint = "are the right repositories enabled? -devel packages may sit in CRB or EPEL: dnf repolist --all"
    words = quoted(output, _ERROR) or last_words(output)
    return PackageManagerError(f"{lead or f'dnf failed (return code {returncode}):'}\n{words}", log=log, hint=hint)
