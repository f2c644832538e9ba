"""Write the rules that a log shows to be missing, and the log as their case, for ``rules new``."""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar

from accel_doctor.diagnosis import WatchedStream, diagnose_stream
from accel_doctor.diagnosis.scanning import all_lines, stream_blocks
from accel_doctor.errors import RuleError, UsageError
from accel_doctor.fileindex import FileIndex, rank
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Diagnosis, Finding, Need
from accel_doctor.rulebook.authoring.cases import AdviserOf, RuleCase, answer, needs_of, problems_of_samples
from accel_doctor.rulebook.authoring.inserting import with_package_rule, with_symptom
from accel_doctor.rulebook.authoring.proposing import Draft, draft, stem
from accel_doctor.rulebook.authoring.workplace import Workplace, replace_file
from accel_doctor.rulebook.book import Rulebook
from accel_doctor.rulebook.symptoms import complaint_about
from accel_doctor.urls import redacted
from accel_doctor.wording import printable

_T = TypeVar("_T")
_NOT_KNOWN = "-"
_SYMPTOMS = "symptoms.yaml"


class Author(Protocol):
    """The person who writes the rules."""

    def ask(
        self, question: str, option: str, given: str | None, check: Callable[[str], _T], default: str | None = None
    ) -> _T:
        """Ask a question and return the result of ``check``; ``given``, the value of ``option``, is the answer if set.

        ``check`` raises ValueError for an invalid answer. Raises UsageError if there is no terminal to ask on.
        """
        ...

    def tell(self, text: str) -> None:
        """Show a line."""
        ...


@dataclass(frozen=True)
class Answers:
    """Answers given in advance, as options of ``rules new``."""

    line: str | None = None
    need: str | None = None
    pattern: str | None = None
    misses: tuple[str, ...] = ()
    symptom: str | None = None
    packages: str | None = None
    case: str | None = None


