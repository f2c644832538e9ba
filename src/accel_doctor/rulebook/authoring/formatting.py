"""Format rule files: sort entries that are looked up by name, and tidy white space.

Works on lines, located by YAML's own parser, so that comments and one-line entries stay as their authors wrote them. A
comment directly above an entry moves with it; a blank line, or a stand-alone comment, begins a new group. Significant
order (symptoms, lists) is kept. (ruamel.yaml's round trip attaches a comment to the entry above it, so that sorting
moves it to another entry; and it joins wrapped lists.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import yaml

from accel_doctor.rulebook.authoring.workplace import Workplace, replace_file
from accel_doctor.rulebook.yaml_reading import compose, parse


def formatted(text: str) -> str:
    """Return the same rules, sorted and with tidy white space. Raises ValueError for a file that cannot be parsed.

    The result has the same values and the same non-blank lines; if it would not, ValueError is raised.
    """
    problems: list[str] = []
    before = parse(text, "", problems)
    if before is None:
        raise ValueError("; ".join(problem.removeprefix(": ") for problem in problems))
    result = _tidy(_sorted(text.replace("\r\n", "\n")))
    after = parse(result, "", problems)
    if after is None or after.value != before.value or _said(result) != _said(text):
        raise ValueError("sorting would change its meaning: sort it by hand")
    return result


def _said(text: str) -> Counter[str]:
    return Counter(stripped for line in text.splitlines() if (stripped := line.rstrip()))


@dataclass(frozen=True)
class Formatting:
    """The files that were not formatted, by name, and complaints about those that cannot be formatted."""

    untidy: tuple[str, ...]
    problems: tuple[str, ...]


def check_format(workplace: Workplace, *, fix: bool) -> Formatting:
    """Return which of the author's own files are not formatted; ``fix`` formats them."""
    untidy, problems = [], []
    for path in sorted(workplace.own.glob("*.yaml")):
        name = workplace.shown(path)
        try:
            text = path.read_bytes().decode()
            tidy = formatted(text)
        except (ValueError, OSError) as error:
            problems.append(f"{name}: not formatted: {error}")
            continue
        if tidy != text:
            untidy.append(name)
            if fix:
                replace_file(path, tidy.encode())
    return Formatting(tuple(untidy), tuple(problems))


# --- order -----------------------------------------------------------------------------------------------


def _sorted(text: str) -> str:
    lines = text.split("\n")
    root = compose(text)
    verbatim = _verbatim(root)
    for section in _sections(root):
        groups: list[list[_Span]] = []
        for span in _spans(section, lines, verbatim):
            if groups and groups[-1][-1].last == span.first:
                groups[-1].append(span)
            else:
                groups.append([span])
        for group in groups:
            ordered = sorted(group, key=lambda span: (span.name.casefold(), span.name))
            parts = [line for span in ordered for line in lines[span.first : span.last]]
            lines[group[0].first : group[-1].last] = parts
    return "\n".join(lines)


def _sections(root: yaml.Node) -> Iterator[yaml.Node]:
    """Yield the mappings whose entries are looked up by name: packages, and the needs of each kind and release."""
    top = _entries(root)
    if "packages" in top:
        yield top["packages"]
    for part in (root, *_entries(top.get("releases")).values()):
        yield from _entries(_entries(part).get("needs")).values()


def _entries(node: yaml.Node | None) -> dict[str, yaml.Node]:
    if node is None or not node.tag.endswith(":map"):
        return {}
    return {key.value: value for key, value in node.value}


class _Span(NamedTuple):
    name: str
    first: int  # line, with the comment above
    last: int  # the line after


def _spans(section: yaml.Node, lines: list[str], verbatim: set[int]) -> Iterator[_Span]:
    """Yield the lines of each entry; adjacent entries form a group."""
    if not isinstance(section, yaml.MappingNode) or section.flow_style:
        return

    def is_comment(number: int, *, or_blank: bool = False) -> bool:
        line = lines[number].strip()
        return number not in verbatim and (line.startswith("#") or (or_blank and not line))

    keys = [(key.start_mark.line, key.value) for key, _ in section.value]
    ends = [*(line for line, _ in keys[1:]), min(section.end_mark.line, len(lines))]
    last = 0
    for (line, name), limit in zip(keys, ends, strict=True):
        first, floor, last = line, last, limit
        while first > floor and is_comment(first - 1):
            first -= 1
        while last > line + 1 and is_comment(last - 1, or_blank=True):
            last -= 1
        yield _Span(name, first, last)


# --- white space -----------------------------------------------------------------------------------------


def _tidy(text: str) -> str:
    lines = text.split("\n")
    verbatim = _verbatim(compose(text))
    parts: list[str] = []
    for number, line in enumerate(lines):
        kept = line if number in verbatim else line.rstrip()
        if not kept and number not in verbatim and (not parts or not parts[-1]):
            continue  # a second blank line
        parts.append(kept)
    while parts and not parts[-1].strip():
        parts.pop()
    return "\n".join(parts) + "\n"


def _verbatim(node: yaml.Node) -> set[int]:
    """Return the lines of multi-line scalars, where white space may be significant."""
    if isinstance(node, yaml.ScalarNode):
        first, last = node.start_mark.line, node.end_mark.line
        return set(range(first + 1, last + (node.style not in ("|", ">")))) if last > first else set()
    children = [child for item in node.value for child in (item if isinstance(item, tuple) else (item,))]
    return set().union(*map(_verbatim, children)) if children else set()
