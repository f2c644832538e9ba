"""The treatment loop, whole, on fakes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from fakes import (
    FakeAdviser,
    FakeAdvisers,
    FakeBuilder,
    FakeDownloads,
    FakeFrontend,
    FakeIndex,
    FakeLoader,
    FakeLogReader,
    FakeLogs,
    FakeMachine,
    FakePackageManager,
    FakeProber,
    FakeReporter,
    fake_other_releases,
)
from packaging.pylock import Pylock
from packaging.version import Version

from accel_doctor.alternatives import Alternatives
from accel_doctor.doctor import Doctor
from accel_doctor.errors import ExitCode, PackageManagerError
from accel_doctor.model.builds import Built, Change, Failed, Locked, Provision, Source, SourceKind, Wheel
from accel_doctor.model.cures import BuildChanges, BuildCure, Confidence, Reason, SystemPackage
from accel_doctor.model.needs import Finding, Need, Role
from accel_doctor.model.plans import Consent, Plan, Policy, Result, Unmet, Verification
from accel_doctor.model.requests import InstallRequest, RequirementLine
from accel_doctor.model.wheels import Link
from accel_doctor.poorer import shown_by
from accel_doctor.report.release_text import alternative_lines
from accel_doctor.treatment import Treatment, TreatmentEnded

PROVIDES = {
    "header:libpq-fe.h": "libpq-dev",
    "command:pg_config": "libpq-dev",
    "header:ffi.h": "libffi-dev",
    "compiler:c": "gcc",
    "header:Python.h": "python3-dev",
    "soname:libpq.so.5": "libpq5",
    "soname:libffi.so.8": "libffi8",
}
PQ = Link("libpq.so.5")


def lock_of(*names: str) -> Locked:
    packages = [
        {"name": name, "version": "1", "sdist": {"url": f"https://x/{name}-1.tar.gz", "hashes": {"sha256": "0" * 64}}}
        for name in names
    ]
    return Locked(Pylock.from_dict({"lock-version": "1.0", "created-by": "test", "packages": packages}))


class MachineOfLibraries(FakeLoader):
    """Finds the libraries whose packages are installed, and libc."""

    def __init__(self, machine: FakeMachine) -> None:
        super().__init__()
        self.machine = machine
        self.forget()

    def forget(self) -> None:
        names = [need.removeprefix("soname:") for need in self.machine.provides if self.machine.has(need)]
        self.libraries = {name: Path("/usr/lib", name) for name in (*names, "libc.so.6")}
        self.defined = {"libc.so.6": ("GLIBC_2.36",)}


# What importing a distribution takes, and one that nothing helps.
IMPORT_NEEDS = {
    "opencv": "soname:libffi.so.8",
    "broken": "header:nobody-knows.h",
    "napalm": "build-constraint:setuptools<82",
    "twisted": "build-constraint:old",  # built again with that, it can be imported
}


def importing(name: str, machine: FakeMachine, logs: Path) -> Failed | None:
    need = IMPORT_NEEDS.get(name)
    if need is None or machine.has(need):
        return None
    log = logs / f"import-{name}.log"
    log.write_text(f"lacks {need}\n")
    return Failed(name, log, "import", 1)


@dataclass
class FakeEnvironment:
    """Builds everything, and imports what the machine has all libraries for."""

    machine: FakeMachine
    logs: Path
    builder: FakeBuilder
    there: frozenset[str] = frozenset()
    imported: set[tuple[frozenset[str], Collection[str]]] = field(default_factory=set)  # names, and the content

    def sources(self, locked: Locked) -> list[Source]:
        return [Source(p.name, "1", SourceKind.SDIST, p.sdist.url, "0" * 64) for p in locked.lock.packages]

    def download_sizes(self, locked: Locked) -> dict[str, int]:
        return {package.name: 1000 for package in locked.lock.packages}

    def record_origins(self, origins: Mapping[str, str], request: InstallRequest) -> None:
        pass

    def installed(self, request: InstallRequest) -> frozenset[str]:
        return self.there

    def was_imported(self, names: Collection[str], content: Collection[str]) -> bool:
        return (frozenset(names), content) in self.imported

    def remember_imports(self, names: Collection[str], content: Collection[str]) -> None:
        self.imported.add((frozenset(names), frozenset(content)))

    def failing_imports(self, names: Sequence[str], request: InstallRequest) -> list[Failed]:
        failed = (importing(name, self.machine, self.logs) for name in names)
        return [one for one in failed if one and self.builder.attempts.count("twisted") < 2]


@dataclass
class Practice:
    """A doctor and everything around it."""

    doctor: Doctor
    machine: FakeMachine
    frontend: FakeFrontend
    builder: FakeBuilder
    package_manager: FakePackageManager
    reporter: FakeReporter
    remembered: list[Plan]
    environment: FakeEnvironment
    downloads: FakeDownloads

    def install(self, *names: str) -> Result:
        lines = tuple(RequirementLine(name, "command line", name=name) for name in names)
        return self.doctor.install(InstallRequest(lines))


TO_IMPORT = "build-constraint:python-too-new-to-import"


class naming:  # noqa: N801  used like a function
    """Names the same needs for each source, or for those ``of`` these names; and of what cannot be imported."""

    def __init__(self, *needs: str, of=(), place="setup.py:1", unimportable=()) -> None:
        self._needs, self._of, self._place, self._unimportable = needs, of, place, unimportable
        self.asked: list[tuple[bool, list[str]]] = []  # of the lock, and of which sources

    def reasons(self, source, request, log):
        needs = self._needs if not self._of or source.name in self._of else ()
        return [Reason(Need.parse(need), source.name, why=f"{self._place}: {need}") for need in needs]

    def not_importable(self, locked, built, request):
        self.asked.append((locked is not None, [source.name for source in built]))
        return [Reason(Need.parse(TO_IMPORT), name, why="x.py:1: old") for name in self._unimportable]


@pytest.fixture
def practice(tmp_path: Path):
    def make(
        needs: dict[str, tuple[str, ...]],
        *,
        known: dict[str, tuple[str, ...]] | None = None,
        policy: Policy | None = None,
        answer: Consent = Consent.YES,
        lock_needs: tuple[str, ...] = (),
        install_needs: tuple[str, ...] = (),
        guesses: frozenset[str] = frozenset(),
        only_sdists: frozenset[str] = frozenset(),
        follows: dict[str, tuple[str, ...]] | None = None,
        cures: dict[str, tuple[BuildCure, ...]] | None = None,
        unreadable: tuple[str, ...] = (),
        wheels: tuple[str, ...] = (),
        **manager: object,
    ) -> Practice:
        machine = FakeMachine(provides=dict(PROVIDES))
        remembered: list[Plan] = []
        frontend = FakeFrontend(machine, lock_of(*needs), lock_needs, install_needs, unreadable)
        builder = FakeBuilder(machine, needs, tmp_path)
        package_manager = FakePackageManager(machine, **manager)  # type: ignore[arg-type]
        reporter = FakeReporter(answer)
        index = FakeIndex(wheels)
        environment = FakeEnvironment(machine, tmp_path, builder)
        downloads = FakeDownloads()
        doctor = Doctor(
            frontend=frontend,
            builder=builder,
            loader=MachineOfLibraries(machine),
            treatment=Treatment(
                advisers=FakeAdvisers(
                    FakeAdviser(
                        machine, package_manager, known or {}, guesses, only_sdists, follows or {}, cures or {}
                    ),
                    FakeProber(machine),
                    package_manager,
                ),
                reporter=reporter,
                deferred=nullcontext,
                read=FakeLogReader().read,
                logs=FakeLogs(tmp_path),
                policy=policy or Policy(),
                record=remembered.append,
            ),
            environment=environment,
            alternatives=Alternatives(index, lambda name: None, fake_other_releases),
            downloads=downloads,
            sources=naming(),
        )
        return Practice(
            doctor, machine, frontend, builder, package_manager, reporter, remembered, environment, downloads
        )

    return make


def test_nothing_missing_asks_nothing_and_installs_the_wheels(practice):
    case = practice({"idna": ()})
    result = case.install("idna")
    assert result.code is ExitCode.DONE
    assert case.reporter.asked == []
    (installed,) = case.frontend.installs
    (package,) = installed.lock.packages
    assert package.sdist is None
    assert [wheel.name for wheel in package.wheels] == ["idna-1-py3-none-any.whl"]


def test_wheels_alone_are_built_and_cured_but_not_installed(practice):
    p = practice({"psycopg2": ("header:libpq-fe.h",), "six": ()})
    result = p.doctor.build(InstallRequest((RequirementLine("psycopg2", "command line", name="psycopg2"),)))
    assert (result.code, result.changes) == (ExitCode.DONE, ())
    assert [package.wheels[0].name for package in result.locked.lock.packages] == [
        "psycopg2-1-py3-none-any.whl",
        "six-1-py3-none-any.whl",
    ]
    assert p.package_manager.transactions == [("libpq-dev",)]
    assert p.frontend.installs == []


def test_what_is_only_locked_is_not_built(practice):
    p = practice({"psycopg2": ("header:libpq-fe.h",)}, lock_needs=("command:pg_config",))
    result = p.doctor.lock(InstallRequest((RequirementLine("psycopg2", "command line", name="psycopg2"),)))
    assert (result.code, result.built) == (ExitCode.DONE, ())
    assert [package.sdist.url for package in result.locked.lock.packages] == ["https://x/psycopg2-1.tar.gz"]
    assert p.package_manager.transactions == [("libpq-dev",)]  # without which its metadata cannot be built
    assert p.builder.attempts == []


def test_one_question_for_all_failures_and_only_those_are_built_again(practice):
    case = practice({"psycopg2": ("command:pg_config",), "cffi": ("header:ffi.h",), "idna": ()})
    result = case.install("psycopg2", "cffi", "idna")
    assert result.code is ExitCode.DONE
    assert case.package_manager.transactions == [("libffi-dev", "libpq-dev")]
    assert case.builder.attempts == ["psycopg2", "cffi", "idna", "psycopg2", "cffi"]
    assert case.remembered == list(result.transactions)


def test_needs_behind_one_another_take_a_round_each(practice):
    case = practice({"psycopg2": ("compiler:c", "header:Python.h", "header:libpq-fe.h")})
    assert case.install("psycopg2").code is ExitCode.DONE
    assert case.package_manager.transactions == [("gcc",), ("python3-dev",), ("libpq-dev",)]


def test_foresight_holds_the_build_back_and_joins_the_first_question(practice):
    needs = ("compiler:c", "header:Python.h", "header:libpq-fe.h")
    case = practice({"psycopg2": needs, "cffi": ("header:ffi.h",)}, known={"psycopg2": needs})
    assert case.install("psycopg2", "cffi").code is ExitCode.DONE
    assert case.package_manager.transactions == [("gcc", "libffi-dev", "libpq-dev", "python3-dev")]
    assert case.builder.attempts == ["cffi", "cffi", "psycopg2"]


def test_what_a_build_will_surely_ask_for_next_is_asked_for_at_once(practice):
    needs = {"psycopg2": ("compiler:c", "header:Python.h"), "other": ("header:ffi.h",)}
    case = practice(needs, follows={"compiler:c": ("header:Python.h", "header:nobody-knows.h")})
    assert case.install("psycopg2", "other").code is ExitCode.DONE
    assert case.package_manager.transactions == [("gcc", "libffi-dev", "python3-dev")]


def test_what_a_failed_source_names_joins_the_first_question(practice):
    case = practice({"psycopg2": ("compiler:c", "header:Python.h", "header:libpq-fe.h"), "idna": ()})
    case.doctor.wheels.sources = naming("header:libpq-fe.h", "header:Python.h", "header:nobody-knows.h")
    assert case.install("psycopg2", "idna").code is ExitCode.DONE
    assert case.package_manager.transactions == [("gcc", "libpq-dev", "python3-dev")]
    (plan,) = case.reporter.asked
    evidence = {package.name: package.reasons[0].evidence for package in plan.packages}
    assert evidence["libpq-dev"] == "setup.py:1: header:libpq-fe.h"


def test_what_a_source_names_is_not_asked_for_where_it_is_a_guess_or_installed(practice):
    case = practice({"psycopg2": ("compiler:c",)}, guesses=frozenset({"libpq-dev"}))
    case.machine.installed.add("python3-dev")
    case.doctor.wheels.sources = naming("header:libpq-fe.h", "header:Python.h")
    assert case.install("psycopg2").code is ExitCode.DONE
    assert case.package_manager.transactions == [("gcc",)]


def test_nothing_is_installed_for_a_source_that_cannot_be_built_here(practice):
    case = practice({"psycopg2": ("compiler:c",)}, cures={"build-constraint:python-too-new": ()})
    case.doctor.wheels.sources = naming("build-constraint:python-too-new")
    result = case.install("psycopg2")
    assert result.code is ExitCode.UNCURED
    assert [str(unmet.reason.need) for unmet in result.plan.unmet] == ["build-constraint:python-too-new"]
    assert case.package_manager.transactions == []


def test_that_is_said_of_a_source_with_known_needs_too(practice):
    case = practice(
        {"psycopg2": ("compiler:c",)},
        known={"psycopg2": ("compiler:c",)},
        cures={"build-constraint:python-too-new": ()},
    )
    case.doctor.wheels.sources = naming("build-constraint:python-too-new")
    assert case.install("psycopg2").code is ExitCode.UNCURED
    assert case.builder.attempts == []
    assert case.package_manager.transactions == []


def test_old_generated_code_is_generated_again_by_one_cython_after_the_other(practice):
    need = "build-constraint:generated-by-old-cython"
    options = [BuildCure(Reason(Need.parse(need), None), BuildChanges((f"cython<{number}",))) for number in (3, 4)]
    case = practice({"aiohttp": ("build-constraint:python-too-new",)}, cures={
        need: tuple(options), "build-constraint:python-too-new": ()
    })  # fmt: skip
    case.builder.in_c_code = ("build-constraint:python-too-new",)
    case.doctor.wheels.sources = naming(need)
    result = case.install("aiohttp")
    assert result.code is ExitCode.UNCURED
    assert case.builder.attempts == ["aiohttp"] * 3
    tried = dict.fromkeys(plan.build_cures[0].changes.constraints for plan in result.transactions)
    assert list(tried) == [("cython<3",), ("cython<4",)]


def test_old_generated_code_is_generated_again_when_a_build_stumbles_over_it(practice):
    need, too_new = Need.parse("build-constraint:generated-by-old-cython"), "build-constraint:python-too-new"
    cure = BuildCure(Reason(need, None), BuildChanges(("python-too-new",)))  # which the fake build takes for its cure
    case = practice({"lxml": ("compiler:c", too_new)}, cures={str(need): (cure,), too_new: ()})
    case.builder.in_c_code = ("build-constraint:python-too-new",)
    case.doctor.wheels.sources = naming("build-constraint:has-old-generated-code")
    assert case.install("lxml").code is ExitCode.DONE
    assert case.package_manager.transactions == [("gcc",)]
    assert [cure.reason.need for plan in case.remembered for cure in plan.build_cures] == [need]


@pytest.mark.parametrize(("file", "attempts"), [("pkg/x.pyx", 3), ("pkg/y.pyx", 2)])
def test_code_that_cython_generated_is_known_by_the_name_of_its_file(practice, file, attempts):
    need, too_new = Need.parse("build-constraint:generated-by-old-cython"), "build-constraint:python-too-new"
    cure = BuildCure(Reason(need, None), BuildChanges(("Cython<3",)))
    case = practice({"lxml": ("compiler:c", too_new)}, cures={str(need): (cure,), too_new: ()})
    case.builder.in_c_code = (too_new,)  # in x.c
    case.doctor.wheels.sources = naming("build-constraint:has-cython-modules", place=f"{file}:1")
    assert case.install("lxml").code is ExitCode.UNCURED
    assert case.builder.attempts == ["lxml"] * attempts


def test_an_older_cython_generates_old_code_again_too(practice):
    need = Need.parse("build-constraint:generated-by-old-cython")
    cure = BuildCure(Reason(need, None), BuildChanges(("Cython<3",)))
    case = practice({"gevent": ("build-constraint:Cython<3",)}, cures={str(need): (cure,)})
    case.doctor.wheels.sources = naming("build-constraint:has-old-generated-code")
    assert case.install("gevent").code is ExitCode.DONE
    assert [cure.reason.need for plan in case.remembered for cure in plan.build_cures] == [need]


def test_what_is_no_build_of_a_python_package_gets_no_companions(practice, tmp_path):
    case = practice({}, follows={"compiler:c": ("header:Python.h",)})
    log = tmp_path / "make.log"
    log.write_text("lacks compiler:c\n")
    case.doctor.treatment.treat([Failed(None, log, "command", 2)])
    assert case.package_manager.transactions == [("gcc",)]


def test_foresight_that_no_package_meets_does_not_hold_a_build_back(practice):
    case = practice({"odd": ()}, known={"odd": ("header:nobody-knows.h",)})
    assert case.install("odd").code is ExitCode.DONE
    assert case.builder.attempts == ["odd"]


def test_failures_while_resolving_and_installing_are_treated(practice):
    case = practice({"idna": ()}, lock_needs=("command:pg_config",), install_needs=("compiler:c",))
    assert case.install("idna").code is ExitCode.DONE
    assert case.package_manager.transactions == [("libpq-dev",), ("gcc",)]


def test_resolving_fails_foresight_covers_what_will_surely_be_built(practice):
    case = practice(
        {"psycopg2": (), "cffi": ()},
        lock_needs=("command:pg_config",),
        known={"psycopg2": ("compiler:c",), "cffi": ("header:ffi.h",)},
        only_sdists=frozenset({"psycopg2"}),
    )
    assert case.install("psycopg2", "cffi").code is ExitCode.DONE
    assert case.package_manager.transactions[0] == ("gcc", "libpq-dev")


def downloading_at(case: Practice, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Whether packages are being downloaded at each build and each transaction to come."""
    events: list[tuple[str, bool]] = []

    def note(of: object, name: str) -> None:
        method = getattr(of, name)

        def noted(*arguments: object) -> object:
            events.append((name, case.downloads.running))
            return method(*arguments)

        monkeypatch.setattr(of, name, noted)

    note(case.builder, "build")
    note(case.package_manager, "install")
    return events


