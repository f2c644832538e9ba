"""Read ``symptoms.yaml``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from accel_doctor.model.needs import Need
from accel_doctor.rulebook.cure_reading import CureOption, read_cures
from accel_doctor.rulebook.rule_directories import SYMPTOMS, shipped_rules
from accel_doctor.rulebook.symptoms import Aliases, Sample, Symptom, SymptomFiles, SymptomRole, complaint_about
from accel_doctor.rulebook.yaml_reading import Node, RuleKey, read

_KEYS = (
    "kind", "role", "contains", "pattern", "needs", "names", "form", "tool", "explained_by", "match", "miss",
)  # fmt: skip
_MOST_STARS = 3  # in a name; each multiplies what matching costs


def merged_symptoms(tops: Sequence[Node]) -> SymptomFiles:
    """Merge the files of all layers, lowest first."""
    entries: dict[RuleKey, tuple[Need, ...]] = {}
    advice: dict[RuleKey, str] = {}
    cures: dict[RuleKey, tuple[CureOption, ...]] = {}
    for top in tops:
        top.mapping(("aliases", "advice", "cures", "symptoms"))
        for key, node in top.by_kind("aliases"):
            if key[1].count("*") > _MOST_STARS:
                node.complain(f"has more than {_MOST_STARS} *")
            entries[key] = _needs(node)
        advice.update((key, text) for key, node in top.by_kind("advice") if (text := node.text()))
        cures.update(read_cures(top))
    aliases = Aliases(entries)
    symptoms: dict[str, Symptom | None] = {}
    for top in tops:
        named = top.section("symptoms")
        symptoms = {
            **_read_symptoms(named, aliases, measured=top.shipped),
            **{name: symptom for name, symptom in symptoms.items() if name not in named},
        }
    return SymptomFiles(tuple(symptom for symptom in symptoms.values() if symptom), advice, cures, aliases)


def _read_symptoms(named: Mapping[str, Node], aliases: Aliases, *, measured: bool) -> dict[str, Symptom | None]:
    """Return symptoms by id, in order; None for one that a layer removes."""
    result: dict[str, Symptom | None] = {}
    for identifier, node in named.items():
        symptom = None if node.value is None else _read_symptom(identifier, node, aliases, measured)
        if symptom or node.value is None:
            result[identifier] = symptom
    return result


def _read_symptom(identifier: str, node: Node, aliases: Aliases, measured: bool) -> Symptom | None:
    before = len(node.problems)
    entries = node.mapping(_KEYS, required=("role", "contains", "pattern"))
    if len(node.problems) > before:
        return None
    symptom = Symptom(
        id=identifier,
        role=_role(entries["role"]),
        contains=entries["contains"].texts(),
        patterns=_patterns(entries["pattern"], measured),
        kind=entries["kind"].kind_of_need(),
        needs=entries["needs"].needs(),
        names={name: _needs(entry) for name, entry in entries["names"].mapping().items()},
        form=entries["form"].text() or "{}",
        tool=entries["tool"].text(),
        explained_by=entries["explained_by"].texts(),
        match=_samples(entries["match"]),
        miss=entries["miss"].texts(),
        source=node.file,
        aliases=aliases,
    )
    _check_whole(symptom, node)
    return symptom if len(node.problems) == before else None


def _check_whole(symptom: Symptom, node: Node) -> None:
    captures = [{"name", "names"} & set(pattern.groupindex) for pattern in symptom.patterns]
    if "{}" not in symptom.form:
        node.complain("'form' must contain {}, for which the captured name stands")
    if any(captures) and symptom.kind is None and not symptom.names:
        node.complain("a pattern captures a name, but there is neither 'kind' nor 'names'")
    if symptom.kind and not all(captures):
        node.complain("has a 'kind', but a pattern has no group 'name' or 'names'")
    if symptom.role is SymptomRole.PROBE and not symptom.tool:
        node.complain("a probe needs a 'tool', to which 'explained_by' of fatal symptoms refers")
    if symptom.explained_by and symptom.role is not SymptomRole.FATAL:
        node.complain("only fatal symptoms can have 'explained_by'")


def _role(node: Node) -> SymptomRole:
    text = node.text()
    try:
        return SymptomRole(text)
    except ValueError:
        if text is not None:
            node.complain(f"expected fatal, probe, hint, echo, clue, noise or optional, got {text!r}")
        return SymptomRole.ECHO


def _patterns(node: Node, measured: bool) -> tuple[re.Pattern[str], ...]:
    result = []
    for item in node.items_or_one():
        text = item.text()
        complaint = complaint_about(text, measured=measured) if text else None
        if complaint and text in _shipped_patterns():  # another checkout's
            complaint = None
        if complaint:
            item.complain(complaint)
        elif text:
            result.append(re.compile(text))
    return tuple(result)


@cache
def _shipped_patterns() -> frozenset[str]:
    top = read(shipped_rules() / SYMPTOMS, SYMPTOMS, [])
    symptoms = top.section("symptoms") if top else {}
    return frozenset(
        text
        for node in symptoms.values()
        for pattern in node.mapping()["pattern"].items_or_one()
        if (text := pattern.text())
    )


def _needs(node: Node) -> tuple[Need, ...]:
    return () if node.value is None else node.needs()


def _samples(node: Node) -> tuple[Sample, ...]:
    result = []
    for item in node.items():
        entries = item.mapping(("log", "needs"), required=("log", "needs"))
        log, needs = entries["log"].text(), entries["needs"].needs()
        if log:
            result.append(Sample(log, needs))
    return tuple(result)
