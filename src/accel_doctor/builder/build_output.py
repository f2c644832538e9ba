"""Read from the output of a build what it does now, and how far it is. The output may be hostile."""

from __future__ import annotations

import re

from accel_doctor.interfaces import Reporter
from accel_doctor.model.builds import Amount, Source

# How the next phase of a build is announced: by us, distutils commands, CMake, meson, cargo.
_PHASES = (
    ("Installing build requirements", "build requirements"),
    ("Getting requirements to build wheel", "build requirements"),
    ("Fetching the crates", "crates"),
    ("Building wheel", "build"),
    ("running build_ext", "compile"),
    ("running build_clib", "compile"),
    ("-- Configuring done", "compile"),
    ("Found ninja", "compile"),
    ("Compiling ", "compile"),
    ("creating build/bdist", "pack"),
    ("running install_lib", "pack"),
)
_LONGEST = 1000  # characters of a line that are looked at
_STEPS = re.compile(r"\s{0,8}[\[(] {0,6}(\d{1,6})(?:/| of ) {0,6}(\d{1,6}) {0,6}[\])]")  # ninja, Cython, GHC
_PERCENT = re.compile(r"\s{0,8}\[ {0,3}(\d{1,3})%\]")  # make, as CMake writes it
_CRATE = re.compile(r"\s{0,16}Compiling \S+ v\d")  # cargo
_FILE = re.compile(r"\s{0,16}(?:CC|CXX|FC|AS)\s+\S+\.l?o\b|.* -c .* -o |.* -o \S+ .*-c ")  # compilers, and make V=0
_COMPILING = "compile"


class BuildOutput:
    """Report the phases and the progress of one build as its output announces them."""

    def __init__(self, source: Source, reporter: Reporter) -> None:
        self._source = source
        self._reporter = reporter
        self._phase = ""
        self._counted = {"crate": 0, "file": 0}

    def hear(self, line: str) -> None:
        """Take the next line."""
        line = line[:_LONGEST]
        text = line.strip()
        if phase := next((phase for opening, phase in _PHASES if text.startswith(opening)), None):
            self._enter(phase)
        if amount := self._amount(line):
            self._enter(_COMPILING)
            self._reporter.build_progress(self._source, amount)

    def _enter(self, phase: str) -> None:
        if phase != self._phase:
            self._phase = phase
            self._reporter.build_phase(self._source, phase)

    def _amount(self, line: str) -> Amount | None:
        if found := _STEPS.match(line):
            done, total = int(found[1]), int(found[2])
            return Amount(done, total) if 0 < total >= done else None
        if (found := _PERCENT.match(line)) and int(found[1]) <= 100:
            return Amount(int(found[1]), 100, "%")
        if _CRATE.match(line):
            return self._one_more("crate")
        return self._one_more("file") if _FILE.match(line) else None

    def _one_more(self, unit: str) -> Amount:
        self._counted[unit] += 1
        return Amount(self._counted[unit], None, unit)
