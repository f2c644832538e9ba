"""Explain failures beside their logs: by what the files of sources say, and by which cures can help at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from accel_doctor.errors import ExitCode
from accel_doctor.interfaces import Adviser, Prober
from accel_doctor.model.cures import BuildCure, Reason, changes_of
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.model.plans import Case, Plan, Unmet
from accel_doctor.model.requests import InstallRequest

_GENERATED = Need(NeedKind.BUILD_CONSTRAINT, "generated-by-old-cython")
_OLD_SETUPTOOLS = Need(NeedKind.BUILD_CONSTRAINT, "setuptools<82")
_PKG_RESOURCES = Need(NeedKind.PYTHON_MODULE, "pkg_resources")
_HAS_OLD_CODE = Need(NeedKind.BUILD_CONSTRAINT, "has-old-generated-code")  # which the build may compile
_HAS_MODULES = Need(NeedKind.BUILD_CONSTRAINT, "has-cython-modules")  # whose C code the build generates
_OPTIONAL_TOO_OLD = Need(NeedKind.BUILD_CONSTRAINT, "optional-code-too-old")
_FACTS = (_HAS_OLD_CODE, _HAS_MODULES, _OPTIONAL_TOO_OLD)
_OLD_SCRIPT = Need(NeedKind.BUILD_CONSTRAINT, "old-setup-script")
_TOO_NEW = Need(NeedKind.BUILD_CONSTRAINT, "python-too-new")
_OLDER_CYTHON = {Need(NeedKind.BUILD_CONSTRAINT, name) for name in ("Cython<3", "Cython<3.1")}
# What compilers complain about in old generated code, beside functions that Python no longer has.
_OF_OLD_CODE = {_TOO_NEW, *(Need(NeedKind.BUILD_CONSTRAINT, name) for name in ("numpy<2", "numpy<2.3", "c-standard"))}


class SourceFacts:
    """Hold what the files of failed sources say, beside the logs of their builds."""

    def __init__(self) -> None:
        self._regenerable: set[str | None] = set()  # packages whose old C code Cython can generate again
        self._generated: dict[str | None, set[str]] = {}  # by package: stems of files; "" for any
        self.without_modules: dict[str | None, Reason] = {}  # packages whose extension modules cannot be built here
        self._replaced: set[str] = set()  # build requirements that other versions take the place of

    def to_meet(self, reasons: Sequence[Reason], adviser: Adviser, prober: Prober | None) -> list[Reason]:
        """Return what keeps builds from ending well here whatever is installed, and, with a prober, one reason for each
        package that surely meets a need which this machine does not meet."""
        for reason in reasons:
            if reason.need in (_GENERATED, _HAS_OLD_CODE, _HAS_MODULES):
                self._generated.setdefault(reason.package, set()).add(_stem(reason))
        self._regenerable.update(reason.package for reason in reasons if reason.need in (_GENERATED, _HAS_OLD_CODE))
        facts = [reason for reason in reasons if reason.need.kind is NeedKind.BUILD_CONSTRAINT]
        self.without_modules |= {reason.package: reason for reason in facts if reason.need == _OPTIONAL_TOO_OLD}
        facts = [reason for reason in facts if reason.need not in _FACTS]
        self._replaced.update(
            name for reason in facts if (name := reason.need.name.partition(">=")[0]) != reason.need.name
        )
        plan = adviser.plan(_lacking(reasons, prober)) if prober else Plan()
        facts += [unmet.reason for unmet in plan.final]
        sure = [package.reasons[0] for package in plan.packages if package.confidence.covered_by_yes]
        return list(dict.fromkeys([*facts, *sure]))

    def explained(self, cases: Sequence[Case]) -> list[Reason]:
        """Return the causes of failures with the needs behind them: what looks like a new Python may be code of an old
        Cython; and without those of a build requirement in whose place another version comes."""
        reasons = [
            _as_imported(reason) if case.failure.step == "import" else reason
            for case in cases
            for reason in case.reasons
            if reason.package == case.failure.package or reason.package not in self._replaced
        ]
        return self.behind(reasons)

    def behind(self, reasons: Sequence[Reason]) -> list[Reason]:
        """Return what builds showed with the needs behind it. A Cython that does for the modules of a source has to
        generate its old code again too."""
        old = {reason.package for reason in reasons if self._is_of_old_code(reason)}
        return [
            replace(one, need=_GENERATED)
            if (one.package in old and one.need in _OF_OLD_CODE)
            or (one.package in self._regenerable and one.need in _OLDER_CYTHON)
            else one
            for one in reasons
        ]

    def _is_of_old_code(self, reason: Reason) -> bool:
        known, stem = self._generated.get(reason.package, set()), _stem(reason)
        return reason.need == _TOO_NEW and bool(stem) and (stem in known or "" in known)


def behind_files(reasons: Sequence[Reason], prober: Prober) -> list[Reason]:
    """Return what logs showed; instead of a need whose own file is here, what keeps it from being found."""
    behind = {reason.need: prober.behind(reason.need) for reason in reasons}
    return [replace(one, need=need) for one in reasons for need in behind[one.need] or (one.need,)]


def _stem(reason: Reason) -> str:
    """Return the stem of the file of C or Cython in a reason's evidence; an empty string if there is none."""
    found = re.search(r"([^\s/:'\"]{1,200})\.(?:c|cc|cpp|cxx|pyx):\d", reason.evidence)
    return found[1] if found else ""


