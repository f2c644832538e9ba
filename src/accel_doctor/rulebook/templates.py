"""Render templates in rules, names and advice that depend on the interpreter, in Jinja2's sandbox.

Text without ``{{`` is not a template and costs nothing; Jinja2 is imported for the first template.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

from accel_doctor.model.machine import Interpreter
from accel_doctor.model.needs import Need

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import SandboxedEnvironment

SAMPLE_PYTHON: Mapping[str, str] = {
    "version": "3.13",
    "full_version": "3.13.5",
    "implementation": "cpython",
    "prefix": "/usr",
    "include": "/usr/include/python3.13",
}


def python_values(interpreter: Interpreter) -> Mapping[str, str]:
    """Return the values that templates can use as ``python.version`` and so on."""
    return {
        "version": interpreter.feature_version,
        "full_version": interpreter.version,
        "implementation": interpreter.implementation,
        "prefix": str(interpreter.base_prefix),
        "include": str(interpreter.include),
    }


def render(text: str, python: Mapping[str, str], need: Need | None = None) -> str:
    """Return the text with its template rendered. Raises ValueError for an invalid template."""
    if "{{" not in text and "{%" not in text:
        return text
    return filled(text, {"python": python, "need": need and {"kind": need.kind.value, "name": need.name}})


def filled(text: str, values: Mapping[str, object], *, whole_lines: bool = False) -> str:
    """Return a template rendered with these values. Raises ValueError for an invalid template or a missing value.

    With ``whole_lines``, lines that contain only a ``{% %}`` are removed, and templates can loop.
    """
    from jinja2 import TemplateError

    try:
        return _compiled(text, whole_lines).render(values)
    except (TemplateError, RecursionError, SyntaxError, TypeError, AttributeError) as error:
        raise ValueError(f"template: {error}") from error


@cache
def _compiled(text: str, whole_lines: bool) -> Template:
    from accel_doctor.rulebook.template_limits import LIMIT, checked

    if len(text) > LIMIT:
        raise ValueError(f"template: longer than {LIMIT} characters")
    sandbox = _sandbox(whole_lines)
    return sandbox.from_string(checked(sandbox.parse(text), loops=whole_lines))


@cache
def _sandbox(whole_lines: bool) -> SandboxedEnvironment:
    from accel_doctor.rulebook.template_limits import LimitedSandbox

    # Nothing rendered here is HTML: names go to an argument list, text to a terminal or a file.
    return LimitedSandbox(
        {
            "quote": shlex.quote,
            "join_words": shlex.join,
            "quote_text": partial(json.dumps, ensure_ascii=False),  # tojson writes < as \u003c
        },
        trim_blocks=whole_lines,
        lstrip_blocks=whole_lines,
    )
