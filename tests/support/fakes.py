"""Working fakes of every interface: small, in memory, with the behaviour the sockets promise."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.tags import Tag

from accel_doctor.errors import PackageManagerError, RequirementsError
from accel_doctor.index.other_releases import other_releases
from accel_doctor.index.pages import project_of
from accel_doctor.model.builds import Amount, Built, Failed, Locked, Outcome, Source, SourceKind, Wheel
from accel_doctor.model.cures import NO_CHANGES, BuildChanges, BuildCure, Confidence, Provider, Reason, SystemPackage
from accel_doctor.model.machine import Interpreter, Origin
from accel_doctor.model.needs import Diagnosis, Finding, Need, Role, UnmetLink
from accel_doctor.model.plans import Case, Consent, Plan, Simulation, Unmet
from accel_doctor.model.processes import Completed, Rights
from accel_doctor.model.releases import OtherReleases, Project, ReleaseFile
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest
from accel_doctor.model.wheels import BuildKey, Link, Provenance


def interpreter(**changes: object) -> Interpreter:
    """CPython 3.13 of Debian 13 in a virtual environment."""
    facts: dict[str, object] = {
        "executable": Path("/v/bin/python"),
        "prefix": Path("/v"),
        "base_prefix": Path("/usr"),
        "implementation": "cpython",
        "version": "3.13.5",
        "soabi": "cpython-313-x86_64-linux-gnu",
        "cache_tag": "cpython-313",
        "platform": "linux-x86_64",
        "libc": "glibc 2.41",
        "include": Path("/usr/include/python3.13"),
        "origin": Origin.DISTRIBUTION,
        "in_virtual_environment": True,
        "externally_managed": None,
        "pip_version": "25.1.1",
        "debug": False,
        "free_threaded": False,
        "environment": {"python_version": "3.13", "python_full_version": "3.13.5", "sys_platform": "linux"},
    }
    return Interpreter(**{**facts, **changes})  # type: ignore[arg-type]


def provenance(**changes: object) -> Provenance:
    """cffi 2.1.1, built from its sdist on Debian 13."""
    facts: dict[str, object] = {
        "name": "cffi",
        "version": "2.1.1",
        "source": "sha256:" + "a" * 64,
        "distribution": "debian 13",
        "interpreter": "cpython 3.13.5",
        "platform": "linux-x86_64",
        "libc": "glibc 2.41",
        "built_at": "2026-11-20T12:00:00+00:00",
    }
    return Provenance(**{**facts, **changes})  # type: ignore[arg-type]


@dataclass
class FakeMachine:
    """What is installed, what is needed: the one state that builds, package manager and prober share."""

    installed: set[str] = field(default_factory=set)
    provides: dict[str, str] = field(default_factory=dict)  # need -> system package

    def has(self, need: str) -> bool:
        return self.provides.get(need) in self.installed


@dataclass
class FakeFrontend:
    """Locks to a given lock once the needs of resolving are met; installs likewise."""

    machine: FakeMachine
    locked: Locked
    lock_needs: tuple[str, ...] = ()
    install_needs: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()  # release 1 of these needs a build for its metadata, which fails
    requests: list[InstallRequest] = field(default_factory=list)
    name: str = "fake"
    installs: list[Locked] = field(default_factory=list)
    refused: tuple[str, ...] = ()  # constraints that do not fit

    def lock(self, request: InstallRequest, log: Path) -> Locked | Failed:
        self.requests.append(request)
        if any(line.text in self.refused for line in request.constraints):
            raise RequirementsError("unsatisfiable")
        known = {*request.left_out, *(source.name for source in request.built)}
        for name in self.unreadable:
            if name not in known and name not in request.changes:
                log.write_text(f"lacks build-constraint:old-{name}\n")
                release = Source(name, "1", SourceKind.SDIST, f"https://x/{name}-1.tar.gz", "0" * 64)
                return Failed(name, log, "resolve", 1, version="1", source=release)
        lock = self.locked.lock
        wheels = [
            line.name for line in request.constraints if {">=", "<="} & {line.text[3:5]}
        ]  # other releases have wheels
        left = [package for package in lock.packages if package.name not in (*request.left_out, *wheels)]
        failed = self._unless_lacking(self.lock_needs, log, "resolve")
        return failed or replace(self.locked, lock=replace(lock, packages=left))

    def install(self, locked: Locked, request: InstallRequest, log: Path) -> Failed | None:
        failed = self._unless_lacking(self.install_needs, log, "install")
        if failed is None:
            self.installs.append(locked)
        return failed

    def provision(
        self, environment: Path, requirements: Sequence[str], build: BuildSettings, index: IndexSettings, log: Path
    ) -> Completed:
        metadata = environment / "lib" / "python3.13" / "site-packages" / "setuptools-80.9.0.dist-info"
        if not metadata.exists():
            metadata.mkdir(parents=True)
            (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: setuptools\nVersion: 80.9.0\n")
        return Completed(("provision", str(environment), *requirements), 0, "")

    def _unless_lacking(self, needs: Sequence[str], log: Path, step: str) -> Failed | None:
        for need in needs:
            if not self.machine.has(need):
                log.write_text(f"lacks {need}\n")
                return Failed(None, log, step, 1)
        return None


@dataclass
class FakeIndex:
    """Has the sdist of release 1 of every project, and ``wheels`` that fit."""

    wheels: tuple[str, ...] = ()

    def project(self, name: str, index: IndexSettings) -> Project:
        files = [ReleaseFile(f"{name}-1.tar.gz", f"https://x/{name}-1.tar.gz", "0" * 64)]
        files += [ReleaseFile(wheel, f"https://x/{wheel}") for wheel in self.wheels]
        return project_of(name, files)


def fake_other_releases(project: Project, asked: str | None) -> OtherReleases:
    """Return the releases with pure wheels."""
    return other_releases(project, asked, "3.13.5", [Tag("py3", "none", "any")])


@dataclass
class FakeBuilder:
    """Builds a source when the machine has all its needs; its log names the first one lacking, as compilers do."""

    machine: FakeMachine
    needs: dict[str, tuple[str, ...]]
    logs: Path
    kept: dict[str, Wheel] = field(default_factory=dict)
    attempts: list[str] = field(default_factory=list)
    unfit: dict[Source, Wheel] = field(default_factory=dict)
    sure: dict[str, tuple[Link, ...]] = field(default_factory=dict)  # imported, with the libraries that they open
    discarded: list[str] = field(default_factory=list)
    optional: dict[str, tuple[str, ...]] = field(default_factory=dict)  # needs without which a build leaves parts out

    def keep(self, wheel: Wheel, links: Sequence[Link] = ()) -> None:
        self.sure[wheel.path.name.partition("-")[0]] = tuple(links)

    def discard(self, wheel: Wheel) -> None:
        self.discarded.append(wheel.path.name.partition("-")[0])
        self.kept.pop(self.discarded[-1], None)

    broken_by: dict[str, tuple[str, ...]] = field(default_factory=dict)  # cures after which a build fails
    in_c_code: tuple[str, ...] = ()  # needs that a compiler names with a place in C code

    def stored(self, sources: Sequence[Source], request: InstallRequest) -> list[Wheel | None]:
        return [self.kept.get(source.name) for source in sources]

    def build(self, sources: Sequence[Source], request: InstallRequest, unfit: Mapping[Source, Wheel]) -> list[Outcome]:
        self.unfit.update(unfit)
        return [self._build(source, request.build_settings_of(source.name)) for source in sources]

    def _build(self, source: Source, settings: BuildSettings) -> Outcome:
        self.attempts.append(source.name)
        changed = {f"build-constraint:{constraint}" for constraint in settings.changes.constraints}
        changed |= {f"python-module:{requirement}" for requirement in settings.changes.requirements}
        needs = self.needs.get(source.name, ())
        lacking = [need for need in needs if not self.machine.has(need) and need not in changed]
        lacking += [need for need in self.broken_by.get(source.name, ()) if need in changed]
        if lacking:
            log = self.logs / f"{len(self.attempts)}-{source.name}.log"
            place = "x.c:1: " if lacking[0] in self.in_c_code else ""
            log.write_text(f"{place}lacks {lacking[0]}\n")
            return Failed(source.name, log, "build", 1, version=source.version)
        optional = self.optional.get(source.name, ())
        lacks = tuple(need for need in optional if not self.machine.has(need) and need not in changed)
        path = self.logs / f"{source.name}-1-py3-none-any.whl"
        wheel = self.kept[source.name] = Wheel(path, "0" * 64, lacks=lacks)
        return Built(source, wheel, reused=False, lacks=tuple(Reason(Need.parse(need), source.name) for need in lacks))


@dataclass
class FakePackageManager:
    machine: FakeMachine
    privileged: bool = True
    needs_root: bool = True
    name: str = "fakepm"
    removes: tuple[str, ...] = ()
    breaks: str | None = None
    interrupted_after: int | None = None  # so many packages
    along: tuple[str, ...] = ()  # what comes along with what is installed
    transactions: list[tuple[str, ...]] = field(default_factory=list)
    fetched: list[tuple[str, ...]] = field(default_factory=list)

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset(names) & self.machine.installed

    def available(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset(names)

    def listed(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset()

    def providers(self, need: Need) -> tuple[Provider, ...]:
        return ()

    def versions(self, names: Sequence[str]) -> Mapping[str, str]:
        return {}

    def denies(self, need: Need) -> bool:
        return False

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        return Simulation(installs=tuple(names), removes=self.removes)

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        return (("fakepm", "install", *names),) if names else ()

    def fetch(self, names: Sequence[str], log: Path) -> None:
        self.fetched.append(tuple(names))

    def inventory(self) -> frozenset[str]:
        return frozenset(self.machine.installed)

    def remover(self, log: Path) -> None:
        return None

    def install(self, names: Sequence[str], log: Path) -> None:
        if self.breaks:
            raise PackageManagerError(self.breaks)
        if self.interrupted_after is not None:
            self.machine.installed.update(names[: self.interrupted_after])
            raise KeyboardInterrupt
        self.transactions.append(tuple(names))
        self.machine.installed.update(names, self.along)


@dataclass
class FakeCatalogue:
    """A package manager to make plans with: it knows who has what, and installs nothing."""

    has: Collection[str] = frozenset()
    name: str = "apt"
    needs_root: bool = True
    lacks: Collection[str] = frozenset()
    lists: Collection[str] = frozenset()  # what is in its package lists, of which the others know nothing
    newest: Mapping[str, str] = field(default_factory=dict)  # the version of a package
    denied: Collection[str] = frozenset()  # needs
    exclusive: Collection[str] = frozenset()  # two of these exclude each other
    impossible: Collection[str] = frozenset()
    told: Mapping[str, Sequence[Provider]] = field(default_factory=dict)  # by need
    simulates: bool = False
    simulations: int = 0
    questions: list[str] = field(default_factory=list)

    def installed(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset(names).intersection(self.has)

    def available(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset(names).difference(self.lacks)

    def listed(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset(names).intersection(self.lists)

    def providers(self, need: Need) -> tuple[Provider, ...]:
        self.questions.append(str(need))
        return tuple(self.told.get(str(need), ()))

    def versions(self, names: Sequence[str]) -> Mapping[str, str]:
        return {name: self.newest[name] for name in names if name in self.newest}

    def denies(self, need: Need) -> bool:
        return str(need) in self.denied

    def simulate(self, names: Sequence[str]) -> Simulation | None:
        if not self.simulates:
            return None
        self.simulations += 1
        if set(self.impossible).intersection(names):
            raise PackageManagerError("held broken packages")
        wanted = set(self.exclusive).intersection({*names, *self.has})
        return Simulation(installs=tuple(names), removes=tuple(sorted(wanted)[1:]))

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        return (("apt-get" if self.name == "apt" else self.name, "install", *names),)

    def fetch(self, names: Sequence[str], log: Path) -> None:
        raise AssertionError("a plan downloads nothing")

    def inventory(self) -> frozenset[str]:
        return frozenset(self.has)

    def remover(self, log: Path) -> None:
        return None

    def install(self, names: Sequence[str], log: Path) -> None:
        raise AssertionError("a plan installs nothing")


@dataclass
class FakeProber:
    machine: FakeMachine
    forgotten: int = 0
    required: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by what is found only with these

    def present(self, need: Need) -> bool | None:
        return self.machine.has(str(need))

    def behind(self, need: Need) -> tuple[Need, ...]:
        return tuple(map(Need.parse, self.required.get(str(need), ())))

    def forget(self) -> None:
        self.forgotten += 1


@dataclass
class FakeLoader:
    """Finds what ``libraries`` has, with the versions of ``defined`` or, without any, with all of them."""

    libraries: dict[str, Path] = field(default_factory=dict)
    defined: dict[str, tuple[str, ...]] = field(default_factory=dict)
    forgotten: int = 0

    def find(self, soname: str) -> Path | None:
        return self.libraries.get(soname)

    def unmet(self, links: Sequence[Link]) -> tuple[UnmetLink, ...]:
        return tuple(unmet for link in links if (unmet := self._unmet(link)))

    def _unmet(self, link: Link) -> UnmetLink | None:
        if link.soname not in self.libraries:
            return UnmetLink(link)
        defined = self.defined.get(link.soname, link.versions)
        missing = tuple(version for version in link.versions if version not in defined)
        return UnmetLink(link, missing) if missing else None

    def forget(self) -> None:
        self.forgotten += 1


@dataclass
class FakeAdviser:
    machine: FakeMachine
    package_manager: FakePackageManager
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)
    guesses: frozenset[str] = frozenset()
    only_sdists: frozenset[str] = frozenset()
    follows: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cures: dict[str, tuple[BuildCure, ...]] = field(default_factory=dict)  # by need; their reasons do not matter

    def plan(self, reasons: Sequence[Reason], helps: Callable[[BuildCure], bool] | None = None) -> Plan:
        packages: dict[str, list[Reason]] = {}
        cures = []
        unmet = []
        for reason in reasons:
            name = self.machine.provides.get(str(reason.need))
            if name is None or name in self.machine.installed:
                options = [replace(cure, reason=reason) for cure in self.cures.get(str(reason.need), ())]
                cures += list(filter(helps, options))[:1]
                final = str(reason.need) in self.cures and not options
                of_libraries = reason.need.name == "library" or reason.need.older_dependency is not None
                unmet.append(Unmet(reason, final=final, of_libraries=of_libraries))
            else:
                packages.setdefault(name, []).append(reason)
        planned = tuple(
            SystemPackage(name, tuple(why), self._confidence(name), "fake") for name, why in sorted(packages.items())
        )
        return Plan((*planned, *cures), tuple(unmet), self.package_manager.commands(sorted(packages)))

    def _confidence(self, name: str) -> Confidence:
        return Confidence.GUESS if name in self.guesses else Confidence.RULE

    def known_needs(self, package: str) -> tuple[Need, ...]:
        return tuple(Need.parse(need) for need in self.known.get(package, ()))

    def installed_for(self, package: str) -> tuple[str, ...]:
        provided = (self.machine.provides.get(need) for need in self.known.get(package, ()))
        return tuple(name for name in provided if name in self.machine.installed)

    def companions(self, need: Need) -> tuple[Need, ...]:
        return tuple(Need.parse(other) for other in self.follows.get(str(need), ()))

    def is_sdist_only(self, package: str) -> bool:
        return package in self.only_sdists


@dataclass
class FakeReporter:
    answer: Consent = Consent.YES
    first_answers: list[Plan] = field(default_factory=list)  # given before ``answer``
    asked: list[Plan] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    amounts: list[Amount] = field(default_factory=list)
    finished: list[Outcome] = field(default_factory=list)

    def step(self, text: str) -> None:
        pass

    def builds(self, sources: Sequence[Source]) -> None:
        pass

    def metadata_started(self, source: Source) -> None:
        pass

    def metadata_finished(self, source: Source) -> None:
        pass

    def build_started(self, source: Source) -> None:
        pass

    def build_progress(self, source: Source, amount: Amount) -> None:
        self.amounts.append(amount)

    def build_phase(self, source: Source, phase: str) -> None:
        self.phases.append(phase)

    def build_finished(self, source: Source, outcome: Outcome) -> None:
        self.finished.append(outcome)

    def diagnosed(self, case: Case) -> None:
        self.cases.append(case)

    def plan(self, plan: Plan, simulation: Simulation | None) -> None:
        self.plans.append(plan)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def stopping(self) -> None:
        self.note("stopping…")

    def ask(self, plan: Plan) -> Consent | Plan:
        self.asked.append(plan)
        return self.first_answers.pop(0) if self.first_answers else self.answer


@dataclass
class FakeCureMemory:
    changes: dict[str, BuildChanges] = field(default_factory=dict)  # by exact key

    def recall(self, key: BuildKey) -> BuildChanges:
        return self.changes.get(key.exact, NO_CHANGES)

    def remember(self, key: BuildKey, changes: BuildChanges) -> None:
        self.changes[key.exact] = changes


@dataclass
class FakeWheelStore:
    wheels: dict[str, Wheel] = field(default_factory=dict)  # by exact key
    provenances: dict[str, Provenance] = field(default_factory=dict)
    put_under: list[BuildKey] = field(default_factory=list)

    def get(self, key: BuildKey) -> Wheel | None:
        return self.wheels.get(key.exact)

    def put(
        self,
        key: BuildKey,
        wheel: Path,
        provenance: Provenance,
        links: Sequence[Link],
        instead_of: Wheel | None = None,
    ) -> Wheel:
        if instead_of and self.wheels.get(key.exact) == instead_of:
            del self.wheels[key.exact]
        self.put_under.append(key)
        self.provenances.setdefault(key.exact, provenance)
        return self.wheels.setdefault(key.exact, Wheel(wheel, "0" * 64, tuple(links), lacks=provenance.lacks))

    def building(self, key: BuildKey) -> AbstractContextManager[None]:
        return nullcontext()


class FakeSandbox:
    """Limits nothing."""

    def __init__(self) -> None:
        self.rights: list[Rights] = []

    def command(self, argv: Sequence[str], rights: Rights) -> tuple[str, ...]:
        self.rights.append(rights)
        return tuple(argv)

    def lets_out(self, project: str) -> bool:
        return project == "networked"

    def tenant(self, needed: Sequence[Path]) -> tuple[int, int] | None:
        return None


@dataclass
class FakeRunner:
    """Answers commands with a function of argv, which may write files as the real one would; remembers what was asked.

    An answer is a return code and an output, on both streams, or a return code and what is on each.
    """

    answer: Callable[[Sequence[str]], tuple[int, str] | tuple[int, str, str]] = lambda argv: (0, "")
    commands: list[tuple[str, ...]] = field(default_factory=list)
    environments: list[Mapping[str, str]] = field(default_factory=list)
    recorded: list[tuple[str, ...]] = field(default_factory=list)
    conversations: list[tuple[str, ...]] = field(default_factory=list)
    interrupted: bool = False  # each conversation

    def capture(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        stdin: str | None = None,
        timeout: float | None = None,
    ) -> Completed:
        return Completed(tuple(argv), *self._answered(argv, environment))

    def record(
        self,
        argv: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        self.recorded.append(tuple(argv))
        return self._logged(argv, log, environment, on_line)

    def converse(self, argv: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None) -> Completed:
        self.conversations.append(tuple(argv))
        return replace(self._logged(argv, log, environment), interrupted=self.interrupted)

    def _answered(self, argv: Sequence[str], environment: Mapping[str, str] | None) -> tuple[int, str, str]:
        self.commands.append(tuple(argv))
        self.environments.append(dict(environment or {}))
        code, output, *stderr = self.answer(argv)
        return code, output, stderr[0] if stderr else output

    def _logged(
        self,
        argv: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        code, output, stderr = self._answered(argv, environment)
        said = output if stderr == output else output + stderr
        with log.open("a") as file:
            file.write(said)
        for line in said.splitlines():
            if on_line:
                on_line(line)
        return Completed(tuple(argv), code, "", "", 1.5)


class ScriptedRunner(FakeRunner):
    """Gives the first answer whose words all stand in the command line; an unforeseen command fails the test.

    An answer is ``(return code, stdout, stderr)``, or a function of the command line that returns one.
    """

    # What is asked besides, and says nothing unless a test wants it to.
    UNTOLD = (("df", "-Pk"), ("dpkg", "--audit"), ("stat", "--format=%z"))

    def __init__(self) -> None:
        super().__init__(self._scripted)
        self.answers: list[tuple[tuple[str, ...], Callable[[Sequence[str]], tuple[int, str, str]]]] = []

    def on(self, *words: str, output: str = "", stderr: str = "", returncode: int = 0) -> ScriptedRunner:
        return self.call(*words, answer=lambda argv: (returncode, output, stderr))

    def call(self, *words: str, answer: Callable[[Sequence[str]], tuple[int, str, str]]) -> ScriptedRunner:
        self.answers.append((words, answer))
        return self

    def _scripted(self, argv: Sequence[str]) -> tuple[int, str, str]:
        for words, answer in self.answers:
            if all(word in argv for word in words):
                return answer(argv)
        if tuple(argv[:2]) in self.UNTOLD:
            return 0, "", ""
        raise AssertionError(f"unforeseen: {argv}")


class FakeLogReader:
    """Reads logs of the fakes, which say ``lacks NEED``, maybe with ``x.c:1: `` before it, and ``for PYTHON``."""

    def read(self, failure: Failed) -> Case:
        findings, python = [], None
        for number, line in enumerate(failure.log.read_text().splitlines(), 1):
            if (words := line.removeprefix("x.c:1: ")).startswith("lacks "):
                findings.append(Finding(Need.parse(words[6:]), failure.package, number, line, "fake", Role.CAUSE))
            elif line.startswith("for "):
                python = line[4:]
        return Case(failure, Diagnosis(tuple(findings), summary=None if findings else "something broke"), python)


@dataclass
class FakeLogs:
    directory: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def new_log(self, step: str, name: str) -> Path:
        return self.directory / f"{next(self._numbers)}-{step}-{name}.log"


@dataclass
class FakeAdvisers:
    """The same advice for every Python, but for ``others``."""

    own: FakeAdviser
    probing: FakeProber
    package_manager: FakePackageManager
    others: dict[str, FakeAdviser] = field(default_factory=dict)

    def adviser(self, python: str | None) -> FakeAdviser:
        return self.others.get(python or "", self.own)

    def prober(self, python: str | None) -> FakeProber:
        return self.probing

    def forget(self) -> None:
        self.probing.forget()


@dataclass
class FakeDownloads:
    """Downloads that end when they are waited for."""

    started: list[tuple[str, ...]] = field(default_factory=list)
    running: bool = False

    def start(self, names: Sequence[str]) -> None:
        self.started.append(tuple(names))
        self.running = True

    def wait(self) -> None:
        self.running = False


class QuietProgress:
    """Implements :class:`accel_doctor.interfaces.Progress`, and tells nobody."""

    def step(self, text: str) -> None:
        """Tell nobody that a stage begins."""

    def note(self, text: str) -> None:
        """Tell nobody."""

    def show(self, what: str, done: int, total: int) -> None:
        """Show nobody how far it is."""
