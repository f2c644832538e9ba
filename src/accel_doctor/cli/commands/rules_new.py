"""``accel-doctor rules new``: from a log to the rule it lacks, and the case that holds the rule."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from accel_doctor.cli.terminal.questions import Questions, a_free_name, a_name, safe, tell
from accel_doctor.errors import ExitCode, RuleError, UsageError

if TYPE_CHECKING:
    from accel_doctor.cli.rule_places import RulePlaces
    from accel_doctor.model import Diagnosis, Distribution, Finding, Need
    from accel_doctor.rulebook import Rulebook
    from accel_doctor.rulebook.authoring.proposing import Draft

_LARGEST_LOG = 2 << 20  # bytes; a case is read in every run of the tests
_NOT_KNOWN = "-"
_SYMPTOMS = "symptoms.yaml"


@click.command(
    "new",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help="""Write the rule that a log shows to be missing, and the log as its case.

    For a message nobody understood, a symptom; for a need without a package, a line of the distribution's file. Asks
    for what cannot be told from the log; without a terminal, options answer.""",
)
@click.argument("log", metavar="LOG|-")
@click.option("--line", metavar="TEXT|N", help="The line that says what is missing: its number, or a part of it.")
@click.option("--need", metavar="KIND:NAME", help="What is missing, such as header:zbar.h.")
@click.option("--pattern", metavar="REGEX", help="The message form, with the missing thing as group 'name'.")
@click.option("--miss", "misses", multiple=True, metavar="TEXT", help="A line like it that must not match; repeatable.")
@click.option("--symptom", metavar="NAME", help="What to call the symptom.")
@click.option(
    "--packages", metavar="NAMES", help="The packages that meet the need, with commas; - where none is known."
)
@click.option("--distro", metavar="ID[:VERSION]", help="The distribution of the packages, if it is not this machine's.")
@click.option("--python", metavar="X.Y", help="The version of Python of the build, if the log does not show it.")
@click.option("--case", "case_name", metavar="NAME", help="What to call the case.")
@click.option("--rules", multiple=True, metavar="DIR", help="Write to this directory of rules, laid over the others.")
def new(log: str, rules: tuple[str, ...], **answers: Any) -> int:
    """Parse, read, ask, write, exit code."""
    from accel_doctor.cli.machines import checked_version, chosen_distribution
    from accel_doctor.cli.rule_places import rule_places
    from accel_doctor.cli.session import Surrounding

    checked_version(answers["python"])
    places = rule_places(rules)
    book = places.rulebook()
    distribution = chosen_distribution(answers["distro"], book)
    if book.family(distribution) is None:
        raise UsageError(f"no rule file serves {distribution}", hint="name another with --distro, or write one first")
    questions = Questions(interactive=log != "-" and Surrounding.read().terminal.interactive)
    _Work(places, book, distribution, _content(log), questions, answers).run()
    return int(ExitCode.DONE)


def _content(log: str) -> bytes:
    try:
        if log == "-":
            content = sys.stdin.buffer.read(_LARGEST_LOG + 1)
        else:
            with Path(log).open("rb") as stream:
                content = stream.read(_LARGEST_LOG + 1)
    except OSError as error:
        raise UsageError(f"{log} cannot be read: {error.strerror}") from error
    if len(content) > _LARGEST_LOG:
        raise UsageError(
            f"{log} is larger than {_LARGEST_LOG >> 20} MB",
            hint="cut it down to the build that failed; its end matters",
        )
    return content


@dataclass
class _Work:
    places: RulePlaces
    book: Rulebook
    distribution: Distribution
    content: bytes
    questions: Questions
    answers: dict[str, Any]
    files: dict[str, str] = field(default_factory=dict)  # what they will say, by name

    def run(self) -> None:
        """Find out what is missing, ask for the rest, and write it once it is proven to work."""
        diagnosis, python = self._diagnosed()
        found = tuple(dict.fromkeys(cause.need for cause in diagnosis.causes))
        chosen = tuple(need for need in found if str(need) == (self.answers["need"] or str(need)))
        for cause in diagnosis.causes:
            tell(f"line {cause.line}: {cause.need}: {cause.evidence}")
        needs = chosen if chosen and self.answers["line"] is None else (self._symptom(diagnosis),)
        wanting = [n for n in needs if n.kind.curable_by_packages and not self.book.offer(n, self.distribution)]
        if len(wanting) > 1 and self.answers["packages"]:
            listed = ", ".join(map(str, wanting))
            raise UsageError(f"--packages: several needs have none: {listed}", hint="say with --need which is meant")
        for need in wanting:
            self._offer(need)
        if self.files:
            self._write(needs, python)
        else:
            tell("the rules answer this log already; if wrongly, say with --need and --line what is missing where")

    def _diagnosed(self) -> tuple[Diagnosis, str]:
        """What the log says by now, and the version of Python it is of."""
        from accel_doctor.cli.machines import interpreter_assumed
        from accel_doctor.diagnosis import WatchedStream, diagnose_stream

        stream = WatchedStream(io.BytesIO(self.content))
        diagnosis = diagnose_stream(stream, self.book.symptoms)
        shown = self.answers["python"] or stream.python_of(diagnosis)
        return diagnosis, interpreter_assumed(self.distribution, self.book, shown).feature_version

    # --- what is asked for

    def _symptom(self, diagnosis: Diagnosis) -> Need:
        from accel_doctor.model import Need
        from accel_doctor.rulebook.authoring.inserting import with_symptom
        from accel_doctor.rulebook.authoring.proposing import draft, stem

        ask, answers = self.questions.ask, self.answers
        proposed = safe(diagnosis.summary) if diagnosis.failed and diagnosis.summary else None
        question = "The line that says what is missing (its number, or a part of it)"
        line = ask(question, "--line", answers["line"], self._line, proposed)
        tell(f"line: {line}")
        need = ask("What is missing, as kind:name", "--need", answers["need"], Need.parse)
        try:
            first = draft(line, need)
        except ValueError as error:
            raise UsageError(str(error), hint="choose another line with --line") from error
        chosen = ask("The message form", "--pattern", answers["pattern"], _a_pattern(first), first.pattern)
        near = _a_near_miss(chosen.pattern)
        misses = [ask("A near miss", "--miss", miss, near) for miss in answers["misses"]]
        misses = misses or [ask("A line like it that must not match", "--miss", None, near)]
        taken = {symptom.id for symptom in self.book.symptoms}
        free = a_free_name(stem(chosen), taken)
        identifier = ask("A name for the symptom", "--symptom", answers["symptom"], a_name(taken), free)
        self._insert(_SYMPTOMS, with_symptom, identifier, chosen, misses)
        return need

    def _line(self, text: str) -> str:
        """The cleaned line that is meant. ValueError where there is none."""
        from accel_doctor.diagnosis.scanning import all_lines, stream_blocks

        for number, line in all_lines(stream_blocks(io.BytesIO(self.content))):
            if (text.isdecimal() and int(text) == number) or (not text.isdecimal() and text in safe(line)):
                return line
        raise ValueError(f"no line of the log {'has this number' if text.isdecimal() else 'has this in it'}: {text}")

    def _offer(self, need: Need) -> None:
        from accel_doctor.rulebook.authoring.inserting import with_offer

        family = self.book.family(self.distribution) or ""
        manager = self.book.manager(self.distribution)

        def names(text: str) -> list[str]:
            found = [] if text.strip() == _NOT_KNOWN else re.split(r"[,\s]+", text.strip(", "))
            for name in found:
                if manager and not manager.accepts(name):
                    raise ValueError(f"{name!r} is not the name of a package for {manager.value}")
            return found

        question = f"The packages of {self.distribution} that meet {need} ({_NOT_KNOWN} where none is known)"
        packages = self.questions.ask(question, "--packages", self.answers["packages"], names, self._indexed(need))
        if packages:
            self._insert(f"{family}.yaml", with_offer, family, need, packages)

    def _indexed(self, need: Need) -> str | None:
        """What the distribution's file index says, where it says anything worth naming."""
        import os

        from accel_doctor.cli.configuration import user_directory
        from accel_doctor.fileindex import find_index, rank

        index = find_index(self.distribution, [user_directory(os.environ) / "indexes"])
        ranking = rank(need, index) if index else None
        return ranking.candidates[0].package.name if ranking and ranking.candidates and ranking.worth_naming else None

    # --- writing

    def _insert(self, file: str, insert: Callable[..., str], *what: Any) -> None:
        path = self.places.own / file
        try:
            before = self.files.get(file) or (path.read_text("utf-8") if path.is_file() else None)
            self.files[file] = insert(before, *what)
        except (OSError, ValueError) as error:
            raise RuleError([f"{path}: {error}"]) from error

    def _write(self, needs: Sequence[Need], python: str) -> None:
        from accel_doctor.cli.rule_cases import RuleCase, needs_of
        from accel_doctor.cli.rule_places import replace_file
        from accel_doctor.redaction import redacted

        content = redacted(self.content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        distro = ":".join(filter(None, (self.distribution.id, self.distribution.version)))
        causes, packages = self._proven(needs, content, distro, python)
        name = next((cause.package for cause in causes if cause.package), None) or _slug(str(needs[0]))
        taken = {path.name for path in self.places.cases.glob("*")}
        free = a_free_name("-".join((*filter(None, distro.split(":")), name)), taken)
        chosen = self.questions.ask("A name for the case", "--case", self.answers["case_name"], a_name(taken), free)
        case = RuleCase(self.places.cases / chosen, distro, python, needs_of(causes), packages)
        written = {self.places.own / file: text.encode() for file, text in self.files.items()}
        written[case.log] = content
        written[case.file] = (json.dumps(case.document(), indent=1) + "\n").encode()
        for path, text in written.items():
            replace_file(path, text)
            tell(f"wrote {path}")
        tell("read the log for what nobody else should see; then: accel-doctor rules test")

    def _proven(
        self, needs: Sequence[Need], content: bytes, distro: str, python: str
    ) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        """What the log shows by the new rules; RuleError says what is wrong with them, before anything is written."""
        from accel_doctor.cli.rule_cases import needs_of, read_as
        from accel_doctor.diagnosis import sample_problems

        with tempfile.TemporaryDirectory() as scratch:
            for path in self.places.own.glob("*.yaml"):
                shutil.copy(path, scratch)
            for file, text in self.files.items():
                (Path(scratch) / file).write_text(text, "utf-8")
            book = self.places.rulebook_with(Path(scratch))
            problems = list(book.problems())
            if not problems:
                problems = [problem for symptom in book.symptoms for problem in sample_problems(symptom, book.symptoms)]
            if problems:
                raise RuleError([problem.replace(scratch, str(self.places.own)) for problem in problems])
            causes, names = read_as(io.BytesIO(content), distro, python, book)
        found = needs_of(causes)
        if missing := [str(need) for need in needs if str(need) not in found]:
            raise RuleError([f"by this rule the log shows {', '.join(found) or 'nothing'}, not {', '.join(missing)}"])
        return causes, names


def _a_pattern(first: Draft) -> Callable[[str], Draft]:
    from accel_doctor.rulebook.patterns import complaint_about

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
            raise ValueError(f"the message form matches it: {text}")
        return text

    return check


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.+]+", "-", text).strip("-")
