"""Keep templates from taking much time or memory, whoever wrote them.

What multiplies is left out: operators, ranges, macros, methods and filters that pad. What remains makes a text longer
by a small factor, and works on no text of more than ``LIMIT`` characters. So a template's length bounds the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any

from jinja2 import TemplateRuntimeError, nodes
from jinja2.runtime import Context, StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

LIMIT = 100_000  # characters
_NESTED = 2  # loops inside one another

_FILTERS = frozenset(
    ("capitalize", "count", "default", "first", "int", "join", "last", "length", "list", "lower", "map", "reject",
     "rejectattr", "replace", "select", "selectattr", "sort", "string", "title", "tojson", "trim", "unique", "upper",
     "urlencode")
)  # fmt: skip
_METHODS = frozenset(
    ("endswith", "get", "items", "keys", "lower", "lstrip", "removeprefix", "removesuffix", "replace", "rpartition",
     "rsplit", "rstrip", "split", "partition", "startswith", "strip", "title", "upper", "values")
)  # fmt: skip
_EXPRESSIONS: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem,
    nodes.Filter, nodes.Test, nodes.Call, nodes.Keyword, nodes.Concat, nodes.Add, nodes.Compare, nodes.Operand,
    nodes.CondExpr, nodes.If, nodes.Not, nodes.And, nodes.Or, nodes.Tuple, nodes.List,
)  # fmt: skip
_LOOPS = (nodes.For, nodes.Assign)
_GROWING: tuple[type[nodes.Node], ...] = (nodes.Concat, nodes.Add, nodes.List)


def checked(template: nodes.Template, *, loops: bool) -> nodes.Template:
    """Return a parsed template. Raises TemplateRuntimeError for what could multiply."""
    allowed: tuple[type[nodes.Node], ...] = (*_EXPRESSIONS, *_LOOPS) if loops else _EXPRESSIONS
    waiting: list[tuple[nodes.Node, int]] = [(template, 0)]
    while waiting:
        node, depth = waiting.pop()
        if not isinstance(node, allowed):
            raise TemplateRuntimeError(f"{type(node).__name__} is not supported in templates")
        if isinstance(node, _LOOPS):
            depth += isinstance(node, nodes.For)
            taken = node.iter if isinstance(node, nodes.For) else node.node
            if depth > _NESTED or isinstance(taken, _GROWING) or any(map(taken.find, _GROWING)) or _recursive(node):
                raise TemplateRuntimeError("this loop or assignment could multiply: write it out")
        waiting += ((child, depth) for child in node.iter_child_nodes())
    return template


def _recursive(node: nodes.Node) -> bool:
    return isinstance(node, nodes.For) and node.recursive


class LimitedSandbox(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox, with few filters and methods, each for texts of limited length, and no functions."""

    def __init__(self, filters: Mapping[str, Callable[..., Any]], **settings: Any) -> None:
        """Add filters to the usual ones; ``settings`` are those of Jinja2's environment."""
        super().__init__(undefined=StrictUndefined, autoescape=False, **settings)
        usual = {name: function for name, function in self.filters.items() if name in _FILTERS}
        self.filters = {name: _limited(name, function) for name, function in {**usual, **filters}.items()}
        self.globals = {}

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Call a method, if it is one of a few."""
        if isinstance(__obj, Undefined):
            return __obj()  # raises
        name, owner = getattr(__obj, "__name__", ""), getattr(__obj, "__self__", None)
        if name not in _METHODS or not isinstance(owner, str | Mapping):
            raise TemplateRuntimeError(f"{name or 'this'} cannot be called in templates")
        _check_length(name, (owner, *args, *kwargs.values()))
        return super().call(__context, __obj, *args, **kwargs)


def _limited(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        listed = [list(one) if isinstance(one, Iterator) else one for one in args]
        _check_length(name, (*listed, *kwargs.values()))
        return function(*listed, **kwargs)

    return guarded


def _check_length(name: str, given: Iterable[Any]) -> None:
    lengths = [_length(one) for one in given]
    longest = max(lengths, default=0)
    others = sum(lengths) - longest
    if longest > LIMIT or (name in ("join", "replace") and longest * others > LIMIT):
        raise TemplateRuntimeError(f"{name}: this becomes longer than {LIMIT} characters")


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list | tuple):
        return sum(map(_length, value))
    return 0
