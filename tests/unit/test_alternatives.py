"""What to install instead of a release that cannot be built."""

from __future__ import annotations

import re

import pytest
from fakes import FakeIndex, fake_other_releases
from packaging.version import Version

from accel_doctor.alternatives import Alternatives
from accel_doctor.errors import ExitCode, NetworkError
from accel_doctor.model.builds import Failed
from accel_doctor.model.cures import Reason
from accel_doctor.model.needs import Diagnosis, Need
from accel_doctor.model.plans import Case, Plan, Result, Unmet
from accel_doctor.model.releases import OtherReleases, Project, Release, ReleaseFile, Succession, Successor
from accel_doctor.model.requests import IndexSettings, InstallRequest, RequirementLine
from accel_doctor.report.release_text import alternative_lines

WHEELS = tuple(f"bad-{version}-py3-none-any.whl" for version in ("0.5", "2.0", "3.0"))
SUCCESSOR = Successor("bad", "good", Succession.FORK)


def alternatives(wheels=WHEELS, successor=None):
    return Alternatives(FakeIndex(wheels), {"bad": successor}.get, fake_other_releases)


def request(*texts: str, **settings) -> InstallRequest:
    lines = tuple(RequirementLine(text, "command line", name="bad" if "bad" in text else None) for text in texts)
    return InstallRequest(lines, **settings)


def release(asked: str | None, *texts: str, wheels=WHEELS, **settings) -> tuple[str, ...]:
    known, wanted = alternatives(wheels), request(*texts, **settings)
    found = known.to("bad", asked, wanted)
    cure = known.cure(found, wanted) if found else None
    return cure.releases if cure else ()


@pytest.mark.parametrize(
    ("texts", "asked", "releases"),
    [
        (["bad==1"], "1", ("bad>=2.0",)),
        (["bad"], "1", ("bad>=2.0",)),
        (["bad>2"], "1", ("bad>=3.0",)),
        (["bad<3"], "1", ("bad>=2.0",)),
        (["other"], "1", ("bad>=2.0",)),
        (["bad"], "4", ("bad<=3.0",)),
        (["bad>3.5"], "4", ("bad<=3.0",)),
        (["bad @ https://x/bad-1.tar.gz"], "1", ()),
        (["bad"], "3.0", ()),
    ],
)
def test_the_nearest_that_the_user_allows_else_the_nearest_of_all(texts, asked, releases):
    assert release(asked, *texts) == releases


def test_of_what_cannot_be_imported_only_the_newest_is_named():
    def beside(version, need="python-too-new-to-import", wheels=WHEELS):
        reason = Reason(Need.parse(f"build-constraint:{need}"), "bad", version=version)
        result = Result(ExitCode.UNCURED, None, (), (), Plan(unmet=(Unmet(reason, final=True),)), ())
        return [line for one in alternatives(wheels).beside(result, request()) for line in alternative_lines(one)]

    newest = "newest bad with wheels for Python 3.13: 3.0"
    assert beside("0.5") == [newest]  # which has a wheel, too
    assert beside("1") == [newest]
    assert beside("3.0") == []
    assert beside("1", "python-too-new") == [f"{newest}, nearest to 1: 2.0"]


def test_a_local_project_is_not_the_one_of_its_name_on_the_index(tmp_path):
    case = Case(Failed("bad", tmp_path / "log", "resolve", 1), Diagnosis(()))
    result = Result(ExitCode.UNCURED, None, (), (case,), None, ())
    local = InstallRequest((RequirementLine(f"{tmp_path}/bad-1.tar.gz", "command line"),))
    assert alternatives().beside(result, local) == ()
    assert alternatives().beside(result, request("bad @ https://x/bad-1.tar.gz")) == ()
    assert alternatives().beside(result, request("bad")) != ()


def test_hashes_locks_and_no_binary_leave_no_other_release(tmp_path):
    assert release("1", "bad", require_hashes=True) == ()
    assert release("1", "bad", lock=tmp_path) == ()
    assert release("1", "bad", no_binary=("bad",)) == ()
    assert release("1", "bad", no_binary=(":all:",)) == ()
    assert release("1", "bad", wheels=()) == ()


def test_a_release_of_the_distributions_time(tmp_path):
    def of_its_time(project, version, allowed):
        return Version("0.5") if allowed.contains("0.5") and version == "3" else None

    known = Alternatives(FakeIndex(WHEELS), {}.get, fake_other_releases, of_its_time)
    reason = Reason(Need.parse("build-constraint:library-too-old"), "bad", why="undefined symbol: f")
    cure = known.release_of_its_time(request("bad"), "bad", "3", reason)
    assert cure is not None
    assert (cure.releases, cure.affects) == (("bad<=0.5",), "bad 0.5 is installed, not the newest release")
    assert cure.reason.why == "undefined symbol: f; bad 0.5 is as old as this distribution's libraries"
    for wanted in (request("bad==3"), request("bad", lock=tmp_path), request("bad", require_hashes=True)):
        assert known.release_of_its_time(wanted, "bad", "3", reason) is None
    offline = request("bad", index=IndexSettings(offline=True))
    assert known.release_of_its_time(offline, "bad", "3", reason) is None


