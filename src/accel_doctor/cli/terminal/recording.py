"""Watch a run for its report: a reporter that notes when each thing happened, and hands it on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import Any

from accel_doctor.model.builds import Built, Outcome, Source
from accel_doctor.model.plans import Case, Consent, Plan, Simulation
from accel_doctor.report.run_record import Moment, RunRecord, SeenFailure
from accel_doctor.wording import count

_BEFORE, _AFTER = 6, 3  # lines around a cause
_MOST_CAUSES = 3
_END = 12  # lines, where no cause is known
_LONGEST_LINE = 1 << 16  # bytes
_END_BYTES = 1 << 14


class Recording:
    """A reporter beside another, which gets everything. What it does not watch is the other's alone."""

    def __init__(self, reporter: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._reporter = reporter
        self._clock = clock
        self._began = clock()
        self._started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._lock = threading.Lock()  # builds run in threads
        self._step: tuple[str, float, Path | None] | None = None
        self._building: dict[Source, float] = {}
        self._moments: list[Moment] = []
        self._failures: list[SeenFailure] = []
        self._simulations: list[tuple[Plan, Simulation]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reporter, name)

    def begin(self, text: str, log: Path | None = None) -> None:
        """Note that a stage begins, which ends the one before."""
        with self._lock:
            self._end_step()
            self._step = text, self._now, log

    def step(self, text: str) -> None:
        name, _, log = text.partition(", output in ")
        self.begin(name, Path(log) if log else None)
        self._reporter.step(text)

    def builds(self, sources: Sequence[Source]) -> None:
        self.begin(f"Building {count(len(sources), 'source distribution')}")
        self._reporter.builds(sources)

    def build_started(self, source: Source) -> None:
        with self._lock:
            self._building[source] = self._now
        self._reporter.build_started(source)

    def build_finished(self, source: Source, outcome: Outcome) -> None:
        with self._lock:
            start = self._building.pop(source, self._now)
            said = "built" if isinstance(outcome, Built) else "failed"
            self._moments.append(Moment("build", str(source), start, self._now - start, said, outcome.log))
        self._reporter.build_finished(source, outcome)

    def diagnosed(self, case: Case) -> None:
        lines = [cause.line for cause in case.diagnosis.causes][:_MOST_CAUSES]
        self._failures.append(SeenFailure(case, tuple(_lines(case.failure.log, lines))))
        self._reporter.diagnosed(case)

    def plan(self, plan: Plan, simulation: Simulation | None) -> None:
        if simulation:
            self._simulations.append((plan, simulation))
        self._reporter.plan(plan, simulation)

    def ask(self, plan: Plan) -> Consent | Plan:
        with self._lock:
            self._end_step()
            start = self._now
        answer: Consent | Plan = self._reporter.ask(plan)
        said = answer.value if isinstance(answer, Consent) else "others"
        if answer is not Consent.NOBODY_TO_ASK:
            self._moments.append(Moment("question", "Waiting for your answer", start, self._now - start, said))
        return answer

    def record(self, command: Sequence[str]) -> RunRecord:
        """Return what was seen so far."""
        with self._lock:
            self._end_step()
            left = [Moment("build", str(one), at, self._now - at, "stopped") for one, at in self._building.items()]
            moments = (*self._moments, *left)
        return RunRecord(command, self._started, self._now, moments, self._failures, self._simulations)

    @property
    def _now(self) -> float:
        return self._clock() - self._began

    def _end_step(self) -> None:
        if self._step:
            name, start, log = self._step
            self._moments.append(Moment("step", name, start, self._now - start, None, log))
            self._step = None


def _lines(log: Path, causes: Sequence[int]) -> Iterator[tuple[int | None, str]]:
    """Yield lines around the causes; if there are none, the last, without numbers; nothing if it cannot be read."""
    wanted = {number for cause in causes for number in range(max(1, cause - _BEFORE), cause + _AFTER + 1)}
    try:
        with log.open("rb") as stream:
            if not wanted:
                stream.seek(max(0, stream.seek(0, 2) - _END_BYTES))
                text = stream.read(_END_BYTES).decode(errors="replace")
                yield from ((None, line) for line in text.splitlines()[-_END:])
                return
            for number, line in enumerate(islice(_bounded(stream), max(wanted)), 1):
                if number in wanted:
                    yield number, line.decode(errors="replace")
    except OSError:
        return


def _bounded(stream: Any) -> Iterator[bytes]:
    """Yield the lines of a file, each cut off at a length."""
    while line := stream.readline(_LONGEST_LINE):
        while len(line) >= _LONGEST_LINE and not line.endswith(b"\n") and (rest := stream.readline(_LONGEST_LINE)):
            line = line[: _LONGEST_LINE - 1] + rest[-1:]
        yield line
