"""Turn a YAML file into nodes that know their location, and collect all complaints.

A complaint reads ``file: key.path: what is wrong``. Readers continue after one, so that a contributor sees all of
them at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.rulebook import templates

if TYPE_CHECKING:
    import yaml

SCHEMA = 1
MAXIMUM_SIZE = 4_000_000  # bytes; a thousand times a typical file, and still read in a second or two

_TAG = "tag:yaml.org,2002:"
_Plain = str | int | bool | None | list["_Plain"] | dict[str, "_Plain"]
_T = TypeVar("_T")
RuleKey = tuple[NeedKind, str]  # of a need, or, with a *, of all needs whose names match
_parsed = lru_cache(maxsize=1024)(Need.parse)


@dataclass(frozen=True)
class Node:
    """A value in a rule file, with its location and the list that collects its complaints."""

    value: _Plain
    file: str
    path: str
    problems: list[str]
    shipped: bool = False  # whether it is the top of a shipped file

    def complain(self, complaint: str) -> None:
        """Add a complaint about this value."""
        self.problems.append(f"{self.file}: {self.path}: {complaint}" if self.path else f"{self.file}: {complaint}")

    def at(self, path: str, value: _Plain = None) -> Node:
        """Return a node for another place in the file."""
        return Node(value, self.file, path, self.problems)

    def _child(self, key: str | int, value: _Plain) -> Node:
        step = f"[{key}]" if isinstance(key, int) else f".{key}" if self.path else str(key)
        return self.at(self.path + step, value)

    def mapping(self, known: Collection[str] | None = None, required: Collection[str] = ()) -> Entries:
        """Return the entries, in order; empty after a complaint. ``known`` None allows any key."""
        if not isinstance(self.value, dict):
            self.complain(f"expected a mapping, got {_described(self.value)}")
            return Entries()
        for key in required:
            if key not in self.value:
                self.complain(f"{key!r} is missing")
        entries = Entries((key, self._child(key, value)) for key, value in self.value.items())
        if known is None:
            return entries
        for key in sorted(entries.keys() - set(known)):
            entries.pop(key).complain(f"unknown key: expected one of {', '.join(sorted(known))}")
        return entries

    def section(self, name: str) -> Entries:
        """Return the entries of the mapping under this key; empty if there is none."""
        return self.mapping()[name].mapping()

    def by_kind(self, name: str) -> Iterator[tuple[RuleKey, Node]]:
        """Yield the entries of a section grouped by kind of need and name."""
        for kind_name, group in self.section(name).items():
            kind = group.as_kind(kind_name)
            for entry, node in group.mapping().items():
                if kind:
                    yield (kind, entry), node

    def items(self) -> Iterator[Node]:
        """Yield the elements of a list; none after a complaint."""
        if isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield self._child(index, value)
        else:
            self.complain(f"expected a list, got {_described(self.value)}")

    def items_or_one(self) -> Iterator[Node]:
        """Yield the elements of a list, or the value itself if it is not a list."""
        if isinstance(self.value, list):
            yield from self.items()
        else:
            yield self

    def text(self) -> str | None:
        """Return a non-empty string, or None after a complaint."""
        if isinstance(self.value, str) and self.value.strip():
            return self.value
        hint = ": quote it" if isinstance(self.value, (bool, int)) else ""
        self.complain(f"expected a string, got {_described(self.value)}{hint}")
        return None

    def template(self, need: Need | None = None) -> str | None:
        """Return a string that is a valid template, or None after a complaint."""
        text = self.text()
        try:
            return text if text and templates.render(text, templates.SAMPLE_PYTHON, need) else None
        except ValueError as error:
            self.complain(str(error))
            return None

    def texts(self) -> tuple[str, ...]:
        """Return the strings of a list, or a single one."""
        return _present(item.text() for item in self.items_or_one())

    def flag(self) -> bool:
        """Return a boolean; False after a complaint."""
        if not isinstance(self.value, bool):
            self.complain(f"expected true or false, got {_described(self.value)}")
            return False
        return self.value

    def number(self) -> int | None:
        """Return a positive integer, or None after a complaint."""
        if isinstance(self.value, int) and not isinstance(self.value, bool) and self.value > 0:
            return self.value
        self.complain(f"expected a positive number, got {_described(self.value)}")
        return None

    def need(self) -> Need | None:
        """Return a need written ``kind:name``, or None after a complaint."""
        text = self.text()
        if text is None:
            return None
        try:
            return Need.parse(text)
        except ValueError as error:
            self.complain(str(error))
            return None

    def needs(self) -> tuple[Need, ...]:
        """Return the needs of a list, or a single one."""
        # Most of python.yaml is lists of the same few needs: only a faulty list needs locations.
        texts = [text for text in self.value if isinstance(text, str)] if isinstance(self.value, list) else []
        if texts and texts == self.value:
            with suppress(ValueError):
                return tuple(map(_parsed, texts))
        return _present(item.need() for item in self.items_or_one())

    def kind_of_need(self) -> NeedKind | None:
        """Return a kind of need, or None after a complaint."""
        text = self.text()
        return None if text is None else self.as_kind(text)

    def as_kind(self, text: str) -> NeedKind | None:
        """Return the kind of need that ``text`` (this value or its key) names, or None after a complaint."""
        try:
            return NeedKind(text)
        except ValueError:
            self.complain(
                f"{text!r} is not a kind of need: expected one of {', '.join(kind.value for kind in NeedKind)}"
            )
            return None


class _Absent(Node):
    """A missing value: it reads as empty, without complaints."""

    def complain(self, complaint: str) -> None:
        """Do nothing."""


class Entries(dict[str, Node]):
    """The entries of a mapping; missing ones read as empty."""

    def __missing__(self, key: str) -> Node:
        return _Absent(None, "", key, [])


def _present(values: Iterator[_T | None]) -> tuple[_T, ...]:
    return tuple(value for value in values if value is not None)


def _described(value: _Plain) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return repr(value) if value.strip() else "an empty string"
    return "nothing" if value is None else str(value).lower()


def read(path: Path, shown: str, problems: list[str]) -> Node | None:
    """Return the file's top node, its ``schema`` checked and removed; None for an invalid file."""
    try:
        if path.stat().st_size > MAXIMUM_SIZE:
            problems.append(f"{shown}: larger than {MAXIMUM_SIZE} bytes")
            return None
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{shown}: cannot read it: {error}")
        return None
    return parse(text, shown, problems)