FORESEEN = {"idna": (), "cffi": ("header:ffi.h",), "psycopg2": ("command:pg_config",)}


def test_once_agreed_packages_are_downloaded_beside_the_builds_that_need_none(practice, monkeypatch):
    case = practice(FORESEEN, known={"cffi": ("header:ffi.h",)}, policy=Policy(yes=True))
    events = downloading_at(case, monkeypatch)
    assert case.install("idna", "cffi", "psycopg2").code is ExitCode.DONE
    assert case.downloads.started == [("libffi-dev",)]
    assert events == [("build", True), ("install", False), ("build", False)]
    assert case.package_manager.transactions == [("libffi-dev", "libpq-dev")]


@pytest.mark.parametrize(
    ("needs", "policy"),
    [
        (FORESEEN, Policy()),  # the user may say no
        ({"cffi": ("header:ffi.h",)}, Policy(yes=True)),  # nothing to build meanwhile
    ],
)
def test_else_nothing_is_downloaded_ahead(practice, needs, policy):
    case = practice(needs, known={"cffi": ("header:ffi.h",)}, policy=policy)
    assert case.install(*needs).code is ExitCode.DONE
    assert case.downloads.started == []


def test_guesses_are_not_downloaded_ahead(practice):
    guesses = frozenset({"libffi-dev"})
    case = practice(FORESEEN, known={"cffi": ("header:ffi.h",)}, guesses=guesses, policy=Policy(yes=True))
    case.install("idna", "cffi")
    assert case.downloads.started == [()]


