"""What an environment's extension modules need of this machine, remembered until its libraries change."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeLoader

from accel_doctor.model.stored_environments import StoredEnvironment
from accel_doctor.model.wheels import Link
from accel_doctor.system.loader import environment_libraries
from accel_doctor.system.loader.environment_libraries import EnvironmentLibraries

LACKING = "libpq.so.5 is not on this machine"
STORED = StoredEnvironment("k" * 64, "now", {}, {}, {}, frozenset(), (), (Link("libpq.so.5"),))


@pytest.fixture
def libraries(tmp_path, monkeypatch):
    """The libraries of a machine whose loader and state can be set."""

    def libraries(loader: FakeLoader, state: str) -> EnvironmentLibraries:
        monkeypatch.setattr(EnvironmentLibraries, "_loader", loader)
        monkeypatch.setattr(environment_libraries, "libraries_state", lambda variables: state)
        return EnvironmentLibraries("/usr/bin/python3", {}, tmp_path)

    return libraries


def test_what_is_lacking_is_said_and_asked_again(libraries):
    found = libraries(FakeLoader(), "1").unmet(STORED)
    assert found == [LACKING]
    assert libraries(FakeLoader({"libpq.so.5": Path("/lib")}), "1").unmet(STORED) == []


def test_that_nothing_is_lacking_is_remembered_until_the_libraries_change(libraries):
    assert libraries(FakeLoader({"libpq.so.5": Path("/lib")}), "1").unmet(STORED) == []
    assert libraries(FakeLoader(), "1").unmet(STORED) == []
    assert libraries(FakeLoader(), "2").unmet(STORED) == [LACKING]


def test_where_the_state_cannot_be_told_nothing_is_remembered(libraries):
    assert libraries(FakeLoader({"libpq.so.5": Path("/lib")}), "").unmet(STORED) == []
    assert libraries(FakeLoader(), "").unmet(STORED) == [LACKING]
