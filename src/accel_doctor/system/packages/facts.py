"""The static facts about one package manager: names, commands, queries, the meaning of its failures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from accel_doctor.errors import NetworkError, PackageManagerError
from accel_doctor.interfaces import Runner

# Output to be parsed is requested in English.
ENGLISH = {"LC_ALL": "C"}

# The messages of apt, dpkg, dnf, rpm, zypper, pacman and curl for a full disk.
FULL_DISK = re.compile(
    r"No space left on device|enough free space in|enough free disk space|more space (?:needed )?on the"
    r"|^error: Partition|Failed writing received data to disk|\(Write failed\)"
)
AGAIN = "then run the same command again"

_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_QUOTED_LINES = 4
_QUOTED_LENGTH = 300
# A name alone on its line: a message about a file without an owner has spaces in it.
BARE_NAME = re.compile(r"\A\s*([A-Za-z0-9][A-Za-z0-9._+-]*)\s*\Z")
_LONGEST_NAME = 200
_TIMEOUT = 30.0  # seconds


class StaleListsError(PackageManagerError):
    """Raised if the package lists here are out of date: for an unknown name, or a file that is gone from the mirror."""


@dataclass(frozen=True)
class Trouble:
    """One kind of failure of one program: the ``words`` that indicate it, and the next step.

    ``says`` is the first line of its message, if that of the failed step says too little; ``quote`` matches what to
    quote, by default ``words``; ``error`` is the exception to raise.
    """

    words: re.Pattern[str]
    hint: str
    says: str = ""
    quote: re.Pattern[str] | None = None
    error: type[PackageManagerError | NetworkError] = PackageManagerError


def locked(words: re.Pattern[str], quote: re.Pattern[str] | None = None) -> Trouble:
    """Return the trouble for a lock that another program holds."""
    return Trouble(words, f"wait until it has finished, {AGAIN}", "is locked by another program", quote)


def unreachable(words: re.Pattern[str], hint: str) -> Trouble:
    """Return the trouble for an unreachable network or repository."""
    return Trouble(words, f"{hint}, {AGAIN}", "could not reach a repository", error=NetworkError)


def broken(words: re.Pattern[str], hint: str, error: type[PackageManagerError] = PackageManagerError) -> Trouble:
    """Return the trouble for a repository whose files do not match its lists, or which has no valid lists."""
    hint = f"{hint}, {AGAIN}; if it persists, switch to another mirror"
    return Trouble(words, hint, "got broken files from a repository", error=error)


def quoted(output: str, pattern: re.Pattern[str]) -> str | None:
    """Return the first few lines that match the pattern, long ones shortened; None if there are none."""
    lines = [line.strip()[:_QUOTED_LENGTH] for line in output.splitlines() if pattern.search(line)]
    return "\n".join(dict.fromkeys(lines[:_QUOTED_LINES])) or None


def last_words(output: str) -> str:
    """Return the last lines of an output, as a fallback if nothing better can be quoted."""
    lines = [line.rstrip()[:_QUOTED_LENGTH] for line in output.splitlines() if line.strip()]
    return "\n".join(lines[-_QUOTED_LINES:]) or "(no output)"


def size_in_bytes(number: str, unit: str, base: int) -> int:
    """Return ``46.0`` and ``M`` in bytes; ``base`` is the tool's kilobyte, 1000 or 1024."""
    return int(float(number.replace(",", "")) * base ** _UNITS[unit[:1].lower()])


def size_found(pattern: re.Pattern[str], output: str, base: int) -> int | None:
    """Return the size in bytes from the first two groups of a pattern, number and unit; None if it does not match."""
    found = pattern.search(output)
    return size_in_bytes(found[1], found[2], base) if found else None


def printed(runner: Runner, argv: Sequence[str]) -> str:
    """Return the output of a query of installed packages."""
    return runner.capture(argv, environment=ENGLISH, timeout=_TIMEOUT).output


@dataclass(frozen=True)
class OwnerQuery:
    """Find the packages that files belong to: the first group of ``answer`` in the output of ``command``.

    If its second group is the file, one command answers for all files. With ``unmerged`` it queries /lib as well as
    /usr/lib, to which /lib is a link: a package may have been unpacked under either name
    (https://wiki.debian.org/UsrMerge).
    """

    command: tuple[str, ...]
    answer: re.Pattern[str]
    unmerged: bool = False

    def owners(self, files: Sequence[Path], runner: Runner) -> dict[Path, str]:
        """Return the packages that own these files; omit files without one."""
        if self.answer.groups == 1:
            found = {file: self.answer.search(printed(runner, [*self.command, str(file)])) for file in files}
            return {file: match[1] for file, match in found.items() if match}
        names = {str(name): file for file in files for name in self._names(file)}
        output = printed(runner, [*self.command, *names])
        return {names[match[2]]: match[1] for match in self.answer.finditer(output) if match[2] in names}

    def _names(self, file: Path) -> list[Path]:
        return [file, Path("/", *file.parts[2:])] if self.unmerged and file.parts[1:2] == ("usr",) else [file]