def test_a_download_has_ended_before_the_package_manager_is_asked_after_resolving(practice, monkeypatch):
    case = practice({"cffi": ("header:ffi.h",)}, known={"cffi": ("header:ffi.h",)}, policy=Policy(yes=True))
    case.downloads.running = True  # of package lists, begun when resolving began
    events = downloading_at(case, monkeypatch)
    case.install("cffi")
    assert events[0] == ("install", False)


def test_a_need_nobody_knows_ends_with_its_case(practice):
    case = practice({"odd": ("header:nobody-knows.h",)})
    result = case.install("odd")
    assert result.code is ExitCode.UNCURED
    assert [str(finding.need) for finding in result.cases[0].diagnosis.causes] == ["header:nobody-knows.h"]
    assert case.package_manager.transactions == []
    assert case.frontend.installs == []


def test_what_is_known_is_cured_before_giving_up_on_the_rest(practice):
    case = practice({"odd": ("header:nobody-knows.h",), "cffi": ("header:ffi.h",)})
    result = case.install("odd", "cffi")
    assert result.code is ExitCode.UNCURED
    assert case.package_manager.transactions == [("libffi-dev",)]
    assert [built.source.name for built in result.built] == ["cffi"]


def test_a_need_that_comes_back_after_its_cure_ends_the_run(practice):
    case = practice({"cffi": ("header:ffi.h",)})
    case.machine.has = lambda need: False  # the package is there and does not help
    result = case.install("cffi")
    assert result.code is ExitCode.UNCURED
    assert case.package_manager.transactions == [("libffi-dev",)]
    assert case.builder.attempts == ["cffi", "cffi"]


@pytest.mark.parametrize("answer", [Consent.NO, Consent.NOBODY_TO_ASK])
def test_without_consent_nothing_is_installed(practice, answer):
    case = practice({"cffi": ("header:ffi.h",)}, answer=answer)
    result = case.install("cffi")
    assert result.code is ExitCode.CONSENT
    assert result.plan.commands == (("fakepm", "install", "libffi-dev"),)
    assert case.package_manager.transactions == []


def test_other_packages_are_shown_and_asked_about_anew(practice):
    case = practice({"cffi": ("header:ffi.h",)})
    case.machine.provides["header:ffi.h"] = "libffi7-dev"
    reason = Reason(Need.parse("header:ffi.h"), "cffi")
    others = Plan((SystemPackage("libffi7-dev", (reason,), Confidence.RULE, "r"),))
    case.reporter.first_answers = [others]
    result = case.install("cffi")
    assert result.code is ExitCode.DONE
    assert case.package_manager.transactions == [("libffi7-dev",)]
    assert [plan.commands for plan in case.reporter.asked] == [plan.commands for plan in case.reporter.plans]
    assert case.reporter.asked[1].commands == (("fakepm", "install", "libffi7-dev"),)


def test_yes_asks_nothing_and_never_covers_a_guess(practice):
    needs = {"cffi": ("header:ffi.h",), "psycopg2": ("command:pg_config",)}
    case = practice(needs, policy=Policy(yes=True), guesses=frozenset({"libpq-dev"}))
    result = case.install("cffi", "psycopg2")
    assert result.code is ExitCode.CONSENT
    assert case.reporter.asked == []
    assert case.package_manager.transactions == [("libffi-dev",)]
    assert [plan.commands for plan in case.reporter.plans] == [
        (("fakepm", "install", "libffi-dev"),),
        (("fakepm", "install", "libpq-dev"),),
    ]


def test_no_privilege_has_its_own_code_and_no_question(practice):
    case = practice({"cffi": ("header:ffi.h",)}, privileged=False)
    assert case.install("cffi").code is ExitCode.PRIVILEGE
    assert case.reporter.asked == []


def test_no_system_builds_first_and_then_names_all_known_needs(practice):
    case = practice(
        {"cffi": ("header:ffi.h",), "psycopg2": ()},
        known={"cffi": ("compiler:c",), "psycopg2": ("command:pg_config",)},
        policy=Policy(yes=True, system=False),
    )
    result = case.install("cffi", "psycopg2")
    assert result.code is ExitCode.CONSENT
    assert result.plan.names == ("gcc", "libffi-dev")
    assert case.builder.attempts == ["cffi", "psycopg2"]


def test_a_dry_run_with_no_system_names_all_known_needs(practice):
    policy = Policy(yes=True, system=False, dry_run=True)
    case = practice({"cffi": ("header:ffi.h",)}, known={"cffi": ("compiler:c", "header:ffi.h")}, policy=policy)
    assert case.install("cffi").plan.names == ("gcc", "libffi-dev")


def test_no_system_tries_cures_of_builds_whose_known_needs_may_be_met_elsewhere(practice):
    case = practice(
        {"shapely": ("build-constraint:old",)},
        cures=OLD,
        known={"shapely": ("compiler:c",)},
        policy=Policy(yes=True, system=False),
    )
    assert case.install("shapely").code is ExitCode.DONE
    assert case.builder.attempts == ["shapely", "shapely"]


def test_dry_run_plans_from_foresight_and_builds_nothing(practice):
    case = practice({"cffi": ("header:ffi.h",)}, known={"cffi": ("header:ffi.h",)}, policy=Policy(dry_run=True))
    result = case.install("cffi")
    assert result.code is ExitCode.DONE
    assert result.plan.names == ("libffi-dev",)
    assert case.builder.attempts == []
    assert result.changes == (Change("cffi", None, "1", Provision.BUILT, 1000),)
    assert case.frontend.installs == []


def test_a_transaction_that_removes_is_refused_before_the_question(practice):
    case = practice({"cffi": ("header:ffi.h",)}, removes=("systemd",))
    with pytest.raises(PackageManagerError, match=r"^fakepm would remove systemd: refused: installing never removes"):
        case.install("cffi")
    assert case.reporter.asked == []


