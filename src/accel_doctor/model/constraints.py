"""Join constraints on versions; of two that nothing satisfies together, the later one takes the other's place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version


def joined(earlier: Iterable[str], later: Iterable[str]) -> tuple[str, ...]:
    """Return the constraints of both, without the earlier ones that exclude a later one."""
    late = tuple(later)
    new = by_name(late)
    kept = [one for one in earlier if one not in late and not _excludes(Requirement(one), new)]
    return tuple(dict.fromkeys((*kept, *late)))


def by_name(texts: Iterable[str]) -> dict[str, Requirement]:
    """Return one requirement for each normalized name."""
    result: dict[str, Requirement] = {}
    for requirement in map(Requirement, texts):
        name = canonicalize_name(requirement.name)
        if name in result:
            requirement.specifier = within(result[name].specifier, requirement.specifier)
        result[name] = requirement
    return result


def within(declared: SpecifierSet, constraint: SpecifierSet) -> SpecifierSet:
    """Return both together; the constraint alone where nothing can satisfy both, as where a source pins a version that
    does not run here."""
    both = declared & constraint
    return both if is_possible(both) else constraint


def is_possible(specifiers: SpecifierSet) -> bool:
    """Return whether any version satisfies all of them."""
    return any(specifiers.contains(version, prereleases=True) for version in _probes(specifiers))


def _excludes(one: Requirement, others: dict[str, Requirement]) -> bool:
    other = others.get(canonicalize_name(one.name))
    return other is not None and not is_possible(one.specifier & other.specifier)


def _probes(specifiers: SpecifierSet) -> Iterator[Version]:
    """Yield the versions at, just above and just below each bound: one of them is in any range that is not empty."""
    yield Version("0")
    for specifier in specifiers:
        with suppress(InvalidVersion):
            bound = Version(specifier.version.removesuffix(".*"))
            yield bound
            yield Version(f"{bound.base_version}.0.0.1")
            release = list(bound.release)
            while release and not release[-1]:
                release.pop()
            if release:
                below = [*release[:-1], release[-1] - 1, 999_999]
                yield Version(".".join(map(str, below)))