def compose(text: str) -> yaml.Node:
    """Return the YAML node tree of a text, with line numbers. Raises ValueError for invalid YAML or an empty text."""
    import yaml  # takes 20 ms, and runs without failing builds never need it

    try:
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {' '.join(str(error).split())}") from error
    if root is None:
        raise ValueError("empty")
    return root


def parse(text: str, shown: str, problems: list[str]) -> Node | None:
    """Parse a text like :func:`read` a file."""
    root = Node(None, shown, "", problems)
    try:
        composed = compose(text)
    except ValueError as error:
        root.complain(str(error))
        return None
    value = _plain(composed, root, "", set())
    if not isinstance(value, dict):
        root.complain(f"expected a mapping, got {_described(value)}")
        return None
    schema = value.pop("schema", None)
    if schema != SCHEMA or isinstance(schema, bool):
        root.at("schema").complain(f"expected {SCHEMA}, got {_described(schema)}")
        return None
    return Node(value, shown, "", problems)


def _plain(node: yaml.Node, root: Node, path: str, seen: set[int]) -> _Plain:
    """Convert a YAML node tree to plain values, as SafeLoader does, but complain about duplicate keys, with locations.

    Anchors are rejected: rule files do not need them, and they allow a "billion laughs" attack.
    """
    if id(node) in seen:
        root.at(path).complain("anchors and aliases are not supported")
        return None
    seen.add(id(node))
    tag = node.tag.removeprefix(_TAG)
    if isinstance(node.value, str):
        if tag == "str":
            return node.value
        if tag == "bool":
            return node.value.lower() in ("true", "yes", "on")
        if tag == "int" and node.value.isdecimal():
            return int(node.value[:9])
        if tag != "null":
            root.at(path).complain(f"expected a string, got {node.value!r}: quote it")
    elif tag == getattr(node, "id", "")[:3] == "map":
        return _plain_mapping(node, root, path, seen)
    elif tag == getattr(node, "id", "")[:3] == "seq":
        return [_plain(item, root, f"{path}[{index}]", seen) for index, item in enumerate(node.value)]
    else:
        root.at(path).complain(f"{node.tag} is not supported")
    return None


def _plain_mapping(node: yaml.Node, root: Node, path: str, seen: set[int]) -> dict[str, _Plain]:
    result: dict[str, _Plain] = {}
    for key, value in node.value:
        if key.tag != f"{_TAG}str":
            shown = f"key {key.value!r}" if isinstance(key.value, str) else "a key"
            root.at(path).complain(f"{shown} is not a string: quote it")
            continue
        place = f"{path}.{key.value}" if path else key.value
        if key.value in result:
            root.at(place).complain("given twice")
        result[key.value] = _plain(value, root, place, seen)
    return result