def test_what_was_built_is_known_after_an_exception(practice):
    case = practice({"idna": (), "cffi": ("header:ffi.h",)}, breaks="E: disk full")
    with pytest.raises(PackageManagerError, match="^E: disk full$"):
        case.install("idna", "cffi")
    so_far = case.doctor.result(ExitCode.PACKAGE_MANAGER)
    assert [built.source.name for built in so_far.built] == ["idna"]


@pytest.mark.parametrize(("after", "installed"), [(0, []), (1, [("gcc",)]), (2, [("gcc", "libffi-dev")])])
def test_an_interrupted_transaction_counts_as_far_as_it_came(practice, after, installed):
    case = practice({"idna": ("compiler:c",), "cffi": ("header:ffi.h",)}, interrupted_after=after)
    with pytest.raises(KeyboardInterrupt):
        case.install("idna", "cffi")
    so_far = case.doctor.result(ExitCode.INTERRUPTED)
    assert [plan.names for plan in so_far.transactions] == installed
    assert list(so_far.transactions) == case.remembered


def test_what_came_along_with_packages_is_recorded(practice):
    case = practice({"idna": ("compiler:c",)})
    case.machine.installed |= {"dpkg", "libc6"}
    case.package_manager.along = ("binutils", "libc6")
    case.install("idna")
    assert [(plan.names, plan.new) for plan in case.remembered] == [(("gcc",), ("binutils", "gcc"))]


def test_what_an_interrupted_transaction_brought_is_recorded(practice):
    case = practice({"idna": ("compiler:c",), "cffi": ("header:ffi.h",)}, interrupted_after=1)
    case.machine.installed.add("dpkg")
    with pytest.raises(KeyboardInterrupt):
        case.install("idna", "cffi")
    assert [(plan.names, plan.new) for plan in case.remembered] == [(("gcc",), ("gcc",))]


def test_a_dead_network_inside_a_build_is_a_network_outcome(practice):
    case = practice({"maturin-thing": ("network:dns",)})
    assert case.install("maturin-thing").code is ExitCode.NETWORK


def test_a_network_alone_would_not_help_where_another_build_fails_for_another_reason(practice):
    case = practice({"maturin-thing": ("network:dns",), "odd": ("header:nobody/knows.h",)})
    assert case.install("maturin-thing", "odd").code is ExitCode.UNCURED


# --- stored wheels and the libraries they link -----------------------------------------------------------


def keep(case: Practice, name: str, *links: Link) -> Wheel:
    wheel = Wheel(Path(f"/store/{name}-1-cp313-cp313-linux_x86_64.whl"), "0" * 64, links)
    case.builder.kept[name] = wheel
    return wheel


def wheel_names(case: Practice) -> list[str]:
    (installed,) = case.frontend.installs
    return [wheel.name for package in installed.lock.packages for wheel in package.wheels]


def test_a_stored_wheel_whose_links_are_met_is_used(practice):
    case = practice({"psycopg2": ("command:pg_config",)})
    case.machine.installed.add("libpq5")
    case.doctor.loader.forget()
    keep(case, "psycopg2", PQ, Link("libc.so.6", ("GLIBC_2.36",)))
    result = case.install("psycopg2")
    assert result.code is ExitCode.DONE
    assert [built.reused for built in result.built] == [True]
    assert (case.builder.attempts, case.package_manager.transactions) == ([], [])


def test_a_missing_library_is_installed_and_the_stored_wheel_used(practice):
    case = practice({"psycopg2": ("command:pg_config",), "cffi": ("header:ffi.h",)}, policy=Policy(yes=True))
    keep(case, "psycopg2", PQ)
    result = case.install("psycopg2", "cffi")
    assert result.code is ExitCode.DONE
    assert case.package_manager.transactions == [("libffi-dev", "libpq5")]
    assert case.builder.attempts == ["cffi", "cffi"]
    assert wheel_names(case) == ["psycopg2-1-cp313-cp313-linux_x86_64.whl", "cffi-1-py3-none-any.whl"]
    (libpq5,) = [package for package in result.transactions[0].packages if package.name == "libpq5"]
    assert [reason.evidence for reason in libpq5.reasons] == ["its cached wheel links it, and it is not installed"]


def test_nobody_agrees_to_the_library(practice):
    case = practice({"psycopg2": ()}, answer=Consent.NO)
    keep(case, "psycopg2", PQ)
    result = case.install("psycopg2")
    assert result.code is ExitCode.CONSENT
    assert result.plan.names == ("libpq5",)
    assert case.frontend.installs == []


@pytest.mark.parametrize(
    ("links", "why", "options"),
    [
        ((Link("libodd.so.1"),), "libodd.so.1 is not on this machine", {}),
        (
            (PQ, Link("libodd.so.1")),
            "libpq.so.5 is not on this machine; libodd.so.1 is not on this machine",
            {},
        ),
        ((Link("libodd.so.1", (), "libpq-dev"),), "libodd.so.1 is not on this machine", {}),
        ((PQ,), "libpq.so.5 is not on this machine", {"policy": Policy(yes=True, system=False)}),
        ((PQ,), "libpq.so.5 is not on this machine", {"policy": Policy(yes=True), "guesses": frozenset({"libpq5"})}),
        (
            (Link("libc.so.6", ("GLIBC_2.36", "GLIBC_2.38")), PQ),
            "libc.so.6 here has no GLIBC_2.38; libpq.so.5 is not on this machine",
            {},
        ),
        ((Link("/opt/x/libx.so.1"),), "/opt/x/libx.so.1 is not on this machine", {}),
    ],
    ids=[
        "nobody has it",
        "only one of two",
        "its entry names a package",
        "--no-system",
        "a guess under --yes",
        "too old",
        "a path",
    ],
)
def test_what_cannot_be_met_is_built_again(practice, links, why, options):
    case = practice({"psycopg2": ()}, **options)
    keep(case, "psycopg2", *links)
    result = case.install("psycopg2")
    assert result.code is ExitCode.DONE
    assert case.builder.attempts == ["psycopg2"]
    assert case.package_manager.transactions == []
    assert case.reporter.notes == [f"rebuilding psycopg2 1: its cached wheel does not load here: {why}"]


def test_a_library_that_is_still_missing_after_its_package_came_means_another_build(practice):
    case = practice({"psycopg2": ()})
    keep(case, "psycopg2", PQ)
    case.doctor.loader.forget = lambda: None
    result = case.install("psycopg2")
    assert result.code is ExitCode.DONE
    assert case.package_manager.transactions == [("libpq5",)]
    assert case.builder.attempts == ["psycopg2"]
    assert case.reporter.notes == [
        "rebuilding psycopg2 1: its cached wheel does not load here: libpq.so.5 is not on this machine"
    ]


def test_a_wheel_compiled_against_numpy_1_is_built_again_where_numpy_2_is_installed(practice):
    case = practice({"psycopg2": (), "numpy": ()})
    kept = case.builder.kept["psycopg2"] = replace(keep(case, "psycopg2"), build_requirements=("numpy==1.26.4",))
    packages = [
        replace(package, version=Version("2.3.5")) if package.name == "numpy" else package
        for package in case.frontend.locked.lock.packages
    ]
    case.frontend.locked = Locked(replace(case.frontend.locked.lock, packages=packages))
    result = case.install("psycopg2", "numpy")
    assert result.code is ExitCode.DONE
    assert [(built.source.name, built.reused) for built in result.built] == [("psycopg2", False), ("numpy", False)]
    assert list(case.builder.unfit.values()) == [kept]
    assert case.reporter.notes == [
        "rebuilding psycopg2 1: its cached wheel does not load here: "
        "it was compiled against NumPy 1.26.4, and NumPy 2.3.5 is installed"
    ]


def test_what_still_does_not_go_with_numpy_2_is_told(practice):
    case = practice({"numpy": ()})
    old = Wheel(Path("/store/old-1-cp313-cp313-linux_x86_64.whl"), "0" * 64, build_requirements=("numpy==1.26.4",))
    case.builder.build = lambda sources, request, unfit: [Built(source, old, reused=False) for source in sources]
    packages = [replace(package, version=Version("2.3.5")) for package in case.frontend.locked.lock.packages]
    case.frontend.locked = Locked(replace(case.frontend.locked.lock, packages=packages))
    assert case.install("numpy").code is ExitCode.DONE
    assert case.reporter.notes == [
        "numpy 1 will not import: it was compiled against NumPy 1.26.4, and NumPy 2.3.5 is installed; "
        "add numpy<2 to the requirements"
    ]


