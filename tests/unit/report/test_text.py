"""What people read, whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from packaging.pylock import Pylock
from packaging.version import Version

from accel_doctor.errors import ExitCode
from accel_doctor.model.builds import Built, Failed, Locked
from accel_doctor.model.cures import BuildChanges, BuildCure, Confidence, Reason, SystemPackage
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Diagnosis, Finding, Need, Role
from accel_doctor.model.plans import Case, Plan, Policy, Result, Simulation, Unmet
from accel_doctor.model.releases import Alternative, OtherReleases, Succession, Successor
from accel_doctor.report.text import case_line, plan_lines, verdict
from accel_doctor.wording import printable

DEBIAN = Distribution("debian", "13", "trixie", pretty_name="Debian GNU/Linux 13 (trixie)")
FINDING = Finding(
    Need.parse("command:pg_config"), "psycopg2", 12, "Error: pg_config executable not found.", "x", Role.CAUSE
)
FAILED = Failed("psycopg2", Path("/logs/1.log"), "build", 1, 3.21)


def test_a_case_takes_one_line_and_quotes_its_cause():
    assert case_line(Case(FAILED, Diagnosis((FINDING,)))) == (
        'psycopg2: build failed after 3.2 s: command:pg_config: "Error: pg_config executable not found." (line 12)'
    )


def test_several_needs_in_one_line_are_counted():
    others = [replace(FINDING, need=Need.parse(f"command:pg_{number}")) for number in range(2)]
    assert case_line(Case(FAILED, Diagnosis((FINDING, *others)))).endswith('not found." (line 12) and 2 more')


def test_several_causes_follow_one_another():
    other = replace(FINDING, need=Need.parse("header:x.h"), line=14, evidence="x.h: No such file")
    assert case_line(Case(FAILED, Diagnosis((FINDING, other)))).endswith(
        '(line 12); header:x.h: "x.h: No such file" (line 14)'
    )


def test_a_case_that_was_not_understood_shows_the_line_that_says_most_and_names_the_log():
    assert case_line(Case(Failed(None, Path("/l"), "resolve", 1), Diagnosis((), summary="error: odd"))) == (
        "the requirements: resolve failed: cause unknown: error: odd; log: /l"
    )


def test_a_plan_shows_packages_reasons_sizes_and_commands():
    needs = [Reason(FINDING.need, "psycopg2", FINDING)]
    compilers = [Reason(Need.parse("compiler:c"), name) for name in ("a", "b", "c", "d", "e", "f")]
    plan = Plan(
        cures=(
            SystemPackage("gcc", tuple(compilers), Confidence.RULE, "rules/debian.yaml"),
            SystemPackage("libpq-dev", tuple(needs), Confidence.RULE, "rules/debian.yaml"),
            SystemPackage("libx-dev", tuple(needs), Confidence.INDEX, "index debian 13"),
            SystemPackage("odd", (compilers[0],), Confidence.GUESS, "index", (("other", "third"),)),
        ),
        unmet=(Unmet(Reason(Need.parse("header:x.h"), "odd"), "apt-file search x.h"),),
        commands=(("apt-get", "install", "-o", "A=b c", "gcc"),),
    )
    simulation = Simulation(
        ("gcc", "libpq-dev", "libx-dev", "odd", "cpp", "binutils"), download_bytes=51_200_000, disk_bytes=2000
    )
    assert plan_lines(plan, simulation, DEBIAN) == [
        "Missing on Debian GNU/Linux 13 (trixie):",
        "  gcc        compiler:c: a, b, c, d and 2 more need it to build",
        '  libpq-dev  command:pg_config for psycopg2: "Error: pg_config executable not found."',
        '  libx-dev   command:pg_config for psycopg2: "Error: pg_config executable not found."',
        "             not in the rules: named by the index debian 13",
        "  odd        compiler:c: a needs it to build",
        "             a guess, not covered by --yes; or: other, third",
        "No cure is known for:",
        "  header:x.h: odd needs it to build",
        "    apt-file search x.h",
        "4 system packages and 2 dependencies, 51.2 MB to download, 2.0 kB on disk:",
        "  apt-get install -o 'A=b c' gcc",
    ]


def test_nothing_from_a_log_drives_the_terminal():
    assert printable("a\x1b[31mb\x07\tc\u202e") == "a�[31mb� c�"
    hostile = Finding(FINDING.need, "x", 1, "\x1b]0;title\x07" + "y" * 500, "x", Role.CAUSE)
    line = case_line(Case(FAILED, Diagnosis((hostile,))))
    assert "\x1b" not in line
    assert len(line) < 240


def result(code: ExitCode, *built: Built, cases: tuple[Case, ...] = ()) -> Result:
    packages = [{"name": "a", "wheels": [{"url": "https://x/a-1-py3-none-any.whl", "hashes": {"sha256": "0" * 64}}]}]
    lock = Pylock.from_dict({"lock-version": "1.0", "created-by": "t", "packages": packages * bool(built)})
    return Result(code, Locked(lock), built, cases, None, ())


def test_every_bad_end_has_a_sentence_and_the_usual_ones_a_next_step():
    case = Case(FAILED, Diagnosis(()))
    message, hint = verdict(result(ExitCode.UNCURED, cases=(case, case)))
    assert message == "psycopg2 did not build: no known cure"
    assert hint == f"read the full log; accel-doctor rules new {FAILED.log} writes a rule for it"
    nameless = Case(replace(FAILED, package=None, step="resolve"), Diagnosis(()))
    message, _ = verdict(result(ExitCode.UNCURED, cases=(nameless,)))
    assert message == "the requirements cannot be resolved: no known cure"
    for code in (ExitCode.CONSENT, ExitCode.PRIVILEGE, ExitCode.NETWORK):
        message, hint = verdict(result(code))
        assert message
        assert hint


def test_an_import_that_asks_for_the_network_is_no_build():
    case = Case(replace(FAILED, step="import"), Diagnosis(()))
    message, hint = verdict(result(ExitCode.NETWORK, cases=(case,)))
    assert message == "psycopg2 cannot be imported: it could not reach the network"
    assert hint == "check the network, then run the same accel-doctor command again"
    older = Plan((BuildCure(Reason(Need.parse("build-constraint:x<2"), "psycopg2"), releases=("x<2",), affects="x"),))
    message, _ = verdict(replace(result(ExitCode.CONSENT, cases=(case,)), plan=older))
    assert message == "psycopg2 cannot be imported: cures are known, and were not confirmed"


def test_an_import_whose_cure_was_not_confirmed_is_no_build():
    older = BuildCure(Reason(Need.parse("build-constraint:Jinja2<3.1"), "flask"), releases=("Jinja2<3.1",), affects="x")
    case = Case(replace(FAILED, package="flask", step="import"), Diagnosis(()))
    message, hint = verdict(Result(ExitCode.CONSENT, None, (), (case,), Plan((older,)), ()))
    assert message == "flask cannot be imported: cures are known, and were not confirmed"
    assert hint == "run the same accel-doctor command with --yes-to-all"


GCC = SystemPackage("gcc", (), Confidence.RULE, "debian")
MISSING = "system packages are missing, and "
AGAIN = "run the same accel-doctor command"


@pytest.mark.parametrize(
    ("policy", "asked", "message", "hint"),
    [
        (
            Policy(),
            False,
            "installing them was not confirmed",
            f"run the command above as root, or {AGAIN} with --yes",
        ),
        (Policy(), True, "you answered no", f"run the command above as root, or {AGAIN} with --yes"),
        (
            Policy(system=False),
            False,
            "--no-system installs none",
            f"run the command above as root, then {AGAIN} again",
        ),
        (
            Policy(yes=True, system=False),
            False,
            "--no-system installs none",
            f"run the command above as root, then {AGAIN} again",
        ),
        (
            Policy(yes=True),
            False,
            "--yes does not cover all of them",
            f"run the command above as root, or {AGAIN} with --yes-to-all",
        ),
    ],
)
def test_the_hint_fits_the_options_given(policy: Policy, asked: bool, message: str, hint: str) -> None:
    ended = Result(ExitCode.CONSENT, None, (), (), Plan((GCC,), commands=(("apt", "install"),)), ())
    assert verdict(ended, policy, asked=asked) == (MISSING + message, hint)
    by_anyone = replace(ended, plan=Plan((GCC,), commands=(("brew", "install"),), needs_root=False))
    assert verdict(by_anyone, policy, asked=asked)[1] == hint.replace(" as root", "")


def test_cures_that_are_no_package_under_their_headings() -> None:
    need = Need.parse("build-constraint:setuptools<58")
    changed = BuildCure(Reason(need, "demjson", why="use_2to3"), BuildChanges(constraints=("setuptools<58",)))
    other = BuildCure(Reason(need, "numba", why="newest numba: 0.68"), releases=("numba>=0.61",), affects="it is newer")
    here = BuildCure(Reason(need, "html5-parser", why="two of libxml2"), from_source=("lxml",))
    lacking = Reason(Need.parse("python-module:asyncore"), "pyinotify", why="no module named asyncore")
    beside = BuildCure(lacking, releases=("pyasyncore>=1",))
    assert plan_lines(Plan((other, beside, changed, here)), None, DEBIAN) == [
        "To build again with:",
        "  demjson: build constraint setuptools<58",
        "    build-constraint:setuptools<58 for demjson: use_2to3",
        "  html5-parser: build lxml here",
        "    build-constraint:setuptools<58 for html5-parser: two of libxml2",
        "To install instead:",
        "  numba>=0.61",
        "    build-constraint:setuptools<58 for numba: newest numba: 0.68",
        "    it is newer: not covered by --yes",
        "To install as well:",
        "  pyasyncore>=1",
        "    python-module:asyncore for pyinotify: no module named asyncore",
    ]


def test_what_nothing_cures_is_not_said_to_lack_a_rule() -> None:
    final = Unmet(Reason(Need.parse("build-constraint:python-too-new"), "numba"), final=True)
    result = Result(ExitCode.UNCURED, None, (), (Case(FAILED, Diagnosis(())),), Plan(unmet=(final,)), ())
    assert verdict(result) == ("numba cannot be built here", "read the full log")
    old = Unmet(Reason(Need.parse("build-constraint:python-too-new-to-import"), "nltk"), final=True)
    assert verdict(replace(result, plan=Plan(unmet=(old,))))[0] == "nltk cannot be imported here"


@pytest.mark.parametrize(
    ("alternative", "step"),
    [
        (Alternative("a", "1", Successor("a", "b", Succession.FORK)), "require b instead of a"),
        (Alternative("a", "1", Successor("a", module="x", since="3.4")), "do not require a"),
        (
            Alternative("a", "1", None, OtherReleases("a", "3.13", None, (Version("2"),))),
            "require another release, or let --upgrade-unbuildable choose one",
        ),
        (Alternative("a", "1", None, OtherReleases("a", "3.13", None)), "read the full log; "),
    ],
)
def test_what_can_be_installed_instead_is_the_next_step(alternative: Alternative, step: str) -> None:
    result = Result(ExitCode.UNCURED, None, (), (), None, (), (alternative,))
    hint = verdict(result)[1]
    assert hint is not None
    assert hint.startswith(step)
    hint = verdict(result, Policy(upgrade_unbuildable=True))[1]
    assert hint is not None
    assert "--upgrade-unbuildable" not in hint
