"""Downloads in the background, with a package manager that waits for the test."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest
from fakes import FakeLogs, FakeMachine, FakePackageManager

from accel_doctor.cli.downloads import BackgroundDownloads
from accel_doctor.errors import PackageManagerError


class SlowManager(FakePackageManager):
    """Downloads until it is told that it has ended, or stopped."""

    def __init__(self) -> None:
        super().__init__(FakeMachine())
        self.begun = Event()
        self.end = Event()

    def fetch(self, names, log):
        self.begun.set()
        self.end.wait()
        super().fetch(names, log)


@pytest.fixture
def manager():
    made = SlowManager()
    yield made
    made.end.set()


@pytest.fixture
def downloads(manager, tmp_path: Path) -> BackgroundDownloads:
    return BackgroundDownloads(lambda: manager, FakeLogs(tmp_path), manager.end.set, allowed=True)


def test_it_downloads_beside_others_until_it_is_waited_for(downloads, manager):
    downloads.start(["gcc"])
    assert manager.begun.wait(10)
    assert manager.fetched == []
    manager.end.set()
    downloads.wait()
    assert manager.fetched == [("gcc",)]


def test_closing_ends_it(downloads, manager):
    downloads.start(["gcc"])
    downloads.close()
    assert manager.end.is_set()


def test_one_at_a_time(downloads, manager):
    manager.end.set()
    downloads.start(["gcc"])
    downloads.start(["g++"])
    downloads.wait()
    assert manager.fetched == [("gcc",), ("g++",)]


def test_nothing_is_no_download(downloads, manager):
    downloads.start([])
    downloads.wait()
    assert not manager.begun.is_set()


def test_lists_are_fetched_once_where_they_are_wanted(downloads, manager):
    manager.end.set()
    downloads.fetch_lists(lambda: True)
    downloads.fetch_lists(lambda: True)
    downloads.wait()
    assert manager.fetched == [()]


def test_lists_that_nobody_wants_are_not_fetched(downloads, manager):
    downloads.fetch_lists(lambda: False)
    downloads.wait()
    assert not manager.begun.is_set()


def test_without_consent_nothing_is_downloaded(manager, tmp_path: Path):
    manager.end.set()
    downloads = BackgroundDownloads(lambda: manager, FakeLogs(tmp_path), manager.end.set, allowed=False)
    downloads.start(["gcc"])
    downloads.fetch_lists(lambda: True)
    downloads.close()
    assert manager.fetched == []


def test_failures_do_not_matter(tmp_path: Path):
    def fail():
        raise PackageManagerError("not a package name")

    downloads = BackgroundDownloads(fail, FakeLogs(tmp_path), lambda: None, allowed=True)
    downloads.start(["gcc"])
    downloads.wait()
