"""Parse one requirement, and make its paths absolute."""

from __future__ import annotations

import posixpath
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urldefrag, urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from accel_doctor.errors import UsageError
from accel_doctor.model.builds import Source, SourceKind, Wheel
from accel_doctor.model.requests import RequirementLine
from accel_doctor.requirements.other_files import hint_for, is_known, is_lock, other_file
from accel_doctor.requirements.requirement_files import Files
from accel_doctor.urls import local_path

_TRANSPORTS = {
    "git": ("http", "https", "ssh", "git", "file"),
    "hg": ("http", "https", "ssh", "static-http", "file"),
    "svn": ("http", "https", "ssh", "svn", "file"),
    "bzr": ("http", "https", "ssh", "sftp", "ftp", "lp", "file"),
}
_REPOSITORIES = frozenset(f"{vcs}+{transport}" for vcs, transports in _TRANSPORTS.items() for transport in transports)
_SCHEMES = frozenset(("http", "https", "file", "ftp")) | _REPOSITORIES
_ARCHIVES = (
    ".zip", ".whl", ".tar.bz2", ".tbz", ".tar.gz", ".tgz", ".tar", ".tar.xz", ".txz", ".tlz", ".tar.lz", ".tar.lzma",
)  # fmt: skip
_EXTRAS = re.compile(r"(?P<rest>.+)(?P<extras>\[[^\]]+\])")
_EGG = re.compile(r"[#&]egg=([^&]*)")
_PROJECT_NAME = re.compile(r"[A-Z0-9]([A-Z0-9._-]*[A-Z0-9])?", re.IGNORECASE)
_LIKELY_NAME = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z][A-Za-z0-9]*)*?(?=-[0-9v]|\.(?:git|tar|t[a-z]z|zip)\b|@|$)")
_OPERATORS = re.compile(r"===|==|~=|!=|<=|>=|<|>")


