"""Real uv and pip against PyPI: no root, no machine, only throw-away environments."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from accel_doctor.builder.bytecode import LibraryBytecode
from accel_doctor.builder.wheel_builds import Builds
from accel_doctor.errors import NetworkError, RequirementsError
from accel_doctor.frontends import FRONTENDS
from accel_doctor.frontends.choice import FrontendParts, choose_frontend
from accel_doctor.hashing import sha256_of
from accel_doctor.interfaces import Frontend
from accel_doctor.lockfile import sources_to_build, with_wheels
from accel_doctor.model.builds import Failed, Locked, Wheel
from accel_doctor.model.machine import Interpreter, Invocation
from accel_doctor.model.processes import Isolation
from accel_doctor.model.requests import BuildSettings, Connection, IndexSettings, InstallRequest, RequirementLine
from accel_doctor.requirements.pip_configuration import Configuration, read_configuration
from accel_doctor.system.file_reader import FileReader
from accel_doctor.system.process.runner import ProcessRunner
from accel_doctor.system.process.sandbox import LandlockSandbox
from accel_doctor.system.python.interpreter import describe, supported_tags

NOTHING_LISTENS = "http://127.0.0.1:9/simple"

SETUP = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
"""


def line(
    text: str, *, name: str | None = None, editable: bool = False, hashes: tuple[str, ...] = ()
) -> RequirementLine:
    return RequirementLine(text, "test", editable, name, hashes)


SIX = line("six<1.17", name="six")


@pytest.fixture
def runner() -> ProcessRunner:
    return ProcessRunner(os.environ)


@pytest.fixture
def target(tmp_path, runner) -> Interpreter:
    """A virtual environment without pip, on the Python of the tests."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    return describe(tmp_path / "venv" / "bin" / "python", runner)


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    """Shared, so that the private pip is fetched once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def configuration(target) -> Configuration:
    return read_configuration(Invocation(os.environ, Path.cwd()), target.prefix, FileReader(Connection(), os.environ))


@pytest.fixture(params=list(FRONTENDS))
def frontend(request, runner, target, cache, configuration) -> Frontend:
    return choose_frontend(
        request.param,
        FrontendParts(runner, LandlockSandbox(Isolation(), os.environ), target, os.environ, cache, configuration),
    )


@pytest.fixture
def index(configuration) -> IndexSettings:
    """How this machine reaches PyPI."""
    cert = configuration.text("cert")
    return IndexSettings(index_url=configuration.text("index-url"), cert=Path(cert) if cert else None)


@pytest.fixture
def project(tmp_path) -> Callable[..., Path]:
    """Makes a project; ``setup`` is the setup.py."""

    def make(name: str, setup: str = "", dependencies: str = "[]") -> Path:
        directory = tmp_path / "projects" / name
        directory.mkdir(parents=True)
        metadata = f'[project]\nname = "{name}"\nversion = "1.0"\ndependencies = {dependencies}\n' if not setup else ""
        (directory / "pyproject.toml").write_text(f"{SETUP}{metadata}")
        (directory / f"{name}.py").write_text("")
        if setup:
            (directory / "setup.py").write_text(setup)
        return directory

    return make


@pytest.fixture
def sdist(project, tmp_path) -> Callable[[str, str], Path]:
    """Makes an sdist whose metadata only its setup.py tells; the directory it is in can be a find-links one."""

    def make(name: str, setup: str) -> Path:
        source = project(name, setup)
        (source / "PKG-INFO").write_text(f"Metadata-Version: 1.0\nName: {name}\nVersion: 1.0\n")
        (tmp_path / "links").mkdir(exist_ok=True)
        path = tmp_path / "links" / f"{name}-1.0.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            archive.add(source, f"{name}-1.0")
        return path

    return make


def installed(target: Interpreter) -> dict[str, str]:
    code = "import importlib.metadata as m\nfor d in m.distributions(): print(d.metadata['Name'].lower(), d.version)"
    done = subprocess.run([target.executable, "-c", code], check=True, capture_output=True, text=True)
    return dict(entry.split() for entry in done.stdout.splitlines())


