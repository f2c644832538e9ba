"""Symptoms: the messages by which tools report missing dependencies, on all distributions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, cached_property

from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.rulebook.cure_reading import CureOption
from accel_doctor.rulebook.pattern_cost import MOST_STEPS, most_steps

MAXIMUM_NAMES = 40  # in one message


class SymptomRole(str, Enum):
    """The meaning of a message for the build.

    FATAL stops it. PROBE is a test that may fail harmlessly: a cause only when a FATAL that refers to it follows. HINT
    is prose, such as installation advice: a cause only if a failed build shows no other. ECHO is a consequence of
    another failure, or a wrapper's line. CLUE is a precise message that may be harmless: a cause if a failed command,
    whatever it builds, shows no other. NOISE is printed by builds that succeed too, whatever its words. OPTIONAL says
    that a build goes on without an extension module; what it lacked is in the lines around.
    """

    FATAL = "fatal"
    PROBE = "probe"
    HINT = "hint"
    ECHO = "echo"
    CLUE = "clue"
    NOISE = "noise"
    OPTIONAL = "optional"


@dataclass(frozen=True)
class Sample:
    """A piece of a real log, and the needs that a symptom must find in it, in order."""

    log: str
    needs: tuple[Need, ...]


@dataclass(frozen=True)
class Aliases:
    """The needs that names in logs stand for: ``command:gcc`` for ``compiler:c``, and some for no need.

    Keys may contain ``*``; an exact key takes precedence over one with a star, a longer one over a shorter.
    """

    entries: Mapping[tuple[NeedKind, str], tuple[Need, ...]] = field(default_factory=dict)

    def resolve(self, kind: NeedKind, name: str) -> tuple[Need, ...] | None:
        """Return the needs that ``name`` stands for, or None where no alias covers it."""
        exact = self.entries.get((kind, name))
        if exact is not None:
            return exact
        globs, any_of_them = self._globs.get(kind, ((), None))
        if any_of_them is None or not any_of_them.fullmatch(name):
            return None
        return self.entries[kind, max((glob for glob in globs if _pattern(glob).fullmatch(name)), key=len)]

    @cached_property
    def _globs(self) -> Mapping[NeedKind, tuple[Sequence[str], re.Pattern[str]]]:
        globs: dict[NeedKind, list[str]] = {}
        for kind, key in self.entries:
            if "*" in key:
                globs.setdefault(kind, []).append(key)
        return {kind: (keys, re.compile("|".join(map(_written, keys)))) for kind, keys in globs.items()}


def _written(glob: str) -> str:
    return "[^\n]*".join(map(re.escape, glob.split("*")))


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(_written(glob))


@dataclass(frozen=True)
class Symptom:
    """A message. Every line it matches contains one of the strings in ``contains``, so that most lines cost one search;
    the group ``name`` of a pattern is the missing thing, ``names`` a list of them."""

    id: str
    role: SymptomRole
    contains: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    kind: NeedKind | None = None
    needs: tuple[Need, ...] = ()
    names: Mapping[str, tuple[Need, ...]] = field(default_factory=dict)
    form: str = "{}"  # the missing thing's name, made of the captured one
    tool: str | None = None
    explained_by: tuple[str, ...] = ()
    match: tuple[Sample, ...] = ()
    miss: tuple[str, ...] = ()
    source: str = ""
    aliases: Aliases = field(default_factory=Aliases, repr=False)

    def read(self, line: str) -> tuple[Need, ...] | None:
        """Return the needs that a line shows; None if it does not match. A line may match and show none: a wrapper's
        line, or a name without a need. A symptom that knows only certain ``names`` matches no other."""
        for text in self.contains:
            if text in line:
                break
        else:
            return None
        if self.role is SymptomRole.HINT:
            return self._told_by(line)
        for search in self._searches:
            found = search(line)
            if found and ((needs := self._needs_in(found)) or self.kind or not found.re.groupindex):
                return tuple(dict.fromkeys(needs))
        return None

    def _told_by(self, prose: str) -> tuple[Need, ...] | None:
        """Return the needs in a sentence: those of the first match whose name can be missing."""
        for pattern in self.patterns:
            for found in pattern.finditer(prose):
                needs = tuple(dict.fromkeys(self._needs_in(found)))
                if needs:
                    return needs
        return None

    @cached_property
    def _searches(self) -> Sequence[Callable[[str], re.Match[str] | None]]:
        # The regular expression engine would try anchored patterns at every position of the line.
        return [pattern.match if is_anchored(pattern.pattern) else pattern.search for pattern in self.patterns]

    def _needs_in(self, found: re.Match[str]) -> list[Need]:
        groups = found.re.groupindex
        name = found["name"] if "name" in groups else None
        captured = [name] if name else split_names(found["names"] or "") if "names" in groups else ()
        result: list[Need] = []
        for name in captured:
            result.extend(self._needs_of(name))
        return [*result, *self.needs]

    def _needs_of(self, captured: str) -> tuple[Need, ...]:
        if self.kind is None:
            return self.names.get(captured, ())
        name = _trimmed(self.kind, captured)
        if name is None:
            return ()
        if self.role is SymptomRole.HINT and self.kind is NeedKind.LIBRARY:
            name = re.sub("^lib(?!rar)|-dev(?:el)?$", "", name.lower()).rstrip(".-")  # prose says LibFoo
            if _NO_LIBRARY.fullmatch(name):
                return ()
        name = self.form.replace("{}", name)
        known = self.names.get(name)
        if known is None:
            known = self.aliases.resolve(self.kind, name)
        if known is not None:
            return known
        try:
            return (Need(self.kind, name),)
        except ValueError:  # an sdist may print anything; this is not a name
            return ()


@dataclass(frozen=True)
class SymptomFiles:
    """``symptoms.yaml``, all layers merged."""

    symptoms: tuple[Symptom, ...]
    advice: Mapping[tuple[NeedKind, str], str]
    cures: Mapping[tuple[NeedKind, str], tuple[CureOption, ...]]
    aliases: Aliases


# Variables of CMake find modules: only <package>_FOUND stands for a package (cmake-developer(7)).
_FIND_VARIABLE = re.compile(r"\w+_(?:LIBRARY|LIBRARIES|INCLUDE_DIRS?|EXECUTABLE|VERSION|DIR)")
_NO_LIBRARY = re.compile(r".*(?:error|exception|warning)|.*\.[a-z].*")  # the source of the message, or a file
_VERSION_BOUND = re.compile(r"[<>!=]=?\s*[0-9][^\s,;]*")


def split_names(text: str) -> list[str]:
    """Return the names in a list printed by a tool: ``a >= 1 b``, ``a;b``, ``- a>=2 - b``; drop version bounds."""
    words = re.split(r"[\s,;|]+", _VERSION_BOUND.sub(" ", text))
    return [word.strip("'\"`") for word in words if word.strip("-'\"`")][:MAXIMUM_NAMES]


def _trimmed(kind: NeedKind, name: str) -> str | None:
    """Return the name without parts of the message or the machine; None for a file of the source itself."""
    name = name.strip().replace("\\", "/")
    if name.startswith(("./", "../")):
        return None
    if kind.facts.base_only:
        return name.rpartition("/")[2] or None
    if kind is NeedKind.HEADER:
        for directory in ("/usr/local/include/", "/usr/include/"):
            if name.startswith(directory):
                return name[len(directory) :]
    if kind is NeedKind.CMAKE:
        return None if _FIND_VARIABLE.fullmatch(name) else name.removesuffix("_FOUND") or None
    return name.lstrip("/") if kind is NeedKind.FILE else name


# A pattern with escaped characters and character classes blanked out.
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?[^\]]*\]")
_NOT_IN_RE2 = (
    (re.compile(r"\(\?<?[=!]"), "lookaround"),
    (re.compile(r"\(\?P="), "a backreference"),
    (re.compile(r"\(\?>"), "an atomic group"),
    (re.compile(r"\(\?\("), "a conditional"),
    (re.compile(r"[*+?}]\+"), "a possessive repeat"),
)


def complaint_about(pattern: str, *, measured: bool = False) -> str | None:
    """Return the reason for rejecting a pattern, or None. ``measured`` are those whose cost tests bound."""
    if re.search(r"(?<!\\)(?:\\\\)*\\[1-9]", pattern):
        return "uses a backreference, which RE2 does not support"
    if re.search(r"(?<!\\)(?:\\\\)*\\Z", pattern):
        return r"uses \Z, which RE2 does not support: write $"
    bare = _CLASS.sub("C", _ESCAPED.sub("E", pattern))
    for found, name in _NOT_IN_RE2:
        if found.search(bare):
            return f"uses {name}, which RE2 does not support"
    try:
        if not measured and most_steps(pattern) > MOST_STEPS:
            return "takes too long on a hostile line: its repeats overlap, as in (a+)+ or .*a.*b; write [^:]*:"
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"not a valid regular expression: {error}"
    return None


def is_anchored(pattern: str) -> bool:
    """Return whether a pattern can only match at the beginning of a line."""
    if not pattern.startswith("^"):
        return False
    depth = 0
    for character in _CLASS.sub("C", _ESCAPED.sub("E", pattern)):
        depth += (character == "(") - (character == ")")
        if character == "|" and not depth:
            return False
    return True
