"""The sockets to the machine: its processes, package manager, loader, and what it has already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from accel_doctor.model.cures import Provider
    from accel_doctor.model.needs import Need, UnmetLink
    from accel_doctor.model.plans import Simulation
    from accel_doctor.model.processes import Completed, Rights
    from accel_doctor.model.wheels import Link


class Runner(Protocol):
    """Start processes; no other interface does. A command that is not found returns code 127."""

    def capture(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        stdin: str | None = None,
        timeout: float | None = None,
    ) -> Completed:
        """Run a command to the end, capturing stdout and stderr apart. ``environment`` extends the inherited one."""

    def record(
        self,
        argv: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run a command to the end, streaming stdout and stderr, merged, to ``log``; ``output`` is empty."""

    def converse(self, argv: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None) -> Completed:
        """Run a command on a pseudo-terminal connected to ours, so that the user can answer; log all output."""


class Sandbox(Protocol):
    """Limit what runs other people's code: builds, imports, frontends that build metadata."""

    def command(self, argv: Sequence[str], rights: Rights) -> tuple[str, ...]:
        """Return the command that runs ``argv`` with these rights only, as far as the sandbox is in effect, without
        the variables that hold secrets, and that leaves nothing of it running."""

    def lets_out(self, project: str) -> bool:
        """Return whether the build of a project, by its normalized name, may use the network."""

    def tenant(self, needed: Sequence[Path]) -> tuple[int, int] | None:
        """Return the unprivileged user, uid and gid, that runs in a sandbox which reads ``needed``; None to remain who
        we are: unless this is root, or if that user cannot reach one of them."""


class PackageNames(Protocol):
    """A package manager as rules know it: a name, and the grammar of its package names."""

    @property
    def name(self) -> str:
        """Return its name in rule files and messages."""

    def accepts(self, name: str) -> bool:
        """Return whether the package manager accepts ``name`` as a package name."""


class PackageManager(Protocol):
    """One system package manager. Names given to it come from rules or from its own index, nowhere else."""

    @property
    def name(self) -> str:
        """Return its name in rule files and messages."""

    @property
    def privileged(self) -> bool:
        """Return whether this process is root or can become root (sudo, doas)."""

    @property
    def needs_root(self) -> bool:
        """Return whether the commands must run as root."""
        ...

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """Return the ``names`` that are installed, directly or through a package that provides the name."""

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Return the ``names`` that can be installed; all of them if no package lists have been fetched yet, since
        :meth:`install` fetches the lists first."""

    def listed(self, names: Sequence[str]) -> frozenset[str]:
        """Return the ``names`` that the package lists on this machine contain for certain; empty if there are none."""

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Return the packages that provide a need, looked up without root; empty if that is unknown here, or if the
        name is not valid for this package manager. ``need`` comes from build output."""

    def versions(self, names: Sequence[str]) -> Mapping[str, str]:
        """Return the versions that :meth:`install` would install, as the package manager writes them, if known."""

    def denies(self, need: Need) -> bool:
        """Return whether its lists, which can be read here, show that no package provides a need."""

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """Return what installing would do, without root and without changing anything; None if there are no package
        lists. Raises PackageManagerError if the package manager refuses."""

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return the exact commands, ``sudo`` included, that :meth:`install` would run."""

    def fetch(self, names: Sequence[str], log: Path) -> None:
        """Download these packages, what they depend on, and package lists if there are none; install nothing. Do
        nothing unless this process is root. Failures do not matter: :meth:`install` fetches what is missing."""

    def install(self, names: Sequence[str], log: Path) -> None:
        """Simulate, refuse removals and downgrades, install, verify. Raises PackageManagerError, PrivilegeError,
        NetworkError."""

    def inventory(self) -> frozenset[str]:
        """Return the names of all installed packages; none if it cannot remove packages through :meth:`remover`."""

    def remover(self, log: Path) -> PackageRemover | None:
        """Return how packages are removed, with output in ``log``; None if there is no way yet."""


class PackageRemover(Protocol):
    """Define the way a package manager removes exactly the packages that it is given, and says beforehand what
    would go."""

    def inventory(self) -> frozenset[str]:
        """Return the names of all installed packages."""

    def explicit(self) -> frozenset[str]:
        """Return the packages that are marked as wanted, as opposed to installed because others need them."""

    def real(self, names: Sequence[str]) -> frozenset[str]:
        """Return the installed packages that these names (packages, capabilities) mean."""

    def simulate(self, names: Sequence[str]) -> frozenset[str]:
        """Return all packages that would change if these were removed, themselves included. Raises
        PackageManagerError if the package manager refuses, PrivilegeError if root is needed and out of reach."""

    def needed(self, free: frozenset[str]) -> Mapping[str, Sequence[str]]:
        """Return those of these packages that others need, each with the packages that need it."""

    def refuse_more(self, wanted: frozenset[str]) -> None:
        """Raise PackageManagerError if removing these packages would change others."""

    def sizes(self, names: Sequence[str]) -> Mapping[str, int]:
        """Return the bytes that installed packages take."""

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return the exact command, ``sudo`` included, that :meth:`remove` runs."""

    def remove(self, names: Sequence[str]) -> None:
        """Simulate, refuse if anything else would change, remove, verify. Raises PackageManagerError,
        PrivilegeError."""


class Downloads(Protocol):
    """Downloads of system packages in the background. They install nothing."""

    def start(self, names: Sequence[str]) -> None:
        """Download these packages, once the previous download has ended."""

    def wait(self) -> None:
        """Return once the download has ended, so that the package manager can be queried and locked."""


class Prober(Protocol):
    """A probe of what this machine already has."""

    def present(self, need: Need) -> bool | None:
        """Return whether the need is met here; None if that cannot be determined cheaply and reliably."""

    def behind(self, need: Need) -> tuple[Need, ...]:
        """Return what keeps a need from being found whose own file is here: what a ``.pc`` file requires."""

    def forget(self) -> None:
        """Discard cached answers, because packages were installed."""


class Loader(Protocol):
    """The dynamic loader of this machine."""

    def find(self, soname: str) -> Path | None:
        """Return the file that the loader picks for a soname or a path; None if it finds none."""

    def unmet(self, links: Sequence[Link]) -> tuple[UnmetLink, ...]:
        """Return the ``links`` that the loader cannot resolve, each with the reason."""

    def forget(self) -> None:
        """Discard cached look-ups, because packages were installed."""
