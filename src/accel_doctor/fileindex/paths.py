"""Map a path to the need it meets, and to its distance from the default search paths of build tools."""

from __future__ import annotations

import re
from collections.abc import Callable

from accel_doctor.errors import UsageError
from accel_doctor.model.needs import Need, NeedKind

_MULTIARCH = r"[a-z0-9_]+-linux-[a-z0-9]+"  # https://wiki.debian.org/Multiarch/Tuples
_INCLUDE_ROOT = re.compile(rf"/?usr/include/(?:{_MULTIARCH}/)?")
_ARCHITECTURE = re.compile(rf"(?<=/){_MULTIARCH}(?=/)")
_INDEXED = "x86_64-linux-gnu"
_LIB = r"(?:lib|lib64)"
_TRIPLET = r"(?:/[^/-]+-linux-[^/-]+)?"  # x86_64-linux-gnu
_REST = r"(?P<rest>(?:/[^/]*)*)"


def need_of(text: str) -> Need:
    """Parse ``kind:name``, a file name or ``-lNAME`` as a need. Raises UsageError for other text."""
    try:
        return Need.parse(text if re.match(r"[a-z-]+:", text) else _need_of_file(text))
    except ValueError as error:
        raise UsageError(f"{text}: {error}", hint="write kind:name, such as header:libpq-fe.h") from error


def of_any_architecture(need: Need) -> Need:
    """Return a need as rules and indexes know it: without this machine's architecture in the path of a file."""
    if need.kind is NeedKind.HEADER:
        return Need(need.kind, re.sub(rf"^{_MULTIARCH}/", "", need.name))
    if need.kind is NeedKind.FILE:
        return Need(need.kind, _ARCHITECTURE.sub(_INDEXED, need.name))
    return need


def _need_of_file(text: str) -> str:
    base = text.rpartition("/")[2]
    if text.startswith("-l"):
        return f"library:{text[2:]}"
    if library := re.fullmatch(r"lib(.+)\.(?:so|a)", base):
        return f"library:{library[1]}"
    if re.fullmatch(r"lib.+\.so\.[0-9.]+", base):
        return f"soname:{base}"
    if base.endswith(".pc"):
        return f"pkgconfig:{base[:-3]}"
    if cmake := re.fullmatch(r"(?:Find(.+)|(.+?)(?:Config|-config))\.cmake", base):
        return f"cmake:{cmake[1] or cmake[2]}"
    if _INCLUDE_ROOT.match(text) or re.search(r"\.(?:h|hh|hpp|hxx|H)$", base):
        return f"header:{_INCLUDE_ROOT.sub('', text)}"
    if "/" not in text or re.fullmatch(r"/?(?:usr/)?s?bin/[^/]+", text):
        return f"command:{base}"
    return f"file:{text.lstrip('/')}"


def _below(*roots: str) -> Callable[[str], int | None]:
    """Return a function that gives the depth of a directory below the first of these roots that contains it."""
    patterns = [re.compile(root + _REST) for root in roots]

    def distance(directory: str) -> int | None:
        for farther, pattern in enumerate(patterns):
            if found := pattern.fullmatch(directory):
                return found["rest"].count("/") + farther
        return None

    return distance


# A compiler's own include directory counts as one level deeper, since only that compiler searches it.
below_include = _below(rf"usr/include{_TRIPLET}", rf"usr/(?:{_LIB}|share)/[^/]+/(?:[^/]+/)*?include")
below_libraries = _below(rf"(?:usr/)?{_LIB}{_TRIPLET}")
below_pkgconfig = _below(rf"usr/(?:{_LIB}|share){_TRIPLET}/pkgconfig")
below_commands = _below(r"(?:usr/)?bin")