def test_what_a_stored_wheel_lacks_is_told_where_libraries_would_help(practice):
    case = practice(dict.fromkeys(("fits", "waits", "old", "none"), ()))
    keep(case, "fits", Link("libc.so.6"))
    keep(case, "waits", PQ)
    keep(case, "old", PQ, Link("libc.so.6", ("GLIBC_2.38",)))
    sources = [Source(name, "1", SourceKind.SDIST, "x") for name in ("fits", "waits", "old", "none")]
    lacked = case.doctor.wheels.lacked_by_kept(sources, InstallRequest(()))
    assert lacked == {"fits": (), "waits": (Need.parse("soname:libpq.so.5"),)}


def test_a_rehearsal_plans_the_library_and_no_build(practice):
    case = practice({"psycopg2": (), "idna": ()}, policy=Policy(dry_run=True))
    keep(case, "psycopg2", PQ)
    result = case.install("psycopg2", "idna")
    assert result.code is ExitCode.DONE
    assert result.plan.names == ("libpq5",)
    assert [(one.name, one.provision) for one in result.changes] == [
        ("idna", Provision.BUILT),
        ("psycopg2", Provision.STORED),
    ]


def test_what_a_build_is_known_to_use_is_what_rules_say_and_what_it_asked_for(practice):
    case = practice({"cffi": ("header:ffi.h",)}, known={"cffi": ("compiler:c", "header:Python.h")})
    case.machine.installed.update({"gcc", "libpq-dev"})
    case.install("cffi")
    assert case.doctor.treatment.installed_for("cffi") == ("gcc", "libffi-dev", "python3-dev")
    assert case.doctor.treatment.installed_for("idna") == ()


# --- --verify --------------------------------------------------------------------------------------------


def test_a_library_that_an_import_lacks_is_treated_and_the_import_tried_again(practice):
    case = practice({"idna": (), "opencv": ()}, policy=Policy(yes=True, verification=Verification.EVERYTHING))
    assert case.install("idna", "opencv").code is ExitCode.DONE
    assert case.package_manager.transactions == [("libffi8",)]
    assert case.builder.attempts == ["idna", "opencv"]
    assert len(case.frontend.installs) == 1


def test_an_import_that_nothing_cures_has_a_code_of_its_own(practice):
    case = practice({"idna": (), "broken": ()}, policy=Policy(yes=True, verification=Verification.EVERYTHING))
    result = case.install("idna", "broken")
    assert result.code is ExitCode.NOT_IMPORTABLE
    assert [found.failure.package for found in result.cases] == ["broken"]
    assert len(case.frontend.installs) == 1


def test_a_module_that_an_import_lacks_is_installed_beside(practice):
    missing = Reason(Need.parse("python-module:pkg_resources"), None)
    cures = (BuildCure(missing, BuildChanges(("setuptools<82",))), BuildCure(missing, releases=("setuptools<82",)))
    case = practice({"napalm": ()}, cures={"python-module:pkg_resources": cures})
    assert case.install("napalm").code is ExitCode.NOT_IMPORTABLE  # here, the import fails for ever
    asked = [[line.text for line in request.requirements] for request in case.frontend.requests]
    assert asked == [["napalm"], ["napalm", "setuptools<82"]]
    assert case.builder.attempts == ["napalm"]
    assert len(case.frontend.installs) == 2


def test_without_consent_what_an_import_lacks_is_named(practice):
    case = practice({"opencv": ()}, policy=Policy(yes=True, system=False, verification=Verification.EVERYTHING))
    result = case.install("opencv")
    assert (result.code, result.plan.names) == (ExitCode.CONSENT, ("libffi8",))


def test_nothing_is_imported_if_that_is_turned_off(practice):
    case = practice({"broken": ()}, policy=Policy(verification=Verification.NOTHING))
    assert case.install("broken").code is ExitCode.DONE
    assert (case.builder.sure, case.environment.imported) == ({"broken": ()}, set())


def test_what_was_built_is_imported_and_kept_with_the_libraries_that_it_opens(practice):
    case = practice({"idna": (), "opencv": ()})
    case.environment.there = frozenset({"opencv-1.dist-info"})
    assert case.install("idna").code is ExitCode.DONE
    assert case.package_manager.transactions == [("libffi8",)]
    assert case.builder.sure == {"idna": (), "opencv": (Link("libffi.so.8"),)}
    assert case.environment.imported == {(frozenset({"idna", "opencv"}), case.environment.there)}


def test_what_was_imported_before_is_not_imported_again(practice):
    case = practice({"broken": ()})
    case.builder.kept["broken"] = Wheel(Path("/kept/broken-1-py3-none-any.whl"), "0" * 64, imported=True)
    case.environment.there = frozenset({"broken-1.dist-info"})
    case.environment.remember_imports(["broken"], case.environment.there)
    assert case.install("broken").code is ExitCode.DONE
    case.doctor.treatment.policy = Policy(verification=Verification.EVERYTHING)
    assert case.install("broken").code is ExitCode.NOT_IMPORTABLE


def test_a_wheel_that_cannot_be_imported_is_not_kept_unless_it_only_lacks_a_library(practice):
    case = practice({"idna": (), "opencv": (), "broken": ()}, policy=Policy(system=False))
    assert case.install("idna", "opencv", "broken").code is ExitCode.CONSENT
    assert case.builder.sure == {"idna": (), "opencv": (Link("libffi.so.8"),)}
    assert case.builder.discarded == ["broken"]


def test_verifying_imports_what_was_installed_before_too(practice):
    case = practice({"idna": ()}, policy=Policy(verification=Verification.EVERYTHING))
    case.environment.there = frozenset({"opencv-1.dist-info", "opencv.egg-link"})
    assert case.install("idna").code is ExitCode.DONE
    assert case.package_manager.transactions == [("libffi8",)]


def test_parts_of_a_package_that_nothing_helps_are_only_told(practice, monkeypatch):
    case = practice({"idna": (), "broken": ()})
    whole = case.environment.failing_imports
    monkeypatch.setattr(
        case.environment, "failing_imports", lambda *asked: [replace(one, returncode=0) for one in whole(*asked)]
    )
    assert case.install("idna", "broken").code is ExitCode.DONE
    assert case.reporter.notes == ["parts of broken cannot be imported"]
    assert case.environment.imported == set()  # the next run looks again
    assert sorted(case.builder.sure) == ["broken", "idna"]


def test_a_build_is_done_again_if_a_cure_of_its_import_changes_it(practice):
    case = practice({"idna": (), "twisted": ()}, cures=OLD)
    assert case.install("idna", "twisted").code is ExitCode.DONE
    assert case.builder.attempts == ["idna", "twisted", "twisted"]
    assert (case.builder.discarded, sorted(case.builder.sure)) == (["twisted"], ["idna", "twisted"])
    _first, again = case.frontend.installs
    assert [package.name for package in again.lock.packages] == ["twisted"]


def test_advice_is_for_the_python_that_a_log_shows(practice, tmp_path):
    case = practice({})
    treatment, machine = case.doctor.treatment, case.machine
    elsewhere = FakeMachine(machine.installed, {"header:Python.h": "python3.12-dev"})
    treatment.advisers.others["3.12"] = FakeAdviser(elsewhere, case.package_manager)
    log = tmp_path / "run.log"
    log.write_text("for 3.12\nlacks header:Python.h\n")
    treatment.treat([Failed(None, log, "command", 1)])
    log.write_text("lacks header:Python.h\n")  # the command says no more for which
    with pytest.raises(TreatmentEnded):
        treatment.treat([Failed(None, log, "command", 1)])
    assert case.package_manager.transactions == [("python3.12-dev",)]


# --- cures that are no packages


ANY = Reason(Need.parse("build-constraint:x"), None)  # a fake adviser puts the right reason in its place


def constrained(*constraints: str, affects: str | None = None, releases: tuple[str, ...] = ()) -> BuildCure:
    return BuildCure(ANY, BuildChanges(constraints=constraints), releases, affects)


OLD = {"build-constraint:old": (constrained("old"),)}


def test_a_cure_reaches_one_build_only(practice):
    case = practice({"shapely": ("build-constraint:old",), "idna": ()}, cures=OLD, policy=Policy(yes=True))
    assert case.install("shapely", "idna").code is ExitCode.DONE
    assert case.builder.attempts == ["shapely", "idna", "shapely"]
    applied = case.doctor.treatment.applied_to(InstallRequest(()))
    assert applied.changes == {"shapely": BuildChanges(constraints=("old",))}
    assert applied.build_settings_of("idna").changes == BuildChanges()


