"""Locks remembered: what leaves nothing open is resolved once, and everything else every time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tomli_w
from fakes import FakeFrontend, FakeMachine, interpreter
from packaging.pylock import Package, PackageDirectory, Pylock
from packaging.tags import Tag

from accel_doctor.errors import NetworkError, RequirementsError
from accel_doctor.frontends.lock_files import read_lock
from accel_doctor.frontends.remembered import (
    RememberingFrontend,
    resolution_context,
)
from accel_doctor.model.builds import Locked
from accel_doctor.model.requests import IndexSettings, InstallRequest, RequirementLine

TAGS = [Tag("py3", "none", "any")]
PINNED = InstallRequest((RequirementLine("p==1", "requirements.txt:1", name="p"),))
OPEN = InstallRequest((RequirementLine("p>=1", "requirements.txt:1", name="p"),))
WHEEL = {"url": "https://x/p-1-py3-none-any.whl", "hashes": {"sha256": "a" * 64}}
LOCK = Pylock.from_dict(
    {"lock-version": "1.0", "created-by": "test", "packages": [{"name": "p", "version": "1", "wheels": [WHEEL]}]}
)


class CountingFrontend(FakeFrontend):
    resolved = 0

    def lock(self, request, log):
        self.resolved += 1
        return super().lock(request, log)


class UnreachableFrontend(FakeFrontend):
    def install(self, locked, request, log):
        raise NetworkError("p 1 is not there any more")


class Shop:
    """A fresh environment each time, with one shelf of locks between them."""

    def __init__(self, directory: Path) -> None:
        self.log = directory / "log"
        self.shelf = directory / "locks"
        self.site = directory / "site-packages"
        self.site.mkdir()
        self.frontend = CountingFrontend(FakeMachine(), Locked(LOCK))

    def frontend_with(self, frontend=None, context=None, **facts) -> RememberingFrontend:
        target = interpreter(**{"site_directories": (self.site,), **facts})
        return RememberingFrontend(frontend or self.frontend, self.shelf, target, TAGS, context or {})

    def resolves(self, request: InstallRequest, **facts) -> bool:
        """Whether the frontend was asked."""
        before = self.frontend.resolved
        locked = self.frontend_with(**facts).lock(request, self.log)
        remembered = self.frontend.resolved == before
        assert replace(locked, file=None) == Locked(LOCK, remembered=remembered)
        assert (locked.file is not None and read_lock(locked.file) == LOCK) == remembered
        return self.frontend.resolved > before


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def test_what_is_pinned_is_resolved_once(shop):
    assert shop.resolves(PINNED)
    assert not shop.resolves(PINNED)


def test_it_says_when_it_has_to_resolve(shop):
    resolving: list[InstallRequest] = []
    frontend = shop.frontend_with()
    frontend.on_resolving = resolving.append
    for request in (PINNED, PINNED, OPEN):
        frontend.lock(request, shop.log)
    assert resolving == [PINNED, OPEN]


def test_what_is_open_is_resolved_every_time(shop):
    assert shop.resolves(OPEN)
    assert shop.resolves(OPEN)


@pytest.mark.parametrize(
    "other",
    [
        replace(PINNED, no_binary=("p",)),
        replace(PINNED, pre=True),
        replace(PINNED, index=IndexSettings(index_url="https://other/simple")),
        replace(PINNED, constraints=(RequirementLine("q==1", "c.txt:1", name="q"),)),
        replace(PINNED, requirements=(replace(PINNED.requirements[0], hashes=("sha256:" + "a" * 64,)),)),
    ],
)
def test_another_request_is_another_lock(shop, other):
    shop.resolves(PINNED)
    assert shop.resolves(other)
    assert not shop.resolves(other)
    assert not shop.resolves(PINNED)


@pytest.mark.parametrize(
    "same",
    [
        replace(PINNED, verbosity=2),
        replace(PINNED, index=IndexSettings(offline=True, timeout=3)),
        replace(PINNED, requirements=(replace(PINNED.requirements[0], origin="command line"),)),
    ],
)
def test_what_changes_nothing_is_the_same_lock(shop, same):
    shop.resolves(PINNED)
    assert not shop.resolves(same)


@pytest.mark.parametrize(
    "asking_anew",
    [
        replace(PINNED, upgrade=True),
        replace(PINNED, index=IndexSettings(no_cache=True)),
        replace(PINNED, user=True),
        replace(PINNED, prefix=Path("/somewhere")),
    ],
)
def test_some_requests_are_resolved_always(shop, asking_anew):
    assert shop.resolves(asking_anew)
    assert shop.resolves(asking_anew)


def test_another_interpreter_or_other_settings_are_another_lock(shop):
    shop.resolves(PINNED)
    assert shop.resolves(PINNED, environment={**interpreter().environment, "python_version": "3.12"})
    assert shop.resolves(PINNED, context={"variables": {"UV_EXCLUDE_NEWER": "2020-01-01"}})
    assert shop.resolves(PINNED, site_directories=())
    assert shop.resolves(PINNED, site_directories=())


def test_what_is_installed_counts(shop):
    shop.resolves(PINNED)
    (shop.site / "p-1.dist-info").mkdir()
    assert shop.resolves(PINNED)
    assert not shop.resolves(PINNED)


@pytest.mark.parametrize("damage", ["", "lock-version = 'x", "[[packages]]\nname = 'p'\n"])
def test_a_damaged_lock_is_made_anew(shop, damage):
    shop.resolves(PINNED)
    (kept,) = shop.shelf.rglob("pylock.toml")
    kept.write_text(damage)
    assert shop.resolves(PINNED)
    assert not shop.resolves(PINNED)


def test_nowhere_to_keep_it_is_no_failure(shop):
    shop.shelf.write_text("a file where the locks should be")
    assert shop.resolves(PINNED)
    assert shop.resolves(PINNED)


def test_a_lock_that_cannot_be_installed_any_more_is_forgotten(shop):
    shop.resolves(PINNED)
    gone = shop.frontend_with(UnreachableFrontend(FakeMachine(), Locked(LOCK)))
    remembered = gone.lock(PINNED, shop.log)
    with pytest.raises(NetworkError, match="^p 1 is not there any more$"):
        gone.install(remembered, PINNED, shop.log)
    assert shop.resolves(PINNED)


def test_a_lock_that_cannot_be_installed_offline_stays(shop):
    shop.resolves(PINNED)
    offline = replace(PINNED, index=IndexSettings(offline=True))
    gone = shop.frontend_with(UnreachableFrontend(FakeMachine(), Locked(LOCK)))
    with pytest.raises(NetworkError):
        gone.install(gone.lock(offline, shop.log), offline, shop.log)
    assert not shop.resolves(PINNED)


def test_variables_and_configuration_files_are_context(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    environment = {"HOME": str(tmp_path), "UV_INDEX_URL": "https://x", "PIP_PRE": "1", "PATH": "/bin"}
    bare = resolution_context(environment, project, [])
    assert bare["variables"] == {"UV_INDEX_URL": "https://x", "PIP_PRE": "1"}
    (tmp_path / "pyproject.toml").write_text("")
    configured = resolution_context(environment, project, [])
    (tmp_path / "pyproject.toml").write_text("[tool.uv]\n")
    assert len({str(bare), str(configured), str(resolution_context(environment, project, []))}) == 3


def given(shop, **changes) -> InstallRequest:
    path = shop.log.parent / "pylock.toml"
    sdist = {"url": "https://x/p_q-1.tar.gz", "hashes": {"sha256": "b" * 64}}
    wheel = {**WHEEL, "url": "https://x/p_q-1-py3-none-any.whl"}
    package = {"name": "p-q", "version": "1", "sdist": sdist, "wheels": [wheel]}
    path.write_text(tomli_w.dumps({"lock-version": "1.0", "created-by": "test", "packages": [package]}))
    return InstallRequest((), lock=path, **changes)


def named(locked: Locked) -> list[str]:
    """The files of the one package."""
    (package,) = locked.lock.packages
    parts = [*(package.wheels or ()), package.sdist]
    return [part.url.rpartition("/")[2] for part in parts if part]


def test_a_given_lock_is_what_is_locked(shop):
    locked = shop.frontend_with().lock(given(shop), shop.log)
    assert (named(locked), locked.remembered, shop.frontend.resolved) == (["p_q-1-py3-none-any.whl"], True, 0)


def test_of_a_given_lock_no_wheel_where_none_is_wanted(shop):
    assert named(shop.frontend_with().lock(given(shop, no_binary=(":all:",)), shop.log)) == ["p_q-1.tar.gz"]


def test_what_is_installed_is_no_part_of_a_given_lock(shop):
    (shop.site / "p_q-1.dist-info").mkdir()
    assert shop.frontend_with().lock(given(shop), shop.log).lock.packages == []
    assert named(shop.frontend_with().lock(given(shop, reinstall=True), shop.log)) == ["p_q-1-py3-none-any.whl"]


def test_a_given_lock_that_is_none(shop):
    request = given(shop)
    request.lock.write_text("lock-version = '1.0'\n")
    with pytest.raises(RequirementsError) as caught:
        shop.frontend_with().lock(request, shop.log)
    assert caught.value.message == f"cannot use the lock {request.lock}: Missing required value in 'created-by'"


def test_what_is_attached_is_added_to_a_lock_that_is_remembered_without_it(tmp_path):
    shop = Shop(tmp_path)
    project = Package(name="app", directory=PackageDirectory(path="/app", editable=True))
    asked = replace(PINNED, attached=(project,))
    for _ in range(2):
        outcome = shop.frontend_with().lock(asked, shop.log)
        assert isinstance(outcome, Locked)
        assert [package.name for package in outcome.lock.packages] == ["p", "app"]
        assert outcome.file is None
    assert shop.frontend.resolved == 1
