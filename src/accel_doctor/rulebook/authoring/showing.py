"""Show the merged rules as readable lines: single entries with their files, lists, and statistics."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from packaging.utils import canonicalize_name

from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.rulebook import templates
from accel_doctor.rulebook.book import Rulebook
from accel_doctor.rulebook.families import PackageRule, look_up
from accel_doctor.rulebook.python_packages import PythonPackage
from accel_doctor.rulebook.symptoms import Symptom


def shown(what: str, book: Rulebook, distribution: Distribution | None) -> list[str]:
    """Return the rules for a need, or for all symptoms, Python packages and families of that name.

    With a distribution, only rules that apply to it; without, those of all families and releases. Empty if not found.
    Raises RuleError for invalid rules.
    """
    try:
        return list(_need_lines(Need.parse(what), book, distribution))
    except ValueError:
        pass
    lines = [line for symptom in book.symptoms if symptom.id == what for line in _symptom_lines(symptom)]
    for package in book.python_packages:
        if package.name == canonicalize_name(what):
            lines += _package_lines(package, book, distribution)
    if what in book.families():
        lines += _family_lines(what, book)
    return lines


def names(book: Rulebook) -> list[str]:
    """Return all names that can be shown, except needs, to suggest corrections of misspelled names."""
    return [
        *(symptom.id for symptom in book.symptoms),
        *(package.name for package in book.python_packages),
        *book.families(),
    ]


def symptoms_listed(book: Rulebook) -> list[str]:
    """Return a line for each symptom: name, role, need, file."""
    return [
        f"{symptom.id}\t{symptom.role.value}\t"
        f"{symptom.kind.value if symptom.kind else ', '.join(map(str, symptom.needs)) or '-'}\t{symptom.source}"
        for symptom in book.symptoms
    ]


def packages_listed(book: Rulebook) -> list[str]:
    """Return a line for each Python package: name, needs."""
    packages = sorted(book.python_packages, key=lambda package: package.name)
    return [f"{package.name}\t{', '.join(map(str, package.needs))}" for package in packages]


def statistics(book: Rulebook) -> list[str]:
    """Return the number of rules in each file, and how many of them are unverified."""
    samples = sum(len(symptom.match) for symptom in book.symptoms)
    misses = sum(len(symptom.miss) for symptom in book.symptoms)
    packages = book.python_packages
    sdists, doubtful = sum(one.sdist_only for one in packages), sum(one.unverified for one in packages)
    lines = [
        f"symptoms.yaml: {len(book.symptoms)} symptoms, {samples} samples, {misses} near misses",
        f"python.yaml: {len(packages)} Python packages, {sdists} without Linux wheels, {doubtful} unverified",
    ]
    for name in book.families():
        chain = book.chain(name)
        needs, unverified = chain.coverage
        checked = ", ".join(chain.checked)
        lines.append(
            f"{name}.yaml: {needs} needs, {unverified} unverified" + (f", checked against {checked}" * bool(checked))
        )
    return lines


def _need_lines(need: Need, book: Rulebook, distribution: Distribution | None) -> Iterator[str]:
    yield str(need)
    if distribution:
        rule = book.package_rule(need, distribution)
        yield f"  {distribution}: {_package_rule(rule, _python(book, distribution)) if rule else 'no rule'}"
    else:
        statements = [line for family in book.families() for line in _statements(need, family, book)]
        yield from statements or (["  no family has a rule for it"] if need.kind.curable_by_packages else [])
    yield from _facts(
        {
            "shown by": ", ".join(symptom.id for symptom in book.symptoms if _shows(symptom, need)),
            "needed by": ", ".join(sorted(package.name for package in book.python_packages if need in package.needs)),
            "asked for next": ", ".join(map(str, book.companions(need))),
            "cured by": "; or ".join(map(str, book.cures(need) or ())),
        }
    )


def _facts(facts: Mapping[str, str | None]) -> Iterator[str]:
    yield from (f"  {title}: {value}" for title, value in facts.items() if value)


def _shows(symptom: Symptom, need: Need) -> bool:
    samples = [found for sample in symptom.match for found in sample.needs]
    return need in symptom.needs or need in samples or any(need in needs for needs in symptom.names.values())


def _statements(need: Need, name: str, book: Rulebook) -> Iterator[str]:
    """Yield each statement of a family's own files, the one in effect first."""
    for family in book.chain(name).own:
        for release in family.releases:
            rule = look_up(family.releases[release], need)
            if rule:
                yield f"  {name} {release}: {_package_rule(rule)}"
        rule = look_up(family.needs, need)
        if rule:
            yield f"  {name}: {_package_rule(rule)}"


