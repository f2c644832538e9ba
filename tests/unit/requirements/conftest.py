from __future__ import annotations

from pathlib import Path

import pytest
from memory_files import MemoryFiles

from accel_doctor.model.machine import Invocation
from accel_doctor.requirements.pip_configuration import Configuration, Setting


@pytest.fixture
def files() -> MemoryFiles:
    return MemoryFiles()


@pytest.fixture
def invocation() -> Invocation:
    return Invocation({"TOKEN": "s3cret", "HOME": "/home/me"}, Path("/w"))


@pytest.fixture
def configured():
    def make(**settings: str) -> Configuration:
        return Configuration(
            {key.replace("_", "-"): Setting(value, "/etc/pip.conf [global]") for key, value in settings.items()}
        )

    return make
