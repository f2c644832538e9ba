"""What one machine needed, in the words of what prepares the next one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from accel_doctor.model.treated import Treated, TreatedNeed, TreatedPackage
from accel_doctor.rulebook.templates import compiled

# format -> the template under templates/
FORMATS: Mapping[str, str] = {
    "shell": "shell.j2",
    "dockerfile": "dockerfile.j2",
    "ansible": "ansible.yml.j2",
    "bindep": "bindep.j2",
    "cloud-init": "cloud-init.yml.j2",
    "pep725": "pep725.toml.j2",
}

# PEP 725 calls compilers virtual dependencies.
_VIRTUAL = {"c": "c", "c++": "cpp", "fortran": "fortran", "rust": "rust"}
_TOOLS = ("command", "compiler")


@dataclass(frozen=True)
class Prescription:
    """What a machine of one distribution needed: packages once each, in order of name, with all their reasons."""

    distribution_id: str
    distribution_name: str
    manager: str
    packages: tuple[TreatedPackage, ...]
    commands: tuple[tuple[str, ...], ...]  # what root runs on a fresh machine


def prescription(
    entries: Sequence[Treated], commands_of: Callable[[str, Sequence[str]], Sequence[Sequence[str]]]
) -> Prescription:
    """One of the entries, which are of one distribution and not none; ``commands_of`` (manager, names) installs."""
    latest = entries[-1]
    reasons: dict[str, dict[TreatedNeed, None]] = {}
    packages = {}
    for entry in entries:
        for package in entry.packages:
            packages[package.name] = package
            reasons.setdefault(package.name, {}).update(dict.fromkeys(package.needs))
    names = sorted(packages)
    return Prescription(
        distribution_id=latest.distribution.id,
        distribution_name=str(latest.distribution),
        manager=latest.manager,
        packages=tuple(
            TreatedPackage(name, packages[name].confidence, packages[name].source, tuple(reasons[name]))
            for name in names
        ),
        commands=tuple(tuple(command) for command in commands_of(latest.manager, names)),
    )


def export(prescribed: Prescription, form: str) -> str:
    """The text in one of FORMATS."""
    return render(prescribed, (files("accel_doctor.report") / "templates" / FORMATS[form]).read_text("utf-8"))


def render(prescribed: Prescription, template: str) -> str:
    """A template of the user's own, rendered in Jinja2's sandbox. ValueError says what is wrong with it.

    It knows ``distribution.id`` and ``.name``, ``manager``, ``packages`` (each with ``name``, ``why``, ``confidence``),
    ``commands``, ``external`` (PEP 725) and the filters ``quote`` and ``join_words``.
    """
    from jinja2 import TemplateError

    try:
        text: str = compiled(template, whole_lines=True).render(
            distribution={"id": prescribed.distribution_id, "name": prescribed.distribution_name},
            manager=prescribed.manager,
            packages=[
                {"name": package.name, "why": _why(package.needs), "confidence": package.confidence}
                for package in prescribed.packages
            ],
            commands=[list(command) for command in prescribed.commands],
            external=_external(prescribed.packages),
        )
    except TemplateError as error:
        raise ValueError(f"template: {error}") from error
    return text.rstrip("\n") + "\n"


def _why(needs: Iterable[TreatedNeed]) -> str:
    """``header:ffi.h for cffi, cairocffi``, on one line and without what could end a comment."""
    users: dict[str, list[str]] = {}
    for need in needs:
        users.setdefault(need.need, []).extend([need.package] if need.package else [])
    parts = [f"{need} for {', '.join(dict.fromkeys(names))}" if names else need for need, names in users.items()]
    return "".join(character if character.isprintable() else "?" for character in "; ".join(parts))


def _external(packages: Iterable[TreatedPackage]) -> Mapping[str, list[str]]:
    """Needs as PEP 725 writes them: tools under ``build-requires``, libraries under ``host-requires``."""
    build: dict[str, None] = {}
    host: dict[str, None] = {}
    for package in packages:
        for need in package.needs:
            kind, _, name = need.need.partition(":")
            if need.need == "header:Python.h":
                continue  # not external: the build frontend's own affair
            if kind == "compiler":
                build[f"dep:virtual/compiler/{_VIRTUAL.get(name, name)}"] = None
            else:
                (build if kind in _TOOLS else host)[f"dep:generic/{_generic(kind, name)}"] = None
    return {"build_requires": sorted(build), "host_requires": sorted(host)}


def _generic(kind: str, name: str) -> str:
    """The name of a need without directories and endings, of the characters that a PURL leaves as they are."""
    stem = name.rpartition("/")[2]
    if kind == "header":
        stem = stem.rpartition(".")[0] or stem
    return "".join(character if character.isalnum() or character in "._-+" else "-" for character in stem.lower())