def _package_rule(rule: PackageRule, python: Mapping[str, str] | None = None) -> str:
    what = " ".join(rule.packages) or rule.advice or "known to be absent"
    for alternative in rule.alternatives:
        what += f", or {' '.join(alternative)}"
    if rule.packages and rule.advice:
        what += f"; {rule.advice}"
    shown = templates.render(what, python) if python else what
    return f"{shown} ({rule.source}{', unverified' if rule.unverified else ''})"


def _python(book: Rulebook, distribution: Distribution) -> Mapping[str, str] | None:
    """Return the template values for the distribution's own python3; None if rules do not list its version."""
    version = book.python(distribution)
    return {**templates.SAMPLE_PYTHON, "version": version} if version else None


def _symptom_lines(symptom: Symptom) -> Iterator[str]:
    yield f"{symptom.id} ({symptom.source})"
    yield from _facts(
        {
            "role": symptom.role.value,
            "tool": symptom.tool,
            "explained by": ", ".join(symptom.explained_by),
            "kind": symptom.kind.value if symptom.kind else None,
            "needs": ", ".join(map(str, symptom.needs)),
        }
    )
    for name, needs in symptom.names.items():
        yield f"  name {name}: {_listed(needs)}"
    yield from (f"  contains: {_quoted(text)}" for text in symptom.contains)
    yield from (f"  pattern: {pattern.pattern}" for pattern in symptom.patterns)
    yield from (f"  match: {_quoted(sample.log)}: {_listed(sample.needs)}" for sample in symptom.match)
    yield from (f"  miss: {_quoted(text)}" for text in symptom.miss)


def _package_lines(package: PythonPackage, book: Rulebook, distribution: Distribution | None) -> Iterator[str]:
    yield f"{package.name} ({package.source}{', unverified' if package.unverified else ''})"
    if package.sdist_only:
        yield "  PyPI has no Linux wheels for it"
    for need in package.needs:
        rule = book.package_rule(need, distribution) if distribution else None
        python = _python(book, distribution) if distribution else None
        yield f"  {need}: {_package_rule(rule, python)}" if rule else f"  {need}"


def _family_lines(name: str, book: Rulebook) -> Iterator[str]:
    chain = book.chain(name)
    own = chain.own
    yield f"{name} ({', '.join(dict.fromkeys(family.source for family in reversed(own) if family.source))})"
    manager = next((family.manager.name for family in own if family.manager), None)
    yield from _facts(
        {
            "manager": manager,
            "extends": next((family.extends for family in own if family.extends), None),
            "distributions": ", ".join(dict.fromkeys(identifier for family in own for identifier in family.ids)),
            "releases with overrides": ", ".join(
                dict.fromkeys(release for family in own for release in family.releases)
            ),
            "checked against": ", ".join(chain.checked),
        }
    )
    needs, unverified = chain.coverage
    yield f"  {needs} needs, {unverified} unverified"


def _listed(needs: Sequence[Need]) -> str:
    return ", ".join(map(str, needs)) or "nothing"


def _quoted(text: str) -> str:
    return json.dumps(text.strip(), ensure_ascii=False)
