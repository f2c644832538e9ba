"""The treatment loop, whole, on fakes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes import (
    FakeAdviser,
    FakeBuilder,
    FakeFrontend,
    FakeMachine,
    FakePackageManager,
    FakeProber,
    FakeReporter,
    read_fake_failure,
)
from packaging.pylock import Pylock

from accel_doctor.doctor import Doctor
from accel_doctor.errors import ExitCode, PackageManagerError
from accel_doctor.model import (
    Confidence,
    Consent,
    Failed,
    InstallRequest,
    Locked,
    Need,
    Plan,
    Policy,
    Reason,
    RequirementLine,
    Result,
    Source,
    SourceKind,
    SystemPackage,
)
from accel_doctor.treatment import Treatment

PROVIDES = {
    "header:libpq-fe.h": "libpq-dev",
    "command:pg_config": "libpq-dev",
    "header:ffi.h": "libffi-dev",
    "compiler:c": "gcc",
    "header:Python.h": "python3-dev",
}


def lock_of(*names: str) -> Locked:
    packages = [
        {"name": name, "version": "1", "sdist": {"url": f"https://x/{name}-1.tar.gz", "hashes": {"sha256": "0" * 64}}}
        for name in names
    ]
    return Locked(Pylock.from_dict({"lock-version": "1.0", "created-by": "test", "packages": packages}))


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

    def install(self, *names: str) -> Result:
        lines = tuple(RequirementLine(name, "command line", name=name) for name in names)
        return self.doctor.install(InstallRequest(lines))


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
        **manager: object,
    ) -> Practice:
        machine = FakeMachine(provides=dict(PROVIDES))
        remembered: list[Plan] = []
        counter = itertools.count(1)
        frontend = FakeFrontend(machine, lock_of(*needs), lock_needs, install_needs)
        builder = FakeBuilder(machine, needs, tmp_path)
        package_manager = FakePackageManager(machine, **manager)  # type: ignore[arg-type]
        reporter = FakeReporter(answer)
        doctor = Doctor(
            frontend=frontend,
            builder=builder,
            treatment=Treatment(
                adviser=FakeAdviser(machine, package_manager, known or {}, guesses, only_sdists, follows or {}),
                package_manager=package_manager,
                prober=FakeProber(machine),
                reporter=reporter,
                read_failure=read_fake_failure,
                new_log=lambda step, name: tmp_path / f"{next(counter)}-{step}-{name}.log",
                policy=policy or Policy(),
                remember=remembered.append,
            ),
            sources_of=lambda locked: [
                Source(p.name, "1", SourceKind.SDIST, p.sdist.url, "0" * 64) for p in locked.lock.packages
            ],
            record_origins=lambda origins, request: None,
        )
        return Practice(doctor, machine, frontend, builder, package_manager, reporter, remembered)

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


def test_no_system_diagnoses_without_foresight_and_never_installs(practice):
    case = practice({"cffi": ("header:ffi.h",)}, known={"cffi": ("compiler:c",)}, policy=Policy(yes=True, system=False))
    result = case.install("cffi")
    assert result.code is ExitCode.CONSENT
    assert result.plan.names == ("libffi-dev",)
    assert case.builder.attempts == ["cffi"]


def test_dry_run_plans_from_foresight_and_builds_nothing(practice):
    case = practice({"cffi": ("header:ffi.h",)}, known={"cffi": ("header:ffi.h",)}, policy=Policy(dry_run=True))
    result = case.install("cffi")
    assert result.code is ExitCode.DONE
    assert result.plan.names == ("libffi-dev",)
    assert case.builder.attempts == []
    assert case.reporter.notes == ["would build cffi 1"]
    assert case.frontend.installs == []


def test_a_transaction_that_removes_is_refused_before_the_question(practice):
    case = practice({"cffi": ("header:ffi.h",)}, removes=("systemd",))
    with pytest.raises(PackageManagerError, match=r"^fakepm would remove systemd: this is never done"):
        case.install("cffi")
    assert case.reporter.asked == []


def test_what_was_built_is_known_after_an_exception(practice):
    case = practice({"idna": (), "cffi": ("header:ffi.h",)}, breaks="E: disk full")
    with pytest.raises(PackageManagerError, match="^E: disk full$"):
        case.install("idna", "cffi")
    so_far = case.doctor.result(ExitCode.PACKAGE_MANAGER)
    assert [built.source.name for built in so_far.built] == ["idna"]


def test_a_dead_network_inside_a_build_is_a_network_outcome(practice):
    case = practice({"maturin-thing": ("network:dns",)})
    assert case.install("maturin-thing").code is ExitCode.NETWORK
