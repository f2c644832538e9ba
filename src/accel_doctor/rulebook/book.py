"""The rulebook: layers of rule directories, each file read when something of it is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

from accel_doctor.errors import RuleError
from accel_doctor.interfaces import PackageNames
from accel_doctor.model import Distribution, Interpreter, Need, NeedKind, Origin, PackageChoice
from accel_doctor.rulebook import templates
from accel_doctor.rulebook.choices import choice_of, coming_from
from accel_doctor.rulebook.families import (
    Family,
    PackageRule,
    look_up,
    package_rules_for,
    python_of,
    read_family,
    repository_for,
)
from accel_doctor.rulebook.python_packages import (
    InterpreterHeaders,
    PythonPackage,
    PythonRules,
    read_companions,
    read_headers,
    read_packages,
)
from accel_doctor.rulebook.repository_rules import Repository
from accel_doctor.rulebook.symptoms import (
    Aliases,
    Symptom,
    SymptomFiles,
    read_advice,
    read_aliases,
    read_environment,
    read_symptoms,
)
from accel_doctor.rulebook.yaml_reading import Node, read

_SYMPTOMS, _PYTHON = "symptoms.yaml", "python.yaml"
_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")  # os-release(5), ID


def shipped_rules() -> Path:
    """The directory of the rules that came with this program: inside a wheel, or a checkout's ``rules/``."""
    package = Path(__file__).resolve().parent.parent
    packaged = package / "_rules"
    return packaged if packaged.is_dir() else package.parent.parent / "rules"


def load(directories: Sequence[Path], managers: Mapping[str, PackageNames]) -> Rulebook:
    """Return the shipped rules with the user's and the project's directories laid over them, in that order.

    ``managers`` are the package managers that a file may name. Nothing is read yet: a fault in a file raises RuleError
    when something of that file is first asked for.
    """
    return Rulebook((shipped_rules(), *directories), managers)


