"""Choose the packages for one need: by rules, by the release's file index, by the package manager, by relatives."""

from __future__ import annotations

import shlex
from dataclasses import replace

from accel_doctor.fileindex import FileIndex, Ranking, ReleaseIndexes, rank, rank_providers
from accel_doctor.fileindex.contents import covered_file
from accel_doctor.fileindex.paths import of_any_architecture
from accel_doctor.interfaces import PackageManager
from accel_doctor.model.cures import Confidence, PackageChoice
from accel_doctor.model.machine import Distribution, Interpreter
from accel_doctor.model.needs import Need, NeedKind, version_of
from accel_doctor.rulebook import Rulebook
from accel_doctor.wording import listed

_MOST_CONFIRMED = 20  # candidates to look up in the package lists


class PackageChooser:
    """Choose packages for one distribution, interpreter and package manager. Members raise IndexFileError."""

    def __init__(
        self,
        rulebook: Rulebook,
        distribution: Distribution,
        interpreter: Interpreter,
        package_manager: PackageManager,
        indexes: ReleaseIndexes,
    ) -> None:
        self._rulebook = rulebook
        self._distribution = distribution
        self._interpreter = interpreter
        self._package_manager = package_manager
        self._indexes = indexes
        self.told: dict[Need, Ranking] = {}  # the package manager's answers, by need
        self._denials: dict[Need, bool] = {}

    def choice(self, need: Need) -> PackageChoice | None:
        """Return the packages for a need here; only advice if it is known that none has it; None if nothing is known.

        An exact rule decides, then the index of this release, where the path leaves no doubt, then a rule for a
        pattern.
        """
        choice = self._choice(of_any_architecture(need))
        return replace(choice, need=need) if choice else None

    def _choice(self, need: Need) -> PackageChoice | None:
        ruled = self._rulebook.choice(need, self._distribution, self._interpreter)
        if not need.kind.curable_by_packages:
            return ruled
        if ruled is None:
            return self._found(need)
        if ruled.options and need.least_version:
            return self._new_enough(ruled, need.least_version)
        if not ruled.options:
            return ruled if ruled.advice else replace(ruled, advice=self._known_absence(need))
        return self._more_exact(ruled) if self._rulebook.is_general(need, self._distribution) else ruled

    def _new_enough(self, ruled: PackageChoice, wanted: tuple[int, ...]) -> PackageChoice:
        """Return the options whose first package is new enough, the last if versions are unknown; else why not."""
        versions = self._package_manager.versions([option[0] for option in ruled.options])
        if not versions:
            return replace(ruled, packages=ruled.options[-1], alternatives=())
        told = [(option, version_of(versions[option[0]])) for option in ruled.options if option[0] in versions]
        fitting = [option for option, version in told if version >= wanted]
        upstream = self._rulebook.advice(ruled.need, self._interpreter)
        if not fitting:
            has = listed([f"{option[0]} {'.'.join(map(str, version))}" for option, version in told])
            lead = f"{ruled.need.name.replace('-', ' ')} or newer is needed, {self._distribution} has {has}"
            return replace(ruled, packages=(), alternatives=(), advice="; ".join(filter(None, (lead, upstream))))
        return self._instead_of_older(replace(ruled, packages=fitting[0], alternatives=tuple(fitting[1:])))

    def _instead_of_older(self, choice: PackageChoice) -> PackageChoice:
        """Return the choice; only advice if installing it would remove what is there, such as an older version."""
        manager = self._package_manager
        if manager.installed(choice.packages) == frozenset(choice.packages):
            return choice
        simulation = manager.simulate(choice.packages)
        if simulation is None or simulation.objection is None:
            return choice
        command = shlex.join(manager.commands(choice.packages)[-1])
        advice = (
            f"{listed(choice.packages)} would do, but would {simulation.objection}: do that yourself with: {command}"
        )
        return replace(choice, packages=(), alternatives=(), advice=advice)

    def knows(self, need: Need) -> bool:
        """Return whether there is such a thing: the distribution has it, or another release, or no package could.

        Where no index tells, not even a relative's, any index may.
        """
        if not need.kind.curable_by_packages:
            return True
        choice = self.choice(need)
        if choice and (choice.packages or choice.confidence is Confidence.RULE):
            return True
        if self._rulebook.advice(need, self._interpreter) or self._elsewhere(need):
            return True
        other = None if self._indexes.own or self._indexes.nearest else self._indexes.newest_shipped
        return other is not None and rank(need, other).worth_naming

    def is_nowhere(self, need: Need, *, outside: bool = False) -> bool:
        """Return whether no package of this release has it, by the rules or by lists of all files.

        A header may come from anywhere: unless it surely comes from ``outside`` the source, only one of a library that
        the rules know (``rocksdb/*``) counts.
        """
        ruled = self._rulebook.package_rule(need, self._distribution)
        if need.kind is NeedKind.HEADER:
            of_known = ruled is not None and self._rulebook.is_general(need, self._distribution)
            return (of_known or outside) and self._proven_absence(need) is not None
        return not ruled.packages if ruled else self._proven_absence(need) is not None

    def advice(self, need: Need) -> str | None:
        """Return what to do about a need that :meth:`choice` knows nothing about."""
        upstream = self._rulebook.advice(need, self._interpreter)
        absence = self._proven_absence(need)
        if absence is None and upstream is None:
            hint = self._rulebook.search_hint(need, self._distribution)
            return f"no rule names a package for {need}; search with: {hint}" if hint else None
        return "; ".join(filter(None, (absence, upstream)))

    # --- what the lists of files say

    def _found(self, need: Need) -> PackageChoice | None:
        own = self._indexes.own
        indexed = self._ranked(rank(need, own)) if own else None
        found = indexed or self._ranked(self._asked(need)) or self._of_relatives(need)
        if found or not need.any_version:
            return found
        developed = self.choice(Need(NeedKind.LIBRARY, need.name.removeprefix("lib")))
        return replace(developed, need=need) if developed else None

    def _more_exact(self, ruled: PackageChoice) -> PackageChoice:
        """Return what has exactly this file in the index if no package of a rule for a pattern has it, else the rule's.

        A package without files in the index is not contradicted: it depends on others, such as the current version.
        """
        index = self._indexes.own or self._indexes.nearest
        ranking = rank(ruled.need, index) if index else None
        if index and all(index.package(name) for option in ruled.options for name in option):
            # The package is listed, and has other headers of that directory, perhaps of another version.
            absence = self._proven_absence(ruled.need) if self._indexes.own else None
            if absence:
                return replace(ruled, packages=(), alternatives=(), advice=absence)
        if index is None or ranking is None or not ranking.on_the_search_path:
            return ruled
        shipping = {candidate.package.name for candidate in ranking.candidates}
        options = ruled.options
        if any(shipping.intersection(option) or not all(map(index.package, option)) for option in options):
            return ruled
        return (self._ranked(ranking) if self._indexes.own else self._of_relatives(ruled.need)) or ruled

    def _asked(self, need: Need) -> Ranking:
        """Ask the package manager for providers, once per need: it takes seconds."""
        if need not in self.told:
            self.told[need] = rank_providers(need, self._package_manager.providers(need))
        return self.told[need]

    def _of_relatives(self, need: Need) -> PackageChoice | None:
        """Return what the nearest release with an index has, if this machine's package lists have it too.

        What they do not confirm is a guess; so is what only a release farther away has.
        """
        nearest = self._indexes.nearest
        if nearest is None:
            return None
        unconfirmed = rank(need, nearest)
        for index in (nearest, *self._indexes.older, *self._indexes.newer):
            ranking = rank(need, index)
            names = [candidate.package.name for candidate in ranking.candidates[:_MOST_CONFIRMED]]
            confirmed = ranking.limited_to(self._package_manager.listed(names) if names else ())
            if confirmed.worth_naming:
                return self._ranked(confirmed if index is nearest else confirmed.doubted)
        return self._ranked(unconfirmed.doubted)

    def _denied(self, need: Need) -> bool:
        if need not in self._denials:
            self._denials[need] = self._package_manager.denies(need)
        return self._denials[need]

    def _ranked(self, ranking: Ranking) -> PackageChoice | None:
        need = ranking.need
        manager = self._rulebook.manager(self._distribution)
        if manager is None or not ranking.candidates:
            return None
        if not ranking.worth_naming:
            names = ", ".join(candidate.package.name for candidate in ranking.candidates[:3])
            more = "" if len(ranking.candidates) <= 3 else f" and {len(ranking.candidates) - 3} more"
            advice = f"{names}{more} contain a file of that name; compare them with: accel-doctor why {need}"
            return PackageChoice(need, confidence=Confidence.GUESS, source=ranking.source, advice=advice)
        # Names reach a command line: check those from an index or a repository like those in rules.
        accepted = [
            name for name in (ranking.candidates[0].package.name, *ranking.equivalents) if manager.accepts(name)
        ]
        if not accepted:
            return None
        options = tuple((name,) for name in accepted)
        return PackageChoice(need, options[0], ranking.confidence, ranking.source, alternatives=options[1:])

    # --- what no package has

    def _known_absence(self, need: Need) -> str:
        lead = f"no package of {self._distribution} is known to have it"
        return "; ".join(filter(None, (lead, self._elsewhere(need), self._rulebook.advice(need, self._interpreter))))

    def _proven_absence(self, need: Need) -> str | None:
        """Return that no package has it, if the index of this release or the package manager lists all such files."""
        need = of_any_architecture(need)
        own, file = self._indexes.own, covered_file(need)
        if file is None or not (not rank(need, own).candidates if own else self._denied(need)):
            return None
        return "; ".join(filter(None, (f"no package of {self._distribution} has {file}", self._elsewhere(need))))

    def _elsewhere(self, need: Need) -> str | None:
        """Return which package of the next older and next newer release certainly has it, if this one is indexed."""
        if self._indexes.own is None:
            return None
        found = []
        for others in (self._indexes.older, self._indexes.newer):
            rankings = ((index, rank(need, index)) for index in others)
            sure = next(((index, ranking) for index, ranking in rankings if ranking.certain), None)
            if sure:
                found.append(f"{_named(sure[0])} has it in {sure[1].candidates[0].package.name}")
        return ", ".join(found) or None


def _named(index: FileIndex) -> str:
    return f"{index.release.id.capitalize()} {index.release.version}"
