"""Turn a YAML file into nodes that know their place, and gather every complaint.

A complaint reads ``file: key.path: what is wrong``. Readers go on after one, so that a contributor sees all of
them at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from accel_doctor.model import Need, NeedKind

if TYPE_CHECKING:
    import yaml

SCHEMA = 1
MAXIMUM_SIZE = 4_000_000  # bytes; a thousand times a contributor's file, and still read in a second or two

_Scalar = str | int | bool | None
_Plain = _Scalar | list["_Plain"] | dict[str, "_Plain"]
_T = TypeVar("_T")
RuleKey = tuple[NeedKind, str]  # of a need, or of all whose names fit where there is a *
_parsed = lru_cache(maxsize=1024)(Need.parse)


@dataclass(frozen=True)
class Node:
    """A value of a rule file, with its place and the list its complaints go to."""

    value: _Plain
    file: str
    path: str
    problems: list[str]

    def complain(self, complaint: str) -> None:
        """Note what is wrong with this value."""
        self.problems.append(f"{self.file}: {self.path}: {complaint}" if self.path else f"{self.file}: {complaint}")

    def _child(self, key: str | int, value: _Plain) -> Node:
        step = f"[{key}]" if isinstance(key, int) else f".{key}" if self.path else str(key)
        return Node(value, self.file, self.path + step, self.problems)

    def mapping(self, known: Collection[str] | None = None, required: Collection[str] = ()) -> dict[str, Node]:
        """Return the entries, in order; empty after a complaint. ``known`` None allows any key."""
        if not isinstance(self.value, dict):
            self.complain(f"expected a mapping, got {_described(self.value)}")
            return {}
        for key in required:
            if key not in self.value:
                self.complain(f"{key!r} is missing")
        entries = {key: self._child(key, value) for key, value in self.value.items()}
        if known is None:
            return entries
        for key in sorted(entries.keys() - set(known)):
            entries.pop(key).complain(f"unknown key: expected one of {', '.join(sorted(known))}")
        return entries

    def section(self, name: str) -> dict[str, Node]:
        """Return the entries of the mapping under this key; empty where there is none."""
        if isinstance(self.value, dict) and name in self.value:
            return self._child(name, self.value[name]).mapping()
        return {}

    def by_kind(self, name: str) -> Iterator[tuple[RuleKey, Node]]:
        """Yield the entries of a section that is ordered by kinds of needs and their names."""
        for kind_name, group in self.section(name).items():
            kind = group.as_kind(kind_name)
            for entry, node in group.mapping().items():
                if kind:
                    yield (kind, entry), node

    def items(self) -> Iterator[Node]:
        """Yield the elements of a list; nothing after a complaint."""
        if isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield self._child(index, value)
        else:
            self.complain(f"expected a list, got {_described(self.value)}")

    def items_or_one(self) -> Iterator[Node]:
        """Yield the elements of a list, or the value itself where one is written without brackets."""
        if isinstance(self.value, list):
            yield from self.items()
        else:
            yield self

    def text(self) -> str | None:
        """Return non-empty text, or None after a complaint."""
        if isinstance(self.value, str) and self.value.strip():
            return self.value
        hint = ": quote it" if isinstance(self.value, (bool, int)) else ""
        self.complain(f"expected a string, got {_described(self.value)}{hint}")
        return None

    def texts(self) -> tuple[str, ...]:
        """Return one or several strings."""
        return _present(item.text() for item in self.items_or_one())

    def flag(self) -> bool:
        """Return a boolean; False after a complaint."""
        if not isinstance(self.value, bool):
            self.complain(f"expected true or false, got {_described(self.value)}")
            return False
        return self.value

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
        """Return one or several needs."""
        # Most of python.yaml is lists of the same few needs: only a list with a fault needs to know its places.
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


def _present(values: Iterator[_T | None]) -> tuple[_T, ...]:
    return tuple(value for value in values if value is not None)


def _described(value: _Plain) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return repr(value) if value.strip() else "an empty string"
        case int():
            return str(value)


def read(path: Path, shown: str, problems: list[str]) -> Node | None:
    """Return the file's top node, its ``schema`` checked and removed; None for a file that cannot be used."""
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
    """Return YAML's own tree of a text, with the line of each part. ValueError for what is not YAML, or empty."""
    import yaml  # 20 ms, and a run without failing builds never needs it

    try:
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {' '.join(str(error).split())}") from error
    if root is None:
        raise ValueError("empty")
    return root


def parse(text: str, shown: str, problems: list[str]) -> Node | None:
    """Parse a text as :func:`read` does a file."""
    root = Node(None, shown, "", problems)
    try:
        composed = compose(text)
    except ValueError as error:
        root.complain(str(error))
        return None
    value = _Conversion(root).plain(composed)
    if not isinstance(value, dict):
        Node(value, shown, "", problems).complain(f"expected a mapping, got {_described(value)}")
        return None
    schema = value.pop("schema", None)
    if schema != SCHEMA or isinstance(schema, bool):
        problems.append(f"{shown}: schema: expected {SCHEMA}, got {_described(schema)}")
        return None
    return Node(value, shown, "", problems)


class _Conversion:
    """Convert YAML's node tree to plain values, as SafeLoader does, but report duplicate keys, and where.

    Anchors are refused: nothing in a rule file needs them, and they are the way to a "billion laughs".
    """

    _TAG = "tag:yaml.org,2002:"

    def __init__(self, root: Node) -> None:
        self._root = root
        self._seen: set[int] = set()

    def plain(self, node: yaml.Node, path: str = "") -> _Plain:
        if id(node) in self._seen:
            self._complain(path, "anchors and aliases are not supported")
            return None
        self._seen.add(id(node))
        if isinstance(node.value, str):
            return self._scalar(node, path)
        if node.tag == self._TAG + "map":
            return self._mapping(node, path)
        if node.tag == self._TAG + "seq":
            return [self.plain(item, f"{path}[{index}]") for index, item in enumerate(node.value)]
        self._complain(path, f"{node.tag} is not supported")
        return None

    def _mapping(self, node: yaml.Node, path: str) -> dict[str, _Plain]:
        result: dict[str, _Plain] = {}
        for key_node, value_node in node.value:
            if key_node.tag != self._TAG + "str":
                scalar = isinstance(key_node.value, str)
                what = f"key {key_node.value!r} is not a string: quote it" if scalar else "a key is not a string"
                self._complain(path, what)
                continue
            key = key_node.value
            place = f"{path}.{key}" if path else key
            if key in result:
                self._complain(place, "given twice")
            result[key] = self.plain(value_node, place)
        return result

    def _scalar(self, node: yaml.Node, path: str) -> _Scalar:
        value: str = node.value
        tag = node.tag.removeprefix(self._TAG)
        if tag == "str":
            return value
        if tag == "null":
            return None
        if tag == "bool":
            return value.lower() in ("true", "yes", "on")
        if tag == "int" and value.isdecimal():
            return int(value[:9])
        self._complain(path, f"expected a string, got {value!r}: quote it")
        return None

    def _complain(self, path: str, complaint: str) -> None:
        Node(None, self._root.file, path, self._root.problems).complain(complaint)