class Dated:
    """An index with one release of what is asked for, and three of what it needs."""

    def project(self, name, settings):
        days = {"1": "2016-08-24T10:00:00Z"} if name == "bad" else {"3": "2021", "0.12": "2018", "0.11": "2016-11-01"}
        files = {one: ReleaseFile(f"{name}-{one}-py3-none-any.whl", "x", uploaded=day) for one, day in days.items()}
        return Project(name, tuple(Release(Version(one), (file,)) for one, file in files.items()))


@pytest.mark.parametrize(
    ("lines", "locked", "usable", "releases"),
    [(["bad==1"], "flask 3", "3 0.12 0.11", ("flask<=0.11",)), (["bad==1"], "flask 3", "3 0.12", ("flask<=0.12",)),
     (["bad==1"], "flask 3", "3", ()), (["bad==1"], "flask 3", "", ("flask<=0.11",)),
     (["bad==1", "Flask>=0.12"], "flask 3", "3 0.12 0.11", ("flask<=0.12",)),
     (["Flask==3"], "flask 3", "3 0.12 0.11", ()), (["bad==1"], "other 3", "3 0.12 0.11", ())],
)  # fmt: skip
def test_a_dependency_of_the_time_of_what_needs_it(lines, locked, usable, releases):
    def other_releases(project, asked):
        return OtherReleases(project.name, "3.13", None, tuple(map(Version, usable.split())))

    known = Alternatives(Dated(), {}.get, other_releases, project_of={"flask": "flask"}.get)
    reason = Reason(Need.parse("build-constraint:older:flask"), "bad", why="cannot import name 'x' from 'flask'")
    texts = [RequirementLine(text, "command line", name=re.split("[=>]", text)[0].lower()) for text in lines]
    there = {"bad": "1", **dict([tuple(locked.split())])}
    cure = known.dependency_of_its_time(InstallRequest(tuple(texts)), "bad", there, "flask", reason)
    assert (cure.releases if cure else ()) == releases
    if cure:
        older = releases[0].removeprefix("flask<=")
        assert cure.affects == "an older flask is installed"
        assert cure.reason.why == f"cannot import name 'x' from 'flask'; flask {older} is nearer in time to bad 1"


def test_the_cure_says_why():
    known, wanted = alternatives(successor=SUCCESSOR), request("bad==1")
    found = known.to("bad", "1", wanted)
    assert found is not None
    need = Need.parse("build-constraint:python-too-new")
    cure = known.cure(found, wanted, Reason(need, "bad"))
    assert cure is not None
    assert cure.reason == Reason(
        need,
        "bad",
        why="bad is no longer maintained: good took its place; "
        "newest bad with wheels for Python 3.13: 3.0, nearest to 1: 2.0",
    )
    assert cure.affects is None


def test_offline_or_without_an_answer_only_the_rules_are_asked(monkeypatch):
    known = alternatives(successor=SUCCESSOR)
    offline = request("bad", index=IndexSettings(offline=True))
    assert known.to("bad", "1", offline).releases is None
    assert known.to("worse", "1", offline) is None

    def fails(*arguments: object) -> None:
        raise NetworkError("no")

    monkeypatch.setattr(FakeIndex, "project", fails)
    assert known.to("bad", "1", request("bad")).successor == SUCCESSOR


def test_pins_that_a_resolver_names_and_that_have_no_wheel_here():
    known = alternatives()
    wanted = request("bad==1", "fine==1")
    assert [found.package for found in known.to_pins_in("because Bad==1 requires Python <3.10", wanted)] == ["bad"]
    assert list(known.to_pins_in("because badness==1 requires Python <3.10", wanted)) == []
    assert list(known.to_pins_in("bad", request("bad==3.0"))) == []
    assert list(known.to_pins_in("bad", request("bad>=1"))) == []


def test_only_where_allowed_do_pins_give_way():
    wanted = request("bad[x]==1 ; python_version > '3'", "other==2")
    assert [line.text for line in wanted.within(["bad>=2.0"]).requirements] == [
        line.text for line in wanted.requirements
    ]
    relaxed = wanted.within(["bad>=2.0"], relaxed=True)
    assert [line.text for line in relaxed.requirements] == ['bad[x]; python_version > "3"', "other==2"]
    assert [line.text for line in relaxed.constraints] == ["bad>=2.0"]
    assert request("bad>=1,<3").within(["bad>=2.0"], relaxed=True).requirements[0].text == "bad>=1,<3"