def _as_imported(reason: Reason) -> Reason:
    """Return what a failed import shows: no cure of its build helps what is no setup script."""
    return replace(reason, need={_OLD_SETUPTOOLS: _PKG_RESOURCES, _OLD_SCRIPT: _TOO_NEW}.get(reason.need, reason.need))


def can_help(cure: BuildCure, built: Collection[str] | None, cases: Sequence[Case]) -> bool:
    """Return whether a cure can help what failed: the builds of those in ``built`` (None: of all)."""
    return is_for(cure, cases) and (built is None or not cure.changes or cure.reason.package in built)


def is_for(cure: BuildCure, cases: Sequence[Case]) -> bool:
    """Return whether a cure is for failures of this kind: where imports failed, a missing module is missing from the
    environment, elsewhere from that of a build."""
    imported = bool(cases) and all(case.failure.step == "import" for case in cases)
    return cure.is_beside is (imported and cure.reason.need.kind is NeedKind.PYTHON_MODULE)


def code_of(reasons: Sequence[Reason]) -> ExitCode:
    """Return the exit code for needs without a new cure. The network is to blame only if nothing else is
    missing."""
    network = bool(reasons) and all(reason.need.kind is NeedKind.NETWORK for reason in reasons)
    return ExitCode.NETWORK if network else ExitCode.UNCURED


def with_other_releases(
    plan: Plan,
    cases: Sequence[Case],
    tried: Collection[str],
    choose: Callable[[str, str | None, Unmet | None], BuildCure | None],
) -> Plan:
    """Return the plan with other releases of the packages whose builds it does not help, and nothing else for these.

    ``tried`` are system packages; ``choose`` takes a package, its version, and the first need that nothing meets.
    """
    helped = {reason.package for one in plan.packages if one.name not in tried for reason in one.reasons}
    helped |= {cure.reason.package for cure in plan.build_cures}
    helped -= {unmet.reason.package for unmet in plan.final}
    versions = {unmet.reason.package: unmet.reason.version for unmet in plan.final}
    versions |= {case.failure.package: case.failure.version for case in cases if case.failure.step != "import"}
    versions |= {one.reason.package: one.reason.version for one in plan.unmet if one.reason.need.older_dependency}
    cures: dict[str, BuildCure] = {}
    for name in sorted(one for one in versions if one and one not in helped):
        unmet = next((unmet for unmet in plan.uncured if unmet.reason.package == name), None)
        if cure := choose(name, versions[name], unmet):
            cures[name] = cure
    left = plan.giving_up(cures)
    return replace(left, cures=(*left.cures, *cures.values())) if cures else plan


def _lacking(reasons: Sequence[Reason], prober: Prober) -> list[Reason]:
    present = {reason.need: prober.present(reason.need) for reason in reasons}
    # CMake finds packages in its own ways: only whether the system package is installed tells.
    unclear = {need for need, answer in present.items() if answer is None and need.kind is NeedKind.CMAKE}
    return [reason for reason in reasons if present[reason.need] is False or reason.need in unclear]


def applied(
    cures: Mapping[str | None, Sequence[BuildCure]], request: InstallRequest, *, relaxed: bool
) -> InstallRequest:
    """Return the request with cures in effect, by the package whose build they are for; for ``relaxed`` see
    ``InstallRequest.within``."""
    made = {name: changes_of(of_build) for name, of_build in cures.items()}
    changes = {name: changed for name, changed in made.items() if name and changed}
    every = [cure for of_build in cures.values() for cure in of_build]
    releases = dict.fromkeys((cure.is_beside, release) for cure in every for release in cure.releases)
    bounds = [release for beside, release in releases if not beside]
    further = [release for beside, release in releases if beside]
    sources = [name for cure in every for name in cure.from_source]
    changed = replace(request, changes=changes).within(bounds, relaxed=relaxed).beside(further)
    return changed.from_source(sources) if sources else changed
