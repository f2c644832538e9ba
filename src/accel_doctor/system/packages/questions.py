"""Query a package manager about needs, for a bounded time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from accel_doctor.fileindex import named_for_development
from accel_doctor.fileindex.contents import is_service
from accel_doctor.interfaces import Runner
from accel_doctor.model.cures import Provider
from accel_doctor.model.processes import Completed
from accel_doctor.system.packages.facts import ENGLISH

# The seconds that all queries of a run may take together: a first one may fetch lists of files.
_PATIENCE = 120.0
# The number of packages with a file of the same name that are inspected; more than that is a coincidence.
_MOST_LOOKED_INTO = 5
_MOST_LINES = 200_000


class Questions:
    """Run queries of a package manager that need no root, within a bound on their total time."""

    def __init__(self, runner: Runner, seconds: float = _PATIENCE) -> None:
        self._runner = runner
        self._left = seconds
        self.answered = True  # whether all queries of this run succeeded

    def ask(self, argv: Sequence[str]) -> Completed:
        """Run a query and return its answer; an empty one if the time is up or it timed out."""
        if self._left <= 0:
            return Completed(tuple(argv), 1, "")
        done = self._runner.capture(argv, environment=ENGLISH, timeout=self._left)
        self._left -= done.seconds
        return done if self._left > 0 else Completed(done.argv, 1, "")

    def lines(self, argv: Sequence[str]) -> list[str]:
        """Return the lines of an answer; none if the query failed."""
        done = self.ask(argv)
        self.answered = self.answered and done.returncode == 0
        return [] if done.returncode else done.output.splitlines()[:_MOST_LINES]


def worth_a_look(places: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the packages, given by name with what each provides, whose files are worth listing, most likely first."""

    def likeliest(name: str) -> tuple[bool, int, str]:
        return not named_for_development(name), min(place.count("/") for place in places[name]), name

    return sorted(places, key=likeliest)[:_MOST_LOOKED_INTO]


def described(
    places: Mapping[str, Sequence[str]], source: str, files: Mapping[str, Sequence[str]], development: Collection[str]
) -> tuple[Provider, ...]:
    """Return the providers for packages, given by name with what each provides, classified by their files.

    ``files`` are those of the inspected packages, without the leading slash; ``development`` are the development
    packages. A package whose files cannot be listed counts as a service, since that cannot be ruled out. So does
    one that was not inspected, which counts as a development package as well: it is a possible answer, but
    never the certain one.
    """
    providers: list[Provider] = []
    for name in (*files, *sorted(places.keys() - files.keys())):
        service = not files.get(name) or any(map(is_service, files[name]))
        to_build_with = name not in files or name in development
        providers += [Provider(name, place, source, to_build_with, service) for place in places[name]]
    return tuple(providers)
