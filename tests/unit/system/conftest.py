from __future__ import annotations

import pytest
from fakes import ScriptedRunner


@pytest.fixture
def scripted() -> ScriptedRunner:
    return ScriptedRunner()
