"""Ask a package manager about needs, for a bounded time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from accel_doctor.fileindex import named_for_development
from accel_doctor.fileindex.contents import is_service
from accel_doctor.interfaces import Completed, Runner
from accel_doctor.model.cures import Provider
from accel_doctor.system.packages.facts import ENGLISH

# As many seconds may all questions of a run take together: a first one may fetch lists of files.
_PATIENCE = 120.0
# So many packages that have a file of a name are looked into; a name that more have is a coincidence.
_MOST_LOOKED_INTO = 5
_MOST_LINES = 200_000


class Questions:
    """Ask a package manager what it tells everybody, within a bound on the time that all answers take."""

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


def worth_a_look(places: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the packages, given by name with what each provides, whose files are worth listing, likeliest first."""

    def likeliest(name: str) -> tuple[bool, int, str]:
        return not named_for_development(name), min(place.count("/") for place in places[name]), name

    return sorted(places, key=likeliest)[:_MOST_LOOKED_INTO]


def described(
    places: Mapping[str, Sequence[str]], source: str, files: Mapping[str, Sequence[str]], development: Collection[str]
) -> tuple[Provider, ...]:
    """Return packages, given by name with what each provides, with what their files say of them.

    ``files`` are those of the packages that were looked into, without the first slash; ``development`` the packages
    to build with. A package of which nothing can be listed counts as a service: nobody knows that it is none. So does
    one that was not looked into, which counts as one to build with as well: it is among those that may be meant, and
    never the sure one.
    """
    providers: list[Provider] = []
    for name in (*files, *sorted(places.keys() - files.keys())):
        service = not files.get(name) or any(map(is_service, files[name]))
        to_build_with = name not in files or name in development
        providers += [Provider(name, place, source, to_build_with, service) for place in places[name]]
    return tuple(providers)
