"""A Runner that answers from a script instead of starting processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from accel_doctor.interfaces import Completed

# What is asked besides, and says nothing unless a test wants it to.
_UNTOLD = (("df", "-Pk"), ("dpkg", "--audit"))


class ScriptedRunner:
    """Gives the first answer whose words all stand in the command line; an unforeseen command fails the test.

    An answer is ``(return code, stdout, stderr)``, or a function of the command line that returns one.
    """

    def __init__(self) -> None:
        self.answers: list[tuple[tuple[str, ...], object]] = []
        self.recorded: list[tuple[str, ...]] = []
        self.conversations: list[tuple[str, ...]] = []
        self.interrupted = False
        self.environments: list[Mapping[str, str]] = []

    def on(self, *words: str, output: str = "", stderr: str = "", returncode: int = 0) -> ScriptedRunner:
        self.answers.append((words, (returncode, output, stderr)))
        return self

    def call(self, *words: str, answer: Callable[[Sequence[str]], tuple[int, str, str]]) -> ScriptedRunner:
        self.answers.append((words, answer))
        return self

    def _answer(self, argv: Sequence[str], environment: Mapping[str, str] | None) -> Completed:
        self.environments.append(environment or {})
        for words, answer in self.answers:
            if all(word in argv for word in words):
                returncode, output, stderr = answer(argv) if callable(answer) else answer
                return Completed(tuple(argv), returncode, output, stderr)
        if tuple(argv[:2]) in _UNTOLD:
            return Completed(tuple(argv), 0, "")
        raise AssertionError(f"unforeseen: {argv}")

    def capture(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        stdin: str | None = None,
        timeout: float | None = None,
    ) -> Completed:
        return self._answer(argv, environment)

    def record(
        self,
        argv: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        self.recorded.append(tuple(argv))
        return self._logged(argv, log, environment)

    def converse(self, argv: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None) -> Completed:
        self.conversations.append(tuple(argv))
        return replace(self._logged(argv, log, environment), interrupted=self.interrupted)

    def _logged(self, argv: Sequence[str], log: Path, environment: Mapping[str, str] | None) -> Completed:
        done = self._answer(argv, environment)
        with log.open("a") as file:
            file.write(done.output + done.stderr)
        return Completed(done.argv, done.returncode, "")


@pytest.fixture
def scripted() -> ScriptedRunner:
    return ScriptedRunner()
