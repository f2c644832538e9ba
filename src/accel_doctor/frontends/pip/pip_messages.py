"""Read pip's error messages.

pip prints index problems as warnings or not at all and ends with "No matching distribution found": only its debug log
(``--log``) reliably tells whether an index was reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from packaging.utils import canonicalize_name

from accel_doctor.frontends.outcome import Blame, Forms, Verdict, blamed
from accel_doctor.index.pages import version_in

_OUTPUT_BEGINS = re.compile(r"\s*╰─> \[\d+ lines? of output\]")
_OUTPUT_ENDS = re.compile(r"\s*\[end of output\]")
_PROBLEM = re.compile(r"(?:ERROR|error): \S")
_NOISE = re.compile(r"\[notice\]|WARNING: |DEPRECATION: |note: This error originates from a subprocess")
_HINT = re.compile(r"(?:hint|Hint): (.*)", re.DOTALL)

_UNREACHED = re.compile(
    r"connection-failed|Failed to (?:connect to|resolve IP)|connection error|Connection (?:refused|reset|timed out)"
    r"|NewConnectionError|NameResolutionError|Max retries exceeded|too many \d+ error responses|5\d\d Server Error"
    r"|HTTP error (?:5\d\d|408|429)|Read timed out|didn't respond within|CERTIFICATE_VERIFY_FAILED|SSLError|ProxyError"
    r"|problem confirming the ssl certificate|network-|ssl-verification-failed|connection-timeout",
    re.IGNORECASE,
)
_GIT_UNREACHED = re.compile(
    r"Could not resolve host|Failed to connect to|Connection (?:refused|timed out|reset)|Operation timed out"
    r"|SSL certificate problem|Network is unreachable",
    re.IGNORECASE,
)
_BUILD = re.compile(
    r"subprocess-exited-with-error|metadata-generation-failed|failed-wheel-build|Failed to build|Failed building"
    r"|backend-unavailable|invalid-pyproject-build-system-requires|Preparing .* metadata .* did not run"
)
_VCS_COMMAND = re.compile(r"\u00d7 (?:git|hg|svn|bzr) \S")
_NO_VCS = re.compile(r"Cannot find command '(?:git|hg|svn|bzr)'")  # a need like any other: command:git
_VCS_SPEAKS = re.compile(r"\s+(?:fatal|abort|error): (?!subprocess-exited)")
_BUILD_DEPENDENCIES = re.compile(r"\u00d7 (?:pip subprocess to install|[Ii]nstalling) (?:build|backend) dependencies")
_NO_MATCH = re.compile(r"(?:No matching distribution found for|satisfies the requirement) (?P<name>[\w.-]+)")
_REQUIREMENTS = re.compile(
    r"ResolutionImpossible|No matching distribution|DO NOT MATCH THE HASHES|--require-hashes mode|verify hashes"
    r"|externally-managed|Invalid requirement|HTTP error 4\d\d|requires a different Python|is not installable"
    r"|is not a supported wheel|No such file or directory|not a valid editable|Can not perform"
    r"|cannot be installed when requiring hashes|looks like a filename|Unsupported|unsupported-|[Cc]onflict"
    r"|inconsistent (?:name|version)"
)
_PACKAGE = (
    re.compile(r"Failed to build '(?P<name>[A-Za-z0-9][\w.-]*)(?:\[.*?\])?(?:[=<>!~ ].*)?'"),
    re.compile(r"Failed building (?:wheel|editable) for (?P<name>[A-Za-z0-9][\w.-]*)"),
    re.compile(r"^╰─> (?P<name>[A-Za-z0-9][\w.-]*)$", re.MULTILINE),
)
_TAKEN = re.compile(r"^ *(?:Downloading|Using cached|Processing) (?:\S*/)?(?P<file>[^/\s#]+)", re.MULTILINE)


_FORMS: Forms = ((_UNREACHED, Blame.NETWORK), (_NO_MATCH, Blame.REQUIREMENTS), (_REQUIREMENTS, Blame.REQUIREMENTS))


def read_pip(output: str, debug_log: str = "") -> Verdict:
    """Return the verdict on a failed pip run. ``debug_log`` is the content of the ``--log`` file."""
    own, nested = _apart(output.splitlines())
    text = "\n".join(own)
    quote, hint = _quote(own)
    if _VCS_COMMAND.search(text):
        quote = "\n".join(line.strip() for line in own if _VCS_SPEAKS.match(line)) or quote
        return Verdict(Blame.NETWORK if _GIT_UNREACHED.search(text) else Blame.REQUIREMENTS, quote, hint)
    evidence = _first(nested, _UNREACHED) if _BUILD_DEPENDENCIES.search(text) else None
    if not evidence and (_BUILD.search(text) or _NO_VCS.search(quote)):
        package = _package(text)
        return Verdict(Blame.BUILD, quote, hint, package, _version(text, package) if package else None)
    kind = blamed(quote, _FORMS)
    missing = _NO_MATCH.search(quote) if kind is Blame.REQUIREMENTS else None
    if missing and not evidence:
        evidence = _unreached_index(missing["name"], own, debug_log)
        hint = hint if evidence else _refused(debug_log) or hint
    if evidence:
        return Verdict(Blame.NETWORK, f"{quote}\n{evidence}", hint)
    return Verdict(kind, quote, hint)


def names_missing(output: str) -> bool:
    """Return whether pip found no version at all of a package: a debug log then tells whether the index was reached."""
    return "(from versions: none)" in output


def _apart(lines: list[str]) -> tuple[list[str], list[str]]:
    """Split lines into pip's own, and those quoted from a subprocess."""
    own: list[str] = []
    quoted: list[str] = []
    inside = False
    for line in lines:
        if _OUTPUT_BEGINS.match(line):
            inside = True
        elif inside and _OUTPUT_ENDS.match(line):
            inside = False
        else:
            (quoted if inside else own).append(line.rstrip())
    return own, quoted