def names(locked: Locked | Failed) -> set[str]:
    assert isinstance(locked, Locked), locked.log.read_text()
    return {package.name for package in locked.lock.packages}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_lock_build_install(frontend, target, runner, index, project, tmp_path):
    app = project("app", dependencies='["iniconfig<2.1"]')
    repository = project("stored")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-C", str(repository)]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    wanted = (
        SIX,
        line("docopt==0.6.2", name="docopt"),  # there is only an sdist
        line(str(app), editable=True),
        line(f"stored @ git+{repository.as_uri()}", name="stored"),
    )
    request = InstallRequest(wanted, index=index, runs_backends=True)
    locked = frontend.lock(request, tmp_path / "lock.log")
    assert names(locked) == {"six", "docopt", "app", "iniconfig", "stored"}

    sources = {
        source.name: source for source in sources_to_build(locked.lock, supported_tags(target), target.environment)
    }
    assert sources.keys() == {"docopt", "stored"}
    archive = download(sources["docopt"].location, tmp_path)
    sandbox, bytecode = LandlockSandbox(Isolation(), os.environ), LibraryBytecode(target, tmp_path)
    builds = Builds(frontend, runner, sandbox, target, os.environ, bytecode)
    (tmp_path / "work").mkdir()
    made = builds.wheel_of("docopt", archive, "", BuildSettings(), index, tmp_path / "work", tmp_path / "log", str)
    assert made.returncode == 0, (tmp_path / "log").read_text()
    wheel = made.wheel
    assert [one.split("==")[0] for one in made.requirements] == ["setuptools"]

    ready = Locked(with_wheels(locked.lock, {"docopt": Wheel(wheel, sha256_of(wheel))}))
    assert frontend.install(ready, request, tmp_path / "install.log") is None
    assert installed(target) == {
        "six": "1.16.0",
        "docopt": "0.6.2",
        "app": "1.0",
        "iniconfig": "2.0.0",
        "stored": "1.0",
    }

    assert names(frontend.lock(InstallRequest(wanted[:2], index=index), tmp_path / "again.log")) == set()
    latest = InstallRequest((line("six", name="six"), line("app", name="app")), index=index)
    assert names(frontend.lock(latest, tmp_path / "satisfied.log")) == set()
    upgrade = replace(latest, requirements=latest.requirements[:1], upgrade=True)
    assert names(frontend.lock(upgrade, tmp_path / "upgrade.log")) == {"six"}


def download(url: str, directory: Path) -> Path:
    import httpx

    path = directory / url.rpartition("/")[2]
    path.write_bytes(httpx.get(url, follow_redirects=True, timeout=60).raise_for_status().content)
    return path


@pytest.mark.parametrize("place", ["target", "prefix"])
def test_elsewhere(frontend, target, index, tmp_path, place):
    request = replace(InstallRequest((SIX,), index=index), **{place: tmp_path / "place"})
    locked = frontend.lock(request, tmp_path / "lock.log")
    assert frontend.install(locked, request, tmp_path / "install.log") is None
    assert list((tmp_path / "place").rglob("six.py"))
    assert installed(target) == {}


def test_metadata_that_does_not_build(frontend, index, sdist, tmp_path):
    sdist("brokenpkg", "raise SystemExit('fatal error: nowhere.h: No such file or directory')\n")
    settings = replace(index, find_links=(str(tmp_path / "links"),))
    request = InstallRequest((line("brokenpkg", name="brokenpkg"),), index=settings, runs_backends=True)
    failed = frontend.lock(request, tmp_path / "lock.log")
    assert isinstance(failed, Failed)
    assert (failed.package, failed.step) == ("brokenpkg", "resolve")
    assert "fatal error: nowhere.h: No such file or directory" in failed.log.read_text()


