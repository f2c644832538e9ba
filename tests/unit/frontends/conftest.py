from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from paths import DATA

from accel_doctor.interfaces import Completed

OUTPUTS = DATA / "frontend_outputs"

Answer = Callable[[Sequence[str]], tuple[int, str]]


@dataclass
class ScriptedRunner:
    """Answers with a function of argv, which may write files as the real command would; appends to logs."""

    answer: Answer = lambda argv: (0, "")
    commands: list[list[str]] = field(default_factory=list)
    environments: list[dict[str, str]] = field(default_factory=list)

    def capture(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        stdin: str | None = None,
        timeout: float | None = None,
    ) -> Completed:
        code, output = self._answered(argv, environment)
        return Completed(tuple(argv), code, output, output)

    def record(
        self,
        argv: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        code, output = self._answered(argv, environment)
        with log.open("a") as file:
            file.write(output)
        return Completed(tuple(argv), code, "", "", 1.5)

    def converse(self, argv: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None) -> Completed:
        raise AssertionError("a frontend never talks to a terminal")

    def _answered(self, argv: Sequence[str], environment: Mapping[str, str] | None) -> tuple[int, str]:
        self.commands.append(list(argv))
        self.environments.append(dict(environment or {}))
        return self.answer(argv)


@pytest.fixture
def runner() -> ScriptedRunner:
    return ScriptedRunner()


@pytest.fixture
def output() -> Callable[[str], str]:
    """What a tool printed; empty for a file that is not there."""

    def read(name: str) -> str:
        path = OUTPUTS / name
        return path.read_text() if path.exists() else ""

    return read
