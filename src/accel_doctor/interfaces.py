"""The sockets: what the treatment loop needs from the outside world. Adapters implement them; tests fake them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from accel_doctor.model.builds import Failed, Locked, Outcome, Source, Wheel
    from accel_doctor.model.cures import Provider, Reason
    from accel_doctor.model.needs import Need
    from accel_doctor.model.plans import Case, Consent, Plan, Simulation
    from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest
    from accel_doctor.model.wheels import BuildKey, Link, Provenance, UnmetLink


@dataclass(frozen=True)
class Completed:
    """A process that ended. ``output`` is stdout (and stderr too where they were merged).

    ``interrupted`` tells that the person at its terminal typed Ctrl-C, whatever the process made of it.
    """

    argv: tuple[str, ...]
    returncode: int
    output: str
    stderr: str = ""
    seconds: float = 0.0
    interrupted: bool = False


class Runner(Protocol):
    """Start processes: nothing else here does. A command that cannot be found returns code 127."""

    def capture(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        stdin: str | None = None,
        timeout: float | None = None,
    ) -> Completed:
        """Run to the end with stdout and stderr apart. ``environment`` is added to the inherited one."""

    def record(
        self,
        argv: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run to the end, stdout and stderr merged into ``log`` as they come, whole; ``output`` is empty."""

    def converse(self, argv: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None) -> Completed:
        """Run on a pseudo-terminal joined to ours, so that a person can answer; everything shown goes to ``log``."""


class Frontend(Protocol):
    """uv or pip, through its command line: requirements to lock, source to wheel, lock to environment."""

    @property
    def name(self) -> str:
        """Return its name on the command line and in messages."""

    def lock(self, request: InstallRequest, log: Path) -> Locked | Failed:
        """Resolve. Raises RequirementsError or NetworkError where no build is to blame."""

    def build_command(
        self, source: Path, wheel_directory: Path, build: BuildSettings, index: IndexSettings, work: Path
    ) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """Return the command and variables that build one wheel from an sdist or a source tree; ``work`` is scratch."""

    def build_requirements(self, log: Path) -> tuple[str, ...]:
        """Return what a build's isolated environment held (``setuptools==80.9.0``), as far as its log says."""

    def install(self, locked: Locked, request: InstallRequest, log: Path) -> Failed | None:
        """Install a lock into the interpreter; None when done. Raises like :meth:`lock`."""


class Builder(Protocol):
    """Turn sources into wheels, the store asked first."""

    def stored(self, sources: Sequence[Source], request: InstallRequest) -> list[Wheel | None]:
        """Return the store's wheels for these sources and settings, in order; None for what it lacks."""

    def build(self, sources: Sequence[Source], request: InstallRequest, unfit: Mapping[Source, Wheel]) -> list[Outcome]:
        """Build all, in parallel; one outcome per source, in order. Network trouble raises NetworkError. What the
        store has is used, but for ``unfit``, in whose place the new wheels are kept."""


class PackageNames(Protocol):
    """A package manager as rules know it: a name, and the grammar of its package names."""

    @property
    def name(self) -> str:
        """Return its name in rule files and messages."""

    def accepts(self, name: str) -> bool:
        """Return whether ``name`` may be handed to it as a package name."""


class PackageManager(Protocol):
    """One system package manager. Names given to it come from rules or from its own index, nowhere else."""

    @property
    def name(self) -> str:
        """Return its name in rule files and messages."""

    @property
    def privileged(self) -> bool:
        """Return whether there is a way to become root here: being root, sudo, doas."""

    @property
    def needs_root(self) -> bool:
        """Return whether its commands are for root to run."""
        ...

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        """Return those of ``names`` that are installed (also by a package that provides the name)."""

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Return those of ``names`` that could be installed; all of them where there are no package lists at all,
        since :meth:`install` fetches the lists first."""

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """Return who has it, by what is known here without becoming root; nobody where that is not known, or for a
        name that none of its packages could have. ``need`` comes from build output."""

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        """Return what installing would do, without becoming root or changing anything; None where there are no
        package lists. Raise PackageManagerError where the package manager says it cannot be done."""

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return the exact commands, ``sudo`` included, that :meth:`install` would run."""

    def install(self, names: Sequence[str], log: Path) -> None:
        """Simulate, refuse removals and downgrades, install, verify. Raises PackageManagerError, PrivilegeError,
        NetworkError."""


class Prober(Protocol):
    """A probe of what this machine already has."""

    def present(self, need: Need) -> bool | None:
        """Return True or False where it can be told cheaply and surely, else None."""

    def forget(self) -> None:
        """Probe anew from now on: packages were installed."""


class Loader(Protocol):
    """The dynamic loader of this machine."""

    def find(self, soname: str) -> Path | None:
        """Return the file it takes for a soname, or for a path; None where it finds none."""

    def unmet(self, links: Sequence[Link]) -> tuple[UnmetLink, ...]:
        """Return those of ``links`` that it cannot meet, and why."""

    def forget(self) -> None:
        """Look anew from now on: packages were installed."""


