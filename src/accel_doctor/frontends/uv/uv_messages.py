"""Read uv's error messages.

uv prints one error at the end: a headline, the chain of its causes, then, for builds, the backend's output, then hints.
Older releases (0.8) draw the chain as a tree, later ones (0.13) write ``error: ...`` and ``cause: ...``.
"""

from __future__ import annotations

import re

from accel_doctor.frontends.outcome import Blame, Forms, Verdict, blamed

_HEADLINE = re.compile(r"(?:error:|\s{0,2}\u00d7) \S")
_BACKEND_OUTPUT = re.compile(r"[\s│]*(?:\[std(?:out|err)\])\s*$")
_HINT = re.compile(r"[\s│]*hint: (.*)")
_CLOSING_HINT = re.compile(
    r"(?:Build failures usually indicate|This usually indicates) a problem with the package"
)  # says nothing about this failure
_INCLUDED = re.compile(r"`[^`]+` .*was included because ")  # says who needs it, not what to do

# Only uv's own chain counts: a backend whose own download fails prints the same words, but below the mark [stdout] or
# [stderr].
_NETWORK = re.compile(
    r"error sending request|client error \(Connect\)|dns error|tcp connect error|connection reset"
    r"|operation timed out|request timed out|invalid peer certificate|tunnel error|error decoding response body"
    r"|HTTP status server error|\b(?:408|429) [A-Z]\w+"
    r"|Could not resolve host|Failed to connect to|Connection (?:refused|timed out|reset)|network is unreachable",
    re.IGNORECASE,
)
_OFFLINE = re.compile(r"the network was disabled|network connectivity is disabled", re.IGNORECASE)
_BUILD = re.compile(
    r"The build backend returned an error|Failed to build|build-system\.requires"
    r"|Failed to (?:install|resolve) (?:requirements|build dependencies)|Build backend failed"
)
_PACKAGE = re.compile(
    r"Failed to (?:download and )?build[\s│]+`(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[.*?\])?"
    r"(?:==(?P<version>[^`\s]+)|[\s│]*@|`)"
)
_UNKNOWN_NAME = re.compile(r"\bwas not found in the package registry")
_NO_GIT = re.compile("Git executable not found")  # a need like any other: command:git
_REQUIREMENTS = re.compile(
    r"No solution found|Hash mismatch|externally managed|Git operation failed|not found at|Couldn't parse"
    r"|HTTP status client error|Unsupported (?:editable|URL)|was not found|Requires-Python|requires Python"
    r"|incompatible with|not a valid|Invalid|Conflicting|[Mm]issing hash|In `--require-hashes` mode"
    r"|does not appear to be a Python project|metadata.*(?:invalid|does not match)"
)


# In this order: a build that fails without a network matches both.
_FORMS: Forms = (
    (_NETWORK, Blame.NETWORK),
    (_NO_GIT, Blame.BUILD),
    (_BUILD, Blame.BUILD),
    (_REQUIREMENTS, Blame.REQUIREMENTS),
)


def read_uv(output: str) -> Verdict:
    """Return the verdict on a failed uv run."""
    chain, hint = _chain(output)
    quote = "\n".join(chain)
    if _OFFLINE.search(f"{quote}\n{hint or ''}"):
        return Verdict(Blame.NETWORK, quote, "run once without --offline, or name a --find-links directory")
    if hint is None and _UNKNOWN_NAME.search(quote):
        hint = "check the spelling; if it is on another index, name that with --index-url or --extra-index-url"
    kind = blamed(quote, _FORMS)
    named = _PACKAGE.search(quote) if kind is Blame.BUILD else None
    return Verdict(kind, quote, hint, *(named.group("name", "version") if named else ()))


def _chain(output: str) -> tuple[list[str], str | None]:
    """Return headline and causes, with who needs the package, without the backend's output; and the first hint."""
    lines = output.splitlines()
    # The last headline: `uv build` streams the backend's output first, where lines may begin with "error:" too.
    start = max((number for number, line in enumerate(lines) if _HEADLINE.match(line)), default=None)
    if start is None:
        return [line for line in lines if line.strip()][-5:], None
    chain: list[str] = []
    hints: list[str] = []
    in_backend_output = False
    for line in lines[start:]:
        if hint := _HINT.match(line):
            hints.append(hint[1].strip())
        elif hints and line.startswith("  ") and line.strip():
            hints[-1] += " " + line.strip()  # older uv wraps hints
        elif _BACKEND_OUTPUT.match(line):
            in_backend_output = True
        elif not in_backend_output and not hints:
            chain.append(line.rstrip())
    while chain and not chain[-1]:
        chain.pop()
    included = [hint for hint in hints if _INCLUDED.match(hint)]
    useful = (hint for hint in hints if hint not in included and not _CLOSING_HINT.match(hint))
    return [*chain, *(f"  cause: {hint}" for hint in included)], next(useful, None)
