"""Read requirements that are part of another file: dependency groups (PEP 735) and metadata in scripts (PEP 723)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tomli
from packaging.dependency_groups import DependencyGroupInclude, DependencyGroupResolver
from packaging.errors import ExceptionGroup
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Invocation
from accel_doctor.requirements.requirement_files import Files, read_text

PROJECT_FILE = "pyproject.toml"
_OPENING = re.compile(r"# /// ([a-zA-Z0-9-]+)")
_CLOSING = "# ///"
_HINT = "name the packages, or write the block: https://packaging.python.org/en/latest/specifications/inline-script-metadata"


@dataclass(frozen=True)
class Embedded:
    """Hold one requirement, and its origin for messages."""

    text: str
    origin: str


def group_requirements(given: str, files: Files, invocation: Invocation) -> Iterator[Embedded]:
    """Yield the requirements of a dependency group, ``[PATH:]NAME``, once each. Raises UsageError."""
    path, _, name = given.rpartition(":")
    path = path or PROJECT_FILE
    if posixpath.basename(path) != PROJECT_FILE:
        raise UsageError(
            f"--group {given}: {path} is not named {PROJECT_FILE}", hint=f"--group DIR/{PROJECT_FILE}:NAME"
        )
    groups = parsed(read_text(files, invocation.absolute(path), "project", path), path).get("dependency-groups")
    if not isinstance(groups, dict):
        raise UsageError(
            f"--group {given}: {path} has no [dependency-groups]",
            hint=f"what a project offers as extra is given as '.[{name}]'",
        )
    try:
        found = _included(DependencyGroupResolver(groups), canonicalize_name(name), (), {})
    except ExceptionGroup as group:
        why, unknown = (
            "; ".join(map(str, group.exceptions)),
            any(isinstance(one, LookupError) for one in group.exceptions),
        )
        hint = f"the groups are: {', '.join(map(str, groups))}" if unknown and groups else None
        raise UsageError(f"--group {given}: {path}: {why}", hint=hint) from None
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"--group {given}: {path}: {error}") from None
    for requirements in found.values():
        yield from (Embedded(text, f"{path}, group {name}") for text in requirements)


def _included(
    resolver: DependencyGroupResolver, name: str, path: tuple[str, ...], found: dict[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Add the requirements of a group and of those it includes, by group. Each group is read once, unlike by the
    resolver's own walk: of forty groups that include the next one twice, that returns the last a trillion times."""
    if name in path:
        raise ValueError(f"group {name} includes itself")
    if name not in found:
        items = resolver.lookup(name)
        for item in items:
            if isinstance(item, DependencyGroupInclude):
                _included(resolver, canonicalize_name(item.include_group), (*path, name), found)
        found[name] = tuple(str(item) for item in items if not isinstance(item, DependencyGroupInclude))
    return found


@dataclass(frozen=True)
class Script:
    """Say what a script needs by its own words; ``requires_python`` is "" if it does not say."""

    dependencies: tuple[Embedded, ...]
    requires_python: SpecifierSet


def read_script(location: str, files: Files, invocation: Invocation) -> Script:
    """Return the metadata in a script. Raises UsageError for a script without, and for what only uv reads."""
    text = read_text(files, invocation.absolute(location), "script", location)
    blocks = [content for kind, content in _blocks(text) if kind == "script"]
    if len(blocks) != 1:
        how_many = "more than one block" if blocks else "no block"
        raise UsageError(f"{location} has {how_many} of script metadata (PEP 723)", hint=None if blocks else _HINT)
    document = parsed(blocks[0], location)
    tools = document.get("tool")
    if isinstance(tools, dict) and (of_uv := tools.get("uv")):
        keys = f": {', '.join(of_uv)}" if isinstance(of_uv, dict) else ""
        raise UsageError(
            f"{location}: [tool.uv] changes what is installed, and only uv reads it{keys}",
            hint=f"accel-doctor run -- uv run {location}",
        )
    dependencies = document.get("dependencies", [])
    if not isinstance(dependencies, list):
        raise UsageError(f"{location}: dependencies: expected a list of strings")
    try:
        texts = [str(Requirement(one)) for one in dependencies]
        requires = SpecifierSet(document.get("requires-python", ""))
    except (InvalidRequirement, InvalidSpecifier, TypeError, AttributeError) as error:
        raise UsageError(f"{location}: {error}") from error
    return Script(tuple(Embedded(text, location) for text in texts), requires)


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield type and content of each block, as the regular expression of PEP 723 finds them, but in linear time: each
    starts at the first opening line of a run of comments, and ends at the last closing line of that run."""
    run: list[str] = []
    for line in (*text.splitlines(), ""):
        if line == "#" or line.startswith("# "):
            run.append(line)
            continue
        start = next((at for at, one in enumerate(run) if _OPENING.fullmatch(one)), len(run))
        end = next((at for at in range(len(run) - 1, start + 1, -1) if run[at] == _CLOSING), 0)
        if end:
            opening = _OPENING.fullmatch(run[start])
            content = [one[2:] for one in run[start + 1 : end]]
            yield opening[1] if opening else "", "\n".join(content)
        run = []


def parsed(text: str, location: str) -> dict[str, Any]:
    """Return a TOML document. Raises UsageError with the name of its file."""
    try:
        return tomli.loads(text)
    except (tomli.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{location} is not valid TOML: {error}") from error