def test_no_backend_runs_unless_it_may(frontend, target, index, sdist, runner, tmp_path):
    """Neither of a source that is resolved, nor of one that a build requires; both are named."""
    ran = tmp_path / "ran"
    archive = sdist("eager", f"open({str(ran)!r}, 'w')\nfrom setuptools import setup\nsetup()\n")
    settings = replace(index, find_links=(str(archive.parent),))
    for text, version in (("eager", "1.0"), (f"eager @ {archive.as_uri()}", None)):
        request = InstallRequest((line(text, name="eager"), SIX), index=settings)
        failed = frontend.lock(request, tmp_path / f"lock-{version}.log")
        assert isinstance(failed, Failed)
        assert failed.step == "resolve"
        if version:  # pip does not name what a URL names
            assert (failed.package, failed.version) == ("eager", version)
    done = frontend.provision(
        tmp_path / "environment", ["eager"], BuildSettings(), settings, tmp_path / "provision.log"
    )
    assert done.returncode
    assert not ran.exists()


def test_a_directory_that_does_not_build(frontend, index, project, tmp_path):
    setup = (
        "import sys\nfrom setuptools import setup\n"
        "if 'egg_info' not in sys.argv and 'dist_info' not in sys.argv: sys.exit('no compiler here')\n"
        "setup(name='halfway', version='1.0')\n"
    )
    request = InstallRequest((line(str(project("halfway", setup))),), index=index, runs_backends=True)
    locked = frontend.lock(request, tmp_path / "lock.log")
    assert names(locked) == {"halfway"}
    failed = frontend.install(locked, request, tmp_path / "install.log")
    assert isinstance(failed, Failed)
    assert (failed.package, failed.step) == ("halfway", "install")
    assert "no compiler here" in failed.log.read_text()


@pytest.mark.parametrize(
    ("requirements", "words"),
    [
        (["six==99.0"], "six==99.0"),
        (["django==5.2", "asgiref<3"], "asgiref>=3.8.1"),
    ],
)
def test_requirements_that_cannot_be_met(frontend, index, tmp_path, requirements, words):
    lines = tuple(line(text, name=text.partition("=")[0].partition("<")[0]) for text in requirements)
    with pytest.raises(RequirementsError) as caught:
        frontend.lock(InstallRequest(lines, index=index), tmp_path / "lock.log")
    assert words in caught.value.message


def test_a_wrong_hash(frontend, index, tmp_path):
    pinned = line("six==1.17.0", name="six", hashes=("sha256:" + "0" * 64,))
    with pytest.raises(RequirementsError, match="THESE PACKAGES DO NOT MATCH THE HASHES"):
        frontend.lock(InstallRequest((pinned,), index=index), tmp_path / "lock.log")


def test_the_right_hash(frontend, target, index, tmp_path):
    digest = "sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274"
    request = InstallRequest((line("six==1.17.0", name="six", hashes=(digest,)),), index=index)
    locked = frontend.lock(request, tmp_path / "lock.log")
    assert sources_to_build(locked.lock, supported_tags(target), target.environment) == []
    assert frontend.install(locked, request, tmp_path / "install.log") is None


def test_a_dead_index(frontend, tmp_path):
    settings = IndexSettings(index_url=NOTHING_LISTENS, retries=0, no_cache=True)
    with pytest.raises(NetworkError, match="Connection refused"):
        frontend.lock(InstallRequest((SIX,), index=settings), tmp_path / "lock.log")


def test_a_package_that_one_of_two_indexes_lacks(frontend, index, sdist, tmp_path):
    sdist("onlyhere", "from setuptools import setup\nsetup(name='onlyhere', version='1.0')\n")
    settings = replace(index, find_links=(str(tmp_path / "links"),))
    request = InstallRequest((line("onlyhere", name="onlyhere"), SIX), index=settings, runs_backends=True)
    assert names(frontend.lock(request, tmp_path / "lock.log")) == {"onlyhere", "six"}
