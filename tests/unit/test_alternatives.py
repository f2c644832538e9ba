"""What to install instead of a release that cannot be built."""

from __future__ import annotations

import pytest
from fakes import FakeIndex, fake_other_releases
from packaging.version import Version

from accel_doctor.alternatives import Alternatives
from accel_doctor.errors import NetworkError
from accel_doctor.model.cures import Reason
from accel_doctor.model.needs import Need
from accel_doctor.model.releases import Project, Release, ReleaseFile, Succession, Successor
from accel_doctor.model.requests import IndexSettings, InstallRequest, RequirementLine

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
    """An index with one release of each project, of the day given."""

    def __init__(self, day: str | None) -> None:
        self.day = day

    def project(self, name, settings):
        file = ReleaseFile(f"{name}-1-py3-none-any.whl", "x", uploaded=self.day)
        return Project(name, (Release(Version("1"), (file,)),))


@pytest.mark.parametrize(
    ("day", "lines", "locked", "releases"),
    [("2016-08-24T10:00:00Z", ["bad==1"], "flask 3", ("flask<=0.11",)), (None, ["bad==1"], "flask 3", ()),
     ("2016-08-24", ["bad==1", "Flask"], "flask 3", ("flask<=0.11",)), ("2016-08-24", ["Flask==3"], "flask 3", ()),
     ("2016-08-24", ["bad==1"], "other 3", ())],
)  # fmt: skip
def test_a_dependency_of_the_time_of_what_needs_it(day, lines, locked, releases):
    def of_its_time(project, version, allowed, day):
        fits = (project.name, version, day) == ("flask", "3", "2016-11-22") and allowed.contains("0.11")
        return Version("0.11") if fits else None

    known = Alternatives(Dated(day), {}.get, fake_other_releases, of_its_time, {"flask": "flask"}.get)
    reason = Reason(Need.parse("build-constraint:older:flask"), "bad", why="cannot import name 'x' from 'flask'")
    texts = [RequirementLine(text, "command line", name=text.partition("==")[0].lower()) for text in lines]
    there = {"bad": "1", **dict([tuple(locked.split())])}
    cure = known.dependency_of_its_time(InstallRequest(tuple(texts)), "bad", there, "flask", reason)
    assert (cure.releases if cure else ()) == releases
    if cure:
        assert cure.affects == "an older flask is installed"
        assert cure.reason.why == "cannot import name 'x' from 'flask'; flask 0.11 is of the time of bad 1"


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
