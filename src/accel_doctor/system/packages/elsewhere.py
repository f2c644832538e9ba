"""Package managers that are not queried: another machine's, one known by name only, or none at all.

How to enable repositories that are off by default is from the documentation of their operators: Fedora's "Getting
started with EPEL", Red Hat's "CodeReady Linux Builder", Oracle's and Amazon's notes on EPEL, and SUSE's on Package Hub.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from accel_doctor.errors import PackageManagerError
from accel_doctor.model.cures import Provider
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.model.plans import Simulation
from accel_doctor.rulebook import Repository, Rulebook
from accel_doctor.system.packages.dnf import DNF
from accel_doctor.system.packages.managers import MANAGERS

_Commands = tuple[tuple[str, ...], ...]

_NEWEST = "10"  # assumed for a RHEL without a version
_CLONES_CALL_CRB = {"8": "powertools"}
# config-manager is a plugin that containers lack.
_DNF = DNF.program
_CONFIG_MANAGER = (_DNF, "install", "-y", "dnf-plugins-core")
_EPEL_OF_RHEL = "https://dl.fedoraproject.org/pub/epel/epel-release-latest-{major}.noarch.rpm"


def enabling_commands(repositories: Iterable[Repository], distribution: Distribution) -> _Commands:
    """Return the commands that enable these repositories there, each once; none for repositories it does not have.

    RHEL's names contain the architecture: those for x86_64 are returned.
    """
    wanted = set(repositories)
    commands: list[tuple[str, ...]] = []
    for repository in Repository:  # in the order of enabling: EPEL depends on CRB
        if repository in wanted or (repository is Repository.CRB and Repository.EPEL in wanted):
            commands += _ENABLE[repository](distribution)
    return tuple(dict.fromkeys(commands))


def _crb(distribution: Distribution) -> _Commands:
    major = _major(distribution)
    if distribution.id in ("amzn", "fedora") or major == "7":
        return ()
    if distribution.id == "rhel":
        name = f"codeready-builder-for-rhel-{major}-x86_64-rpms"
        return (("subscription-manager", "repos", "--enable", name),)
    name = f"ol{major}_codeready_builder" if distribution.id == "ol" else _CLONES_CALL_CRB.get(major, "crb")
    return (_CONFIG_MANAGER, (_DNF, "config-manager", "--set-enabled", name))


def _epel(distribution: Distribution) -> _Commands:
    major = _major(distribution)
    installer = DNF.formerly.get(major, _DNF)
    match distribution.id:
        case "fedora":
            return ()
        case "amzn":
            return (("amazon-linux-extras", "install", "-y", "epel"),) if major == "2" else ()
        case "rhel":
            return ((installer, "install", "-y", _EPEL_OF_RHEL.format(major=major)),)
        case "ol":
            return ((installer, "install", "-y", f"oracle-epel-release-el{major}"),)
        case _:
            return ((installer, "install", "-y", "epel-release"),)


def _packagehub(distribution: Distribution) -> _Commands:
    if not distribution.id.startswith("sle") or not distribution.version:
        return ()
    return (("SUSEConnect", "--product", f"PackageHub/{distribution.version}/x86_64"),)


def _major(distribution: Distribution) -> str:
    return distribution.version.partition(".")[0] or _NEWEST


_ENABLE = {
    Repository.BASE: lambda distribution: (),
    Repository.CRB: _crb,
    Repository.EPEL: _epel,
    Repository.PACKAGEHUB: _packagehub,
}


class PackageManagerElsewhere:
    """Implement :class:`accel_doctor.interfaces.PackageManager` for a machine that is not this one.

    Assumes that all names are available there and none is installed; its commands are for root. Without a ``name``,
    that is, if no rule file names the machine's package manager, nothing is available.
    """

    privileged = False

    def __init__(
        self, name: str | None, distribution: Distribution | None = None, rulebook: Rulebook | None = None
    ) -> None:
        """Use ``rulebook`` to look up the repository to enable before a package can be installed."""
        self._facts = MANAGERS[name] if name else None
        self.name = name or "no package manager"
        self.needs_root = self._facts is None or self._facts.refuses_root is None
        self._distribution = distribution or Distribution("unknown")
        self._rulebook = rulebook

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset()

    def available(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset(names if self._facts else ())

    def listed(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset()

    def providers(self, need: Need) -> tuple[Provider, ...]:
        return ()

    def versions(self, names: Sequence[str]) -> Mapping[str, str]:
        return {}

    def denies(self, need: Need) -> bool:
        return False

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        return None

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        if self._facts is None:
            return ()
        checked = self._facts.checked(names)
        *before, (program, *arguments) = self._facts.commands
        program = self._facts.formerly.get(self._distribution.version.partition(".")[0], program)
        found = [self._rulebook.repository(name, self._distribution) for name in checked] if self._rulebook else []
        repositories = [repository for repository in found if repository]
        return (*enabling_commands(repositories, self._distribution), *before, (program, *arguments, *checked))

    def fetch(self, names: Sequence[str], log: Path) -> None:
        pass

    def inventory(self) -> frozenset[str]:
        return frozenset()

    def remover(self, log: Path) -> None:
        return None

    def install(self, names: Sequence[str], log: Path) -> None:
        if self._facts:
            raise PackageManagerError("packages cannot be installed on another machine from here")
        raise PackageManagerError(
            f"no rule file names the package manager of {self._distribution}",
            hint="write one: accel-doctor docs add-a-rule",
        )
