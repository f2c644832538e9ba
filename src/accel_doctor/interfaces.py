"""The sockets: what the treatment loop needs from the outside world. Adapters implement them; tests fake them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from accel_doctor.model.builds import Failed, Locked, Outcome, Source, Wheel
    from accel_doctor.model.cures import BuildChanges, BuildCure, Provider, Reason
    from accel_doctor.model.needs import Need, UnmetLink
    from accel_doctor.model.plans import Case, Consent, Plan, Simulation
    from accel_doctor.model.processes import Completed
    from accel_doctor.model.releases import Project
    from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest
    from accel_doctor.model.wheels import BuildKey, Link, Provenance


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


class Frontend(Protocol):
    """uv or pip, through its command line: requirements to lock, source to wheel, lock to environment."""

    @property
    def name(self) -> str:
        """Return the frontend's name on the command line and in messages."""

    def lock(self, request: InstallRequest, log: Path) -> Locked | Failed:
        """Resolve the request. Raises RequirementsError or NetworkError if the cause is not a failing build."""

    def build_command(
        self, source: Path, wheel_directory: Path, build: BuildSettings, index: IndexSettings, work: Path
    ) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """Return the command and variables that build one wheel from an sdist or a source tree; ``work`` is scratch."""

    def build_requirements(self, log: Path) -> tuple[str, ...]:
        """Return the contents of a build's isolated environment (``setuptools==80.9.0``), as far as the log shows."""

    def install(self, locked: Locked, request: InstallRequest, log: Path) -> Failed | None:
        """Install a lock into the interpreter; None when done. Raises like :meth:`lock`."""


class Builder(Protocol):
    """Turn sources into wheels, the store asked first."""

    def stored(self, sources: Sequence[Source], request: InstallRequest) -> list[Wheel | None]:
        """Return the stored wheel of each source for these settings, in order; None where there is none."""

    def build(self, sources: Sequence[Source], request: InstallRequest, unfit: Mapping[Source, Wheel]) -> list[Outcome]:
        """Build all sources in parallel and return one outcome per source, in order. Raises NetworkError.
        Stored wheels are used, except those in ``unfit``, which the new wheels replace."""

    def keep(self, wheel: Wheel, links: Sequence[Link] = ()) -> None:
        """Record that a built wheel can be imported where it finds these further ``links``; share it only now."""

    def discard(self, wheel: Wheel) -> None:
        """Remove a built wheel that cannot be imported from the store."""


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


class PackageIndex(Protocol):
    """The user's package indexes and find-links locations."""

    def project(self, name: str, index: IndexSettings) -> Project:
        """Return the releases of a project that they list; none if they do not know it. Raises NetworkError."""


class WheelStore(Protocol):
    """Built wheels by build key."""

    def get(self, key: BuildKey) -> Wheel | None:
        """Return the wheel stored under the exact key, else under the pure key, verified by hash; None if not found."""

    def put(
        self,
        key: BuildKey,
        wheel: Path,
        provenance: Provenance,
        links: Sequence[Link],
        instead_of: Wheel | None = None,
    ) -> Wheel:
        """Store a wheel atomically and return it; a wheel without binaries goes under the pure key. The first of two
        writers wins, except over ``instead_of``, a wheel from :meth:`get` that no longer loads here. Return the
        given wheel if the store cannot be written. It is shared only once it is :meth:`confirmed <confirm>`."""

    def confirm(self, wheel: Wheel, links: Sequence[Link]) -> None:
        """Record that a wheel of this store can be imported, and the libraries that it opens by name; share it."""

    def discard(self, wheel: Wheel) -> None:
        """Remove a wheel of this store."""

    def building(self, key: BuildKey) -> AbstractContextManager[None]:
        """Lock a key while its wheel is built; another process that wants the same wheel waits, then reuses it."""


class CureMemory(Protocol):
    """The cures that builds took, by the key that each build has without them."""

    def recall(self, key: BuildKey) -> BuildChanges: ...  # none if unknown

    def remember(self, key: BuildKey, changes: BuildChanges) -> None: ...


class ObjectStore(Protocol):
    """One shared level: a remote store of named objects. Used from many threads at once."""

    @property
    def name(self) -> str:
        """Return the address of the level, without secrets."""

    @property
    def writable(self) -> bool:
        """Return whether :meth:`send` is allowed."""

    def fetch(self, object_name: str, target: Path, limit: int) -> bool:
        """Write the object to the file ``target``; return False if there is no such object.

        Raises LevelError on failure, and for an object of more than ``limit`` bytes.
        """

    def send(self, object_name: str, source: Path) -> None:
        """Upload the file ``source`` under this name, atomically for readers. Raises LevelError."""


