"""What a package manager may be asked about a need, and for how long.

A need's name comes from build output, and here it becomes an argument: only what is plainly a name of that kind does.
None can be an option, a pattern, or a path outside the directories that builds look in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from accel_doctor.fileindex import named_for_development
from accel_doctor.fileindex.contents import is_service
from accel_doctor.interfaces import Completed, Runner
from accel_doctor.model import Need, NeedKind, Provider
from accel_doctor.system.packages.facts import ENGLISH

# As many seconds may all questions of a run take together: a first one may fetch lists of files.
_PATIENCE = 120.0
# So many packages that have a file of a name are looked into; a name that more have is a coincidence.
_MOST_LOOKED_INTO = 5
_MOST_LINES = 200_000

_PART = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
_PLAIN = re.compile(_PART)
_INNER = re.compile(rf"{_PART}(?:/{_PART})*")
_ANCHORED = re.compile(rf"usr/(?:include|lib|lib64|share|bin)/{_PART}(?:/{_PART})*")


class Questions:
    """Asks a package manager what it tells everybody, within a bound on the time that all answers take."""

    def __init__(self, runner: Runner, seconds: float = _PATIENCE) -> None:
        self._runner = runner
        self._left = seconds

    def ask(self, argv: Sequence[str]) -> Completed:
        """Return the answer; an empty one once the time is up, or where it timed out."""
        if self._left <= 0:
            return Completed(tuple(argv), 1, "")
        done = self._runner.capture(argv, environment=ENGLISH, timeout=self._left)
        self._left -= done.seconds
        return done if self._left > 0 else Completed(done.argv, 1, "")

    def lines(self, argv: Sequence[str]) -> list[str]:
        """Return the lines of an answer; none where it ended in an error."""
        done = self.ask(argv)
        return [] if done.returncode else done.output.splitlines()[:_MOST_LINES]


def capabilities(need: Need) -> tuple[str, ...]:
    """Return the names under which RPM packages provide a need, likeliest first; none for what is only a file."""
    name = need.name
    if need.kind is NeedKind.PKGCONFIG:
        names = [f"pkgconfig({name})"]
    elif need.kind is NeedKind.CMAKE:
        names = [f"cmake({name})", f"cmake({name.lower()})"]
    elif need.kind is NeedKind.SONAME:
        names = [f"{name}()(64bit)", name]
    elif need.kind is NeedKind.LIBRARY:
        names = [f"pkgconfig({name})", f"pkgconfig(lib{name})"]
    else:
        names = []
    return tuple(dict.fromkeys(names)) if _PLAIN.fullmatch(name) else ()


def paths(need: Need) -> tuple[str, ...]:
    """Return where a file that meets a need would be, the likeliest first; the ``*`` in one is ours."""
    name = need.name
    if not _grammar(need.kind).fullmatch(name):
        return ()
    if need.kind is NeedKind.HEADER:
        return (f"/usr/include/{name}", f"/usr/include/*/{name}")
    if need.kind is NeedKind.LIBRARY:
        return (f"/usr/lib64/lib{name}.so", f"/usr/lib/lib{name}.so")
    if need.kind is NeedKind.COMMAND:
        return (f"/usr/bin/{name}",)
    return (f"/{name}",) if need.kind is NeedKind.FILE else ()


def file_names(need: Need) -> tuple[str, ...]:
    """Return what a file that meets a need would be called, without its directories."""
    name = need.name
    if not _grammar(need.kind).fullmatch(name):
        return ()
    match need.kind:
        case NeedKind.HEADER | NeedKind.FILE:
            return (name.rpartition("/")[2],)
        case NeedKind.COMMAND | NeedKind.SONAME:
            return (name,)
        case NeedKind.LIBRARY:
            return (f"lib{name}.so",)
        case NeedKind.PKGCONFIG:
            return (f"{name}.pc",)
        case NeedKind.CMAKE:
            return tuple(dict.fromkeys((f"{name}Config.cmake", f"{name.lower()}-config.cmake")))
        case (
            NeedKind.COMPILER
            | NeedKind.PYTHON_MODULE
            | NeedKind.BUILD_CONSTRAINT
            | NeedKind.RESOURCE
            | NeedKind.NETWORK
        ):
            return ()


def _grammar(kind: NeedKind) -> re.Pattern[str]:
    """Return what a name of this kind must look like before a package manager is asked about it."""
    return {NeedKind.HEADER: _INNER, NeedKind.FILE: _ANCHORED}.get(kind, _PLAIN)


def looked_into(
    places: Mapping[str, Sequence[str]],
    source: str,
    files_of: Callable[[str], Sequence[str]],
    is_development: Callable[[str, Sequence[str]], bool],
) -> tuple[Provider, ...]:
    """Return packages, given by name with what each provides, with what their files say of them.

    ``files_of`` lists a package's files without the first slash. A package of which nothing can be listed counts as a
    service: nobody knows that it is none. So does one of too many, which counts as one to build with as well: it is
    among those that may be meant, and never the sure one.
    """

    def likeliest(name: str) -> tuple[bool, int, str]:
        return not named_for_development(name), min(place.count("/") for place in places[name]), name

    providers: list[Provider] = []
    for number, name in enumerate(sorted(places, key=likeliest)):
        files = files_of(name) if number < _MOST_LOOKED_INTO else ()
        service = not files or any(map(is_service, files))
        development = number >= _MOST_LOOKED_INTO or is_development(name, files)
        providers += [Provider(name, place, source, development, service) for place in places[name]]
    return tuple(providers)
