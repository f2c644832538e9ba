"""Turn needs into a plan: which packages, in which order of preference, and advice where no package helps."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from packaging.requirements import InvalidRequirement, Requirement

from accel_doctor.diagnosis.choosing import PackageChooser
from accel_doctor.errors import PackageManagerError
from accel_doctor.fileindex import NO_INDEXES, Ranking, ReleaseIndexes
from accel_doctor.interfaces import PackageManager
from accel_doctor.model.cures import BuildChanges, BuildCure, PackageChoice, Reason, SystemPackage
from accel_doctor.model.machine import Distribution, Interpreter
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.model.plans import Plan, Unmet
from accel_doctor.rulebook import Repository, Rulebook
from accel_doctor.wording import listed

_Set = tuple[str, ...]
_OTHER_LIBRARY = {Need(NeedKind.BUILD_CONSTRAINT, name) for name in ("library-too-old", "library-version")}


class RuleAdviser:
    """Advise by rules, then by the distribution's file index, then by the package manager's own look-up, for one
    interpreter and package manager."""

    def __init__(
        self,
        rulebook: Rulebook,
        distribution: Distribution,
        interpreter: Interpreter,
        package_manager: PackageManager,
        indexes: ReleaseIndexes = NO_INDEXES,
        enabling: Callable[[Sequence[Repository]], Sequence[Sequence[str]]] = lambda repositories: (),
    ) -> None:
        """Set up the adviser; ``enabling`` returns the commands that enable the repositories a package needs."""
        self._enabling = enabling
        self._rulebook = rulebook
        self._distribution = distribution
        self._interpreter = interpreter
        self._package_manager = package_manager
        self._chooser = PackageChooser(rulebook, distribution, interpreter, package_manager, indexes)

    def known_needs(self, package: str) -> tuple[Need, ...]:
        return self._rulebook.known_needs(package)

    def installed_for(self, package: str) -> tuple[str, ...]:
        book, here = self._rulebook, (self._distribution, self._interpreter)
        known = [book.choice(need, *here) for need in self.known_needs(package)]
        names = sorted({name for choice in known if choice for option in choice.options for name in option})
        return tuple(sorted(self._package_manager.installed(names))) if names else ()

    def is_sdist_only(self, package: str) -> bool:
        return self._rulebook.is_sdist_only(package)

    def companions(self, need: Need) -> tuple[Need, ...]:
        return self._rulebook.companions(need)

    def plan(self, reasons: Sequence[Reason], helps: Callable[[BuildCure], bool] | None = None) -> Plan:
        plan = self._package_plan(reasons)
        cures: dict[object, BuildCure] = {}
        unmet: list[Unmet] = []
        for one in plan.unmet:
            options = self._options(one.reason)
            chosen = next(filter(helps, options or ()), None)
            if chosen:
                cures.setdefault(chosen.identity, chosen)
            need, outside = one.reason.need, one.reason.outside
            nowhere = need.kind.curable_by_packages and self._chooser.is_nowhere(need)
            of_a_vendor = outside and self._chooser.is_nowhere(need, outside=True)  # older releases include it too
            final = options == [] or (one.reason.ends_without and (nowhere or of_a_vendor))
            of_libraries = nowhere or _is_of_another_version(one) or need.older_dependency is not None
            unmet.append(replace(one, final=final, of_libraries=of_libraries))
        return replace(plan, cures=(*plan.packages, *cures.values()), unmet=tuple(unmet))

    def _package_plan(self, reasons: Sequence[Reason]) -> Plan:
        plan = self._plan(reasons)
        # The packages that meet these are installed: the tool that builds find them with may be missing.
        unfound = [unmet.reason for unmet in plan.unmet if unmet.installed and unmet.reason.need.found_with]
        finders = [replace(reason, need=finder) for reason in unfound if (finder := reason.need.found_with)]
        packages = self._plan(finders).packages if finders else ()
        helped = list(dict.fromkeys(reason for package in packages for reason in package.reasons))
        if not helped:
            return plan
        answered = {reason for reason, finder in zip(unfound, finders, strict=True) if finder in helped}
        return self._plan([*(reason for reason in reasons if reason not in answered), *helped])

    def _plan(self, reasons: Sequence[Reason]) -> Plan:
        choices = {need: self.choice(need) for need in dict.fromkeys(reason.need for reason in reasons)}
        shelf = _Shelf(self._package_manager, [choice for choice in choices.values() if choice])
        chosen = shelf.choose([choice for choice in choices.values() if choice and choice.packages])
        packages: dict[str, SystemPackage] = {}
        unmet: list[Unmet] = []
        for reason in reasons:
            choice = choices[reason.need]
            selected = chosen.get(reason.need)
            missing = [name for name in selected or () if name not in shelf.installed]
            if choice is None or not choice.packages:
                unmet.append(Unmet(reason, choice.advice if choice else self._chooser.advice(reason.need)))
            elif selected is None:
                unmet.append(Unmet(reason, self._unavailable_advice(choice)))
            elif missing:
                for name in missing:
                    others = tuple(option for option in choice.options if option != selected)
                    known = packages.get(name) or SystemPackage(
                        name, (), choice.confidence, choice.source, others, choice.advice
                    )
                    packages[name] = replace(known, reasons=tuple(dict.fromkeys((*known.reasons, reason))))
            elif reason.finding:
                unmet.append(Unmet(reason, _installed_advice(selected, choice), installed=True))
        names = tuple(sorted(packages))
        commands = self._package_manager.commands(names) if names else ()
        chosen_packages = tuple(packages[name] for name in names)
        unmet = _without_other_names(unmet, chosen_packages)
        return Plan(chosen_packages, tuple(unmet), commands, self._package_manager.needs_root)

    def _options(self, reason: Reason) -> list[BuildCure] | None:
        """Return the cures without packages that can work on this Python, in the order to try; None without a rule."""
        options = self._rulebook.cures(reason.need)
        if options is None:
            constraint = _build_constraint(reason.need)
            return [BuildCure(reason, BuildChanges(constraints=(constraint,)))] if constraint else None
        version = self._interpreter.feature_version
        return [option.cure(reason) for option in options if option.works_on(version)]

    def choice(self, need: Need) -> PackageChoice | None:
        """Return the packages for a need here, by rules, else the file index, else the package manager; or None."""
        return self._chooser.choice(need)

    def knows(self, need: Need) -> bool:
        """Return whether the distribution, or one like it, has such a thing, or no package could have it."""
        return self._chooser.knows(need)

    @property
    def told(self) -> Mapping[Need, Ranking]:
        """Return the package manager's answers so far, by need."""
        return self._chooser.told

    def _unavailable_advice(self, choice: PackageChoice) -> str:
        advice = f"{listed(choice.packages)} would provide it, but {self._distribution} has no such package"
        repositories = [self._rulebook.repository(name, self._distribution) for name in choice.packages]
        needed = [repository for repository in dict.fromkeys(repositories) if repository]
        if needed and (commands := self._enabling(needed)):
            where = listed([repository.value for repository in needed])
            shown = " && ".join(shlex.join(command) for command in commands)
            advice = f"{advice} yet: it is in {where}: enable it as root with: {shown}"
        return f"{advice}; {choice.advice}" if choice.advice else advice


