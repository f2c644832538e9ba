"""Show what a self-check found, as a document for bug reports and as a page of text; without secrets. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accel_doctor.errors import AccelDoctorError
from accel_doctor.report.wrapping import wrapped
from accel_doctor.wording import count, printable

SCHEMA = 1

Fact = str | bool | Sequence[str] | None
# The host says enough: user, password, path and query of an address may all hold a token.
_ADDRESS = re.compile(
    r"(?P<scheme>\b(?!file:)[A-Za-z][A-Za-z0-9+.-]{0,20}://)(?:[^\s'\"]*@)?(?P<host>[^\s/?#'\"]*)[^\s'\"]*"
)


@dataclass(frozen=True)
class SelfCheck:
    """Facts by heading and name, and what is wrong; ``home`` is shown as ``~``."""

    facts: Mapping[str, Mapping[str, Fact]]
    problems: Sequence[AccelDoctorError]
    home: str


def self_check_document(check: SelfCheck) -> dict[str, Any]:
    """Return the facts and the problems, by keys without blanks."""
    return {
        "schema": SCHEMA,
        **{
            _key(heading): {_key(name): _shown(value, check.home) for name, value in facts.items()}
            for heading, facts in check.facts.items()
        },
        "problems": [
            {
                "message": _shown(error.message, check.home),
                "hint": _shown(error.hint, check.home),
                "exit_code": int(error.exit_code),
            }
            for error in check.problems
        ],
    }


def self_check_lines(check: SelfCheck, width: int) -> Iterator[str]:
    """Yield the page, wrapped at words to ``width`` columns."""
    broad = 2 + max((len(name) for facts in check.facts.values() for name in facts), default=0)
    for heading, facts in check.facts.items():
        yield heading if facts else f"{heading}: none"
        for name, value in facts.items():
            yield from wrapped(f"  {name.ljust(broad)}{_sentence(_shown(value, check.home))}", width)
    yield ""
    if not check.problems:
        yield "nothing is wrong"
        return
    yield f"{count(len(check.problems), 'problem')}:"
    for error in check.problems:
        yield from wrapped(f"  error: {_line(_shown(error.message, check.home))}", width)
        if error.hint:
            yield from wrapped(f"  hint: {_line(_shown(error.hint, check.home))}", width)


def _key(name: str) -> str:
    return name.lower().replace(" ", "_").replace("-", "_")


def _sentence(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _line(", ".join(value) or "none" if isinstance(value, list) else str(value or "none"))


def _line(text: str) -> str:
    return " ".join(text.split())


def _shown(value: Fact, home: str) -> Any:
    """Return a fact without what is private in addresses, and safe to print."""
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return [_shown(one, home) for one in value]
    text = _ADDRESS.sub(r"\g<scheme>\g<host>", value)
    text = re.sub(rf"{re.escape(home)}(?=/|\b)", "~", text) if len(home) > 1 else text
    return "\n".join(map(printable, text.split("\n")))
