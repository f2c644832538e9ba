"""The rulebook: merged rule files of several directories, each read on first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

from accel_doctor.errors import RuleError
from accel_doctor.interfaces import PackageNames
from accel_doctor.model.cures import PackageChoice
from accel_doctor.model.machine import Distribution, Interpreter, Origin
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.model.releases import Successor
from accel_doctor.rulebook import templates
from accel_doctor.rulebook.cure_reading import CureOption
from accel_doctor.rulebook.families import (
    Family,
    FamilyChain,
    PackageRule,
    Repository,
    choice_of,
    is_general,
    key_of,
    look_up,
)
from accel_doctor.rulebook.family_reading import read_family
from accel_doctor.rulebook.python_packages import PythonPackage, PythonRules, merged_python_rules
from accel_doctor.rulebook.rule_directories import PYTHON, SYMPTOMS, RuleDirectories, is_family, shipped_rules
from accel_doctor.rulebook.symptom_reading import merged_symptoms
from accel_doctor.rulebook.symptoms import Aliases, Symptom, SymptomFiles
from accel_doctor.rulebook.yaml_reading import Node, RuleKey

_OF_CONDA = "this Python is conda's, and its libraries and the distribution's mix badly; conda has it too:"


def load(directories: Sequence[Path], managers: Mapping[str, PackageNames]) -> Rulebook:
    """Return the shipped rules, overridden by the user's and then the project's directories.

    ``managers`` are the package managers that a file may name. Files are read on first use; RuleError for a fault in a
    file is raised then.
    """
    return Rulebook((shipped_rules(), *directories), managers)


class Rulebook:
    """Merged rules of several directories; an entry of a later directory replaces an earlier one of the same name.

    Every member raises RuleError, with all complaints about a file, if a file it needs is invalid.
    """

    def __init__(self, directories: Sequence[Path], managers: Mapping[str, PackageNames]) -> None:
        self._directories = RuleDirectories(directories)
        self._managers = managers
        self._family_files: dict[str, tuple[Family, ...]] = {}
        self._package_rules: dict[Distribution, Mapping[RuleKey, PackageRule]] = {}

    # --- symptoms.yaml

    @property
    def symptoms(self) -> tuple[Symptom, ...]:
        """Return all symptoms, those of later directories first: the first one that matches a line counts."""
        return self._symptom_files.symptoms

    @property
    def aliases(self) -> Aliases:
        """Return the needs that names stand for."""
        return self._symptom_files.aliases

    def advice(self, need: Need, interpreter: Interpreter) -> str | None:
        """Return the advice for a need that no system package meets."""
        advice = self._symptom_files.advice
        key = key_of(advice, need)
        return templates.render(advice[key], templates.python_values(interpreter), need) if key else None

    def cures(self, need: Need) -> tuple[CureOption, ...] | None:
        """Return the ways to cure a need without a system package, in the order to try them; None without a rule."""
        return self._symptom_files.cures.get((need.kind, need.name))

    def project_of(self, module: str) -> str | None:
        """Return the normalized name of the project that has a Python module; None without a rule."""
        options = self._symptom_files.cures.get((NeedKind.PYTHON_MODULE, module), ())
        return next((option.project for option in options if option.project), None)

    @cached_property
    def _symptom_files(self) -> SymptomFiles:
        problems: list[str] = []
        files = merged_symptoms(self._directories.read(SYMPTOMS, problems))
        _raise(problems)
        return files

    # --- python.yaml

    def known_needs(self, package: str) -> tuple[Need, ...]:
        """Return the needs that rules list for a Python package's build (normalized name); empty if none are known."""
        known = self.python_rules.packages.get(package)
        return known.needs if known else ()

    def is_sdist_only(self, package: str) -> bool:
        """Return whether a Python package is known to publish no Linux wheels, so that it must be built."""
        known = self.python_rules.packages.get(package)
        return known is not None and known.sdist_only

    @property
    def python_packages(self) -> tuple[PythonPackage, ...]:
        """Return all Python packages with rules."""
        return tuple(package for package in self.python_rules.packages.values() if package)

    def companions(self, need: Need) -> tuple[Need, ...]:
        """Return the needs that a Python build lacking ``need`` is certain to report next."""
        return self.python_rules.companions.get(need, ())

    def successor(self, package: str) -> Successor | None:
        """Return what took the place of a project (normalized name) that is not to be installed anymore."""
        return self.python_rules.successors.get(package)

    def is_gone(self, module: str, python: str) -> bool:
        """Return whether a version of Python no longer has a module of its own."""
        return module in self.python_rules.modules_removed_in(python)

    @cached_property
    def python_rules(self) -> PythonRules:
        """Return ``python.yaml``, all layers merged."""
        problems: list[str] = []
        rules = merged_python_rules(self._directories.read(PYTHON, problems))
        _raise(problems)
        return rules

    # --- family files

    def families(self) -> tuple[str, ...]:
        """Return the names of all families that have rules, sorted."""
        return self._directories.families()

    def family(self, distribution: Distribution) -> str | None:
        """Return the family whose rules apply to a distribution: by its own ID, else by the nearest ID_LIKE.

        None if there is no such family (`pak#396 <https://github.com/r-lib/pak/issues/396>`_ shows why ID_LIKE
        matters: there are many derivatives).
        """
        for identifier in filter(is_family, (distribution.id, *distribution.like)):
            if self._directories.has_family(identifier):
                return identifier
            for name in self._directories.families_mentioning(identifier):
                if any(identifier in family.ids for family in self._layers(name)):
                    return name
        return None

    def chain(self, name: str) -> FamilyChain:
        """Return the chain of files for a family, which must have a file."""
        files: list[Family] = []
        following: str | None = name
        while following and following not in {file.name for file in files}:
            layers = self._layers(following)
            files.extend(reversed(layers))
            following = next((family.extends for family in reversed(layers) if family.extends), None)
        return FamilyChain(files)

    def _chain_of(self, distribution: Distribution) -> FamilyChain:
        name = self.family(distribution)
        return self.chain(name) if name else FamilyChain(())

    def python(self, distribution: Distribution) -> str | None:
        """Return the version of a release's own python3, if rules list it."""
        return self._chain_of(distribution).python(distribution)

    def frozen(self, distribution: Distribution) -> str | None:
        """Return the day since which a release takes no newer libraries, if rules list it."""
        return self._chain_of(distribution).frozen(distribution)

    def relatives(self, distribution: Distribution) -> tuple[Distribution, ...]:
        """Return the releases that a distribution is, is made from, or stands nearest to; nearest first."""
        return self._chain_of(distribution).relatives(distribution)

    def manager(self, distribution: Distribution) -> PackageNames | None:
        """Return the package manager that a distribution's rules are for."""
        return self._chain_of(distribution).manager

    def package_rules(self, distribution: Distribution) -> Mapping[RuleKey, PackageRule]:
        """Return all package rules for a release, with templates not yet rendered."""
        if distribution not in self._package_rules:
            self._package_rules[distribution] = self._chain_of(distribution).package_rules(distribution)
        return self._package_rules[distribution]

    def package_rule(self, need: Need, distribution: Distribution) -> PackageRule | None:
        """Return the rule for a need, with templates not yet rendered; None if there is none."""
        return look_up(self.package_rules(distribution), need)

    def is_general(self, need: Need, distribution: Distribution) -> bool:
        """Return whether the rule for a need is one for a pattern, such as ``header:boost/*``."""
        return is_general(self.package_rules(distribution), need)

    def repository(self, package: str, distribution: Distribution) -> Repository | None:
        """Return the repository to enable for a package; None if it is in a default one."""
        return self._chain_of(distribution).repository(package, distribution)

    def search_hint(self, need: Need, distribution: Distribution) -> str | None:
        """Return the command to search for a provider of ``need`` on this distribution."""
        text = self._chain_of(distribution).search(need.kind)
        return templates.render(text, {}, need) if text else None

    def choice(self, need: Need, distribution: Distribution, interpreter: Interpreter) -> PackageChoice | None:
        """Return the packages for a need here; without packages if there is only advice, None if there is no rule."""
        if not need.kind.curable_by_packages:
            advice = self.advice(need, interpreter)
            return PackageChoice(need, source=f"rules/{SYMPTOMS}", advice=advice) if advice else None
        headers = self.python_rules.headers
        if need in headers.needs and interpreter.origin is not Origin.DISTRIBUTION:
            text = headers.advice.get(interpreter.origin) or headers.advice.get(Origin.OTHER)
            rendered = templates.render(text, templates.python_values(interpreter), need) if text else None
            return PackageChoice(need, source=f"rules/{PYTHON}", advice=rendered)
        rule = self.package_rule(need, distribution)
        if rule is None:
            return None
        chain = self._chain_of(distribution)
        choice = choice_of(rule, need, distribution, interpreter, chain.manager)
        left = chain.afterwards(need.kind)
        if choice.packages and choice.advice is None and left:
            choice = replace(choice, advice=templates.render(left, {}, need))
        conda = self.python_rules.of_conda.get(need) if interpreter.origin is Origin.CONDA else None
        if choice.packages and conda:
            told = f"{_OF_CONDA} conda install -c conda-forge {conda}"
            choice = replace(choice, advice=f"{choice.advice}; {told}" if choice.advice else told)
        repositories = {chain.repository(name, distribution) for name in choice.packages}
        names = sorted(repository.value for repository in repositories if repository)
        return replace(choice, source=f"{choice.source}, from {' and '.join(names)}") if names else choice

    def _layers(self, name: str) -> tuple[Family, ...]:
        if name not in self._family_files:
            problems: list[str] = []
            layers = self._read_family(name, problems, ())
            _raise(problems)
            self._family_files[name] = layers
        return self._family_files[name]

    def _read_family(self, name: str, problems: list[str], below: tuple[str, ...]) -> tuple[Family, ...]:
        layers: list[Family] = []
        manager: PackageNames | None = None
        for top in self._directories.read(f"{name}.yaml", problems):
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
        layers = self._read_family(extends, [], below) if is_family(extends) else ()
        if not layers:
            top.complain(f"extends {extends!r}, but there is no {extends}.yaml")
        return next((family.manager for family in reversed(layers) if family.manager), None)

    # --- all files

    def problems(self) -> tuple[str, ...]:
        """Return every complaint about every file of these directories."""
        found: list[str] = []
        readings: list[Callable[[], object]] = [lambda: self.symptoms, lambda: self.python_packages]
        readings += [partial(self._layers, name) for name in self.families()]
        for read_something in readings:
            try:
                read_something()
            except RuleError as error:
                found.extend(error.problems)
        return tuple(found)


def _raise(problems: Sequence[str]) -> None:
    if problems:
        raise RuleError(tuple(dict.fromkeys(problems)))
