"""Another machine, known by the name of its distribution only: nothing there can be asked, nothing here is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from accel_doctor.errors import PackageManagerError, UsageError
from accel_doctor.model import Distribution, Interpreter, Need, Origin, Provider, Simulation
from accel_doctor.system.packages.transactions import checked_names

if TYPE_CHECKING:
    from accel_doctor.rulebook import Repository

_VERSIONS = {
    ("debian", "bullseye"): "11",
    ("debian", "bookworm"): "12",
    ("debian", "trixie"): "13",
    ("debian", "forky"): "14",
    ("ubuntu", "focal"): "20.04",
    ("ubuntu", "jammy"): "22.04",
    ("ubuntu", "noble"): "24.04",
}
_CODENAMES = {(identifier, version): codename for (identifier, codename), version in _VERSIONS.items()}
# End of SOABI (sysconfig), platform and C library; the first entry is that of all others.
_PLATFORMS = {
    "": ("x86_64-linux-gnu", "linux-x86_64", "glibc"),
    "alpine": ("x86_64-linux-musl", "linux-x86_64", "musl"),
    "postmarketos": ("x86_64-linux-musl", "linux-x86_64", "musl"),
    "darwin": ("darwin", "macosx-11.0-arm64", ""),
    "macos": ("darwin", "macosx-11.0-arm64", ""),
}
_YUM_RELEASES = frozenset({"7", "2"})  # of RHEL and of Amazon Linux: dnf came after them
_COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "apt": (("apt-get", "update"), ("apt-get", "install", "-y", "--no-install-recommends")),
    "dnf": (("dnf", "install", "-y"),),
    "microdnf": (("microdnf", "install", "-y"),),
    "zypper": (("zypper", "--non-interactive", "install"),),
    "pacman": (("pacman", "-S", "--needed", "--noconfirm"),),
    "apk": (("apk", "add"),),
    "brew": (("brew", "install"),),
}
_NAME = re.compile(r"(?P<id>[a-z0-9][a-z0-9._-]{0,63})(?::(?P<version>[A-Za-z0-9][A-Za-z0-9._-]{0,63}))?")


def named_distribution(text: str) -> Distribution:
    """The distribution that ``ID[:VERSION]`` names; a codename does for a version. UsageError for anything else.

    What it is like is not known here: rules say which family serves it (``matches.ids``).
    """
    found = _NAME.fullmatch(text)
    if not found:
        raise UsageError(f"not a distribution: {text!r}", hint="write ID or ID:VERSION, such as debian:13 or fedora")
    identifier, version = found["id"], found["version"] or ""
    codename = _CODENAMES.get((identifier, version), "")
    if version and not version[0].isdigit():
        codename, version = version, _VERSIONS.get((identifier, version), "")
    return Distribution(identifier, version, codename)


def assumed_interpreter(distribution: Distribution, version: str | None, fallback: str) -> Interpreter:
    """The interpreter of a machine that cannot be asked, as the distribution installs it: of that version."""
    version = version or fallback
    compact = version.replace(".", "")
    abi, platform, libc = _PLATFORMS.get(distribution.id, _PLATFORMS[""])
    return Interpreter(
        executable=Path("/usr/bin/python3"),
        prefix=Path("/usr"),
        base_prefix=Path("/usr"),
        implementation="cpython",
        version=version,
        soabi=f"cpython-{compact}-{abi}",
        cache_tag=f"cpython-{compact}",
        platform=platform,
        libc=libc,
        include=Path(f"/usr/include/python{version}"),
        origin=Origin.DISTRIBUTION,
        in_virtual_environment=False,
        externally_managed=None,
        pip_version=None,
        debug=False,
        free_threaded=False,
        environment={},
    )


def _major(distribution: Distribution) -> str:
    return distribution.version.partition(".")[0]


class PackageManagerElsewhere:
    """Implements :class:`accel_doctor.interfaces.PackageManager` for a machine that is not this one.

    All names are taken to be obtainable there and none to be installed; its commands are those for root.
    """

    privileged = False

    def __init__(
        self,
        name: str,
        distribution: Distribution | None = None,
        repository_of: Callable[[str], Repository | None] = lambda name: None,
    ) -> None:
        """``repository_of`` tells which repository must be enabled before a package can be had."""
        self.name = name
        self._distribution = distribution or Distribution("unknown")
        self._repository_of = repository_of

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """All of them."""
        return frozenset(names)

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Nobody."""
        return ()

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """Nothing can be told."""
        return None

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """What root would run there."""
        from accel_doctor.system.packages.managers import MANAGERS
        from accel_doctor.system.packages.repositories import enabling_commands

        if facts := MANAGERS.get(self.name):
            names = checked_names(names, facts)
        *before, last = _COMMANDS.get(self.name, ((self.name, "install"),))
        if self.name == "dnf" and _major(self._distribution) in _YUM_RELEASES:
            last = ("yum", *last[1:])
        repositories = [repository for name in names if (repository := self._repository_of(name))]
        return (*enabling_commands(repositories, self._distribution), *before, (*last, *names))

    def install(self, names: Sequence[str], log: Path) -> None:
        """Always PackageManagerError."""
        raise PackageManagerError("packages of another machine cannot be installed from here")
