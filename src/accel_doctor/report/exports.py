"""Export what one machine needed, in the formats of tools that prepare the next one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from packaging.utils import is_normalized_name

from accel_doctor.model.cures import BuildCure, Reason, SystemPackage, changes_of
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.model.plans import JournalEntry
from accel_doctor.rulebook.templates import filled
from accel_doctor.wording import printable

# format -> the template under templates/
FORMATS: Mapping[str, str] = {
    "shell": "shell.j2",
    "dockerfile": "dockerfile.j2",
    "ansible": "ansible.yml.j2",
    "bindep": "bindep.j2",
    "cloud-init": "cloud-init.yml.j2",
    "pep725": "pep725.toml.j2",
    "pip": "builds.j2",
    "uv": "uv.toml.j2",
    "uv-pip": "builds.j2",
}
WITH_BUILDS = ("dockerfile", "pip", "uv", "uv-pip")  # formats that also tell the builds that were changed

# PEP 725 calls compilers virtual dependencies.
_VIRTUAL = {"c": "c", "c++": "cpp", "fortran": "fortran", "rust": "rust"}


@dataclass(frozen=True)
class PackageList:
    """The packages that a machine of one distribution needs: each once, sorted by name, with all its reasons; and what
    cures changed in builds there."""

    distribution: Distribution
    manager: str
    packages: tuple[SystemPackage, ...]
    commands: tuple[tuple[str, ...], ...] = ()  # commands that root runs on a fresh machine
    cleanup: str = ""  # shell words that remove downloads from an image
    cures: tuple[BuildCure, ...] = ()  # sorted by the name of the package that is built

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the packages."""
        return tuple(package.name for package in self.packages)


def package_list(entries: Sequence[JournalEntry]) -> PackageList:
    """Return the packages of one or more journal entries of one distribution, without commands.

    Of several cures for the same need of a build, only the last counts: it was tried because the others did not help.
    What an installed package lacks at run time is another need than that of its build.
    """
    latest = entries[-1]
    reasons: dict[str, dict[Reason, None]] = {}
    packages = {}
    for entry in entries:
        for package in entry.packages:
            packages[package.name] = package
            reasons.setdefault(package.name, {}).update(dict.fromkeys(package.reasons))
    listed = (replace(packages[name], reasons=tuple(reasons[name])) for name in sorted(packages))
    every = [cure for entry in entries for cure in entry.cures]
    cures = {(cure.reason.package or "", cure.reason.need, cure.is_beside): cure for cure in every}
    return PackageList(
        latest.distribution, latest.manager, tuple(listed), cures=tuple(cures[key] for key in sorted(cures))
    )


def export(needed: PackageList, form: str) -> str:
    """Return the packages in one of the FORMATS."""
    template = (files("accel_doctor.report") / "templates" / FORMATS[form]).read_text("utf-8")
    return render(needed, template, "uv" if form == "uv-pip" else "pip")


def render(needed: PackageList, template: str, tool: str = "pip") -> str:
    """Render a user's template in Jinja2's sandbox. Raise ValueError for a mistake in it.

    It has ``distribution.id`` and ``.name``, ``manager``, ``packages`` (each with ``name``, ``why``, ``confidence``),
    ``commands``, ``cleanup``, ``external`` (PEP 725), ``builds`` (each with ``name``, ``why``, ``what``,
    ``constraints``, ``requirements``, ``variables``, ``steps``), ``releases`` (of them, ``bounds`` constrain what is
    installed and ``further`` is installed too) and the filters ``quote`` and ``join_words``.
    """
    changes = changes_of(needed.cures)
    values = {
        "distribution": {"id": needed.distribution.id, "name": str(needed.distribution)},
        "manager": needed.manager,
        "tool": tool,
        "cleanup": needed.cleanup,
        "packages": [
            {"name": package.name, "why": _why(package.reasons), "confidence": package.confidence.value}
            for package in needed.packages
        ],
        "commands": [list(command) for command in needed.commands],
        "older_python": files("accel_doctor").joinpath("older_python.py").read_text("utf-8").rstrip("\n"),
        "external": _external(needed.packages),
        "builds": list(_builds(needed.cures)),
        "constraints": changes.constraints,
        "variables": dict(changes.environment),
        "releases": _releases(needed.cures),
        "bounds": _releases(cure for cure in needed.cures if not cure.is_beside),
        "further": _releases(cure for cure in needed.cures if cure.is_beside),
    }
    return filled(template, values, whole_lines=True).rstrip("\n") + "\n"


def _releases(cures: Iterable[BuildCure]) -> list[str]:
    return list(dict.fromkeys(release for cure in cures for release in cure.releases))


def _builds(cures: Iterable[BuildCure]) -> Iterator[Mapping[str, object]]:
    """Yield each build that cures change, with all its changes together."""
    by_name: dict[str, list[BuildCure]] = {}
    for cure in cures:
        if cure.changes and cure.reason.package and is_normalized_name(cure.reason.package):
            by_name.setdefault(cure.reason.package, []).append(cure)
    for name, own in by_name.items():
        changes, version = changes_of(own), own[-1].reason.version
        yield {
            "name": name,
            "why": _why([replace(cure.reason, package=None) for cure in own]),
            "version": version,
            "requirement": f"{name}=={version}" if version else name,
            "what": printable("; ".join(changes.texts)),
            "constraints": list(changes.constraints),
            "requirements": list(changes.requirements),
            "variables": dict(changes.environment),
            "steps": [step.value for step in changes.steps],
            "unpacked": bool(changes.requirements or changes.steps),
        }


def _why(reasons: Iterable[Reason]) -> str:
    """Return ``header:ffi.h for cffi, cairocffi``, on one line and without characters that could end a comment."""
    users: dict[str, list[str]] = {}
    for reason in reasons:
        users.setdefault(str(reason.need), []).extend([reason.package] if reason.package else [])
    parts = [f"{need} for {', '.join(dict.fromkeys(names))}" if names else need for need, names in users.items()]
    return "".join(character if character.isprintable() else "?" for character in "; ".join(parts))


def _external(packages: Iterable[SystemPackage]) -> Mapping[str, list[str]]:
    """Return the needs in the form of PEP 725: tools in ``build-requires``, libraries in ``host-requires``."""
    build: dict[str, None] = {}
    host: dict[str, None] = {}
    for need in (reason.need for package in packages for reason in package.reasons):
        if str(need) == "header:Python.h":
            continue  # not external: left to the build frontend
        if need.kind is NeedKind.COMPILER:
            build[f"dep:virtual/compiler/{_VIRTUAL.get(need.name, need.name)}"] = None
        else:
            (build if need.kind is NeedKind.COMMAND else host)[f"dep:generic/{_generic(need)}"] = None
    return {"build_requires": sorted(build), "host_requires": sorted(host)}


def _generic(need: Need) -> str:
    """Return a need's name without directories and suffixes, only with characters that a PURL does not escape."""
    stem = need.name.rpartition("/")[2]
    if need.kind is NeedKind.HEADER:
        stem = stem.rpartition(".")[0] or stem
    return "".join(character if character.isalnum() or character in "._-+" else "-" for character in stem.lower())
