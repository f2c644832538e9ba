"""The value with what is fixed about one package manager: names, commands, queries, what its failures mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.interfaces import Runner

# What is parsed is asked for in English.
ENGLISH = {"LC_ALL": "C"}

# What apt, dpkg, dnf, rpm, zypper, pacman and curl say where the disk is full.
FULL_DISK = re.compile(
    r"No space left on device|enough free space in|enough free disk space|more space (?:needed )?on the"
    r"|^error: Partition|Failed writing received data to disk|\(Write failed\)"
)
AGAIN = "then run the same command again"

_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_QUOTED_LINES = 4
_QUOTED_LENGTH = 300


class UnknownNameError(PackageManagerError):
    """A name that no metadata has; the package may be newer than the metadata here."""


class StaleListsError(PackageManagerError):
    """Package lists that do not say what the mirror has: an unknown name, or a file that is gone from it."""


class Meaning(Enum):
    """What a kind of trouble comes to."""

    LOCKED = "another program holds the lock"
    UNREACHABLE = "the network or a repository is out of reach"
    BROKEN = "a repository's files are not what its own lists say"
    EXPLAINED = "the program's own words say it"


@dataclass(frozen=True)
class Trouble:
    """One kind of failure of one program: the ``words`` that reveal it, its meaning and the next step.

    ``quote`` are the words to quote, where those that reveal it say too little; ``error`` is what is raised.
    """

    words: re.Pattern[str]
    meaning: Meaning
    hint: str = ""
    quote: re.Pattern[str] | None = None
    error: type[PackageManagerError] = PackageManagerError


def quoted(output: str, pattern: re.Pattern[str]) -> str | None:
    """Return the first few lines in which the pattern is found, cut where they are long; None if there are none."""
    lines = [line.strip()[:_QUOTED_LENGTH] for line in output.splitlines() if pattern.search(line)]
    return "\n".join(dict.fromkeys(lines[:_QUOTED_LINES])) or None


def last_words(output: str) -> str:
    """Return the last lines of an output, for where nothing better can be quoted."""
    lines = [line.rstrip()[:_QUOTED_LENGTH] for line in output.splitlines() if line.strip()]
    return "\n".join(lines[-_QUOTED_LINES:]) or "(no output)"


def size_in_bytes(number: str, unit: str, base: int) -> int:
    """Return ``46.0`` and ``M`` in bytes; ``base`` is what the tool calls a kilobyte."""
    return int(float(number.replace(",", "")) * base ** _UNITS[unit[:1].lower()])


# A name alone on its line: a sentence about a file without an owner has spaces in it.
BARE_NAME = re.compile(r"\A\s*([A-Za-z0-9][A-Za-z0-9._+-]*)\s*\Z")
_LONGEST_NAME = 200
_TIMEOUT = 30.0  # seconds


def printed(runner: Runner, argv: Sequence[str]) -> str:
    """Return what a query of installed packages prints."""
    return runner.capture(argv, environment=ENGLISH, timeout=_TIMEOUT).output


class OwnerQuery(Protocol):
    """A way to ask which installed packages files belong to."""

    def owners(self, files: Sequence[Path], runner: Runner) -> Mapping[Path, str]:
        """Return the package of each file that has one."""
        ...


@dataclass(frozen=True)
class ManagerFacts:
    """One package manager: what everything else asks about it.

    ``name`` is used in rule files, the journal and messages. ``names`` is the grammar of package names: it leaves out
    everything that the program would read as something other than one package to install (options, versions,
    patterns, groups, orders to remove).

    ``commands`` install as root on a machine that cannot be asked, where names follow the last one; ``formerly`` is
    what the program was called, by the major releases of that time. ``errors`` are the lines worth quoting from a
    failure, ``troubles`` the kinds of it, the first that applies first.

    ``owner_query`` finds the package of a file, ``version_query`` prints name and version of the packages whose names
    follow. ``downloads_to`` is where it keeps downloads. ``refuses_root`` says so where root may not use it;
    ``stand_in_for`` is the package manager in whose place it is installed on small images.
    """

    name: str
    names: re.Pattern[str]
    commands: tuple[tuple[str, ...], ...]
    errors: re.Pattern[str]
    troubles: tuple[Trouble, ...]
    formerly: Mapping[str, str] = field(default_factory=dict)
    owner_query: OwnerQuery | None = None
    version_query: tuple[str, ...] = ()
    downloads_to: str = ""
    refuses_root: str | None = None
    stand_in_for: str | None = None

    @property
    def program(self) -> str:
        """Return the program that installs, as messages name it."""
        return self.commands[-1][0]

    def accepts(self, name: str) -> bool:
        """Return whether ``name`` may be handed to it as a package name."""
        return len(name) <= _LONGEST_NAME and self.names.fullmatch(name) is not None

    def checked(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the names without repetition, in order. Raises PackageManagerError for what is not a package name."""
        for name in names:
            if not self.accepts(name):
                raise PackageManagerError(
                    f"not a package name for {self.name}: {name!r}",
                    hint="correct the rule that names it: accel-doctor rules lint",
                )
        return tuple(dict.fromkeys(names))

    def failure(self, output: str, lead: str, log: Path | None, mend: str = "") -> PackageManagerError | NetworkError:
        """Return the error that an output stands for; ``mend`` is what to do about a half-finished installation.

        The first line of a message is ours, ``lead`` or that of a kind of trouble; the program's own words follow.
        """
        if words := quoted(output, FULL_DISK):
            hint = f"free some disk space, {mend}{AGAIN}"
            return PackageManagerError(f"{self.program} ran out of disk space:\n{words}", log=log, hint=hint)
        for trouble in self.troubles:
            if words := quoted(output, trouble.words):
                words = (trouble.quote and quoted(output, trouble.quote)) or words
                return self._trouble(trouble, words, lead, log)
        words = quoted(output, self.errors) or last_words(output)
        next_step = f"{mend}{AGAIN}; what went wrong is in {log}" if mend else f"read {log}" if log else None
        return PackageManagerError(f"{lead}\n{words}", log=log, hint=next_step)

    def _trouble(self, trouble: Trouble, words: str, lead: str, log: Path | None) -> PackageManagerError | NetworkError:
        match trouble.meaning:
            case Meaning.UNREACHABLE:
                lead = f"{self.program} could not reach a repository:"
                return NetworkError(f"{lead}\n{words}", hint=f"{trouble.hint}, {AGAIN}")
            case Meaning.LOCKED:
                lead, hint = f"{self.program} is locked by another program:", f"wait until it has finished, {AGAIN}"
            case Meaning.BROKEN:
                lead = f"{self.program} got broken files from a repository:"
                hint = f"{trouble.hint}, {AGAIN}; if it persists, switch to another mirror"
            case Meaning.EXPLAINED:
                hint = trouble.hint
        return trouble.error(f"{lead}\n{words}", log=log, hint=hint)


@dataclass(frozen=True)
class OneByOne:
    """Asks about one file after another; the package is the first group of ``answer``."""

    command: tuple[str, ...]
    answer: re.Pattern[str]

    def owners(self, files: Sequence[Path], runner: Runner) -> Mapping[Path, str]:
        """Return the package of each file that has one."""
        found = {file: self.answer.search(printed(runner, [*self.command, str(file)])) for file in files}
        return {file: answer[1] for file, answer in found.items() if answer}
