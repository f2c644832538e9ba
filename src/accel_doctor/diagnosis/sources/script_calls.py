"""Follow the calls of a setup script that is not run: into its own functions, and recorded ones."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from accel_doctor.diagnosis.sources.script_expressions import Expressions, Returned
from accel_doctor.diagnosis.sources.script_values import (
    UNKNOWN,
    Call,
    Defined,
    Dotted,
    Method,
    Value,
    known_function,
    known_method,
)

_MOST_CALLS = 12  # of functions of the script within one another
_BUILT_IN = {"list", "tuple", "set", "sorted", "dict", "len", "bool", "int", "enumerate", "zip", "str", "hasattr"}
_MUTATING = {"append", "extend", "insert", "update", "remove", "setdefault", "pop", "reverse", "sort"}


class Calls(Expressions):
    """A script whose calls are followed or recorded."""

    @staticmethod
    def method_of(defined: ast.ClassDef, name: str) -> ast.FunctionDef | None:
        """Return a method that a class defines itself."""
        return next((node for node in defined.body if isinstance(node, ast.FunctionDef) and node.name == name), None)

    def _call(self, node: ast.Call) -> Value:
        called, arguments = self.value(node.func), self._items(node.args)
        keywords: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value)
            if keyword.arg:
                keywords[keyword.arg] = value
            elif isinstance(value, dict):
                keywords.update({key: item for key, item in value.items() if isinstance(key, str)})
        if isinstance(called, Defined) and isinstance(called.node, ast.FunctionDef):
            return self.enter(called.node, arguments, keywords)
        own = self.own_class if isinstance(called, Dotted) and called.name.startswith("self.") else None
        if own and (method := self.method_of(own, called.name.removeprefix("self."))):
            return self.enter(method, [Dotted("self"), *arguments], keywords)
        if isinstance(called, Method) and not isinstance(called.owner, Call):
            if called.name in _MUTATING and not self.certain:
                return UNKNOWN
            if isinstance(called.owner, str) and called.name in ("resolve", "absolute", "as_posix"):
                return called.owner
            if isinstance(called.owner, str) and called.name == "joinpath":
                return known_function("os.path.join", [called.owner, *arguments], self.tree.paths)
            return known_method(called.owner, called.name, arguments)
        return self._recorded(node, called, arguments, keywords)

    def _recorded(self, node: ast.Call, called: Value, arguments: list[Value], keywords: dict[str, Value]) -> Value:
        bases: tuple[str, ...] = ()
        if isinstance(called, Defined) and isinstance(called.node, ast.ClassDef):
            name, bases = called.node.name, self.bases(called)
        elif isinstance(called, Dotted):
            name = called.name
            if name == "dict" and not arguments:
                return keywords
            if (name in _BUILT_IN or "." in name) and (
                known := known_function(name, arguments, self.tree.paths)
            ) != UNKNOWN:
                return known
            if name in ("sys.exit", "exit", "os._exit"):
                self.give_up(node)
        else:
            name = ast.unparse(node.func)
        certain = self.certain and self._insisted
        call = Call(name, arguments, keywords, node.lineno, ast.unparse(node)[:300], certain, bases)
        self.calls.append(call)
        return call

    def bases(self, defined: Defined) -> tuple[str, ...]:
        """Return the full names of the bases of a class, and of their bases."""
        result: list[str] = []
        for base in getattr(defined.node, "bases", ()):
            value = self.value(base)
            if isinstance(value, Dotted):
                result.append(value.name)
            elif isinstance(value, Defined) and value != defined:
                result += [value.node.name, *self.bases(value)]
        return tuple(result)

    def enter(self, node: ast.FunctionDef, arguments: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
        """Follow a function of the script and return its result."""
        if self._depth >= _MOST_CALLS:
            return UNKNOWN
        outer, returned = self.scope, self.returned
        names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        defaults = [self.value(default) for default in node.args.defaults]
        bound: dict[str, Value] = dict.fromkeys((*names, *(one.arg for one in node.args.kwonlyargs)), UNKNOWN)
        bound |= dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
        bound |= dict(zip(names, arguments, strict=False)) | dict(keywords)
        if node.args.vararg:
            bound[node.args.vararg.arg] = tuple(arguments[len(names) :])
        if node.args.kwarg:
            bound[node.args.kwarg.arg] = {key: value for key, value in keywords.items() if key not in names}
        self.scope, self.returned, self._depth = {**outer, **bound}, [], self._depth + 1
        try:
            self.execute(node.body)
        except Returned as done:
            return UNKNOWN if self.returned else done.value
        finally:
            self.scope, self.returned, self._depth = outer, returned, self._depth - 1
        return UNKNOWN if self.returned else None
