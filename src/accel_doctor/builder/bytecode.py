"""Let builds use the bytecode that the standard library has already.

A build writes bytecode below a directory of its own (PYTHONPYCACHEPREFIX), and Python looks for all of it there, also
for that of the standard library: compiling it again takes longer than importing a backend.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from accel_doctor.model.machine import Interpreter

_CACHE = "__pycache__"
_NOT_FOR_BUILDS = frozenset(
    {_CACHE, "dist-packages", "ensurepip", "idlelib", "site-packages", "test", "tests", "tkinter", "turtledemo"}
)


@dataclass(frozen=True)
class LibraryBytecode:
    """Link the bytecode of the interpreter's standard library once in a run, below the directory ``work``."""

    interpreter: Interpreter
    work: Path
    _first: Lock = field(default_factory=Lock, init=False)

    @property
    def place(self) -> Path:
        """Return the directory that builds have to be able to read."""
        return self.work / "bytecode"

    def offer(self, prefix: Path) -> None:
        """Let Python find the bytecode below ``prefix``: it looks at the path of a module's directory, without
        ``__pycache__`` (https://docs.python.org/3/library/sys.html#sys.pycache_prefix), and checks it against the
        source, as ever."""
        with self._first:
            if not self.place.exists():
                self._link()
        for linked in self.place.iterdir():
            library = self.interpreter.base_prefix / linked.name.replace(":", "/")
            (place := prefix / str(library).lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(linked)

    def _link(self) -> None:
        _make(self.place)
        plain = re.compile(rf"[^.]+\.{re.escape(self.interpreter.cache_tag)}\.pyc").fullmatch  # not optimized
        for library in self.interpreter.base_prefix.glob(f"lib*/python{self.interpreter.feature_version}*"):
            linked = self.place / ":".join(library.parts[-2:])
            for cache in _caches(str(library)):
                place = f"{linked}{cache.removeprefix(str(library)).removesuffix(_CACHE)}"
                _make(Path(place))
                for name in filter(plain, os.listdir(cache)):
                    os.symlink(f"{cache}/{name}", f"{place}{name}")


def _make(directory: Path) -> None:
    """Make a directory that other users can enter: builds may run as one."""
    for one in [*reversed(directory.parents), directory]:
        if not one.exists():
            one.mkdir()
            one.chmod(0o755)


def _caches(library: str) -> Iterator[str]:
    for directory, below, _ in os.walk(library):
        if _CACHE in below:
            yield f"{directory}/{_CACHE}"
        below[:] = [one for one in below if one not in _NOT_FOR_BUILDS]
