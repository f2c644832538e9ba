"""Resolving: the frontend runs no backend, and is told the metadata that it lacks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from fakes import FakeBuilder, FakeIndex, FakeMachine
from packaging.pylock import Pylock
from packaging.version import Version

from accel_doctor.errors import RequirementsError, ToolError
from accel_doctor.model.builds import Described, Failed, Locked, Source, SourceKind, Wheel
from accel_doctor.model.processes import Completed
from accel_doctor.model.releases import Project, Release, ReleaseFile
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest, RequirementLine
from accel_doctor.requirements.specifier import direct_source
from accel_doctor.resolving import DescribingFrontend

LOG = Path("log")
LOCK = Pylock(lock_version=Version("1.0"), created_by="test", packages=[])


def line(text: str) -> RequirementLine:
    return RequirementLine(text, "test", name=text.partition(" ")[0].partition("=")[0] if "/" not in text[:1] else None)


def source(name: str) -> Source:
    return Source(name, "1.0", SourceKind.SDIST, f"https://x/{name}-1.0.tar.gz")


@dataclass
class Resolver:
    """A frontend that needs the metadata of releases 1.0, then of URLs, then of directories, as far as asked for."""

    releases: tuple[str, ...] = ()
    asked: list[InstallRequest] = field(default_factory=list)
    provisioned: list[IndexSettings] = field(default_factory=list)
    deaf: bool = False
    remembers: bool = True  # the metadata of directories
    name: str = "fake"
    answer: Locked | RequirementsError | None = None  # whatever is asked for

    def lock(self, request: InstallRequest, log: Path) -> Locked | Failed:
        self.asked.append(request)
        if isinstance(self.answer, RequirementsError):
            raise self.answer
        if self.answer:
            return self.answer
        told = {*self.releases} if request.runs_backends else {one.name for one in request.built if not self.deaf}
        for name in self.releases:
            if name not in told and name not in request.left_out:
                return Failed(name, log, "resolve", 1, version="1.0")
        lines = [one for one in request.requirements if one not in request.direct]
        own = [one for one in lines if one.text.startswith("/") and Path(one.text).is_dir()]
        known = self.remembers and any(before.runs_backends for before in self.asked)
        urls = [one for one in lines if "://" in one.text]
        if not request.runs_backends and (urls or (own and not known)):
            return Failed(None, log, "resolve", 1)
        return Locked(LOCK)

    def provision(self, environment, requirements, build, index, log):
        self.provisioned.append(index)
        return Completed((), 0 if index.find_links or "wheel" in requirements else 1, "")

    def install(self, locked, request, log):
        return None


class Describer:
    def __init__(self, *broken: str) -> None:
        self.broken = broken
        self.asked: list[list[str]] = []

    def described(self, sources, request):
        self.asked.append([one.name for one in sources])
        return [
            Failed(one.name, LOG, "resolve", 1, version="1.0")
            if one.name in self.broken
            else Described(
                replace(one, version="1.0", sha256="0" * 64), Wheel(Path(f"/m/{one.name}-1.0-py3-none-any.whl"), "0")
            )
            for one in sources
        ]


@pytest.fixture
def make(tmp_path):
    def made(resolver: Resolver, describer: Describer | None = None) -> DescribingFrontend:
        names = (*resolver.releases, "a")
        files = {name: ReleaseFile(f"{name}-1.0.tar.gz", f"https://x/{name}-1.0.tar.gz") for name in names}
        index = FakeIndex({name: Project(name, (Release(Version("1.0"), (file,)),)) for name, file in files.items()})
        frontend = DescribingFrontend(resolver, index, {}, [])
        frontend.describer = describer or Describer()
        frontend.builder = FakeBuilder(FakeMachine(), {}, tmp_path)
        return frontend

    return made


def test_the_metadata_of_all_that_lack_them_are_built_at_once(make):
    resolver, describer = Resolver(("a", "b")), Describer()
    assert make(resolver, describer).lock(InstallRequest((line("a"), line("b"))), LOG) == Locked(LOCK)
    assert describer.asked == [["a", "b"]]
    assert [sorted(one.name for one in request.built) for request in resolver.asked] == [[], [], [], ["a", "b"]]
    assert not any(request.runs_backends for request in resolver.asked)


def test_they_are_built_once(make):
    resolver, describer = Resolver(("a",)), Describer()
    frontend = make(resolver, describer)
    for _ in range(2):
        frontend.lock(InstallRequest((line("a"),)), LOG)
    assert describer.asked == [["a"]]


def test_a_frontend_that_takes_no_wheel_for_it_runs_the_backend(make):
    """As pip where the hash of the source was asked for."""
    resolver, describer = Resolver(("a",), deaf=True), Describer()
    assert make(resolver, describer).lock(InstallRequest((line("a"),)), LOG) == Locked(LOCK)
    assert describer.asked == [["a"]]
    assert [request.runs_backends for request in resolver.asked][-2:] == [False, True]


def test_what_cannot_be_built_is_the_failure(make):
    failed = make(Resolver(("a", "b")), Describer("b")).lock(InstallRequest((line("a"), line("b"))), LOG)
    assert failed == Failed("b", LOG, "resolve", 1, version="1.0")


def test_what_a_built_wheel_tells_is_not_built_again(make):
    describer, wheel = Describer(), Wheel(Path("/w/a-1.0-py3-none-any.whl"), "0")
    make(Resolver(("a",)), describer).lock(InstallRequest((line("a"),), built={source("a"): wheel}), LOG)
    assert describer.asked == []


@pytest.mark.parametrize("text", ["a @ https://x/a-1.0.tar.gz", "a @ git+https://x/a@main"])
def test_what_has_a_url_is_described_too(make, text):
    resolver = Resolver()
    assert make(resolver).lock(InstallRequest((line(text),)), LOG) == Locked(LOCK)
    assert {one.text: of.version for one, of in resolver.asked[-1].direct.items()} == {text: "1.0"}
    assert not any(request.runs_backends for request in resolver.asked)


HASH = "a" * 64


@pytest.mark.parametrize(
    ("text", "hashes", "expected"),
    [
        ("/x/a-1.0.tar.gz", (), Source("a", None, SourceKind.SDIST, "/x/a-1.0.tar.gz")),
        ("/x/a-1.0.zip[extra] ; python_version > '3'", (), Source("a", None, SourceKind.SDIST, "/x/a-1.0.zip")),
        ("a @ file:///x/a-1.tgz", (), Source("a", None, SourceKind.SDIST, "/x/a-1.tgz")),
        ("a @ https://x/a.zip", (f"sha256:{HASH}",), Source("a", None, SourceKind.SDIST, "https://x/a.zip", HASH)),
        (f"a @ https://x/a.zip#sha256={HASH}", (), Source("a", None, SourceKind.SDIST, "https://x/a.zip", HASH)),
        ("a @ https://x/a.zip", (f"sha256:{HASH}", f"sha256:{'b' * 64}"), None),
        ("a @ https://x/a.zip", ("md5:1",), None),
        ("a @ https://x/a.zip#subdirectory=b", (), None),
        ("a @ https://x/a-1.0-py3-none-any.whl", (), None),
        ("a==1", (), None),
        ("a @ hg+https://x/a", (), None),
        (
            "a @ git+ssh://git@x/a.git@v1#subdirectory=b",
            (),
            Source("a", None, SourceKind.VCS, "ssh://git@x/a.git", vcs="git", subdirectory="b"),
        ),
        ("git+https://x/a_b.git@v1", (), Source("a-b", None, SourceKind.VCS, "https://x/a_b.git", vcs="git")),
        ("/x/ruamel.yaml-0.1.tar.bz2", (), Source("ruamel-yaml", None, SourceKind.SDIST, "/x/ruamel.yaml-0.1.tar.bz2")),
        ("/x/_.zip", (), Source("source", None, SourceKind.SDIST, "/x/_.zip")),
        ("a @ git+https://x/a", (f"sha256:{HASH}",), None),
    ],
)
def test_what_a_line_names_by_url(text, hashes, expected):
    assert direct_source(replace(line(text), name="a" if text.startswith("a") else None, hashes=hashes)) == expected


def test_a_url_for_another_machine_is_left_alone(make):
    resolver, describer = Resolver(), Describer()
    text = "a @ https://x/a-1.0.tar.gz ; python_version < '3'"
    frontend = make(resolver, describer)
    frontend.markers = {"python_version": "3.13"}
    frontend.lock(InstallRequest((line(text),)), LOG)
    assert describer.asked == []


@pytest.mark.parametrize("remembers", [True, False])
def test_backends_of_the_users_own_directories_run_by_themselves(make, tmp_path, remembers):
    resolver = Resolver(remembers=remembers)
    request = InstallRequest((line(str(tmp_path)), line("a")), (line("b<2"),))
    assert make(resolver).lock(request, LOG) == Locked(LOCK)
    alone = next(one for one in resolver.asked if one.runs_backends)
    assert ([one.text for one in alone.requirements], alone.constraints, alone.no_deps) == ([str(tmp_path)], (), True)
    # Only a frontend that remembers nothing runs them beside all others.
    assert resolver.asked[-1].runs_backends is not remembers


def test_a_url_is_not_taken_for_the_release_of_that_name(make):
    """pip names package and version of either."""
    resolver, text = Resolver(("a",)), "a @ https://elsewhere/a-1.0.tar.gz"
    make(resolver).lock(InstallRequest((line(text),)), LOG)
    assert [one.location for one in resolver.asked[-1].built] == ["https://elsewhere/a-1.0.tar.gz"]


def test_a_tool_that_is_missing_is_for_the_frontend_to_say(make):
    describer = Mock(described=Mock(side_effect=ToolError("git not found")))
    request = InstallRequest((line("a @ git+https://x/a"),))
    assert make(Resolver(), describer).lock(request, LOG) == Failed(None, LOG, "resolve", 1)


def test_build_requirements_without_wheels_are_built(make):
    resolver = Resolver()
    frontend = make(resolver)
    with_sdist = {"name": "a", "version": "1.0", "sdist": {"url": "https://x/a-1.0.tar.gz", "hashes": {"sha256": "0"}}}
    lock = Pylock.from_dict({"lock-version": "1.0", "created-by": "test", "packages": [with_sdist]})
    resolver.answer = Locked(lock)
    settings = BuildSettings(waiting=("b",))
    assert frontend.provision(Path("/e"), ["a"], settings, IndexSettings(), LOG).returncode == 0
    assert [len(index.find_links) for index in resolver.provisioned] == [0, 1]
    assert frontend.builder.attempts == ["a"]
    # Two that require each other never end.
    again = BuildSettings(waiting=("a", "b"))
    assert frontend.provision(Path("/e"), ["a"], again, IndexSettings(), LOG).returncode == 1
    assert frontend.builder.attempts == ["a"]


def test_build_requirements_that_cannot_be_resolved_are_the_frontends_to_tell(make):
    resolver = Resolver()
    frontend = make(resolver)
    resolver.answer = RequirementsError("no")
    assert frontend.provision(Path("/e"), ["a"], BuildSettings(), IndexSettings(), LOG).returncode == 1
    assert frontend.provision(Path("/e"), ["wheel"], BuildSettings(), IndexSettings(), LOG).returncode == 0
