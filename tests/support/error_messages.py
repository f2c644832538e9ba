"""Reads every message and hint of an error from the source, for the index of errors: what changes is in capitals."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from accel_doctor import errors
from accel_doctor.errors import AccelDoctorError

SOURCE = Path(errors.__file__).parent
CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, AccelDoctorError)
}
# What says the same in every message: the words of the system, or of the tool that failed.
REASONS = {"error", "strerror", "trouble", "words", "complaint", "problem", "said", "reason", "why", "mistake"}
Names = Mapping[str, list[ast.expr]]


@cache
def messages() -> dict[str, dict[str, list[str]]]:
    """Return the hints by message, of each class, sorted; without messages that only quote somebody else."""
    found: dict[str, dict[str, set[str]]] = {name: defaultdict(set) for name in CLASSES}
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))]
    constants, classes = _constants(trees), _classes(trees)
    for tree in trees:
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        makers = _makers(functions, classes)
        for scope in functions:
            known = constants | _assigned(ast.walk(scope))
            for name, text, hint in _raised(scope, classes, makers):
                for one, its_hint in _messages(text, hint, known):
                    found[name][one] |= {its_hint} - {""}
    return {name: {text: sorted(hints) for text, hints in sorted(texts.items())} for name, texts in found.items()}


def _constants(trees: Iterable[ast.Module]) -> dict[str, list[ast.expr]]:
    """Return the texts that modules give names in capitals, but for names that mean different things."""
    found: dict[str, list[ast.expr]] = defaultdict(list)
    for tree in trees:
        for name, values in _assigned(tree.body).items():
            if name.isupper() and isinstance(values[0], ast.Constant | ast.JoinedStr | ast.BinOp):
                found[name] += values
    return {name: values for name, values in found.items() if len(values) == 1}


def _assigned(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """Return what is assigned to each plain name."""
    found: dict[str, list[ast.expr]] = defaultdict(list)
    for node in nodes:
        if isinstance(node, ast.Assign):
            pairs = zip(*map(_elements, (node.targets[0], node.value)), strict=False)
            for target, value in pairs:
                if isinstance(target, ast.Name):
                    found[target.id].append(value)
    return dict(found)


def _elements(node: ast.expr) -> Sequence[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]


def _classes(trees: Sequence[ast.Module]) -> dict[str, str]:
    """Return the class of errors.py that each class of an error is, or is made from."""
    classes = {name: name for name in CLASSES}
    inner = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for node in inner * 2:  # a class may stand before the one that it is made from
        for base in node.bases:
            if isinstance(base, ast.Name) and base.id in classes:
                classes.setdefault(node.name, classes[base.id])
    return classes


def _makers(functions: Iterable[ast.FunctionDef], classes: Mapping[str, str]) -> dict[str, tuple[str, ast.expr | None]]:
    """Return the class and hint of functions that make an error from a message they are given."""
    found = {}
    for function in functions:
        known = _assigned(ast.walk(function))
        parameters = {one.arg for one in function.args.args}
        for name, text, hint in _raised(function, classes, {}):
            if isinstance(text, ast.Name) and text.id in parameters and text.id not in known:
                inner = known.get(hint.id, [hint])[0] if isinstance(hint, ast.Name) else hint
                found[function.name] = (name, inner)
    return found


def _raised(
    scope: ast.AST, classes: Mapping[str, str], makers: Mapping[str, tuple[str, ast.expr | None]]
) -> Iterator[tuple[str, ast.expr, ast.expr | None]]:
    """Return class, message and hint of each error that is made somewhere below."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Call) and node.args:
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            hint = next((word.value for word in node.keywords if word.arg == "hint"), None)
            if called in classes:
                yield classes[called], node.args[0], hint
            elif called in makers:
                yield makers[called][0], node.args[0], hint or makers[called][1]


def _messages(text: ast.expr, hint: ast.expr | None, known: Names) -> Iterator[tuple[str, str]]:
    texts = _texts(text, known)
    hints = _texts(hint, known) if hint else [""]
    if len(hints) != len(texts):  # else the same condition chooses both
        hints = ["; or: ".join(text for text in hints if _says_something(text))] * len(texts)
    for one, its_hint in zip(texts, hints, strict=True):
        if _says_something(one):
            yield one, its_hint if _says_something(its_hint) else ""


def _says_something(text: str) -> bool:
    return re.search(r"[a-z]{2}", text) is not None


def _texts(node: ast.expr, known: Names) -> list[str]:
    """Return the texts that an expression can have."""
    match node:
        case ast.Constant(value=str() as text):
            return [" ".join(text.replace("\n", " ").split(" "))]
        case ast.Constant():
            return ["" if node.value is None else str(node.value)]
        case ast.JoinedStr():
            texts = [""]
            for part in node.values:
                texts = [text + more for text in texts for more in _inside(part, known)]
            return texts
        case ast.BinOp(op=ast.Add()):
            return [left + right for left in _texts(node.left, known) for right in _texts(node.right, known)]
        case ast.IfExp():
            return _texts(node.body, known) + _texts(node.orelse, known)
        case ast.BoolOp():
            return [text for value in node.values for text in _texts(value, known)]
        case ast.Call(func=ast.Attribute(attr="replace", value=value)):
            return _texts(value, known)
        case ast.Name() if node.id in known:
            inner = {name: values for name, values in known.items() if name != node.id}
            return [text for value in known[node.id] for text in _texts(value, inner)]
        case _:
            return [_placeholder(node)]


def _inside(node: ast.expr, known: Names) -> list[str]:
    """Return the texts of a piece of an f-string: constants as they are, what varies as a placeholder."""
    if not isinstance(node, ast.FormattedValue):
        return _texts(node, known)
    value = node.value
    if isinstance(value, ast.IfExp) or (isinstance(value, ast.Name) and value.id.isupper()):
        return _texts(value, known)
    return [_placeholder(value)]


def _placeholder(node: ast.expr) -> str:
    """Return what stands for a value: its own name, in capitals."""
    match node:
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return key.upper()
        case ast.Call(func=ast.Name(id="map" | "sorted"), args=[*_, inner]):
            return _placeholder(inner)
        case ast.Call(args=[inner, *_]) | ast.Starred(value=inner) | ast.Subscript(value=inner) | ast.BinOp(left=inner):
            return _placeholder(inner)
        case ast.GeneratorExp(elt=inner) | ast.ListComp(elt=inner) | ast.FormattedValue(value=inner):
            return _placeholder(inner)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return "REASON" if name in REASONS else name.strip("_").upper().replace("_", "-")
        case ast.JoinedStr():
            return "".join(_inside(part, {})[0] for part in node.values)
        case _:
            return "…"


def listed(name: str) -> str:
    """Return the messages of a class as a list, each with its hints below it."""
    lines = []
    for text, hints in messages()[name].items():
        lines.append(f"- {code(text)}")
        lines += [f"  - hint: {code(hint)}" for hint in hints]
    return "\n".join(lines)


def code(text: str) -> str:
    """Return a text as code, whatever it contains."""
    text = " ".join(text.split())
    return f"`` {text} ``" if "`" in text else f"`{text}`"