def _quote(own: list[str]) -> tuple[str, str | None]:
    start = next((number for number, line in enumerate(own) if _PROBLEM.match(line)), None)
    if start is None:
        shown = [line for line in own if line.strip() and not _NOISE.match(line)][-5:]
        return "\n".join(shown), None
    shown, hints = [], list[str]()
    for line in own[start:]:
        if hint := _HINT.match(line):
            hints.append(hint[1])
        elif not _NOISE.match(line):
            shown.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(shown)).strip(), hints[0] if hints else None


def _package(text: str) -> str | None:
    found = (pattern.search(text) for pattern in _PACKAGE)
    return next((canonicalize_name(match["name"]) for match in found if match), None)


def _version(text: str, package: str) -> str | None:
    """Return the version of a package by the name of the file that pip took last."""
    versions = [version_in(package, taken["file"]) for taken in _TAKEN.finditer(text)]
    return str(versions[-1]) if versions and versions[-1] else None


def _unreached_index(name: str, own: list[str], debug_log: str) -> str | None:
    """Return the line about an index page of ``name`` that could not be fetched because of the network."""
    page = f"/{canonicalize_name(name)}/"
    if skipped := _first((line for line in _skipped_pages(debug_log) if page in line), _UNREACHED):
        return skipped
    return _first(own, re.compile(rf"Retrying .*{_UNREACHED.pattern}.*{re.escape(page)}", re.IGNORECASE))


def _refused(debug_log: str) -> str | None:
    return _first(_skipped_pages(debug_log), re.compile(r"\b40[13] Client Error"))


def _skipped_pages(debug_log: str) -> Iterator[str]:
    for line in debug_log.splitlines():
        if (start := line.find("Could not fetch URL ")) >= 0:
            yield line[start:]


def _first(lines: Iterable[str], pattern: re.Pattern[str]) -> str | None:
    return next((line.strip() for line in lines if pattern.search(line)), None)