class SpecifierReader:
    """Parse requirements whose paths are relative to ``directory``."""

    def __init__(self, files: Files, directory: Path) -> None:
        self._files = files
        self._directory = directory

    def read(
        self,
        text: str,
        origin: str,
        *,
        editable: bool = False,
        hashes: tuple[str, ...] = (),
        config_settings: tuple[str, ...] = (),
    ) -> RequirementLine:
        """Parse one requirement: ``name``, ``name @ URL``, a URL, a path.

        Raises UsageError with the origin, in pip's words, for anything else.
        """
        try:
            text, name = (self._editable if editable else self._plain)(text.strip(), origin)
        except ValueError as error:  # a URL that none can be: https://[a
            raise UsageError(f"{origin}: Invalid requirement: {text!r}: {error}") from error
        return RequirementLine(text, origin, editable, name, hashes, config_settings)

    def _plain(self, text: str, origin: str) -> tuple[str, str | None]:
        is_url = _is_url(text)
        body, marker = _without_marker(text, "; " if is_url else ";", origin)
        if is_url:
            return _with_marker(self._absolute_url(body), marker), _name_in_url(body, origin)
        path, extras = _without_extras(body)
        if self._is_local(path, origin):
            location = self._absolute(path)
            return _with_marker(f"{location}{extras}", marker), _name_of_wheel(location, origin)
        self._refuse_file(body, origin)
        try:
            requirement = Requirement(body)
            _egg(requirement.url or "", origin)
            return self._named(requirement, text, marker), canonicalize_name(requirement.name)
        except InvalidRequirement as error:
            raise UsageError(self._invalid(text, body, origin, error), hint=_hint(body)) from error

    def _refuse_file(self, name: str, origin: str) -> None:
        """Raise UsageError for the name of a file where that of a package is expected: an index may have one of that
        name, which nobody means."""
        there, kind = self._files.is_file(self._absolute(name)), other_file(name)
        if name == "requirements.txt" or is_lock(name) or (there and name.endswith((".txt", ".in"))):
            hint = f"to read requirements from a file: -r {name}"
            raise UsageError(f"{origin}: {name!r} is a file, not a package", hint=hint)
        if kind and (there or (is_known(name) and "." in name)):
            raise UsageError(f"{origin}: {name!r} is {kind.what}, not a package", hint=hint_for(name))

    def _editable(self, text: str, origin: str) -> tuple[str, str | None]:
        with suppress(InvalidRequirement):
            requirement = Requirement(text)
            if requirement.url and _scheme(requirement.url) in _REPOSITORIES | {"file"}:
                urlsplit(requirement.url)  # raises ValueError
                return text, canonicalize_name(requirement.name)
        # On a command line, pip takes no marker after an editable path; uv does, and users expect it.
        body, marker = _without_marker(text, "; " if _is_url(text) else ";", origin)
        path, extras = _without_extras(body)
        if self._files.is_directory(self._absolute(path)) and not _is_url(path):
            return _with_marker(f"{self._absolute(path)}{extras}", marker), None
        if path.lower().startswith("file:"):
            return _with_marker(f"{self._path_of_url(path)}{extras}", marker), _egg(path, origin)
        if _scheme(body) in _TRANSPORTS:
            body = f"{_scheme(body)}+{body}"
        if _scheme(body) in _REPOSITORIES:
            name = _name_in_url(body, origin)
            if not name:
                raise UsageError(
                    f"{origin}: Could not detect requirement name for {text!r}", hint=f"-e 'NAME @ {body}'"
                )
            return _with_marker(body, marker), name
        raise UsageError(
            f"{origin}: {text} is not a valid editable requirement. It should either be a path to a local project or a "
            f"VCS URL (beginning with {', '.join(f'{vcs}+' for vcs in _TRANSPORTS)})."
        )

    def _named(self, requirement: Requirement, text: str, marker: str) -> str:
        """Return ``name @ file:there`` with an absolute URL; anything else as written, if that is valid by itself."""
        located = self._absolute_url(requirement.url) if requirement.url else None
        if located != requirement.url:
            requirement.url = located
            return _with_marker(str(requirement), marker)
        with suppress(InvalidRequirement):
            if Requirement(text).url == requirement.url:
                return text
        return _with_marker(str(requirement), marker)  # pip takes an empty marker, and one right after a URL

    def _is_local(self, path: str, origin: str) -> bool:
        absolute = self._absolute(path)
        looks_local = "/" in path or path.startswith(".")
        if looks_local and self._files.is_directory(absolute):
            if not any(self._files.is_file(f"{absolute}/{name}") for name in ("pyproject.toml", "setup.py")):
                raise UsageError(
                    f"{origin}: Directory {path!r} is not installable. Neither 'setup.py' nor 'pyproject.toml' found."
                )
            return True
        if not path.lower().endswith(_ARCHIVES):
            return False
        if self._files.is_file(absolute):
            return True
        if "@" in path and "/" not in path.partition("@")[0]:
            return False  # name @ https://.../name-1.0.tar.gz
        raise UsageError(f"{origin}: Requirement {path!r} looks like a filename, but the file does not exist")

    def _absolute(self, path: str) -> str:
        # Not Path(): it does not collapse "..", but pip does.
        return posixpath.normpath(posixpath.join(str(self._directory), path))

    def _absolute_url(self, url: str) -> str:
        rest = url.partition(":")[2]
        if urlsplit(url).scheme != "file":
            return url
        path, mark, fragment = rest.partition("#")
        located = Path(self._path_of_url(f"file:{path}")).as_uri()
        return f"{located}{mark}{fragment}"

    def _path_of_url(self, url: str) -> str:
        parts = urlsplit(url)
        if parts.netloc not in ("", "localhost"):
            raise ValueError("a file URL cannot name another machine")
        return self._absolute(unquote(parts.path))

    def _invalid(self, text: str, body: str, origin: str, error: InvalidRequirement) -> str:
        message = f"{origin}: Invalid requirement: {text!r}: {error}"
        if "/" in body:
            there = self._files.is_file(self._absolute(body))
            message += (
                f"\nIt looks like a path. {'The path does exist.' if there else f'File {body!r} does not exist.'}"
            )
        return message


def _without_marker(text: str, separator: str, origin: str) -> tuple[str, str]:
    body, _, marker = map(str.strip, text.partition(separator))
    try:
        if marker:
            Marker(marker)
    except InvalidMarker as error:
        raise UsageError(f"{origin}: Invalid requirement: {body!r}: {error}") from error
    return body, marker


def _with_marker(text: str, marker: str) -> str:
    return f"{text} ; {marker}" if marker else text


