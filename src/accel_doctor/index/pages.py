"""Pages of the Simple API: JSON (PEP 691) and HTML (PEP 503), and the releases that their files make."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from accel_doctor.model.builds import Source, SourceKind
from accel_doctor.model.releases import Listing, Project, Release, ReleaseFile

JSON_PAGE = "application/vnd.pypi.simple.v1+json"
HTML_PAGES = ("application/vnd.pypi.simple.v1+html", "text/html")
ACCEPTED = f"{JSON_PAGE}, {HTML_PAGES[0]};q=0.2, {HTML_PAGES[1]};q=0.01"  # as pip asks

_SDISTS = (".tar.gz", ".zip", ".tgz", ".tar.bz2", ".tar.xz")  # the likeliest to build first
_DAY = re.compile(r"\d{4}-\d\d-\d\dT")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def read_page(content: bytes, content_type: str, url: str) -> tuple[ReleaseFile, ...]:
    """Return the files that a page lists, in its order; ``url`` is the address of the page itself.

    Raises ValueError if it is not a page of a package index.
    """
    return read_listing(content, content_type, url).files


def read_listing(content: bytes, content_type: str, url: str) -> Listing:
    """Return everything that a page says of a project; ``url`` and errors as in :func:`read_page`."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in (JSON_PAGE, "application/json"):
        found = _json_listing(content, url)
    elif kind in HTML_PAGES:
        found = _html_listing(content, url)
    else:
        raise ValueError(f"{kind or 'no content type'} is not a page of a package index")
    # A page from the network must not make us read files of this machine.
    schemes = ("http", "https") if urlsplit(url).scheme in ("http", "https") else ("http", "https", "file")
    return replace(found, files=tuple(file for file in found.files if urlsplit(file.url).scheme in schemes))


def project_of(name: str, files: Iterable[ReleaseFile]) -> Project:
    """Return the releases of a project (by normalized name) among ``files``; the first file of a name counts."""
    by_version: dict[Version, dict[str, ReleaseFile]] = {}
    for file in files:
        version = version_in(name, file.filename)
        if version is not None:
            by_version.setdefault(version, {}).setdefault(file.filename, file)
    versions = sorted(by_version, reverse=True)
    return Project(name, tuple(Release(version, tuple(by_version[version].values())) for version in versions))


def sdist_of(project: Project, version: str) -> Source | None:
    """Return the sdist of one version as a source to build; None if there is none."""
    with suppress(InvalidVersion):
        wanted = Version(version)
        files = [file for release in project.releases if release.version == wanted for file in release.files]
        ranked = [(rank, file) for file in files for rank, end in enumerate(_SDISTS) if file.filename.endswith(end)]
        if ranked:
            file = min(ranked, key=lambda one: one[0])[1]
            return Source(project.name, version, SourceKind.SDIST, file.url, sha256=file.sha256)
    return None


def is_archive(filename: str) -> bool:
    """Return whether a file is a wheel or an sdist, by its name."""
    return filename.endswith((".whl", *_SDISTS))


def file_at(url: str, *, requires_python: str | None = None, yanked: bool = False) -> ReleaseFile:
    """Return the file at a URL, which may carry its hash as a fragment (PEP 503)."""
    url, fragment = urldefrag(url)
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    key, _, digest = fragment.partition("=")
    return ReleaseFile(name, url, _digest(digest) if key == "sha256" else None, requires_python or None, yanked)


def _json_listing(content: bytes, url: str) -> Listing:
    try:
        page = json.loads(content)
        meta = page["meta"]
        version = meta["api-version"]
        if version.partition(".")[0] != "1":
            raise ValueError(f"unknown version {version} of the Simple API")
        status = page.get("project-status") or {}
        return Listing(
            tuple(_json_file(entry, url) for entry in page["files"]),
            status=_text(status.get("status")),
            why_status=_text(status.get("reason")),
            tracks=_texts(meta.get("tracks")),
            alternate_locations=_texts(page.get("alternate-locations")),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a page of the Simple API: {error!r}") from error


def _json_file(entry: dict[str, Any], url: str) -> ReleaseFile:
    hashes, uploaded, size = entry.get("hashes"), entry.get("upload-time"), entry.get("size")  # PEP 700
    yanked, provenance = entry.get("yanked"), _text(entry.get("provenance"))
    described = entry.get("core-metadata", entry.get("dist-info-metadata"))
    return ReleaseFile(
        str(entry["filename"]),
        urljoin(url, str(entry["url"])),
        _digest(hashes.get("sha256")) if isinstance(hashes, dict) else None,
        _text(entry.get("requires-python")),
        yanked=yanked not in (None, False),
        uploaded=uploaded if isinstance(uploaded, str) and _DAY.match(uploaded) else None,
        why_yanked=_text(yanked) or "",
        size=size if type(size) is int and size >= 0 else None,
        metadata=(_digest(described.get("sha256")) or "") if isinstance(described, dict) else "" if described else None,
        provenance=urljoin(url, provenance) if provenance else None,
    )


def _html_listing(content: bytes, url: str) -> Listing:
    from accel_doctor.index.anchors import anchors_of  # HTML is for indexes without JSON only

    anchors = anchors_of(content.decode("utf-8", "replace"))
    base = urljoin(url, anchors.base) if anchors.base else url
    files = []
    for anchor in anchors.found:
        with suppress(ValueError):  # a malformed URL is of no use
            file = _html_file(anchor, base)
            if is_archive(file.filename):
                files.append(file)
    said = {name.removeprefix("pypi:"): values for name, values in anchors.said.items()}
    return Listing(
        tuple(files),
        status=next(iter(said.get("project-status", ())), None),
        why_status=next(iter(said.get("project-status-reason", ())), None),
        tracks=_texts(said.get("tracks")),
        alternate_locations=_texts(said.get("alternate-locations")),
    )


def _html_file(anchor: dict[str, str], base: str) -> ReleaseFile:
    file = file_at(
        urljoin(base, anchor["href"]),
        requires_python=anchor.get("data-requires-python"),
        yanked="data-yanked" in anchor,
    )
    described = anchor.get("data-core-metadata", anchor.get("data-dist-info-metadata"))
    metadata = None if described is None else _digest(described.removeprefix("sha256=")) or ""
    provenance = anchor.get("data-provenance")
    return replace(
        file,
        why_yanked=anchor.get("data-yanked", ""),
        metadata=metadata,
        provenance=urljoin(base, provenance) if provenance else None,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(values: object) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str)) if isinstance(values, list) else ()


def _digest(text: object) -> str | None:
    return text if isinstance(text, str) and _SHA256.fullmatch(text) else None


def version_in(name: str, filename: str) -> Version | None:
    """Return the version of a wheel or an sdist of the project ``name``; None for any other file."""
    if filename.endswith(".whl"):
        with suppress(InvalidWheelFilename):
            project, version, _, _ = parse_wheel_filename(filename)
            return version if project == name else None
        return None
    end = next((end for end in _SDISTS if filename.endswith(end)), None)
    if end is None:
        return None
    stem = filename.removesuffix(end)
    for dash in re.finditer("-", stem):  # names and old versions contain dashes too
        with suppress(InvalidVersion):
            if canonicalize_name(stem[: dash.start()]) == name:
                return Version(stem[dash.end() :])
    return None