def test_cures_compose_with_packages_in_one_question(practice):
    case = practice({"shapely": ("build-constraint:old",), "cffi": ("header:ffi.h",)}, cures=OLD)
    assert case.install("shapely", "cffi").code is ExitCode.DONE
    (asked,) = case.reporter.asked
    assert (asked.names, [cure.texts for cure in asked.build_cures]) == (
        ("libffi-dev",),
        [("build constraint old",)],
    )


def test_a_cure_that_does_not_help_is_taken_back_and_the_next_one_tried(practice):
    options = {"build-constraint:old": (constrained("wrong"), constrained("old"))}
    case = practice({"shapely": ("build-constraint:old",)}, cures=options, policy=Policy(yes=True))
    assert case.install("shapely").code is ExitCode.DONE
    assert case.reporter.notes == ["shapely: build constraint wrong did not help: taken back"]
    assert case.doctor.treatment.applied_to(InstallRequest(())).changes["shapely"].constraints == ("old",)


def test_when_no_cure_helped_the_run_ends(practice):
    options = {"build-constraint:old": (constrained("wrong"),)}
    case = practice({"shapely": ("build-constraint:old",)}, cures=options, policy=Policy(yes=True))
    assert case.install("shapely").code is ExitCode.UNCURED
    assert case.builder.attempts == ["shapely", "shapely"]


def test_nothing_is_installed_beside_what_nothing_cures(practice):
    case = practice(
        {"numba": ("build-constraint:never",), "cffi": ("header:ffi.h",)},
        cures={"build-constraint:never": ()},
        policy=Policy(yes=True),
    )
    result = case.install("numba", "cffi")
    assert result.code is ExitCode.UNCURED
    assert case.package_manager.transactions == []
    assert [str(unmet.reason.need) for unmet in result.plan.unmet] == ["build-constraint:never"]


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        (Policy(yes=True), ExitCode.CONSENT),
        (Policy(yes=True, yes_to_all=True), ExitCode.DONE),
        (Policy(), ExitCode.DONE),
    ],
)
def test_yes_covers_no_cure_that_affects_what_is_installed(practice, policy, code):
    options = {"build-constraint:old": (constrained("old", affects="it is old"),)}
    case = practice({"shapely": ("build-constraint:old",)}, cures=options, policy=policy)
    assert case.install("shapely").code is code


def test_cures_without_packages_need_no_root_and_no_system(practice):
    case = practice(
        {"shapely": ("build-constraint:old",)}, cures=OLD, policy=Policy(yes=True, system=False), privileged=False
    )
    assert case.install("shapely").code is ExitCode.DONE


def test_other_releases_are_resolved_again(practice):
    options = {"build-constraint:old": (constrained("old", releases=("numpy<2",)),)}
    case = practice({"shapely": ("build-constraint:old",)}, cures=options)
    assert case.install("shapely").code is ExitCode.DONE
    first, second = case.frontend.requests
    assert ([line.text for line in first.constraints], [line.text for line in second.constraints]) == ([], ["numpy<2"])
    assert case.builder.attempts == ["shapely", "shapely"]


def test_sources_without_readable_metadata_are_built_first_and_together(practice):
    case = practice(
        {
            "demjson": ("build-constraint:old-demjson",),
            "nose": ("build-constraint:old-nose",),
            "cffi": ("header:ffi.h",),
        },
        unreadable=("demjson", "nose"),
        cures={f"build-constraint:old-{name}": (constrained(f"old-{name}"),) for name in ("demjson", "nose")},
    )
    assert case.install("demjson", "nose", "cffi").code is ExitCode.DONE
    (asked,) = case.reporter.asked
    assert asked.names == ("libffi-dev",)
    assert [cure.reason.package for cure in asked.build_cures] == ["demjson", "nose"]
    assert case.builder.attempts == ["cffi", "demjson", "nose", "cffi"]
    assert sorted(source.name for source in case.frontend.requests[-1].built) == ["cffi", "demjson", "nose"]


def test_metadata_that_cannot_be_built_while_resolving_again_speaks_against_no_cure(practice):
    cures = {
        "build-constraint:old-twisted": (constrained("old-twisted"),),
        "build-constraint:old": (constrained("old", releases=("numpy<2",)),),  # its import needs this one
    }
    case = practice({"twisted": ("build-constraint:old-twisted",)}, unreadable=("twisted",), cures=cures)
    assert case.install("twisted").code is ExitCode.DONE
    assert case.reporter.notes == []
    assert case.builder.attempts == ["twisted", "twisted"]


def test_a_build_after_an_import_may_change_what_is_resolved(practice):
    cures = {
        "build-constraint:old": (constrained("old"),),  # its import needs this one
        "build-constraint:older": (constrained("older", releases=("numpy<2",)),),  # and then its build that one
    }
    case = practice({"twisted": ()}, cures=cures)

    def worse(sources, request, unfit):
        case.builder.needs["twisted"] = ("build-constraint:older",) if case.builder.attempts else ()
        return FakeBuilder.build(case.builder, sources, request, unfit)

    case.builder.build = worse
    assert case.install("twisted").code is ExitCode.DONE
    assert case.builder.attempts == ["twisted", "twisted", "twisted"]
    assert [line.text for line in case.frontend.requests[-1].constraints] == ["numpy<2"]


def test_a_module_that_a_build_had_may_be_lacking_in_the_environment(practice, monkeypatch):
    monkeypatch.setitem(IMPORT_NEEDS, "lap", "python-module:numpy")
    lacking = Reason(Need.parse("python-module:numpy"), None)
    for_builds = BuildCure(lacking, BuildChanges(requirements=("numpy",)))
    cures = {
        "build-constraint:old-lap": (constrained("old-lap"),),
        "python-module:numpy": (for_builds, BuildCure(lacking, releases=("numpy",))),
    }
    needs = ("build-constraint:old-lap", "python-module:numpy")
    case = practice({"lap": needs}, unreadable=("lap",), cures=cures)
    assert case.install("lap").code is ExitCode.NOT_IMPORTABLE  # here, the import fails for ever
    assert case.reporter.notes == ["lap: install numpy did not help: taken back"]
    assert case.builder.attempts == ["lap", "lap"]


NEVER = {"build-constraint:never": ()}
BAD = {"bad": ("build-constraint:never",)}
WHEEL = ("bad-2.0-py3-none-any.whl",)


def test_what_a_found_file_requires_is_installed(practice):
    case = practice({"demo": ("pkgconfig:demo",)})
    case.machine.provides["pkgconfig:z"] = "zlib1g-dev"
    case.doctor.treatment.advisers.probing.required["pkgconfig:demo"] = ("pkgconfig:z",)
    case.install("demo")
    assert case.package_manager.transactions == [("zlib1g-dev",)]


def test_another_release_is_named_for_what_cannot_be_built(practice):
    result = practice({**BAD, "idna": ()}, cures=NEVER, wheels=WHEEL).install("bad", "idna")
    assert result.code is ExitCode.UNCURED
    (found,) = result.alternatives
    assert alternative_lines(found) == ["newest bad with wheels for Python 3.13: 2.0"]
    assert found.version == "1"


def test_another_release_is_installed_on_request_in_the_same_question(practice):
    policy = Policy(upgrade_unbuildable=True)
    case = practice({**BAD, "cffi": ("header:ffi.h",)}, cures=NEVER, wheels=WHEEL, policy=policy)
    result = case.install("bad", "cffi")
    assert result.code is ExitCode.DONE
    (asked,) = case.reporter.asked
    assert (asked.names, [cure.texts for cure in asked.build_cures]) == (("libffi-dev",), [("install bad>=2.0",)])
    assert case.frontend.requests[-1].constraints[-1].text == "bad>=2.0"
    assert [built.source.name for built in result.built] == ["cffi"]


def test_nothing_else_is_installed_for_what_gives_way(practice):
    needs = {"bad": ("build-constraint:never",)}
    case = practice(needs, known={"bad": ("header:ffi.h",)}, cures=NEVER, wheels=WHEEL)
    case.doctor.treatment.policy = Policy(yes=True, upgrade_unbuildable=True)
    case.doctor.treatment.advisers.own.known = {}
    assert case.install("bad").code is ExitCode.DONE
    assert case.package_manager.transactions == []


@pytest.mark.parametrize(("policy", "code"), [(Policy(), ExitCode.DONE), (Policy(yes=True), ExitCode.CONSENT)])
def test_a_release_of_the_distributions_time_is_offered_unasked(practice, policy, code):
    case = practice({"bad": ("build-constraint:library",)}, cures={"build-constraint:library": ()}, policy=policy)
    old = replace(case.doctor.alternatives, of_its_time=lambda project, version, allowed: Version("0.5"))
    case.doctor.alternatives = old
    result = case.install("bad")
    assert result.code is code
    if code is ExitCode.DONE:
        assert [cure.texts for cure in case.reporter.asked[0].build_cures] == [("install bad<=0.5",)]
        assert case.frontend.requests[-1].constraints[-1].text == "bad<=0.5"


