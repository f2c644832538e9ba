from __future__ import annotations

from collections.abc import Callable

import pytest
from fakes import FakeRunner
from paths import DATA

OUTPUTS = DATA / "frontend_outputs"


@pytest.fixture
def runner() -> FakeRunner:
    return FakeRunner()


@pytest.fixture
def output() -> Callable[[str], str]:
    """What a tool printed; empty for a file that is not there."""

    def read(name: str) -> str:
        path = OUTPUTS / name
        return path.read_text() if path.exists() else ""

    return read
