"""Follow the expressions of a setup script that is not run."""

from __future__ import annotations

import ast
import posixpath
from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from accel_doctor.diagnosis.sources.script_bounds import is_shallow, is_small, pads
from accel_doctor.diagnosis.sources.script_values import (
    UNKNOWN,
    Call,
    Defined,
    Dotted,
    Method,
    Module,
    Unknown,
    Value,
    known_attributes,
    truth,
)
from accel_doctor.diagnosis.sources.source_tree import SourceTree

_MOST_STEPS = 60_000  # statements and expressions, of all modules of a script


class Raised(Exception):  # noqa: N818  the script's, not ours
    """Raised where the script is too long to follow."""


class Returned(Exception):  # noqa: N818
    """Raised where a function of the script returns or raises."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class Ending(NamedTuple):
    """Name a place where a script raises an exception or exits, under a condition that is known to hold."""

    line: int
    text: str
    condition: str


class Expressions:
    """The state of a script, and the values of its expressions."""

    def __init__(self, tree: SourceTree, lacking: Collection[str], path: str) -> None:
        self.tree = tree
        self.lacking = lacking
        self.scope: dict[str, Value] = {"__name__": "__main__", "__file__": path, "True": True, "False": False}
        self.calls: list[Call] = []
        self.returned: list[Value] = []
        self._modules: dict[str, dict[str, Value]] = {}
        self.own_class: ast.ClassDef | None = None  # whose method is followed
        self.certain = True  # that this statement is reached
        self._insisted = True  # that a failure here ends the build
        self._attributes = known_attributes(tree.python)
        self.ending: Ending | None = None  # the first
        self._conditions: list[str] = []  # known ones around this statement
        self._caught = 0  # blocks around it whose exceptions are caught, and other modules
        self._steps = 0
        self._depth = 0

    @abstractmethod
    def execute(self, body: Sequence[ast.stmt]) -> None:
        """Follow statements."""

    @abstractmethod
    def bind(self, target: ast.expr, value: Value) -> None:
        """Assign a value to a target."""

    def count(self) -> None:
        """Count one step. Raises Raised if there were too many."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise Raised

    def give_up(self, node: ast.stmt | ast.expr) -> None:
        """Follow a raised exception: out of the function, if it is certain; at the outermost level, go on."""
        if self.certain and self._conditions and not (self._caught or self.ending):
            self.ending = Ending(node.lineno, ast.unparse(node)[:300], self._conditions[-1])
        if self.certain and self._depth:
            raise Returned(UNKNOWN)

    @contextmanager
    def doubted(self, *, assignments: bool = True) -> Iterator[None]:
        """Take calls in the block, and with ``assignments`` all of it, for uncertain."""
        before = self.certain, self._insisted
        self.certain, self._insisted = self.certain and not assignments, False
        try:
            yield
        except (Raised, Returned):
            if not assignments:
                raise
        finally:
            self.certain, self._insisted = before

    def value(self, node: ast.expr) -> Value:
        """Return the value of an expression, UNKNOWN where only running the script would tell."""
        self.count()
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        found = method(node) if method else UNKNOWN
        return found if is_small(found) else UNKNOWN

    def _constant(self, node: ast.Constant) -> Value:
        return node.value

    def _name(self, node: ast.Name) -> Value:
        return self.scope.get(node.id, Dotted(node.id) if node.id not in self.scope else UNKNOWN)

    def _items(self, nodes: Sequence[ast.expr]) -> list[Value]:
        result: list[Value] = []
        for node in nodes:
            value = self.value(node.value if isinstance(node, ast.Starred) else node)
            if not isinstance(node, ast.Starred):
                result.append(value)
            else:
                result.extend(value if isinstance(value, list | tuple) else [UNKNOWN])
        return result

    def _list(self, node: ast.List) -> Value:
        return _shallow(self._items(node.elts))

    def _set(self, node: ast.Set) -> Value:
        return self._items(node.elts)

    def _tuple(self, node: ast.Tuple) -> Value:
        return _shallow(tuple(self._items(node.elts)))

    def _dict(self, node: ast.Dict) -> Value:
        result: dict[Value, Value] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                merged = self.value(value)
                result.update(merged if isinstance(merged, dict) else {})
            elif isinstance(name := self.value(key), str | int):
                result[name] = self.value(value)
        return _shallow(result)

    def _joinedstr(self, node: ast.JoinedStr) -> Value:
        parts = [self.value(part.value if isinstance(part, ast.FormattedValue) else part) for part in node.values]
        return "".join(map(str, parts)) if all(isinstance(part, str | int) for part in parts) else UNKNOWN

    def _ifexp(self, node: ast.IfExp) -> Value:
        chosen = truth(self.value(node.test))
        if chosen is not None:
            return self.value(node.body if chosen else node.orelse)
        with self.doubted():
            self.value(node.body)
            self.value(node.orelse)
        return UNKNOWN

    def _boolop(self, node: ast.BoolOp) -> Value:
        decisive = isinstance(node.op, ast.Or)
        unclear = False
        value: Value = UNKNOWN
        for part in node.values:
            value = self.value(part)
            if truth(value) is decisive:
                return value
            unclear = unclear or truth(value) is None
        return UNKNOWN if unclear else value

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        known = truth(self.value(node.operand))
        return not known if isinstance(node.op, ast.Not) and known is not None else UNKNOWN

    def _binop(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        try:
            if isinstance(node.op, ast.Add):
                if isinstance(left, list) or isinstance(right, list):
                    return [
                        *(left if isinstance(left, list) else [UNKNOWN]),
                        *(right if isinstance(right, list) else [UNKNOWN]),
                    ]
                return left + right if type(left) is type(right) and type(left) in (str, tuple) else UNKNOWN
            if isinstance(node.op, ast.Mod) and isinstance(left, str):
                parts = right if isinstance(right, tuple) else (right,)
                plain = all(isinstance(part, str | int | dict) for part in parts) and not pads(left)
                return left % right if plain else UNKNOWN
            if isinstance(node.op, ast.Div) and isinstance(left, str) and isinstance(right, str):
                return posixpath.join(left, right)
        except (TypeError, ValueError, KeyError):
            return UNKNOWN
        return UNKNOWN

    def _compare(self, node: ast.Compare) -> Value:
        left, right = self.value(node.left), self.value(node.comparators[0])
        if (
            len(node.ops) > 1
            or isinstance(left, Unknown | Dotted | Call | Module)
            or isinstance(right, Unknown | Call | Defined | Module)
        ):
            return UNKNOWN
        if isinstance(right, Dotted):
            return False if right.name == "os.environ" and isinstance(node.ops[0], ast.In) else UNKNOWN
        try:
            return _COMPARED[type(node.ops[0])](left, right) if type(node.ops[0]) in _COMPARED else UNKNOWN
        except TypeError:
            return UNKNOWN

    def _subscript(self, node: ast.Subscript) -> Value:
        owner: Value = self.value(node.value)
        if isinstance(owner, str | list | tuple) and isinstance(node.slice, ast.Slice):
            ends = [self.value(end) if end else None for end in (node.slice.lower, node.slice.upper)]
            return owner[slice(*ends)] if all(end is None or isinstance(end, int) for end in ends) else UNKNOWN
        key = self.value(node.slice)
        try:
            return owner[key] if isinstance(owner, str | list | tuple | dict) else UNKNOWN
        except (KeyError, IndexError, TypeError):
            return UNKNOWN

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp) -> Value:
        first = node.generators[0]
        items = self.value(first.iter)
        if len(node.generators) > 1 or not isinstance(items, list | tuple):
            return [UNKNOWN]
        scope, result = self.scope, list[Value]()
        self.scope = dict(scope)
        for item in items:
            self.bind(first.target, item)
            kept = [truth(self.value(test)) for test in first.ifs]
            if False not in kept:
                result.append(UNKNOWN if None in kept else self.value(node.elt))
        self.scope = scope
        return _shallow(result)

    _generatorexp = _listcomp

    def _attribute(self, node: ast.Attribute) -> Value:
        owner = self.value(node.value)
        if isinstance(owner, Dotted):
            name = f"{owner.name}.{node.attr}"
            return self._attributes.get(name, Dotted(name))
        if isinstance(owner, Module):
            return owner.scope.get(node.attr, UNKNOWN)
        if isinstance(owner, Call):
            if node.attr in owner.keywords or not owner.name.endswith("Extension"):
                return owner.keywords.get(node.attr, Method(owner, node.attr))
            return owner.keywords.setdefault(node.attr, [])
        if isinstance(owner, str) and node.attr in ("parent", "name", "stem"):
            return {"parent": posixpath.dirname, "name": posixpath.basename}.get(node.attr, str)(owner)
        return UNKNOWN if isinstance(owner, Unknown | Defined) else Method(owner, node.attr)


_COMPARED: dict[type[ast.cmpop], Callable[[Value, Value], Value]] = {
    ast.Eq: lambda left, right: left == right,
    ast.NotEq: lambda left, right: left != right,
    ast.Lt: lambda left, right: left < right,
    ast.LtE: lambda left, right: left <= right,
    ast.Gt: lambda left, right: left > right,
    ast.GtE: lambda left, right: left >= right,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
    ast.Is: lambda left, right: left is right,
    ast.IsNot: lambda left, right: left is not right,
}


def _shallow(value: Value) -> Value:
    return value if is_shallow(value) else UNKNOWN
