"""Which frontend is used."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeSandbox, interpreter

from accel_doctor.errors import UsageError
from accel_doctor.frontends import FRONTENDS, choice
from accel_doctor.frontends.choice import FrontendParts, choose_frontend, settled_elsewhere
from accel_doctor.requirements.pip_configuration import Configuration


@pytest.fixture
def choose(runner, tmp_path, monkeypatch):
    def choose(name: str | None, uv: str | None = "/bin/uv"):
        monkeypatch.setattr(choice, "find_uv", lambda environment: Path(uv) if uv else None)
        return choose_frontend(name, FrontendParts(runner, FakeSandbox(), interpreter(), {}, tmp_path, Configuration()))

    return choose


@pytest.mark.parametrize("name", FRONTENDS)
def test_each_is_what_it_is_called(choose, name):
    assert choose(name).name == name


def test_uv_unless_there_is_none(choose):
    assert choose(None).name == "uv"
    assert choose(None, uv=None).name == "pip"


def test_uv_asked_for_and_not_there(choose):
    with pytest.raises(UsageError) as caught:
        choose("uv", uv=None)
    assert (caught.value.message, caught.value.hint) == ("uv not found", "install uv, or use --frontend pip")


def test_uvs_variables_count_for_uv_only():
    environment = {"UV_INDEX_URL": "https://i"}
    assert settled_elsewhere("uv", environment) == {"index-url"}
    assert settled_elsewhere("pip", environment) == frozenset()
