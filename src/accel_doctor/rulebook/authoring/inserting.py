"""Insert new entries into the text of rule files, leaving the rest unchanged."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import yaml

from accel_doctor.model.needs import Need
from accel_doctor.rulebook.authoring.formatting import formatted
from accel_doctor.rulebook.authoring.proposing import Draft
from accel_doctor.rulebook.yaml_reading import SCHEMA, compose

_INDENT = 2
_PLAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.+/:*()<>=-]*[A-Za-z0-9_.+/*()<>=-])?")


def with_symptom(text: str | None, identifier: str, draft: Draft, misses: Sequence[str]) -> str:
    """Return the text of ``symptoms.yaml`` with one more symptom; ``text`` is None if there is no file yet.

    It goes below the other messages and above the hints, which are broader and would match first otherwise.
    Raises ValueError for a file that cannot be parsed, or has its symptoms on one line.
    """
    what = [f"  kind: {draft.kind.value}"] if draft.kind else [f"  needs: [{_scalar(str(draft.need))}]"]
    entry = [
        f"{_scalar(identifier)}:",
        "  role: fatal",
        *what,
        f"  contains: [{_double_quoted(draft.contains)}]",
        f"  pattern: {_single_quoted(draft.pattern)}",
        "  match:",
        f"    - {{log: {_double_quoted(draft.line)}, needs: [{_scalar(str(draft.need))}]}}",
        f"  miss: [{', '.join(_double_quoted(miss) for miss in misses)}]",
    ]
    return _with_entry(text or f"schema: {SCHEMA}\n", ("symptoms",), identifier, entry)


def with_package_rule(text: str | None, family: str, need: Need, packages: Sequence[str]) -> str:
    """Return a family's file with the packages for a need inserted in order. Raises like :func:`with_symptom`."""
    names = [_scalar(name) for name in packages]
    shown = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
    new = f"schema: {SCHEMA}\nfamily: {_scalar(family)}\n"
    path = ("needs", need.kind.value)
    return _with_entry(text or new, path, need.name, [f"{_scalar(need.name)}: {shown}"])


def _with_entry(text: str, path: Sequence[str], name: str, entry: Sequence[str]) -> str:
    root = compose(text)
    if not root.tag.endswith(":map"):
        raise ValueError("not a mapping")
    lines = text.replace("\r\n", "\n").split("\n")
    section, indent, after, missing = _deepest(root, path, lines)
    if not missing and any(key.value == name for key, _ in section.value):
        raise ValueError(f"{'.'.join((*path, name))} already exists: change it by hand")
    added: list[str] = []
    for key in missing:
        added.append(" " * indent + f"{key}:")
        indent += _INDENT
    added += [" " * indent + line for line in entry]
    if not missing and path == ("symptoms",):
        after = _above_prose(section, after, lines)
    lines[after:after] = added
    return formatted("\n".join(lines))


def _deepest(root: yaml.Node, path: Sequence[str], lines: Sequence[str]) -> tuple[yaml.Node, int, int, Sequence[str]]:
    """Return the mapping at the path, or the deepest one on the way to it: the mapping, the indentation of its
    entries, the line at which to insert, and the rest of the path."""
    node, indent, end = root, 0, len(lines)
    for depth, step in enumerate(path):
        entries = {key.value: (key, value) for key, value in node.value}
        if step not in entries:
            return node, indent, _last_line(node, end, lines), path[depth:]
        key, value = entries[step]
        if value.tag.endswith(":null"):
            return node, indent + _INDENT, key.start_mark.line + 1, path[depth + 1 :]
        if not value.tag.endswith(":map") or value.flow_style:
            raise ValueError(f"{'.'.join(path[: depth + 1])} is on one line: give each entry a line of its own")
        node, end = value, min(value.end_mark.line, len(lines))
        indent = value.value[0][0].start_mark.column
    return node, indent, _last_line(node, end, lines), ()


def _above_prose(symptoms: yaml.Node, end: int, lines: Sequence[str]) -> int:
    """Return the line below the last symptom that is not a hint; ``end`` where no hint follows it, or all are hints."""
    entries = list(symptoms.value) if symptoms.tag.endswith(":map") else []
    while entries and _is_hint(entries[-1][1]):
        entries.pop()
    if not entries or len(entries) == len(symptoms.value):
        return end
    last = entries[-1][1]
    return _last_line(last, last.end_mark.line, lines)


def _is_hint(symptom: yaml.Node) -> bool:
    parts = symptom.value if symptom.tag.endswith(":map") else ()
    return any(key.value == "role" and value.value == "hint" for key, value in parts)


def _last_line(node: yaml.Node, end: int, lines: Sequence[str]) -> int:
    """Return the line after the last one that is neither blank nor a comment."""
    first = node.start_mark.line
    while end > first + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return end


def _scalar(text: str) -> str:
    """Return text as a YAML scalar, quoted if it would otherwise be misread."""
    if _PLAIN.fullmatch(text) and yaml.safe_load(f"[{text}]") == [text]:
        return text
    return _double_quoted(text)


def _double_quoted(text: str) -> str:
    # JSON strings are YAML strings, except for characters that YAML wants escaped and invisible ones
    return "".join(
        character if character.isprintable() else f"\\U{ord(character):08x}"
        for character in json.dumps(text, ensure_ascii=False)
    )


def _single_quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'" if text.isprintable() else _double_quoted(text)
