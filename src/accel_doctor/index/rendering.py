"""Render pages of the Simple API: JSON (PEP 691, 700, 708, 740, 792) and HTML (PEP 503, 592, 658). Pure.

The same files make the same bytes. Links are relative, so that a page holds below any prefix and behind any proxy.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from html import escape
from typing import Any
from urllib.parse import quote

from accel_doctor.index.pages import JSON_PAGE, version_in
from accel_doctor.model.releases import Listing, ReleaseFile

_FILENAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,254}")
_UPLOADED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")  # as PEP 700 wants it
_STATUSES = ("active", "archived", "quarantined", "deprecated")
_GZIP_LEVEL = 6
FILE_KEY = re.compile(r"(at-)?[0-9a-f]{64}")


class Form(Enum):
    """Name a form that a page can have; its value is the content type."""

    JSON = JSON_PAGE
    HTML = "application/vnd.pypi.simple.v1+html"
    TEXT_HTML = "text/html; charset=utf-8"  # the same bytes as HTML, for browsers and older clients


@dataclass(frozen=True)
class Rendered:
    """Hold the bytes of a page, compressed or not, and the ETag of these bytes."""

    content: bytes
    etag: str


def rendered(content: bytes, *, compressed: bool) -> Rendered:
    """Return a page that is ready to be sent."""
    sent = gzip.compress(content, _GZIP_LEVEL, mtime=0) if compressed else content
    return Rendered(sent, f'"{hashlib.sha256(sent).hexdigest()[:32]}"')


def project_page(name: str, listing: Listing, form: Form) -> bytes:
    """Return the page of a project, by normalized name."""
    return _json_page(name, listing) if form is Form.JSON else _html_page(name, listing)


def index_page(names: Iterable[str], form: Form) -> bytes:
    """Return the page that lists projects."""
    if form is Form.JSON:
        return _dumped({"meta": {"api-version": "1.4"}, "projects": [{"name": name} for name in sorted(names)]})
    links = "\n".join(f'<a href="{quote(name)}/">{escape(name)}</a><br/>' for name in sorted(names))
    return _html("Simple index", [], links)


def key_of(file: ReleaseFile) -> str:
    """Return the name under which a file is kept: its SHA-256 or, where the page does not say it, one for its URL."""
    return file.sha256 or url_key(file.url)


def url_key(url: str) -> str:
    """Return the name under which a file whose SHA-256 is unknown is kept."""
    return f"at-{hashlib.sha256(url.encode()).hexdigest()}"


def clean(name: str, files: Iterable[ReleaseFile]) -> tuple[ReleaseFile, ...]:
    """Return the files whose names are those of wheels and sdists of this project; the first one of each name."""
    found: dict[str, ReleaseFile] = {}
    for file in files:
        if file.filename not in found and _FILENAME.fullmatch(file.filename) and version_in(name, file.filename):
            found[file.filename] = file
    return tuple(found.values())


def _url(name: str, file: ReleaseFile) -> str:
    return f"../../files/{name}/{key_of(file)}/{quote(file.filename)}"


def _json_page(name: str, listing: Listing) -> bytes:
    files = listing.files
    sized = all(file.size is not None for file in files)  # versions of the API above 1.0 demand it
    meta: dict[str, Any] = {"api-version": "1.4" if sized else "1.0"}
    page: dict[str, Any] = {"meta": meta, "name": name}
    if listing.tracks:
        meta["tracks"] = list(listing.tracks)
    if listing.alternate_locations:
        page["alternate-locations"] = list(listing.alternate_locations)
    if listing.status in _STATUSES:
        why = {"reason": listing.why_status} if listing.why_status else {}
        page["project-status"] = {"status": listing.status, **why}
    page["versions"] = sorted({str(version_in(name, file.filename)) for file in files})
    page["files"] = [_json_file(name, file) for file in files]
    return _dumped(page)


def _json_file(name: str, file: ReleaseFile) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "filename": file.filename,
        "url": _url(name, file),
        "hashes": {"sha256": file.sha256} if file.sha256 else {},
        "yanked": (file.why_yanked or True) if file.yanked else False,
    }
    if file.requires_python:
        entry["requires-python"] = file.requires_python
    if file.size is not None:
        entry["size"] = file.size
    if file.uploaded and _UPLOADED.fullmatch(file.uploaded):
        entry["upload-time"] = file.uploaded
    if file.metadata is not None:
        entry["core-metadata"] = entry["dist-info-metadata"] = {"sha256": file.metadata} if file.metadata else True
    if file.provenance:
        entry["provenance"] = file.provenance
    return entry


def _html_page(name: str, listing: Listing) -> bytes:
    said = [("repository-version", "1.4")]
    said += [("tracks", url) for url in listing.tracks]
    said += [("alternate-locations", url) for url in listing.alternate_locations]
    if listing.status in _STATUSES:
        said.append(("project-status", listing.status or ""))
        if listing.why_status:
            said.append(("project-status-reason", listing.why_status))
    links = "\n".join(f"<a {' '.join(_attributes(name, file))}>{file.filename}</a><br/>" for file in listing.files)
    return _html(f"Links for {name}", said, links)


def _attributes(name: str, file: ReleaseFile) -> Iterator[str]:
    fragment = f"#sha256={file.sha256}" if file.sha256 else ""
    yield f'href="{_url(name, file)}{fragment}"'
    if file.requires_python:
        yield f'data-requires-python="{escape(file.requires_python)}"'
    if file.yanked:
        yield f'data-yanked="{escape(file.why_yanked)}"'
    if file.metadata is not None:
        told = f"sha256={file.metadata}" if file.metadata else "true"
        yield f'data-core-metadata="{told}" data-dist-info-metadata="{told}"'
    if file.provenance:
        yield f'data-provenance="{escape(file.provenance)}"'


def _html(title: str, said: Iterable[tuple[str, str]], body: str) -> bytes:
    metas = "".join(f'<meta name="pypi:{name}" content="{escape(value)}"/>\n' for name, value in said)
    head = f"<title>{escape(title)}</title>"
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n{metas}{head}\n</head>\n'
        f"<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    ).encode("utf-8", "replace")


def _dumped(page: dict[str, Any]) -> bytes:
    return json.dumps(page, separators=(",", ":")).encode()
