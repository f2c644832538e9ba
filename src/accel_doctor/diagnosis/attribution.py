"""Attribute log lines to packages, by the messages of pip and uv around them.

pip names a package after its output ("Failed to build 'x' when ..."), uv before it ("Failed to build `x==1.0`").
A build dependency's failure stands inside another package's log and is claimed first, by its own name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.utils import canonicalize_name

_NAME = r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"

SECOND_STREAM = "[stderr]"  # uv's mark between what a failed backend wrote to stdout and to stderr

# Every line that attributes anything contains one of these strings.
TELLING = (
    SECOND_STREAM,
    "Failed to build ",
    "Failed building ",
    "Building wheel for ",
    "Building editable for ",
    "Running setup.py ",
    "/setup.py -q bdist_egg",
    "Collecting ",
    "Could not build wheels for ",
    "This error originates from the build backend",
    "error: metadata-generation-failed",
    "Successfully built ",
    "Successfully installed ",
    " failed:",
)

_STARTS = frozenset("BCEFNRSaceu\u00d7")  # of lines that the patterns below match

_FAILED_AFTER = (
    re.compile(rf"^(?:ERROR: )?Failed to build '{_NAME}' when "),
    re.compile(rf"^ERROR: Failed building (?:wheel|editable) for {_NAME}$"),
    re.compile(rf"^ERROR: Could not build wheels for {_NAME}, which is required"),
    re.compile(rf"^Note: This error originates from the build backend, .* following issues with {_NAME} \("),  # poetry
)
_FAILS_BELOW = (
    re.compile(rf"^(?:error: |cause: )?(?:\u00d7 )?Failed to build `{_NAME}(?:\[[^\]]*\])?(?:==[^`]*| @ [^`]*)?`"),
    re.compile(rf"^(?:\u00d7 )?Building (?:wheel|editable) for {_NAME} \((?:pyproject\.toml|setup\.py)\)"),
    re.compile(rf"^(?:\u00d7 )?Running setup\.py (?:install|bdist_wheel|develop) for {_NAME}"),
    re.compile(rf"^Running {_NAME}-\d[^/ ]*/setup\.py -q bdist_egg"),  # easy_install
    re.compile(rf"^(?:add|update) {_NAME} failed:$"),  # PDM
)
_BUILT = re.compile(r"^Successfully (?:built|installed) (?P<names>[A-Za-z0-9][A-Za-z0-9._ +!-]*)$")
_VERSION = re.compile(r"-\d[^-]*$")  # "Successfully installed x-1.0"; "Successfully built x-1.0.tar.gz"
_COMES_NEXT = re.compile(rf"^Collecting {_NAME}")


@dataclass(frozen=True)
class Told:
    """A line that names a package: the lines since the last such line belong to it (``after``), or those that follow.

    Without a name, the lines read belong to the presumed package: a failure ends here that pip does not name again.
    A line that is not ``certain`` names the package pip looks at, which may not be the one being built. ``built``
    names the packages whose builds succeeded.
    """

    package: str
    after: bool = False
    certain: bool = True
    built: frozenset[str] = frozenset()


def told_by(line: str) -> Told | None:
    """Return the attribution in a cleaned line, or None."""
    if line[:1] not in _STARTS or not any(text in line for text in TELLING):
        return None
    built = _BUILT.match(line)
    if built:
        names = frozenset(canonicalize_name(_VERSION.sub("", name)) for name in built["names"].split())
        return Told("", built=names)
    if line == "error: metadata-generation-failed":
        return Told("", after=True)
    for pattern in (*_FAILED_AFTER, *_FAILS_BELOW, _COMES_NEXT):
        found = pattern.match(line)
        if found:
            name = canonicalize_name(found["name"])
            return Told(name, after=pattern in _FAILED_AFTER, certain=pattern is not _COMES_NEXT)
    return None
