"""Hold the files of a source distribution, and what they say about needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from posixpath import basename, dirname, join, normpath
from typing import NamedTuple

from accel_doctor.model.needs import NeedKind

_LONGEST_QUOTE = 100


@dataclass(frozen=True)
class SourceTree:
    """The text of the files that may name needs, by path, and the paths of all files; ``python`` is the version that
    the build targets, such as ``(3, 13)``."""

    texts: Mapping[str, str]
    paths: frozenset[str]
    python: tuple[int, int] | None = None
    cut: frozenset[str] = frozenset()  # the paths of files whose text is only a beginning

    def beside(self, path: str, name: str) -> str:
        """Return the path of ``name``, written in the file ``path``."""
        return normpath(join(dirname(path), name))

    def ships(self, name: str) -> bool:
        """Return whether the source has a file of that name, or a template of one, whatever its directory."""
        return basename(name) in self._base_names

    def is_named_in_scripts(self, name: str) -> bool:
        """Return whether a script names a file, which it may write."""
        return any(name in text for path, text in self.texts.items() if path.endswith(".py"))

    def has_module(self, name: str) -> bool:
        """Return whether the source has a Python module of that name where its setup script finds it."""
        path = name.replace(".", "/")
        return f"{path}.py" in self.paths or f"{path}/__init__.py" in self.paths

    def bundles(self, library: str) -> bool:
        """Return whether the source seems to have a copy of a library: a directory of that name with C files, which is
        no Python package."""
        return library.lower().removeprefix("lib") in self._bundled

    @cached_property
    def _base_names(self) -> frozenset[str]:
        return frozenset(basename(path).removesuffix(".in") for path in self.paths)

    @cached_property
    def _bundled(self) -> frozenset[str]:
        directories: set[str] = set()
        for path in self.paths:
            above = dirname(path)
            while above and path.endswith((".h", ".hpp", "configure.ac")) and above not in directories:
                directories.add(above)
                above = dirname(above)
        names = [basename(one) for one in directories if f"{one}/__init__.py" not in self.paths]
        return frozenset(re.sub(r"^lib|[-_]?v?\d[\d.]*$", "", name.lower()) for name in names)


class Mention(NamedTuple):
    """A need as a file names it: a kind, a name, and the place. The name is not checked yet."""

    kind: NeedKind
    name: str
    path: str
    line: int
    text: str
    ends_without: bool = False  # nothing else will do
    outside: bool = False  # and the source does not make it

    @property
    def why(self) -> str:
        """Return the evidence: ``meson.build:12: dependency('glib-2.0')``."""
        text = " ".join(self.text.split())
        text = text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…"
        return f"{self.path}:{self.line}: {text}"


def both(left: bool | None, right: bool | None) -> bool | None:
    """Return ``left and right``; None where that is unknown."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def either(left: bool | None, right: bool | None) -> bool | None:
    """Return ``left or right``; None where that is unknown."""
    if left is True or right is True:
        return True
    return None if left is None or right is None else False


def negated(value: bool | None) -> bool | None:
    """Return ``not value``; None where that is unknown."""
    return None if value is None else not value


class Branches:
    """The nested conditional blocks around a line: whether it is certain that the build gets there."""

    def __init__(self) -> None:
        self._open: list[tuple[bool | None, bool | None]] = []  # of each block: this branch taken, one of the former

    @property
    def taken(self) -> bool | None:
        """Return True if this line is certainly reached, False if certainly not."""
        result: bool | None = True
        for here, _ in self._open:
            result = both(result, here)
        return result

    def begin(self, condition: bool | None) -> None:
        """Open a block."""
        self._open.append((condition, condition))

    def turn(self, condition: bool | None = True) -> None:
        """Begin the next branch of the innermost block: ``elif``, or ``else`` without a condition."""
        if self._open:
            _, before = self._open[-1]
            self._open[-1] = (both(negated(before), condition), either(before, condition))

    def end(self) -> None:
        """Close the innermost block."""
        if self._open:
            self._open.pop()