class Adviser(Protocol):
    """Turn needs into plans, for one distribution and one interpreter."""

    def plan(self, reasons: Sequence[Reason], helps: Callable[[BuildCure], bool] | None = None) -> Plan:
        """Return the plan that cures these needs; of a need's build cures the first that ``helps`` admits."""

    def known_needs(self, package: str) -> tuple[Need, ...]:
        """Return the needs that rules list for a Python package's build; empty if none are known."""

    def installed_for(self, package: str) -> tuple[str, ...]:
        """Return the installed system packages that meet the needs that rules list for a Python package's build."""

    def companions(self, need: Need) -> tuple[Need, ...]:
        """Return the needs that a Python build lacking ``need`` is certain to report next."""

    def is_sdist_only(self, package: str) -> bool:
        """Return whether, by the rules, a Python package has no Linux wheels and must be built."""


class Notifier(Protocol):
    """Tell the user."""

    def step(self, text: str) -> None:
        """Announce a stage of the run."""

    def note(self, text: str) -> None:
        """Print a one-line note."""


class Progress(Notifier, Protocol):
    """Tell the user, and show the progress of a long operation."""

    def show(self, what: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` are done."""


class Advisers(Protocol):
    """Advisers for builds, by target Python version (``3.13``); None means the interpreter of the run."""

    @property
    def package_manager(self) -> PackageManager:
        """Return this machine's package manager."""

    def adviser(self, python: str | None) -> Adviser:
        """Return the adviser for builds that target this Python version."""

    def prober(self, python: str | None) -> Prober:
        """Return the prober for builds that target this Python version."""

    def forget(self) -> None:
        """Discard the cached answers of all probers, because packages were installed."""


class Logs(Protocol):
    """Names for the logs of a run."""

    def new_log(self, step: str, name: str) -> Path:
        """Return the path for the log of one attempt (``"build", "psycopg2"``); the file does not exist yet."""


class TargetEnvironment(Protocol):
    """The environment to install into."""

    def sources(self, locked: Locked) -> Sequence[Source]:
        """Return the distributions of a lock that must be built for this environment."""

    def record_origins(self, origins: Mapping[str, str], request: InstallRequest) -> None:
        """Write each ``direct_url.json`` (its text, by normalized name) beside the installed distribution."""

    def installed(self, request: InstallRequest) -> frozenset[str] | None:
        """Return the names of the metadata directories there: name and version of each installed distribution. None
        if that is unknown."""

    def was_imported(self, locked: Locked) -> bool:
        """Return whether all that counts of a lock was imported before, with the same libraries on this machine."""

    def remember_imports(self, locked: Locked) -> None:
        """Remember that all that counts of a lock was imported."""

    def failing_imports(self, names: Sequence[str], request: InstallRequest) -> Sequence[Failed]:
        """Import these distributions, and return a failure for each one that fails to import."""


class BuildIdentity(Protocol):
    """The identity of builds: the key of each one, and the records stored with its wheel."""

    def key(self, source: Source, request: InstallRequest) -> BuildKey | None:
        """Return the key of a build; None for a source without a stable identity."""

    def provenance(self, source: Source, version: str) -> Provenance:
        """Return the provenance of a wheel built on this machine just now."""

    def links(self, wheel: Path) -> tuple[Link, ...]:
        """Return the libraries that a wheel built on this machine links."""

    def lacks(self, source: Source, log: Path, language: str | None) -> tuple[Reason, ...]:
        """Return what a successful build lacked here and left out an extension module for, by its log; by its
        ``language``, if the wheel has no code in the compiled language of its source."""


class Reporter(Notifier, Protocol):
    """Report builds and plans to the user. The reporter decides on the presentation."""

    def build_started(self, source: Source) -> None:
        """Report that a build started."""

    def build_phase(self, source: Source, phase: str) -> None:
        """Report that a build entered a phase ("build requirements", "metadata", "compile")."""

    def build_finished(self, source: Source, outcome: Outcome) -> None:
        """Report the outcome of a build."""

    def diagnosed(self, case: Case) -> None:
        """Report the cause of a failure."""

    def plan(self, plan: Plan, simulation: Simulation | None) -> None:
        """Show a plan, before asking for consent."""

    def ask(self, plan: Plan) -> Consent | Plan:
        """Ask for consent to the plan just shown, once per round. A plan as the answer has other packages: show it and
        ask again."""