class Rulebook:
    """Rules of several directories as one; a later directory's entry replaces an earlier one's of the same name.

    Every member raises RuleError, all complaints about the file in one, where a file it needs is not usable.
    """

    def __init__(self, directories: Sequence[Path], managers: Mapping[str, PackageNames]) -> None:
        self._directories = tuple(directories)
        self._managers = managers
        self._families: dict[str, tuple[Family, ...]] = {}
        self._package_rules: dict[Distribution, Mapping[tuple[NeedKind, str], PackageRule]] = {}

    # --- symptoms.yaml

    @cached_property
    def symptoms(self) -> tuple[Symptom, ...]:
        """All symptoms, those of later directories first: on one line the first that matches speaks."""
        return self._symptom_files.symptoms

    def advice(self, need: Need, interpreter: Interpreter) -> str | None:
        """What to do about a need that no system package cures."""
        advice = self._symptom_files.advice
        text = advice.get((need.kind, need.name)) or advice.get((need.kind, "*"))
        return templates.render(text, templates.python_values(interpreter), need) if text else None

    def environment(self, need: Need) -> Mapping[str, str]:
        """Environment variables that meet a need no system package cures; empty where none are known."""
        return self._symptom_files.environment.get((need.kind, need.name), {})

    @cached_property
    def _symptom_files(self) -> SymptomFiles:
        problems: list[str] = []
        tops = self._tops(_SYMPTOMS, problems)
        entries = {}
        advice = {}
        environment = {}
        for top in tops:
            top.mapping(("aliases", "advice", "environment", "symptoms"))
            environment.update(read_environment(top))
            entries.update(read_aliases(top))
            advice.update(read_advice(top))
        aliases = Aliases(entries)
        symptoms: dict[str, Symptom | None] = {}
        for top in tops:
            symptoms = {
                **read_symptoms(top, aliases),
                **{i: s for i, s in symptoms.items() if i not in _ids(top)},
            }
        _raise(problems)
        return SymptomFiles(tuple(symptom for symptom in symptoms.values() if symptom), advice, environment)

    # --- python.yaml

    def known_needs(self, package: str) -> tuple[Need, ...]:
        """What the build of a Python package (normalized name) needs; empty where nothing is known."""
        known = self._python_rules.packages.get(package)
        return known.needs if known else ()

    def is_sdist_only(self, package: str) -> bool:
        """Whether a Python package is known to publish no Linux wheels, so that it will surely be built."""
        known = self._python_rules.packages.get(package)
        return known is not None and known.sdist_only

    @property
    def python_packages(self) -> tuple[PythonPackage, ...]:
        """All Python packages with rules."""
        return tuple(package for package in self._python_rules.packages.values() if package)

    def companions(self, need: Need) -> tuple[Need, ...]:
        """What a Python build that lacks ``need`` will surely ask for next."""
        return self._python_rules.companions.get(need, ())

    @cached_property
    def _python_rules(self) -> PythonRules:
        problems: list[str] = []
        packages: dict[str, PythonPackage | None] = {}
        headers = InterpreterHeaders()
        companions: dict[Need, tuple[Need, ...]] = {}
        for top in self._tops(_PYTHON, problems):
            top.mapping(("packages", "interpreter_headers", "companions"))
            packages.update(read_packages(top))
            headers = read_headers(top) or headers
            companions.update(read_companions(top))
        _raise(problems)
        return PythonRules(packages, headers, companions)

    # --- family files

    def family(self, distribution: Distribution) -> str | None:
        """The family whose rules serve a distribution: its own id's, else that of the nearest it is like.

        None where there is no such family (`pak#396 <https://github.com/r-lib/pak/issues/396>`_ tells why ID_LIKE
        matters: derivatives are many).
        """
        for identifier in (distribution.id, *distribution.like):
            if not _ID.fullmatch(identifier) or f"{identifier}.yaml" in (_SYMPTOMS, _PYTHON):
                continue
            if any((directory / f"{identifier}.yaml").is_file() for directory in self._directories):
                return identifier
            for name in self._families_mentioning(identifier):
                if any(identifier in family.ids for family in self._family_layers(name)):
                    return name
        return None

    def families(self) -> tuple[str, ...]:
        """The names of all families that have rules, sorted."""
        names = {path.stem for directory in self._directories for path in directory.glob("*.yaml")}
        return tuple(sorted(names - {Path(_SYMPTOMS).stem, Path(_PYTHON).stem}))

    def coverage(self, name: str) -> tuple[int, int]:
        """How many needs a family's own files speak of, and how many of these with names that nobody checked."""
        rules: dict[tuple[str, NeedKind, str], PackageRule] = {}
        for family in self._family_layers(name):
            for release, section in (("", family.needs), *family.releases.items()):
                rules.update({(release, *key): rule for key, rule in section.items()})
        return len(rules), sum(rule.unverified for rule in rules.values())

    def checked(self, name: str) -> tuple[str, ...]:
        """The releases against whose package lists a family's names were checked (tests/tools/check_names.py)."""
        return tuple(dict.fromkeys(release for family in self._family_layers(name) for release in family.checked))

    def extended_releases(self, name: str) -> Mapping[str, str]:
        """From which release of the family it extends each of a family's releases was taken."""
        return {new: old for family in self._family_layers(name) for new, old in family.extends_releases.items()}

    def python(self, distribution: Distribution) -> str | None:
        """The version of a release's own python3, where rules say it."""
        name = self.family(distribution)
        return python_of([family for family in self.chain(name) if family.name == name], distribution) if name else None

    def manager(self, distribution: Distribution) -> PackageNames | None:
        """The package manager a distribution's rules are written for."""
        name = self.family(distribution)
        return next((family.manager for family in self.chain(name) if family.manager), None) if name else None

    def package_rules(self, distribution: Distribution) -> Mapping[tuple[NeedKind, str], PackageRule]:
        """All that the family files say for a release, names not yet rendered, by the keys they are written under."""
        if distribution not in self._package_rules:
            name = self.family(distribution)
            self._package_rules[distribution] = package_rules_for(self.chain(name) if name else (), distribution)
        return self._package_rules[distribution]

    def package_rule(self, need: Need, distribution: Distribution) -> PackageRule | None:
        """What the family files say about a need, names not yet rendered; None where they say nothing."""
        return look_up(self.package_rules(distribution), need)

    def repository(self, package: str, distribution: Distribution) -> Repository | None:
        """The repository that must be enabled before a package can be had; None where it is in one that always is."""
        name = self.family(distribution)
        return repository_for(package, self.chain(name), distribution) if name else None

    def search_hint(self, need: Need, distribution: Distribution) -> str | None:
        """The command with which a person looks for a provider of ``need`` on this distribution."""
        name = self.family(distribution)
        for family in self.chain(name) if name else ():
            if need.kind in family.search:
                return templates.render(family.search[need.kind], {}, need)
        return None

    def choice(self, need: Need, distribution: Distribution, interpreter: Interpreter) -> PackageChoice | None:
        """What satisfies a need here; without packages where only advice helps, None where no rule says anything."""
        if not need.kind.curable_by_packages:
            advice = self.advice(need, interpreter)
            return PackageChoice(need, source=f"rules/{_SYMPTOMS}", advice=advice) if advice else None
        headers = self._python_rules.headers
        if need in headers.needs and interpreter.origin is not Origin.DISTRIBUTION:
            text = headers.advice.get(interpreter.origin) or headers.advice.get(Origin.OTHER)
            rendered = templates.render(text, templates.python_values(interpreter), need) if text else None
            return PackageChoice(need, source=f"rules/{_PYTHON}", advice=rendered)
        rule = self.package_rule(need, distribution)
        if rule is None:
            return None
        choice = choice_of(rule, need, distribution, interpreter, self.manager(distribution))
        if choice.packages and choice.advice is None:
            choice = replace(choice, advice=self._afterwards(need, distribution))
        return coming_from(choice, [self.repository(name, distribution) for name in choice.packages])

    def _afterwards(self, need: Need, distribution: Distribution) -> str | None:
        name = self.family(distribution)
        chain = self.chain(name) if name else ()
        text = next((family.afterwards[need.kind] for family in chain if need.kind in family.afterwards), None)
        return templates.render(text, {}, need) if text else None

    def _families_mentioning(self, identifier: str) -> tuple[str, ...]:
        """Families in whose files the id occurs at all: parsing every family to find one derivative costs too much."""
        word = re.compile(rf"(?<![a-z0-9._-]){re.escape(identifier)}(?![a-z0-9._-])")
        names = []
        for directory in self._directories:
            for path in sorted(directory.glob("*.yaml")):
                if path.name not in (_SYMPTOMS, _PYTHON) and word.search(path.read_text("utf-8", "replace")):
                    names.append(path.stem)
        return tuple(dict.fromkeys(names))

    def chain(self, name: str) -> tuple[Family, ...]:
        """The family's layers, latest first, then those of the family it extends, and so on."""
        chain: list[Family] = []
        seen: set[str] = set()
        following: str | None = name
        while following and following not in seen:
            seen.add(following)
            layers = self._family_layers(following)
            chain.extend(reversed(layers))
            following = next((family.extends for family in reversed(layers) if family.extends), None)
        return tuple(chain)

    def _family_layers(self, name: str) -> tuple[Family, ...]:
        if name not in self._families:
            problems: list[str] = []
            self._families[name] = self._read_family(name, problems, ())
            if problems:
                del self._families[name]
            _raise(problems)
        return self._families[name]

    def _read_family(self, name: str, problems: list[str], below: tuple[str, ...]) -> tuple[Family, ...]:
        layers: list[Family] = []
        manager: PackageNames | None = None
        for top in self._tops(f"{name}.yaml", problems):
            extends = top.value.get("extends") if isinstance(top.value, dict) else None
            if manager is None and isinstance(extends, str):
                manager = self._inherited_manager(top, extends, (*below, name))
            family = read_family(top, name, self._managers, manager)
            manager = family.manager or manager
            layers.append(family)
        return tuple(layers)

    def _inherited_manager(self, top: Node, extends: str, below: tuple[str, ...]) -> PackageNames | None:
        if extends in below:
            top.complain(f"extends itself: {' -> '.join((*below, extends))}")
            return None
        layers = self._read_family(extends, [], below) if _ID.fullmatch(extends) else ()
        if not layers:
            top.complain(f"extends {extends!r}, but there is no {extends}.yaml")
        return next((family.manager for family in reversed(layers) if family.manager), None)

    # --- all of it

    def problems(self) -> tuple[str, ...]:
        """Every complaint about every file of these directories: what a lint shows."""
        found: list[str] = []
        _collect(lambda: self.symptoms, found)
        _collect(lambda: self.python_packages, found)
        for name in self.families():
            _collect(partial(self._family_layers, name), found)
        return tuple(found)

    def _tops(self, file: str, problems: list[str]) -> list[Node]:
        tops = []
        for number, directory in enumerate(self._directories):
            path = directory / file
            if path.is_file():
                top = read(path, f"rules/{file}" if number == 0 else str(path), problems)
                if top:
                    tops.append(top)
        return tops


def _ids(top: Node) -> frozenset[str]:
    section = top.value.get("symptoms") if isinstance(top.value, dict) else None
    return frozenset(section) if isinstance(section, dict) else frozenset()


def _raise(problems: Sequence[str]) -> None:
    if problems:
        raise RuleError(tuple(dict.fromkeys(problems)))


def _collect(read_something: Callable[[], object], found: list[str]) -> None:
    try:
        read_something()
    except RuleError as error:
        found.extend(error.problems)