def test_a_dependency_that_is_too_new_for_what_imports_it(practice, monkeypatch):
    case = practice({"idna": (), "old": ()})
    monkeypatch.setitem(IMPORT_NEEDS, "old", "build-constraint:older:idna")
    older = BuildCure(
        Reason(Need.parse("build-constraint:older:idna"), "old"),
        releases=("idna<=0.9",),
        affects="an older idna is installed",
    )
    asked = []

    def dependency_of_its_time(self, *about: object) -> BuildCure:
        asked.append(about[1:4])
        return older

    monkeypatch.setattr(Alternatives, "dependency_of_its_time", dependency_of_its_time)
    whole = case.environment.failing_imports
    monkeypatch.setattr(
        case.environment, "failing_imports", lambda *to: [] if case.frontend.requests[-1].constraints else whole(*to)
    )
    assert case.install("idna", "old").code is ExitCode.DONE
    assert asked == [("old", {"idna": "1", "old": "1"}, "idna")]
    assert case.frontend.requests[-1].constraints[-1].text == "idna<=0.9"


def test_a_release_that_does_not_fit_the_other_requirements_is_taken_back(practice):
    case = practice({"bad": ("build-constraint:library",)}, cures={"build-constraint:library": ()})
    old = replace(case.doctor.alternatives, of_its_time=lambda project, version, allowed: Version("0.5"))
    case.doctor.alternatives = old
    case.frontend.refused = ("bad<=0.5",)
    result = case.install("bad")
    assert result.code is ExitCode.UNCURED
    assert result.plan is not None
    assert [str(unmet.reason.need) for unmet in result.plan.final] == ["build-constraint:library"]
    assert "bad: install bad<=0.5 does not fit the other requirements: taken back" in case.reporter.notes


def test_without_another_release_with_a_wheel_the_run_ends(practice):
    case = practice(BAD, cures=NEVER, policy=Policy(yes=True, upgrade_unbuildable=True))
    result = case.install("bad")
    assert result.code is ExitCode.UNCURED
    assert alternative_lines(result.alternatives[0]) == [
        "no release of bad has wheels for Python 3.13 on this platform"
    ]


def test_what_is_not_built_alone_gets_packages_only(practice, tmp_path):
    case = practice({}, cures=OLD)
    log = tmp_path / "run.log"
    log.write_text("lacks build-constraint:old\nlacks header:ffi.h\n")
    treatment = case.doctor.treatment
    treatment.treat([Failed(None, log, "command", 1)], built=())
    assert case.package_manager.transactions == [("libffi-dev",)]
    assert treatment.applied_to(InstallRequest(())).changes == {}
    with pytest.raises(TreatmentEnded) as ended:
        treatment.treat([Failed(None, log, "command", 1)], built=())
    assert ended.value.code is ExitCode.UNCURED


def test_only_cures_that_helped_are_remembered(practice):
    cures = {**OLD, **NEVER}
    case = practice({"shapely": ("build-constraint:old",)}, cures=cures, policy=Policy(yes=True))
    assert case.install("shapely").code is ExitCode.DONE
    assert [(plan.names, plan.changes.constraints) for plan in case.remembered] == [((), ("old",))]
    case = practice(
        {"shapely": ("build-constraint:old", "build-constraint:never")}, cures=cures, policy=Policy(yes=True)
    )
    assert case.install("shapely").code is ExitCode.UNCURED
    assert case.remembered == []


# --- poorer wheels ---------------------------------------------------------------------------------------


def poorer(practice, **changes):
    case = practice({"yaml": (), "cffi": ("header:ffi.h",)}, **changes)
    case.builder.optional = {"yaml": ("compiler:c",)}
    return case


def test_what_a_build_left_out_joins_the_first_question_and_is_built(practice):
    case = poorer(practice)
    assert case.install("yaml", "cffi").code is ExitCode.DONE
    assert case.package_manager.transactions == [("gcc", "libffi-dev")]
    assert case.builder.attempts == ["yaml", "cffi", "cffi", "yaml"]
    assert case.builder.kept["yaml"].lacks == ()
    assert not [note for note in case.reporter.notes if "extension" in note]


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"answer": Consent.NO}, 1),
        ({"answer": Consent.NOBODY_TO_ASK}, 1),
        ({"privileged": False}, 0),
        ({"policy": Policy(system=False)}, 0),
        ({"policy": Policy(yes=True), "guesses": frozenset({"gcc"})}, 0),
    ],
)
def test_where_it_is_not_met_the_poorer_wheel_is_used_and_said_to_be_one(practice, changes, asked):
    case = practice({"yaml": ()}, **changes)
    case.builder.optional = {"yaml": ("compiler:c",)}
    assert case.install("yaml").code is ExitCode.DONE
    assert (case.builder.attempts, len(case.reporter.asked)) == (["yaml"], asked)
    assert case.package_manager.transactions == []
    assert case.reporter.notes == ["yaml 1 was built without an extension module: compiler:c"]


def test_a_failed_build_beside_a_poorer_one_still_ends_the_run(practice):
    case = poorer(practice, answer=Consent.NO)
    assert case.install("yaml", "cffi").code is ExitCode.CONSENT


def test_a_poorer_wheel_from_the_store_is_offered_better_again(practice):
    case = practice({"yaml": ()}, policy=Policy(yes=True))
    case.builder.optional = {"yaml": ("compiler:c",)}
    case.builder.kept["yaml"] = Wheel(Path("/kept/yaml-1-py3-none-any.whl"), "0" * 64, lacks=("compiler:c",))
    assert case.install("yaml").code is ExitCode.DONE
    assert (case.package_manager.transactions, case.builder.attempts) == ([("gcc",)], ["yaml"])
    assert case.builder.kept["yaml"].lacks == ()


def test_a_poorer_wheel_from_the_store_is_used_while_what_it_lacked_is_absent(practice):
    case = practice({"yaml": ()}, answer=Consent.NO)
    case.builder.kept["yaml"] = Wheel(Path("/kept/yaml-1-py3-none-any.whl"), "0" * 64, lacks=("compiler:c",))
    assert case.install("yaml").code is ExitCode.DONE
    assert (case.builder.attempts, len(case.reporter.asked)) == ([], 1)
    assert case.reporter.notes == ["yaml 1 was built without an extension module: compiler:c"]
    case = practice({"yaml": ()})
    case.machine.installed.add("gcc")
    case.builder.kept["yaml"] = Wheel(Path("/kept/yaml-1-py3-none-any.whl"), "0" * 64, lacks=("compiler:c",))
    assert case.install("yaml").code is ExitCode.DONE
    assert (case.builder.attempts, case.builder.kept["yaml"].lacks) == (["yaml"], ())


def test_a_need_that_comes_again_after_its_package_is_not_offered_for_ever(practice):
    case = practice({"yaml": ()}, policy=Policy(yes=True))
    case.machine.provides["compiler:c"] = "gcc"
    case.builder.optional = {"yaml": ("compiler:c", "header:never.h")}
    assert case.install("yaml").code is ExitCode.DONE
    assert case.builder.attempts == ["yaml", "yaml"]
    assert case.reporter.notes == ["yaml 1 was built without an extension module: header:never.h"]


def test_a_poorer_wheel_is_built_again_with_a_cure_that_is_no_package(practice):
    case = practice({"yaml": ()}, cures=OLD, policy=Policy(yes=True))
    case.builder.optional = {"yaml": ("build-constraint:old",)}
    assert case.install("yaml").code is ExitCode.DONE
    assert (case.builder.attempts, case.builder.kept["yaml"].lacks) == (["yaml", "yaml"], ())
    assert [plan.changes.constraints for plan in case.remembered] == [("old",)]


def test_a_cure_that_betters_no_poorer_wheel_is_taken_back(practice):
    case = practice({"yaml": ()}, cures={"build-constraint:never": (constrained("old"),)}, policy=Policy(yes=True))
    case.builder.optional = {"yaml": ("build-constraint:never",)}
    assert case.install("yaml").code is ExitCode.DONE
    assert case.reporter.notes == [
        "yaml: build constraint old did not help: taken back",
        "yaml 1 was built without an extension module: build-constraint:never",
    ]
    assert case.remembered == []


