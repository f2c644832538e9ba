"""Find what to install instead of a release that cannot be built: a project that took its place, or another release."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from accel_doctor.errors import NetworkError
from accel_doctor.interfaces import PackageIndex
from accel_doctor.model.cures import BuildCure, Reason
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.model.plans import Result
from accel_doctor.model.releases import Alternative, OtherReleases, Project, Successor
from accel_doctor.model.requests import InstallRequest
from accel_doctor.report.release_text import alternative_lines

_STILL_OF_ITS_TIME = timedelta(days=90)
_UNBUILDABLE = Need(NeedKind.BUILD_CONSTRAINT, "another-release")


@dataclass(frozen=True)
class Alternatives:
    """The index and the rules, asked for one interpreter."""

    index: PackageIndex
    successor: Callable[[str], Successor | None]  # by normalized name, for this Python
    other_releases: Callable[[Project, str | None], OtherReleases]  # to a version, for this interpreter
    of_its_time: Callable[[Project, str | None, SpecifierSet], Version | None] = lambda project, version, allowed: None
    project_of: Callable[[str], str | None] = lambda module: None  # the project that has a Python module

    def to(self, package: str, version: str | None, request: InstallRequest) -> Alternative | None:
        """Return what could be installed instead of a release; None if nothing is known."""
        successor = self.successor(package)
        releases = None
        if not request.index.offline:
            try:
                project = self.index.project(package, request.index)
            except NetworkError:  # this is advice: what failed before is reported anyhow
                project = Project(package)
            releases = self.other_releases(project, version) if project.releases else None
        return Alternative(package, version, successor, releases) if successor or releases else None

    def beside(self, result: Result, request: InstallRequest) -> tuple[Alternative, ...]:
        """Return what could be installed instead of each package that could not be built, or was, and not imported.

        What comes from a path or a URL is no release; a project of that name on the index may be another one.
        """
        packages = result.locked.lock.packages if result.locked else []
        locked: dict[str, str] = {package.name: str(package.version) for package in packages if package.version}
        built = {one.source.name for one in result.built}
        failed = [case.failure for case in result.cases]
        named = {one.package: one.version for one in failed if one.step != "import" or one.package in built}
        final = result.plan.final if result.plan else ()
        dead = {unmet.reason.package for unmet in final if unmet.reason.need.keeps_from_import}
        for unmet in final:
            if not failed or unmet.reason.package in dead:
                named[unmet.reason.package] = unmet.reason.version
        direct: set[str | None] = {package.name for package in packages if package.is_direct}
        direct |= {line.name for line in request.requirements if line.parsed and line.parsed.url}
        if any(line.name is None for line in request.requirements):
            direct |= {name for name, version in named.items() if not version and name not in locked}
        releases = {name: version for name, version in named.items() if name and name not in direct}
        found = [self.to(name, version or locked.get(name), request) for name, version in releases.items()]
        found = [_newest(one) if one and one.package in dead else one for one in found]
        return tuple(one for one in found if one)

    def to_pins_in(self, message: str, request: InstallRequest) -> Iterator[Alternative]:
        """Yield alternatives to the user's own pins that a resolver's message names, where they have no wheel here."""
        words = set(re.findall(r"[a-z0-9]+(?:[-_.]+[a-z0-9]+)*", message.lower()))
        for line in (*request.requirements, *request.constraints):
            pin = line.pin
            if pin and line.name and {line.name, line.name.replace("-", "_")} & words:
                found = self.to(line.name, pin, request)
                if found and found.releases and found.releases.asked not in found.releases.usable:
                    yield found

    def other_release(
        self, request: InstallRequest, package: str, version: str | None, reason: Reason | None
    ) -> BuildCure | None:
        """Return the cure that installs another release of a package that cannot be built; None if there is none."""
        found = self.to(package, version, request)
        return self.cure(found, request, reason) if found else None

    def release_of_its_time(
        self, request: InstallRequest, package: str, version: str | None, reason: Reason
    ) -> BuildCure | None:
        """Return the cure that installs the newest release from before this distribution took no newer libraries, if
        the user's own versions allow it."""
        allowed = _allowed(package, request)
        if allowed is None or request.index.offline:
            return None
        try:
            project = self.index.project(package, request.index)
        except NetworkError:  # what failed is reported anyhow
            return None
        target = self.of_its_time(project, version, allowed)
        if target is None:
            return None
        why = f"{reason.evidence}; {package} {target} is as old as this distribution's libraries"
        affects = f"{package} {target} is installed, not the newest release"
        return BuildCure(
            Reason(reason.need, package, why=why),
            releases=(f"{package}<={target}",),
            affects=affects,
            source="the package index",
        )

    def dependency_of_its_time(
        self, request: InstallRequest, package: str, locked: Mapping[str, str], module: str, reason: Reason
    ) -> BuildCure | None:
        """Return the cure that installs a dependency, which has ``module``, as it was when this release of ``package``
        came out, or its oldest release that can be installed, if the user's own versions allow it.

        ``locked`` are the versions installed."""
        name = self.project_of(module) or canonicalize_name(module)
        allowed = _allowed(name, request)
        if name == package or not {name, package} <= locked.keys() or allowed is None or request.index.offline:
            return None
        try:
            releases = self.index.project(package, request.index).releases
            project = self.index.project(name, request.index)
        except NetworkError:  # what failed is reported anyhow
            return None
        own = next((one.day for one in releases if str(one.version) == locked[package]), None)
        installed, usable = Version(locked[name]), self.other_releases(project, locked[name]).usable
        if installed not in usable:  # it was built here, and so is an older one
            usable = tuple(one.version for one in project.releases if not (one.yanked or one.version.is_prerelease))
        older = [one for one in usable if one < installed and allowed.contains(one, prereleases=True)]
        if not own or not older:
            return None
        day = str(date.fromisoformat(own) + _STILL_OF_ITS_TIME)
        days = {one.version: one.day or "" for one in project.releases}
        target = next((one for one in older if days[one] < day), older[-1])
        why = f"{reason.evidence}; {name} {target} is nearer in time to {package} {locked[package]}"
        return BuildCure(
            Reason(reason.need, package, why=why),
            releases=(f"{name}<={target}",),
            affects=f"an older {name} is installed",
            source="the package index",
        )

    def cure(self, found: Alternative, request: InstallRequest, reason: Reason | None = None) -> BuildCure | None:
        """Return the cure that installs another release; None if there is none with a wheel, or none is allowed."""
        target = _target(found, request)
        if target is None or found.releases is None:
            return None
        newer = found.releases.asked is None or target > found.releases.asked
        release = f"{found.package}{'>=' if newer else '<='}{target}"
        why = Reason(reason.need if reason else _UNBUILDABLE, found.package, why="; ".join(alternative_lines(found)))
        return BuildCure(why, releases=(release,), source="the package index")