@dataclass
class NewRules:
    """New rules for a build log. Its Python is ``python``, else what the log shows, the distribution's own, or
    ``fallback_python``."""

    workplace: Workplace
    distribution: Distribution
    log: bytes
    python: str | None
    fallback_python: str
    author: Author
    answers: Answers
    index: FileIndex | None
    adviser_of: AdviserOf
    _files: dict[str, str] = field(default_factory=dict)  # new text by name

    def write(self) -> None:
        """Find out which rules are missing, ask for the details, and write everything once it is proven to work."""
        book = self.workplace.rulebook()
        stream = WatchedStream(io.BytesIO(self.log))
        diagnosis = diagnose_stream(stream, book.symptoms)
        shown = self.python or stream.python_of(diagnosis)
        python = shown or book.python(self.distribution) or self.fallback_python
        found = tuple(dict.fromkeys(cause.need for cause in diagnosis.causes))
        chosen = tuple(need for need in found if str(need) == (self.answers.need or str(need)))
        for cause in diagnosis.causes:
            self.author.tell(f"line {cause.line}: {cause.need}: {cause.evidence}")
        needs = chosen if chosen and self.answers.line is None else (self._add_symptom(diagnosis, book),)
        wanting = [n for n in needs if n.kind.curable_by_packages and not book.package_rule(n, self.distribution)]
        if len(wanting) > 1 and self.answers.packages:
            listed = ", ".join(map(str, wanting))
            raise UsageError(f"--packages: several needs have no packages: {listed}", hint="choose one with --need")
        for need in wanting:
            self._add_packages(need, book)
        if self._files:
            self._write(needs, python)
        else:
            self.author.tell("the rules already answer this log; if they are wrong, use --line and --need")

    # --- questions

    def _add_symptom(self, diagnosis: Diagnosis, book: Rulebook) -> Need:
        ask, answers = self.author.ask, self.answers
        proposed = printable(diagnosis.summary) if diagnosis.failed and diagnosis.summary else None
        question = "The line that says what is missing (its number, or part of it)"
        line = ask(question, "--line", answers.line, self._line, proposed)
        self.author.tell(f"line: {line}")
        need = ask("What is missing, as kind:name", "--need", answers.need, Need.parse)
        try:
            first = draft(line, need)
        except ValueError as error:
            raise UsageError(str(error), hint="choose another line with --line") from error
        chosen = ask("The message pattern", "--pattern", answers.pattern, _a_pattern(first), first.pattern)
        near = _a_near_miss(chosen.pattern)
        misses = [ask("A near miss", "--miss", miss, near) for miss in answers.misses]
        misses = misses or [ask("A similar line that must not match", "--miss", None, near)]
        taken = {symptom.id for symptom in book.symptoms}
        free = _a_free_name(stem(chosen), taken)
        identifier = ask("A name for the symptom", "--symptom", answers.symptom, _a_name(taken), free)
        self._insert(_SYMPTOMS, lambda text: with_symptom(text, identifier, chosen, misses))
        return need

    def _line(self, text: str) -> str:
        """Return the cleaned line with this number or this text. Raises ValueError if there is none."""
        for number, line in all_lines(stream_blocks(io.BytesIO(self.log))):
            if (text.isdecimal() and int(text) == number) or (not text.isdecimal() and text in printable(line)):
                return line
        raise ValueError(f"the log has no line {text}" if text.isdecimal() else f"no line of the log contains: {text}")

    def _add_packages(self, need: Need, book: Rulebook) -> None:
        family = book.family(self.distribution) or ""
        manager = book.manager(self.distribution)

        def names(text: str) -> list[str]:
            found = [] if text.strip() == _NOT_KNOWN else re.split(r"[,\s]+", text.strip(", "))
            for name in found:
                if manager and not manager.accepts(name):
                    raise ValueError(f"{name!r} is not a package name for {manager.name}")
            return found

        ranking = rank(need, self.index) if self.index else None
        likely = ranking.candidates[0].package.name if ranking and ranking.worth_naming else None
        question = f"The packages of {self.distribution} that provide {need} ({_NOT_KNOWN} if none is known)"
        packages = self.author.ask(question, "--packages", self.answers.packages, names, likely)
        if packages:
            self._insert(f"{family}.yaml", lambda text: with_package_rule(text, family, need, packages))

    # --- writing

    def _insert(self, file: str, insert: Callable[[str | None], str]) -> None:
        path = self.workplace.own / file
        try:
            self._files[file] = insert(self._files.get(file) or (path.read_text("utf-8") if path.is_file() else None))
        except (OSError, ValueError) as error:
            raise RuleError([f"{path}: {error}"]) from error

    def _write(self, needs: Sequence[Need], python: str) -> None:
        content = redacted(self.log.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        distro = ":".join(filter(None, (self.distribution.id, self.distribution.version)))
        causes, packages = self._proven(needs, content, distro, python)
        first = re.sub(r"[^A-Za-z0-9.+]+", "-", str(needs[0])).strip("-")
        subject = next((cause.package for cause in causes if cause.package), first)
        taken = {path.name for path in self.workplace.cases.glob("*")}
        free = _a_free_name("-".join((*filter(None, distro.split(":")), subject)), taken)
        name = self.author.ask("A name for the case", "--case", self.answers.case, _a_name(taken), free)
        case = RuleCase(self.workplace.cases / name, distro, python, needs_of(causes), packages)
        written = {self.workplace.own / file: text.encode() for file, text in self._files.items()}
        for path, text in {**written, case.log: content, case.file: case.text().encode()}.items():
            replace_file(path, text)
            self.author.tell(f"wrote {path}")
        self.author.tell("check the log for anything private, then run: accel-doctor rules test")

    def _proven(
        self, needs: Sequence[Need], content: bytes, distro: str, python: str
    ) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        """Return the causes and packages by the new rules. Raises RuleError for invalid rules, before writing any."""
        with tempfile.TemporaryDirectory() as scratch:
            for path in self.workplace.own.glob("*.yaml"):
                shutil.copy(path, scratch)
            for file, text in self._files.items():
                (Path(scratch) / file).write_text(text, "utf-8")
            book = self.workplace.rulebook(Path(scratch))
            if problems := book.problems() or problems_of_samples(book):
                raise RuleError([problem.replace(scratch, str(self.workplace.own)) for problem in problems])
            causes, names = answer(io.BytesIO(content), self.adviser_of(distro, python, book), book)
        found = needs_of(causes)
        if missing := [str(need) for need in needs if str(need) not in found]:
            raise RuleError([f"with this rule the log shows {', '.join(found) or 'nothing'}, not {', '.join(missing)}"])
        return causes, names


def _a_pattern(first: Draft) -> Callable[[str], Draft]:
    def check(pattern: str) -> Draft:
        if complaint := complaint_about(pattern):
            raise ValueError(complaint)
        if not re.search(pattern, first.line):
            raise ValueError(f"does not match the line: {first.line}")
        named = "name" in re.compile(pattern).groupindex
        return replace(first, pattern=pattern, kind=first.need.kind if named else None)

    return check


def _a_near_miss(pattern: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if re.search(pattern, text):
            raise ValueError(f"the message pattern matches it: {text}")
        return text

    return check


def _a_name(taken: Collection[str]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}", text):
            raise ValueError(f"not a valid name: {text!r}: use letters, digits, dots and hyphens")
        if text in taken:
            raise ValueError(f"{text} already exists")
        return text

    return check


def _a_free_name(stem: str, taken: Collection[str]) -> str:
    """Return the name, with a number appended if it is taken."""
    return next(name for name in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)