@dataclass(frozen=True)
class RemovalFacts:
    """Give the commands of one package manager to remove exactly the packages that are named, and its answers.

    Each pattern finds names, one a match, in the output of the command before it. ``changed`` finds all packages that
    the simulation touches in any way; ``simulated`` is what a simulation prints that ends with another code than 0,
    ``not_root`` what one prints that needs root. ``requirements`` prints name, provided and required names of all
    installed packages, in the form of dpkg's status. The first groups of ``size`` are name, number and unit.
    """

    inventory: tuple[str, ...]
    installed: re.Pattern[str]
    marks: tuple[str, ...]
    marked: re.Pattern[str]
    simulation: tuple[str, ...]
    changed: re.Pattern[str]
    size_query: tuple[str, ...]
    size: re.Pattern[str]
    command: tuple[str, ...]
    simulated: re.Pattern[str] | None = None
    not_root: re.Pattern[str] | None = None
    requirements: tuple[str, ...] = ()
    real: tuple[str, ...] = ()  # prints the packages that the name at its end means, if names need not be packages
    quiet: Mapping[str, str] = field(default_factory=dict)  # variables, without a terminal


EACH_LINE = re.compile(r"^(\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class ManagerFacts:
    """The facts about one package manager.

    ``name`` is used in rule files, the journal and messages. ``names`` is the grammar of package names: it excludes
    everything that the program would interpret as something other than one package to install (options, versions,
    patterns, groups, removals).

    ``commands`` install as root on a machine that cannot be queried, with names appended to the last; ``formerly`` is
    the program's former name, by the major releases that used it. ``errors`` matches the lines worth quoting from a
    failure; of ``troubles``, the kinds of failure, the first match applies.

    ``owner_query`` finds the package of a file, ``version_query`` prints name and version of the packages whose names
    follow. ``downloads_to`` is its download directory, ``download_only`` the option of its install command that
    installs nothing, ``cleanup`` the shell words that remove downloads from an image.
    ``removal`` is how it removes packages, if that is known.
    ``refuses_root`` is the message if root may not use it; ``stand_in_for`` is the package manager that it replaces
    on small images.
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
    download_only: str = ""
    cleanup: str = ""
    refuses_root: str | None = None
    stand_in_for: str | None = None
    removal: RemovalFacts | None = None

    @property
    def program(self) -> str:
        """Return the name of the install program for messages."""
        return self.commands[-1][0]

    def accepts(self, name: str) -> bool:
        """Return whether ``name`` may be passed to it as a package name."""
        return len(name) <= _LONGEST_NAME and self.names.fullmatch(name) is not None

    def checked(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the names without duplicates, in order. Raises PackageManagerError for an invalid package name."""
        for name in names:
            if not self.accepts(name):
                raise PackageManagerError(
                    f"not a package name for {self.name}: {name!r}",
                    hint="correct the rule that names it: accel-doctor rules lint",
                )
        return tuple(dict.fromkeys(names))

    def failure(self, output: str, lead: str, log: Path | None, mend: str = "") -> PackageManagerError | NetworkError:
        """Return the error for an output; ``mend`` is how to repair a half-finished installation.

        The first line of the message is ours, ``lead`` or that of the kind of trouble; the program's output follows.
        """
        if words := quoted(output, FULL_DISK):
            hint = f"free some disk space, {mend}{AGAIN}"
            return PackageManagerError(f"{self.program} ran out of disk space:\n{words}", log=log, hint=hint)
        for trouble in self.troubles:
            if words := quoted(output, trouble.words):
                words = (trouble.quote and quoted(output, trouble.quote)) or words
                error = trouble.error(f"{f'{self.program} {trouble.says}:' if trouble.says else lead}\n{words}")
                error.hint = trouble.hint
                if isinstance(error, PackageManagerError):
                    error.log = log
                return error
        words = quoted(output, self.errors) or last_words(output)
        next_step = f"{mend}{AGAIN}; what went wrong is in {log}" if mend else f"read {log}" if log else None
        return PackageManagerError(f"{lead}\n{words}", log=log, hint=next_step)