class WheelStore(Protocol):
    """Built wheels by build key."""

    def get(self, key: BuildKey) -> Wheel | None:
        """Return the wheel under the exact key, else the one under the pure key, verified by hash; or None."""

    def put(
        self,
        key: BuildKey,
        wheel: Path,
        provenance: Provenance,
        links: Sequence[Link],
        instead_of: Wheel | None = None,
    ) -> Wheel:
        """Keep a wheel, one without binaries under the pure key; published in one move. The first of two writers
        wins, except over ``instead_of``, which :meth:`get` gave and which does not load here any more. Where nothing
        can be kept, the wheel given."""

    def building(self, key: BuildKey) -> AbstractContextManager[None]:
        """Hold a key while its wheel is built; another process that wants the same one waits, then takes it."""


class ObjectStore(Protocol):
    """One shared level: named bytes somewhere else. Used from many threads at once."""

    @property
    def name(self) -> str:
        """Return its address without secrets."""

    @property
    def writable(self) -> bool:
        """Return whether :meth:`send` may be tried."""

    def fetch(self, object_name: str, target: Path, limit: int) -> bool:
        """Write the object to the file ``target``; return False where there is no such object.

        Raise LevelError for trouble, and for an object of more than ``limit`` bytes.
        """

    def send(self, object_name: str, source: Path) -> None:
        """Store the file ``source`` under this name, at once for readers. Raise LevelError."""


class Adviser(Protocol):
    """Turn needs into plans, for one distribution and one interpreter."""

    def plan(self, reasons: Sequence[Reason]) -> Plan:
        """Return the plan that cures these needs; its commands come from the package manager."""

    def known_needs(self, package: str) -> tuple[Need, ...]:
        """Return what rules say a Python package's build needs; empty where nothing is known."""

    def installed_for(self, package: str) -> tuple[str, ...]:
        """Return the installed system packages that satisfy what rules say a Python package's build needs."""

    def companions(self, need: Need) -> tuple[Need, ...]:
        """Return what a Python build that lacks ``need`` will surely ask for next."""

    def is_sdist_only(self, package: str) -> bool:
        """Return whether rules say that a Python package has no wheels for Linux, so that it will be built."""


class Notifier(Protocol):
    """Tell the user."""

    def step(self, text: str) -> None:
        """Tell that a stage of the run begins."""

    def note(self, text: str) -> None:
        """Tell something worth a line."""


class Progress(Notifier, Protocol):
    """Tell the user, and show the progress of something that takes a while."""

    def show(self, what: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` are done."""


class Advisers(Protocol):
    """Advice for builds, by the version of Python (``3.13``) they are for; None is the interpreter of the run."""

    @property
    def package_manager(self) -> PackageManager:
        """Return this machine's package manager."""

    def adviser(self, python: str | None) -> Adviser:
        """Return the adviser for builds for this Python."""

    def prober(self, python: str | None) -> Prober:
        """Return the prober for builds for this Python."""

    def forget(self) -> None:
        """Make all probers look again: packages were installed."""


class Logs(Protocol):
    """Names the logs of a run."""

    def new_log(self, step: str, name: str) -> Path:
        """Return the path for the log of one attempt (``"build", "psycopg2"``); the file does not exist yet."""


class TargetEnvironment(Protocol):
    """The environment that is installed into."""

    def sources(self, locked: Locked) -> Sequence[Source]:
        """Return the distributions of a lock that must be built for it."""

    def record_origins(self, origins: Mapping[str, str], request: InstallRequest) -> None:
        """Write each ``direct_url.json`` (its text, by normalized name) beside the installed distribution."""

    def failing_imports(self, names: Sequence[str], request: InstallRequest) -> Sequence[Failed]:
        """Import these distributions; return a failure for each that does not import."""


class BuildIdentity(Protocol):
    """The identity of builds: what tells one from another, and what is kept with the wheel."""

    def key(self, source: Source, request: InstallRequest) -> BuildKey | None:
        """Return the key of a build; None for a source without a stable identity."""

    def provenance(self, source: Source, version: str) -> Provenance:
        """Return where a wheel comes from that was built here and now."""

    def links(self, wheel: Path) -> tuple[Link, ...]:
        """Return the libraries that a wheel links which was built here."""


class Reporter(Notifier, Protocol):
    """Tell the user what happens to builds and plans. The reporter decides how it looks."""

    def build_started(self, source: Source) -> None:
        """Tell that a build begins."""

    def build_phase(self, source: Source, phase: str) -> None:
        """Tell that a build entered another phase ("build requirements", "metadata", "compile")."""

    def build_finished(self, source: Source, outcome: Outcome) -> None:
        """Tell how a build ended."""

    def diagnosed(self, case: Case) -> None:
        """Tell why something failed."""

    def plan(self, plan: Plan, simulation: Simulation | None) -> None:
        """Show a plan, before the question."""

    def ask(self, plan: Plan) -> Consent | Plan:
        """Ask the one question of a round; the plan was shown just before. An answer that is a plan has other
        packages: it is to be shown, and asked about, again."""
