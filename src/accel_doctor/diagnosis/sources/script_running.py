"""Follow a setup script without running it, and record the calls that it certainly makes.

Where a condition depends on more than the platform and the script's own values, neither branch is certain.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

from accel_doctor.diagnosis.sources.script_bounds import is_shallow
from accel_doctor.diagnosis.sources.script_calls import Calls
from accel_doctor.diagnosis.sources.script_expressions import Raised, Returned
from accel_doctor.diagnosis.sources.script_values import (
    UNKNOWN,
    Call,
    Defined,
    DefinedClass,
    Dotted,
    Module,
    Unknown,
    Value,
    truth,
)

_MOST_ITEMS = 500  # of one loop
_ABOUT_PYTHON = {
    "ImportError", "ModuleNotFoundError", "AttributeError", "NameError", "KeyError", "IndexError", "TypeError",
    "UnicodeDecodeError", "ValueError",
}  # fmt: skip


class Script(Calls):
    """A script that is followed; ``calls`` are recorded in order. Names that it imports from ``lacking`` fail."""

    def follow(self, tree: ast.Module) -> None:
        """Follow the statements of the script."""
        try:
            self.execute(tree.body)
        except (Raised, Returned, RecursionError):
            return

    def call_method(self, defined: DefinedClass, name: str) -> None:
        """Follow a method of a class of the script, as a command of setuptools would call it."""
        self.own_class = defined.node
        method = self.method_of(defined.node, name)
        try:
            if method:
                self.enter(method, [Dotted("self")], {})
        except (Raised, RecursionError):
            return

    def execute(self, body: Sequence[ast.stmt]) -> None:
        for node in body:
            self.count()
            self._execute(node)

    def _execute(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self._import(node)
        elif isinstance(node, ast.ClassDef):
            self.scope[node.name] = DefinedClass(node)
        elif isinstance(node, ast.FunctionDef):
            self.scope[node.name] = Defined(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            self._assign(node)
        elif isinstance(node, ast.Expr):
            self.value(node.value)
        elif isinstance(node, ast.If):
            self._choose(node)
        elif isinstance(node, ast.For):
            self._repeat(node)
        elif isinstance(node, ast.While):
            with self.doubted():
                self.execute(node.body)
        elif isinstance(node, ast.Try):
            self._try(node)
        elif isinstance(node, ast.With):
            for item in node.items:
                self.value(item.context_expr)
                if isinstance(item.optional_vars, ast.Name):
                    self.scope[item.optional_vars.id] = UNKNOWN
            self.execute(node.body)
        elif isinstance(node, ast.Return):
            value = self.value(node.value) if node.value else None
            if self.certain:
                raise Returned(value)
            self.returned.append(value)
        elif isinstance(node, ast.Raise):
            self.give_up(node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                scope = self._own_module(node.module or "")
                name = f"{node.module or ''}.{alias.name}"
                self.scope[alias.asname or alias.name] = scope.get(alias.name, UNKNOWN) if scope else Dotted(name)
                continue
            name = alias.name if alias.asname else alias.name.split(".")[0]
            scope = self._own_module(alias.name)
            self.scope[alias.asname or name] = Module(scope) if scope else Dotted(name)

    def _own_module(self, name: str) -> dict[str, Value]:
        """Return the names of a module that the source ships beside the script; follow it once."""
        path = f"{name.replace('.', '/')}.py"
        if path not in self._modules and path in self.tree.texts:
            parsed = parsed_script(self.tree.texts[path])
            outer, self.scope = self.scope, {"__name__": name, "__file__": path}
            self._modules[path] = self.scope
            self._caught += 1
            try:
                self.execute(parsed.body if parsed else [])
            except Returned:
                pass
            finally:
                self.scope = outer
                self._caught -= 1
        return self._modules.get(path, {})

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        value = self.value(node.value) if node.value else UNKNOWN
        if isinstance(node, ast.AugAssign):
            self._augment(node, value)
            return
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            self.bind(target, value if self.certain else UNKNOWN)

    def _augment(self, node: ast.AugAssign, value: Value) -> None:
        before = self.value(node.target)
        if isinstance(before, list) and isinstance(node.op, ast.Add):
            if self.certain:
                before.extend(value if isinstance(value, list | tuple) and is_shallow(value, before) else [UNKNOWN])
        elif self.certain and isinstance(before, str) and isinstance(value, str) and isinstance(node.op, ast.Add):
            self.bind(node.target, before + value)
        else:
            self.bind(node.target, UNKNOWN)

    def bind(self, target: ast.expr, value: Value) -> None:
        """Assign a value to a target."""
        if isinstance(target, ast.Name):
            self.scope[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            items = value if isinstance(value, list | tuple) and len(value) == len(target.elts) else None
            for number, element in enumerate(target.elts):
                self.bind(element, items[number] if items else UNKNOWN)
        elif isinstance(target, ast.Attribute):
            owner = self.value(target.value)
            if isinstance(owner, Call):
                owner.keywords[target.attr] = value
        elif isinstance(target, ast.Subscript):
            owner, key = self.value(target.value), self.value(target.slice)
            if isinstance(owner, dict) and isinstance(key, str):
                owner[key] = value if is_shallow(value, owner) else UNKNOWN

    def _choose(self, node: ast.If) -> None:
        chosen = truth(self.value(node.test))
        if chosen is not None:
            self._conditions.append(ast.unparse(node.test))
            try:
                self.execute(node.body if chosen else node.orelse)
            finally:
                self._conditions.pop()
            return
        for branch in (node.body, node.orelse):
            with self.doubted():
                self.execute(branch)

    def _repeat(self, node: ast.For) -> None:
        items = self.value(node.iter)
        if not isinstance(items, list | tuple | dict) or any(isinstance(item, Unknown) for item in items):
            self.bind(node.target, UNKNOWN)
            with self.doubted():
                self.execute(node.body)
            items = [item for item in items if not isinstance(item, Unknown)] if isinstance(items, list | tuple) else []
        for item in list(items)[:_MOST_ITEMS]:
            self.bind(node.target, item)
            self.execute(node.body)

    def _try(self, node: ast.Try) -> None:
        self._caught += 1
        try:
            self._try_and_handle(node)
        finally:
            self._caught -= 1
        self.execute(node.finalbody)

    def _try_and_handle(self, node: ast.Try) -> None:
        imported = [one for one in node.body if isinstance(one, ast.Import | ast.ImportFrom)]
        if node.handlers and any(self._cannot_import(one) for one in imported):
            for handler in node.handlers[:1]:
                self.execute(handler.body)
        else:
            with self.doubted(assignments=_asks_others(node)) if _catches_commands(node) else nullcontext():
                self.execute(node.body)
                self.execute(node.orelse)
            for handler in node.handlers:
                with self.doubted(assignments=False), self._unbound():
                    self.execute(handler.body)

    def _cannot_import(self, node: ast.Import | ast.ImportFrom) -> bool:
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        return any(name.split(".")[0].lower() in self.lacking for name in names)

    @contextmanager
    def _unbound(self) -> Iterator[None]:
        """Forget what is assigned in the block: it is a handler, and nothing was raised."""
        scope, self.scope = self.scope, dict(self.scope)
        try:
            yield
        except (Raised, Returned):
            pass
        finally:
            self.scope = scope


def parsed_script(text: str) -> ast.Module | None:
    """Return the syntax tree of a script; None if it has none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the script's escapes
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _asks_others(node: ast.Try) -> bool:
    """Return whether the block runs a program or looks for one: what follows in it may not be reached."""
    calls = [one for statement in node.body for one in ast.walk(statement) if isinstance(one, ast.Call)]
    return any(
        re.search(r"popen|run|call|check_output|getoutput|which|find_", ast.unparse(one.func), re.I) for one in calls
    )


def _catches_commands(node: ast.Try) -> bool:
    """Return whether a command that fails in the block does not end the build."""
    for handler in node.handlers:
        names = {one.id for one in ast.walk(handler.type) if isinstance(one, ast.Name)} if handler.type else {"all"}
        ends = any(
            isinstance(one, ast.Raise)
            or (isinstance(one, ast.Expr) and re.match(r"(?:sys\.)?exit\(|os\._exit\(", ast.unparse(one)))
            for one in handler.body
        )
        if not names <= _ABOUT_PYTHON and not ends:
            return True
    return False
