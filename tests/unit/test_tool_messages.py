"""What tools print, recorded by making them print it: each message must show what it is about, and nothing besides.

Each file of ``tests/data/tool_messages`` holds the output of one set of tools, named with their versions at its top,
run on small projects that lack one thing each. Of each: the ``form`` that was provoked, the end of the output as
``log`` (directories renamed), and ``needs``, what stopped the build.
"""

from __future__ import annotations

import pytest
import yaml
from books import load
from paths import DATA

from accel_doctor.diagnosis import diagnose

RECORDED = DATA / "tool_messages"
SYMPTOMS = load().symptoms


def messages() -> list[object]:
    return [
        pytest.param(entry["log"], frozenset(entry["needs"]), id=f"{path.stem}-{entry['form']}")
        for path in sorted(RECORDED.glob("*.yaml"))
        for entry in yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    ]


@pytest.mark.parametrize(("log", "needs"), messages())
def test_a_tool_is_understood(log: str, needs: frozenset[str]) -> None:
    causes = diagnose(log.splitlines(), SYMPTOMS).causes
    assert {str(cause.need) for cause in causes} == needs
