"""What requirements will need, foreseen: which become builds, what those need, what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fakes import FakeAdviser, FakeLogReader, FakeLogs, FakeMachine, FakePackageManager, FakeProber
from packaging.pylock import Pylock

from accel_doctor.errors import NetworkError
from accel_doctor.explanations import SourceFacts
from accel_doctor.foresight import (
    Certainty,
    ForeseenBuild,
    ForeseenNeed,
    expected_from_lock,
    expected_from_names,
    foresee,
    lack_packages,
    resolve,
    surely_built,
    without_other_failures,
)
from accel_doctor.model.builds import Failed, Locked, Source, SourceKind
from accel_doctor.model.cures import Reason
from accel_doctor.model.needs import Diagnosis, Finding, Need, Role
from accel_doctor.model.plans import Case
from accel_doctor.model.requests import InstallRequest, RequirementLine

PG_CONFIG, C, ODD, LIBPQ = "command:pg_config", "compiler:c", "cmake:Odd", "soname:libpq.so.5"
ENVIRONMENT = {"python_version": "3.13", "python_full_version": "3.13.5", "sys_platform": "linux"}


def lock(*packages: dict) -> Locked:
    return Locked(Pylock.from_dict({"lock-version": "1.0", "created-by": "test", "packages": list(packages)}))


def adviser(machine: FakeMachine, **changes: object) -> FakeAdviser:
    facts = {"known": {"psycopg2": (PG_CONFIG, C), "lxml": (C,)}, "only_sdists": frozenset({"psycopg2"})}
    return FakeAdviser(machine, FakePackageManager(machine), **{**facts, **changes})


@pytest.fixture
def machine() -> FakeMachine:
    return FakeMachine({"gcc"}, {C: "gcc", PG_CONFIG: "libpq-dev"})


def lines(*texts: str) -> InstallRequest:
    names = [text.partition(" ")[0] for text in texts]
    return InstallRequest(
        tuple(
            RequirementLine(text, f"r.txt:{number}", name=None if "/" in name else name)
            for number, (text, name) in enumerate(zip(texts, names, strict=True), 1)
        )
    )


# --- which become builds


@pytest.mark.parametrize(
    ("no_binary", "only_binary", "name", "built"),
    [
        ((), (), "psycopg2", True),
        ((), (), "lxml", False),
        (("lxml",), (), "lxml", True),
        ((":all:",), (), "lxml", True),
        ((":all:",), ("lxml",), "lxml", False),
        ((), ("psycopg2",), "psycopg2", False),
    ],
)
def test_what_is_surely_built(machine, no_binary, only_binary, name, built):
    request = InstallRequest((), no_binary=no_binary, only_binary=only_binary)
    assert surely_built(name, request, adviser(machine)) is built


def test_names_alone(machine):
    request = lines(
        "psycopg2", "lxml", "plain", "lxml ; extra == 'x'", "old ; python_version < '3'",
        "https://host/a-1.0-py3-none-any.whl", "/src/project", "git @ git+https://host/x",
    )  # fmt: skip
    assert expected_from_names(request, adviser(machine), ENVIRONMENT, ()) == [
        ForeseenBuild("psycopg2", None, Certainty.CERTAIN, "PyPI has no wheel for it"),
        ForeseenBuild("lxml", None, Certainty.POSSIBLE, "only without a compatible wheel"),
        ForeseenBuild("plain", None, Certainty.POSSIBLE, "only without a compatible wheel"),
        ForeseenBuild("https://host/a-1.0-py3-none-any.whl", None, Certainty.NO, "a wheel is named"),
        ForeseenBuild("/src/project", None, Certainty.CERTAIN, "its source is named"),
        ForeseenBuild("git", None, Certainty.CERTAIN, "its source is named"),
    ]


def test_names_under_format_control(machine):
    request = InstallRequest(
        (RequirementLine("lxml", "r.txt:1", name="lxml"), RequirementLine("b", "r.txt:2", name="b")),
        no_binary=("lxml",),
        only_binary=("b",),
    )
    assert expected_from_names(request, adviser(machine), ENVIRONMENT, ()) == [
        ForeseenBuild("lxml", None, Certainty.CERTAIN, "--no-binary"),
        ForeseenBuild("b", None, Certainty.NO, "--only-binary"),
    ]


def test_a_lock_tells_wheels_kept_wheels_sources_and_directories():
    digest = {"hashes": {"sha256": "0"}}
    locked = lock(
        {"name": "wheely", "version": "1", "wheels": [{"url": "https://h/wheely-1-py3-none-any.whl", **digest}]},
        {"name": "psycopg2", "version": "2", "sdist": {"url": "https://h/psycopg2-2.tar.gz", **digest}},
        {"name": "linking", "version": "4", "sdist": {"url": "https://h/linking-4.tar.gz", **digest}},
        {"name": "kept", "version": "3", "sdist": {"url": "https://h/kept-3.tar.gz", **digest}},
        {"name": "here", "directory": {"path": "/src/here"}},
    )
    sources = [Source(name, "1", SourceKind.SDIST, "x") for name in ("psycopg2", "linking", "kept")]
    lacked = {"kept": (), "linking": (Need.parse(LIBPQ),)}
    assert expected_from_lock(locked, sources, lacked, ()) == [
        ForeseenBuild("wheely", "1", Certainty.NO, "has a compatible wheel"),
        ForeseenBuild("psycopg2", "2", Certainty.CERTAIN, "no compatible wheel"),
        ForeseenBuild("linking", "4", Certainty.NO, "its wheel is cached", (Need.parse(LIBPQ),)),
        ForeseenBuild("kept", "3", Certainty.NO, "its wheel is cached"),
        ForeseenBuild("here", None, Certainty.CERTAIN, "a project in a directory"),
    ]


# --- what they need


def test_what_a_kept_wheel_links_and_nothing_has_is_missing_and_nothing_else_of_it(machine):
    machine.provides[LIBPQ] = "libpq5"
    expected = [ForeseenBuild("psycopg2", "2", Certainty.NO, "its wheel is cached", (Need.parse(LIBPQ),))]
    foresight = foresee(expected, adviser(machine), FakeProber(machine))
    assert foresight.builds[0].needs == (ForeseenNeed(Need.parse(LIBPQ), False, ("libpq5",)),)
    assert foresight.plan.names == ("libpq5",)
    assert foresight.missing


def test_needs_are_here_missing_or_unseen(machine):
    known = adviser(machine, known={"psycopg2": (PG_CONFIG, C, ODD)})
    foresight = foresee([ForeseenBuild("psycopg2", "2", Certainty.CERTAIN, "")], known, FakeProber(machine))
    assert foresight.builds[0].needs == (
        ForeseenNeed(Need.parse(PG_CONFIG), False, ("libpq-dev",)),
        ForeseenNeed(Need.parse(C), True),
        ForeseenNeed(Need.parse(ODD), False),
    )
    assert foresight.plan.commands == (("fakepm", "install", "libpq-dev"),)
    assert [str(unmet.reason.need) for unmet in foresight.plan.unmet] == [ODD]
    assert foresight.missing


def test_only_what_is_certain_is_planned_for(machine):
    machine.installed.clear()
    expected = [ForeseenBuild("lxml", None, Certainty.POSSIBLE, ""), ForeseenBuild("psycopg2", None, Certainty.NO, "")]
    foresight = foresee(expected, adviser(machine), FakeProber(machine))
    assert [build.needs for build in foresight.builds] == [(ForeseenNeed(Need.parse(C), False, ("gcc",)),), ()]
    assert (foresight.plan.packages, foresight.plan.commands, foresight.missing) == ((), (), False)


def test_without_a_prober_all_is_planned_for():
    nothing = FakeMachine(set(), {C: "gcc", PG_CONFIG: "libpq-dev"})
    foresight = foresee([ForeseenBuild("psycopg2", "2", Certainty.CERTAIN, "")], adviser(nothing), None)
    assert [need.present for need in foresight.builds[0].needs] == [None, None]
    assert foresight.plan.names == ("gcc", "libpq-dev")


# --- resolving past sources that do not say what they are


@dataclass
class StubbornFrontend:
    """Fails as long as one of ``stubborn`` is asked for, by the first of them; or raises."""

    logs: Path
    stubborn: tuple[str, ...] = ()
    error: Exception | None = None
    name: str = "stubborn"
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def lock(self, request: InstallRequest, log: Path) -> Locked | Failed:
        self.asked.append(request.left_out)
        if self.error:
            raise self.error
        for name in self.stubborn:
            if name not in request.left_out:
                log.write_text(f"lacks {PG_CONFIG}\n")
                return Failed(name, log, "resolve", 1)
        return lock()


def resolved(tmp_path, frontend):
    return resolve(frontend, InstallRequest(()), FakeLogs(tmp_path), FakeLogReader().read)


def test_each_stubborn_source_is_left_out_and_told(tmp_path, machine):
    frontend = StubbornFrontend(tmp_path, ("psycopg2", "odd"))
    resolution = resolved(tmp_path, frontend)
    assert frontend.asked == [(), ("psycopg2",), ("psycopg2", "odd")]
    assert resolution.problem is None
    expected = expected_from_lock(resolution.locked, (), {}, resolution.cases)
    assert expected == [
        ForeseenBuild(name, None, Certainty.CERTAIN, "its metadata could not be built") for name in ("psycopg2", "odd")
    ]
    foresight = foresee(expected, adviser(machine), FakeProber(machine), resolution.cases)
    assert [build.needs for build in foresight.builds] == [
        (ForeseenNeed(Need.parse(PG_CONFIG), False, ("libpq-dev",), "lacks command:pg_config"),
         ForeseenNeed(Need.parse(C), True)),
        (ForeseenNeed(Need.parse(PG_CONFIG), False, ("libpq-dev",), "lacks command:pg_config"),),
    ]  # fmt: skip


def test_resolving_ends_where_leaving_out_does_not_help(tmp_path):
    frontend = StubbornFrontend(tmp_path, (None,))
    resolution = resolved(tmp_path, frontend)
    assert (resolution.locked, len(resolution.cases), frontend.asked) == (None, 1, [()])
    assert resolution.problem == "the metadata of a source distribution could not be built"


def test_without_a_network_there_is_a_problem_not_an_end(tmp_path):
    resolution = resolved(tmp_path, StubbornFrontend(tmp_path, error=NetworkError("no route")))
    assert (resolution.locked, resolution.problem) == (None, "no route")


def test_causes_of_a_build_requirement_do_not_count_where_another_version_takes_its_place():
    facts, machine = SourceFacts(), FakeMachine()
    numpy, own = Need.parse("library:blas"), Need.parse("header:x.h")
    failed = Failed("pyworld", Path("log"), "build", 1)
    diagnosis = Diagnosis((Finding(numpy, "numpy", 1, "", "s", Role.CAUSE), Finding(own, None, 2, "", "s", Role.CAUSE)))
    case = Case(failed, diagnosis)
    assert [reason.need for reason in facts.explained([case])] == [numpy, own]
    reason = Reason(Need.parse("build-constraint:numpy>=2.1.0"), "pyworld", why="pyproject.toml:2")
    assert facts.to_meet([reason], FakeAdviser(machine, FakePackageManager(machine)), None) == [reason]
    assert [reason.need for reason in facts.explained([case])] == [own]


def test_with_old_generated_code_goes_what_else_compilers_say_of_it():
    facts, machine = SourceFacts(), FakeMachine()
    names = ("python-too-new", "numpy<2", "fno-common")
    causes = [
        Finding(Need.parse(f"build-constraint:{name}"), None, 1, "x.c:1:1: error", "s", Role.CAUSE) for name in names
    ]
    generated = Reason(Need.parse("build-constraint:generated-by-old-cython"), "minepy", why="x.c:1")
    facts.to_meet([generated], FakeAdviser(machine, FakePackageManager(machine)), None)

    def explained(found):
        case = Case(Failed("minepy", Path("log"), "build", 1), Diagnosis(tuple(found)))
        return [reason.need.name for reason in facts.explained([case])]

    assert explained(causes) == ["generated-by-old-cython", "generated-by-old-cython", "fno-common"]
    assert explained(causes[1:]) == ["numpy<2", "fno-common"]


def case_of(package: str | None, step: str, *building: str) -> Case:
    return Case(Failed(package, Path("log"), step, 1), Diagnosis(()), building=building)


def test_what_is_built_beside_a_build_that_lacks_a_package_is_named_too() -> None:
    found = [Reason(Need.parse("command:pg_config"), "psycopg2")]
    command = case_of(None, "command", "zbarlight", "psycopg2", "python-ldap")
    assert lack_packages(found, [command]) == ["psycopg2", "zbarlight", "python-ldap"]
    assert lack_packages([Reason(Need.parse("build-constraint:old"), "psycopg2")], [command]) == []
    libraries = [Reason(Need.parse("soname:libpq.so.5"), "psycopg2")]
    assert lack_packages(libraries, [case_of("psycopg2", "import")]) == []


def test_other_cures_of_a_build_are_tried_where_no_packages_are_installed() -> None:
    compiler, old = Need.parse("compiler:c"), Need.parse("build-constraint:old")
    foreseen = [Reason(compiler, "shapely"), Reason(old, "shapely"), Reason(compiler, "cffi"), Reason(compiler, "ldap")]
    cases = [case_of("shapely", "build"), case_of("cffi", "build")]
    assert without_other_failures(foreseen, ["cffi"], cases) == foreseen[1:]