def _newest(found: Alternative) -> Alternative | None:
    """Return only the newest release of what cannot be imported, although it may have wheels; None if it is that."""
    releases = found.releases
    if releases is None or releases.asked is None:
        return found
    newer = tuple(version for version in releases.usable[:1] if version > releases.asked)
    return replace(found, releases=replace(releases, usable=newer)) if newer else None


def _target(found: Alternative, request: InstallRequest) -> Version | None:
    """Return the release to install: the nearest that the user's own versions allow, else the nearest of all."""
    releases, name = found.releases, found.package
    allowed = _allowed(name, request)
    built = {name, ":all:"} & {*request.no_binary}
    if releases is None or allowed is None or releases.asked in releases.usable or built:
        return None
    fitting = tuple(version for version in releases.usable if allowed.contains(version, prereleases=True))
    return replace(releases, usable=fitting).nearest or releases.nearest


def _allowed(name: str, request: InstallRequest) -> SpecifierSet | None:
    """Return the versions that the user's own requirements allow; None if they name a file, or every version."""
    if request.lock is not None or request.checks_hashes:
        return None
    allowed = SpecifierSet()
    for line in (*request.requirements, *request.constraints):
        if line.name == name:
            if line.parsed is None or line.parsed.url:
                return None
            allowed &= line.parsed.specifier
    return allowed