def test_where_a_cure_breaks_the_build_the_poorer_wheel_is_used(practice):
    case = practice({"yaml": (), "cffi": ("header:ffi.h",)}, cures=OLD, policy=Policy(yes=True))
    case.builder.optional = {"yaml": ("build-constraint:old",)}
    case.builder.broken_by = {"yaml": ("build-constraint:old",)}
    assert case.install("yaml", "cffi").code is ExitCode.DONE
    assert case.builder.attempts == ["yaml", "cffi", "cffi", "yaml"]
    assert case.reporter.notes == [
        "yaml: build constraint old did not help: taken back",
        "yaml 1 was built without an extension module: build-constraint:old",
    ]


def test_what_shows_that_a_wheel_is_poorer_is_quoted():
    gcc, old = Need.parse("compiler:c"), Need.parse("build-constraint:python-too-new")
    shown = Reason(old, "x", Finding(old, "x", 1, "x.c:1: error: no", "s", Role.CAUSE))
    assert [shown_by(one) for one in (Reason(gcc, "x"), shown, Reason(old, "x", why="its build made no x"))] == [
        "compiler:c", '"x.c:1: error: no"', "its build made no x"
    ]  # fmt: skip


OPTIONAL = "build-constraint:optional-code-too-old"


def test_nothing_is_offered_for_modules_that_cannot_be_built_here(practice):
    case = practice({"yaml": ()}, policy=Policy(yes=True))
    case.builder.optional = {"yaml": ("compiler:c",)}
    case.doctor.wheels.sources = naming(OPTIONAL)
    notes = [f"yaml 1 was built without an extension module: setup.py:1: {OPTIONAL}"]
    assert case.install("yaml").code is ExitCode.DONE
    assert (case.package_manager.transactions, case.builder.attempts) == ([], ["yaml"])
    assert case.reporter.notes == notes
    again = practice({"yaml": ()}, policy=Policy(yes=True))
    again.builder.kept["yaml"] = Wheel(Path("/kept/yaml-1-py3-none-any.whl"), "0" * 64, lacks=("compiler:c",))
    again.doctor.wheels.sources = naming(OPTIONAL)
    assert again.install("yaml").code is ExitCode.DONE
    assert (again.package_manager.transactions, again.builder.attempts) == ([], [])
    assert again.reporter.notes == notes


def test_a_poorer_wheel_that_can_be_imported_is_better_than_one_that_cannot(practice, monkeypatch):
    case = practice({"yaml": ()}, policy=Policy(yes=True))
    case.builder.optional = {"yaml": ("compiler:c",)}
    monkeypatch.setitem(IMPORT_NEEDS, "yaml", "header:nobody-knows.h")
    whole = case.environment.failing_imports

    def failing_imports(names, request):
        poorer = any(built.wheel.lacks for built in case.doctor.wheels.built.values())
        return [] if poorer else whole(names, request)

    monkeypatch.setattr(case.environment, "failing_imports", failing_imports)
    assert case.install("yaml").code is ExitCode.DONE
    assert case.builder.attempts == ["yaml", "yaml"]
    assert case.reporter.notes == [
        "yaml 1: its new wheel cannot be imported: using the one without an extension module",
        "yaml 1 was built without an extension module: compiler:c",
    ]
    assert case.builder.discarded == ["yaml"]
    assert len(case.frontend.installs) == 2  # the better one, and the poorer one again


def test_nothing_is_installed_where_a_poorer_wheel_cannot_be_imported(practice):
    case = practice({"yaml": (), "cffi": ("header:ffi.h",)}, policy=Policy(yes=True), cures={TO_IMPORT: ()})
    case.builder.optional = {"yaml": ("compiler:c",)}
    case.doctor.wheels.sources = naming(TO_IMPORT, of=["yaml"])
    result = case.install("yaml", "cffi")
    assert result.code is ExitCode.UNCURED
    assert [str(unmet.reason.need) for unmet in result.plan.unmet] == [TO_IMPORT]
    assert case.package_manager.transactions == []


def test_nothing_is_installed_where_what_needs_no_cure_cannot_be_imported(practice):
    case = practice({"nltk": (), "cffi": ("header:ffi.h",)}, policy=Policy(yes=True), cures={TO_IMPORT: ()})
    case.doctor.wheels.sources = naming(unimportable=["nltk"])
    result = case.install("nltk", "cffi")
    assert (result.code, case.package_manager.transactions) == (ExitCode.UNCURED, [])
    assert [str(unmet.reason.need) for unmet in result.plan.unmet] == [TO_IMPORT]
    assert case.doctor.wheels.sources.asked == [(True, ["nltk"])]
    unresolved = practice({"lap": ("compiler:c",), "idna": ()}, unreadable=("lap",), cures={TO_IMPORT: ()})
    unresolved.doctor.wheels.sources = naming(unimportable=["scrapy"])
    assert unresolved.install("lap").code is ExitCode.UNCURED
    assert unresolved.doctor.wheels.sources.asked == [(True, ["idna"])]
    kept = practice({"nltk": (), "cffi": ("header:ffi.h",)})
    kept.builder.kept["nltk"] = Wheel(Path("/kept/nltk-1-py3-none-any.whl"), "0" * 64)
    kept.doctor.wheels.sources = naming()
    assert kept.install("nltk", "cffi").code is ExitCode.DONE
    assert kept.doctor.wheels.sources.asked == [(True, [])]  # it was imported when it was built
    works = practice({"nltk": ()})
    works.doctor.wheels.sources = naming()
    assert works.install("nltk").code is ExitCode.DONE
    assert works.doctor.wheels.sources.asked == []  # nothing is to be installed for others


def test_what_nothing_cures_leaves_a_poorer_wheel_as_it_is(practice):
    case = practice({"yaml": (), "cffi": ("header:ffi.h",)}, cures=NEVER, policy=Policy(yes=True))
    case.builder.optional = {"yaml": ("build-constraint:never",)}
    assert case.install("yaml", "cffi").code is ExitCode.DONE
    assert case.builder.attempts == ["yaml", "cffi", "cffi"]
    assert case.reporter.notes == ["yaml 1 was built without an extension module: build-constraint:never"]


def test_an_import_is_cured_by_building_another_one_here(practice, monkeypatch):
    here = BuildCure(ANY, from_source=("lxml",))
    case = practice({"opencv": ()}, cures={"build-constraint:old": (here,)}, policy=Policy(yes=True))
    monkeypatch.setitem(IMPORT_NEEDS, "opencv", "build-constraint:old")
    assert case.install("opencv").code is ExitCode.NOT_IMPORTABLE
    first, second = case.frontend.requests
    assert ([first.no_binary, first.reinstall], [second.no_binary, second.reinstall]) == (
        [(), False],
        [("lxml",), True],
    )
    assert case.reporter.notes[-1] == "opencv: build lxml here did not help: taken back"


def test_what_would_be_poorer_waits_for_the_compiler_that_others_need(practice):
    case = practice({"yaml": (), "cffi": ("compiler:c",)}, known={"cffi": ("compiler:c",)}, policy=Policy(yes=True))
    lines = tuple(RequirementLine(name, "command line", name=name) for name in ("yaml", "cffi"))
    assert case.doctor.install(InstallRequest(lines, no_binary=frozenset({"yaml"}))).code is ExitCode.DONE
    assert case.builder.attempts == ["yaml", "cffi"]
    assert case.package_manager.transactions == [("gcc",)]
    (plan,) = case.reporter.plans
    assert [reason.package for reason in plan.packages[0].reasons] == ["yaml", "cffi"]
    assert case.downloads.started == []  # nothing is built meanwhile


def test_what_its_source_says_cannot_be_built_has_another_release_too(practice):
    case = practice(BAD, cures=NEVER, wheels=WHEEL)
    final = Plan(unmet=(Unmet(Reason(Need.parse("build-constraint:never"), "bad"), final=True),))
    result = Result(ExitCode.UNCURED, lock_of("bad"), (), (), final, ())
    (found,) = case.doctor.alternatives.beside(result, InstallRequest(()))
    assert (found.package, found.version) == ("bad", "1")
    case.doctor.treatment.policy = Policy(yes=True, upgrade_unbuildable=True)
    assert case.install("bad").code is ExitCode.DONE


def test_other_releases_are_named_for_imports_of_what_was_built_only(practice):
    case = practice({"broken": ()}, policy=Policy(yes=True))
    result = case.install("broken")
    assert result.code is ExitCode.NOT_IMPORTABLE
    assert [found.package for found in result.alternatives] == ["broken"]
    assert case.doctor.alternatives.beside(replace(result, built=()), InstallRequest(())) == ()