def _without_extras(text: str) -> tuple[str, str]:
    match = _EXTRAS.fullmatch(text)
    if match is None:
        return text, ""
    Requirement(f"name{match['extras']}")  # raises InvalidRequirement
    return match["rest"].rstrip(), match["extras"]


def local_project(line: RequirementLine) -> Path | None:
    """Return the directory that a requirement read here is installed from; None if it is from anywhere else."""
    path = local_path(_located(line)[0])
    return path if path is not None and path.is_absolute() and path.is_dir() else None


def direct_source(line: RequirementLine) -> Source | None:
    """Return the archive or git repository that a requirement read here names by its URL or path, as far as the line
    tells; None for anything else, for what is editable, and for several hashes or none that is SHA-256."""
    location, fragment = urldefrag(_located(line)[0])
    facts, scheme = dict(parse_qsl(fragment)), _scheme(location)
    name = line.name or _likely_name(location)
    if line.editable or not location:
        return None
    if scheme.startswith("git+"):
        parts = urlsplit(location.removeprefix("git+"))
        path, mark, revision = parts.path.rpartition("@")
        url = parts._replace(path=path if mark else parts.path).geturl()
        asked, below = revision if mark else None, facts.get("subdirectory")
        return (
            None if line.hashes else Source(name, None, SourceKind.VCS, url, None, None, "git", below, revision=asked)
        )
    if scheme in _REPOSITORIES or location.endswith(".whl") or not _is_archive(location) or facts.keys() - {"sha256"}:
        return None
    hashes = {*line.hashes, *(f"sha256:{digest}" for digest in facts.values())}
    digests = [one.removeprefix("sha256:") for one in hashes if one.startswith("sha256:")]
    if len(digests) != len(hashes) or len(digests) > 1:
        return None
    digest = digests[0] if digests else None
    return Source(name, None, SourceKind.SDIST, str(local_path(location) or location), digest)


def _likely_name(location: str) -> str:
    """Return what to call a source until its metadata say its name."""
    found = _LIKELY_NAME.match(posixpath.basename(unquote(urlsplit(location).path)))
    return canonicalize_name(found[0]) if found else "source"


def pointing_to(line: RequirementLine, name: str, wheel: Wheel) -> RequirementLine:
    """Return the requirement with a wheel in place of its URL or path."""
    _, extras, marker = _located(line)
    text = _with_marker(f"{name}{extras} @ {wheel.path.as_uri()}", marker)
    return replace(line, text=text, name=name, hashes=(f"sha256:{wheel.sha256}",) if line.hashes else ())


def _located(line: RequirementLine) -> tuple[str, str, str]:
    """Return URL or path, extras in brackets, and marker of a requirement; empty where it has none."""
    requirement = line.parsed
    if requirement is None:
        text, _, marker = line.text.partition(" ; ")
        return (*_without_extras(text), marker)
    extras = ",".join(sorted(requirement.extras))
    return requirement.url or "", f"[{extras}]" if extras else "", str(requirement.marker or "")


def _is_archive(location: str) -> bool:
    return urlsplit(location).path.lower().endswith(_ARCHIVES)


def _is_url(text: str) -> bool:
    return _scheme(text) in _SCHEMES


def _scheme(text: str) -> str:
    scheme, colon, _ = text.partition(":")
    return scheme.lower() if colon else ""


def _name_in_url(url: str, origin: str) -> str | None:
    egg = _egg(url, origin)
    return _name_of_wheel(unquote(urlsplit(url).path), origin) or egg


def _egg(url: str, origin: str) -> str | None:
    egg = _EGG.search(url)
    if egg and not _PROJECT_NAME.fullmatch(egg[1]):
        raise UsageError(f"{origin}: {url}: {egg[0][1:]} is not the name of a project", hint="write NAME[EXTRAS] @ URL")
    return canonicalize_name(egg[1]) if egg else None


def _name_of_wheel(location: str, origin: str) -> str | None:
    file = posixpath.basename(location.rstrip("/"))
    if posixpath.splitext(file)[1] != ".whl":
        return None
    try:
        return parse_wheel_filename(file)[0]
    except InvalidWheelFilename as error:
        raise UsageError(f"{origin}: {error}") from error


def _hint(body: str) -> str | None:
    if "=" in body and not _OPERATORS.search(body):
        return "= is not a valid operator. Did you mean == ?"
    return f"to read requirements from a file: -r {body}" if body.endswith((".txt", ".in")) else None