def _is_of_another_version(one: Unmet) -> bool:
    """Return whether a library that is installed seems to be of another version than the source is written for."""
    found_by_version = one.reason.need.kind in (NeedKind.PKGCONFIG, NeedKind.CMAKE)
    return one.reason.need in _OTHER_LIBRARY or (one.installed and found_by_version)


def _without_other_names(unmet: Sequence[Unmet], packages: Sequence[SystemPackage]) -> list[Unmet]:
    """Leave out the libraries that a message names beside one that a package provides: programs try the names that
    a library has elsewhere too."""
    reasons = [reason for package in packages for reason in package.reasons if reason.need.kind is NeedKind.SONAME]
    named = {(reason.package, reason.finding.line) for reason in reasons if reason.finding}
    return [
        one
        for one in unmet
        if one.installed
        or one.reason.need.kind is not NeedKind.SONAME
        or one.reason.finding is None
        or (one.reason.package, one.reason.finding.line) not in named
    ]


def _build_constraint(need: Need) -> str | None:
    if need.kind is not NeedKind.BUILD_CONSTRAINT:
        return None
    try:
        requirement = Requirement(need.name)
    except InvalidRequirement:
        return None
    return f"{requirement.name}{requirement.specifier}" if requirement.specifier else None  # constraints have no extras


def _installed_advice(selected: _Set, choice: PackageChoice) -> str:
    verb = "is" if len(selected) == 1 else "are"
    advice = (
        f"{listed(selected)} {verb} installed, but the build does not find it: "
        "check where it searches, and which version it accepts"
    )
    return f"{advice}; {choice.advice}" if choice.advice else advice


class _Shelf:
    """The package manager's facts about the candidate packages."""

    def __init__(self, package_manager: PackageManager, choices: Iterable[PackageChoice]) -> None:
        self._package_manager = package_manager
        names = sorted({name for choice in choices for option in choice.options for name in option})
        self.installed = package_manager.installed(names) if names else frozenset()
        wanting = [name for name in names if name not in self.installed]
        self._obtainable = self.installed | (package_manager.available(wanting) if wanting else frozenset())

    def choose(self, choices: Sequence[PackageChoice]) -> dict[Need, _Set]:
        """Return one option per need, none if nothing is available. Never choose two providers of one need, nor an
        option that removes packages: needs with one option come first, the others reuse chosen packages."""
        usable = {choice.need: list(filter(self._obtainable.issuperset, choice.options)) for choice in choices}
        selection: dict[Need, _Set] = {}
        taken: set[str] = set(self.installed)
        for need, options in sorted(usable.items(), key=lambda item: len(item[1]) > 1):
            if options:
                selection[need] = next((option for option in options if taken.issuperset(option)), options[0])
                taken.update(selection[need])
        open_choices = [need for need, options in usable.items() if len(options) > 1]
        if any(not self.installed.issuperset(selection[need]) for need in open_choices) and self._conflicts(selection):
            self._settle(selection, usable, open_choices)
        return selection

    def _settle(self, selection: dict[Need, _Set], usable: dict[Need, list[_Set]], open_choices: list[Need]) -> None:
        for need in open_choices:
            for option in usable[need]:
                attempt = {**selection, need: option}
                if not self._conflicts(attempt):
                    selection[need] = option
                    return

    def _conflicts(self, selection: dict[Need, _Set]) -> bool:
        names = sorted({name for option in selection.values() for name in option} - self.installed)
        if not names:
            return False
        try:
            simulation = self._package_manager.simulate(names)
        except PackageManagerError:
            return True
        return simulation is not None and bool(simulation.removes or simulation.downgrades)
