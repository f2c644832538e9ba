"""Parse the text of one requirements file into logical lines; nothing nested, nothing looked up.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from accel_doctor.errors import UsageError
from accel_doctor.requirements.pip_option_table import FLAGS, PIP_OPTIONS, Kind, spelled_out

_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_COMMENT = re.compile(r"(^|\s+)#.*$")

FORMATS = tuple(option.key for option in PIP_OPTIONS if option.kind is Kind.FORMATS)

_HASH_ALGORITHMS = ("sha256", "sha384", "sha512")

# Options a line can have: their key, and whether they take a value. The last four are for files only.
_OPTIONS: Mapping[str, tuple[str, bool]] = {
    name: (option.key, option.kind not in FLAGS) for option in PIP_OPTIONS if option.in_files for name in option.names
} | {f"--{key}": (key, True) for key in ("all-releases", "only-final", "use-feature", "hash")}


@dataclass(frozen=True)
class Line:
    """One logical line: a requirement with its options, or options alone (``requirement`` empty)."""

    origin: str  # requirements.txt:3
    requirement: str
    options: tuple[tuple[str, str], ...]
    location: str = ""  # path or URL of its file
    constraint: bool = False  # whether that file is a constraints file

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of option ``name``, in order."""
        return tuple(value for option, value in self.options if option == name)

    @property
    def for_all_lines(self) -> Line:
        """Return the line with those options alone that, as in pip, hold for the whole request wherever they are."""
        kept = (*FORMATS, "all-releases", "only-final")
        return replace(self, requirement="", options=tuple(one for one in self.options if one[0] in kept))


def parse_lines(text: str, location: str, variables: Mapping[str, str]) -> Iterator[Line]:
    """Yield the logical lines of a file. Raises UsageError, with file and line, for a malformed one.

    ``variables`` replaces ``${NAME}``; unset names are left unchanged, as in pip.
    """
    for number, line in _joined(text):
        content = _COMMENT.sub("", line).strip()
        if content:
            expanded = _VARIABLE.sub(lambda match: variables.get(match[1]) or match[0], content)
            yield _parsed(expanded, f"{location}:{number}")


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines with their numbers, joining those that end in a backslash with the next."""
    first, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        comment = _COMMENT.match(line) is not None
        if line.endswith("\\") and not comment:
            first = first if parts else number
            parts.append(line.strip("\\"))
            continue
        if comment:
            line = f" {line}"  # a comment even right after a continued line
        yield (first, "".join([*parts, line])) if parts else (number, line)
        parts.clear()
    if parts:
        yield first, "".join(parts)


def _parsed(line: str, origin: str) -> Line:
    # The requirement is everything before the first word that begins with a dash: markers have quotes of their own,
    # which shell-like splitting would remove.
    requirement, rest = _cut(line)
    rest, marker = _without_marker(rest)
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise UsageError(f"{origin}: Could not split options: {rest}") from error
    options = tuple(_options(words, line, origin))
    if not marker:
        return Line(origin, requirement, options)
    if requirement:
        return Line(origin, f"{requirement} ; {marker}", options)
    if not any(name == "editable" for name, _ in options):
        raise UsageError(f"{origin}: Invalid requirement: {line}: a marker without a requirement")
    return Line(
        origin, "", tuple((name, f"{value} ; {marker}" if name == "editable" else value) for name, value in options)
    )


def _cut(text: str) -> tuple[str, str]:
    """Split before the first word that begins with a dash."""
    words = text.split(" ")
    cut = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    return " ".join(words[:cut]).strip(), " ".join(words[cut:])


def _without_marker(options: str) -> tuple[str, str]:
    """Split off a marker among the options, which pip drops without a word: ``-e . ; python_version > '3'``."""
    for semicolon in re.finditer(r"\s;", options):
        before = options[: semicolon.start()]
        with suppress(ValueError):  # inside of quotes
            shlex.split(before)
            marker, after = _cut(options[semicolon.end() :].strip())
            return f"{before} {after}".strip(), marker
    return options, ""


def _options(words: list[str], line: str, origin: str) -> Iterator[tuple[str, str]]:
    while words:
        complaint: str | None
        word = words.pop(0)
        if word == "-" or (word == "--" and not words):
            continue
        flag, value = _split(word)
        fitting = spelled_out(flag, _OPTIONS)
        name, takes_value = _OPTIONS[fitting[0]] if len(fitting) == 1 else ("", False)
        if len(fitting) > 1:
            complaint = f"ambiguous option: {flag} ({', '.join(fitting)}?)"
        elif not name:
            complaint = (
                f"no such option: {flag}"
                if flag.startswith("-") and word != "--"
                else f"unexpected {word!r} after the options"
            )
        elif takes_value and value is None and not words:
            complaint = f"{flag} option requires 1 argument"
        elif not takes_value and value is not None:
            complaint = f"{flag} option does not take a value"
        else:
            value = words.pop(0) if takes_value and value is None else value
            complaint = _complaint(name, value or "")
        if complaint:
            raise UsageError(f"{origin}: Invalid requirement: {line}: {complaint}")
        yield name, value or ""


def _split(word: str) -> tuple[str, str | None]:
    """Split ``--name=value`` and ``-rvalue``; the value is None if the word has none."""
    if word.startswith("--"):
        flag, equals, value = word.partition("=")
        return flag, value if equals else None
    return word[:2], word[2:] or None


def _complaint(name: str, value: str) -> str | None:
    algorithm, colon, _ = value.partition(":")
    if name == "hash" and not colon:
        return "Arguments to --hash must be a hash name followed by a value, like --hash=sha256:abcde..."
    if name == "hash" and algorithm not in _HASH_ALGORITHMS:
        return f"Allowed hash algorithms for --hash are {', '.join(_HASH_ALGORITHMS)}."
    if name == "config-settings" and "=" not in value:
        return "Arguments to --config-settings must be of the form KEY=VAL"
    return None
