"""Who ships a file on Debian and its kin, where apt-file and its lists are there: apt itself knows no files.

Output forms were read off apt-file 3.3. A search takes some seconds, a package's list half of one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from accel_doctor.fileindex import named_for_development
from accel_doctor.fileindex.contents import is_suitable, is_wanted
from accel_doctor.interfaces import Runner
from accel_doctor.model import Need, Provider
from accel_doctor.system.packages.facts import ManagerFacts
from accel_doctor.system.packages.questions import Questions, file_names, looked_into

_SOURCE = "apt-file search"
_FIELD = re.compile(r"(Package|Section): (?:[a-z-]+/)?(\S+)")
_DEVELOPMENT = frozenset({"devel", "libdevel"})


class AptFile:
    """Asks apt-file; it answers nothing where it is not installed or has fetched no lists."""

    def __init__(self, runner: Runner, names: ManagerFacts) -> None:
        """``names`` tells what the name of a package is."""
        self._questions = Questions(runner)
        self._names = names

    def providers(self, need: Need) -> tuple[Provider, ...]:
        """The packages that ship a file which meets a need."""
        places: dict[str, list[str]] = {}
        for file_name in file_names(need):
            for package, path in self._rows("search", "-x", "--", f"/{re.escape(file_name)}$"):
                if is_wanted(path) and is_suitable(package):
                    places.setdefault(package, []).append(path)
        if not places:
            return ()
        development = self._for_development(sorted(places))
        return looked_into(places, _SOURCE, self._files, lambda name, files: name in development)

    def _files(self, package: str) -> list[str]:
        return [path for name, path in self._rows("list", "-F", "--", package) if name == package]

    def _rows(self, *arguments: str) -> list[tuple[str, str]]:
        rows = (line.partition(": /") for line in self._questions.lines(("apt-file", *arguments)))
        return [(package, path) for package, slash, path in rows if slash and self._names.accepts(package)]

    def _for_development(self, packages: Sequence[str]) -> frozenset[str]:
        shown = self._questions.lines(("apt-cache", "show", "--no-all-versions", "--", *packages))
        sections: dict[str, str] = {}
        package = ""
        for found in filter(None, map(_FIELD.match, shown)):
            if found[1] == "Package":
                package = found[2]
            else:
                sections.setdefault(package, found[2])
        return frozenset(name for name in packages if named_for_development(name) or sections.get(name) in _DEVELOPMENT)
