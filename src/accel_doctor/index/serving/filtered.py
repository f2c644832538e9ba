"""Choose what of an upstream is served: allowed projects, files that are old enough, and none that is denied."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from accel_doctor.index.pages import version_in
from accel_doctor.index.rendering import key_of
from accel_doctor.index.serving.index_source import (
    Absent,
    ArrivingFile,
    FileRequest,
    Source,
    StoredFile,
    Unavailable,
)
from accel_doctor.model.releases import Listing, ReleaseFile
from accel_doctor.store.documents import is_key

_MOST = 1000  # listings in memory


@dataclass(frozen=True)
class Filters:
    """Say what is let through. ``denied`` are SHA-256 and releases."""

    only: Sequence[str] = ()  # patterns of normalized names; everything without any
    min_age: float = 0.0  # seconds since a file was uploaded; one that does not say when is too young
    denied_hashes: frozenset[str] = frozenset()
    denied_releases: frozenset[tuple[str, Version]] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.only or self.min_age or self.denied_hashes or self.denied_releases)


def denied(texts: Sequence[str]) -> tuple[frozenset[str], frozenset[tuple[str, Version]]]:
    """Return the SHA-256 and the releases (``name==version``) among what is denied. Raises ValueError for another."""
    hashes, releases = set(), set()
    for text in texts:
        digest = text.removeprefix("sha256:").lower()
        name, equals, version = text.partition("==")
        if is_key(digest):
            hashes.add(digest)
        elif not equals or not name:
            raise ValueError(f"{text!r} is neither name==version nor a SHA-256")
        else:
            try:
                releases.add((str(canonicalize_name(name.strip())), Version(version)))
            except InvalidVersion as error:
                raise ValueError(f"{text!r} is neither name==version nor a SHA-256") from error
    return frozenset(hashes), frozenset(releases)


@dataclass(frozen=True)
class _Let:
    """Hold a listing that was filtered, until when that is right, and the files in it."""

    revision: str  # of the whole listing
    until: float
    listing: Listing
    files: frozenset[tuple[str, str]]  # key, file name


class Filtered(Source):
    """Wrap a source of which only some projects and files are served."""

    def __init__(self, base: Source, filters: Filters, clock: Callable[[], float]) -> None:
        self._base = base
        self._filters = filters
        self._clock = clock
        self._let: dict[str, _Let] = {}

    async def names(self) -> frozenset[str]:
        return frozenset(filter(self._allows, await self._base.names()))

    async def project(self, name: str) -> Listing | Absent | Unavailable:
        if not self._allows(name):
            return Absent(f"{name} is not among the projects that are allowed here")
        answer = await self._base.project(name)
        return self._filtered(name, answer).listing if isinstance(answer, Listing) else answer

    async def file(self, wanted: FileRequest) -> StoredFile | ArrivingFile | Absent | Unavailable:
        answer = await self.project(wanted.project)
        if isinstance(answer, Absent | Unavailable):
            return answer
        if (wanted.key, wanted.filename) not in self._let[wanted.project].files:
            return Absent(f"{wanted.filename} is not among the files of {wanted.project} that are allowed here")
        return await self._base.file(wanted)

    def _allows(self, name: str) -> bool:
        return not self._filters.only or any(fnmatchcase(name, pattern) for pattern in self._filters.only)

    def _filtered(self, name: str, listing: Listing) -> _Let:
        now, known = self._clock(), self._let.get(name)
        if known is None or known.revision != listing.revision or now >= known.until:
            known = self._let[name] = self._sifted(name, listing, now)
            if len(self._let) > _MOST:
                del self._let[next(iter(self._let))]
        return known

    def _sifted(self, name: str, listing: Listing, now: float) -> _Let:
        filters = self._filters
        files, until = [], math.inf
        for file in listing.files:
            if (
                file.sha256 in filters.denied_hashes
                or (name, version_in(name, file.filename)) in filters.denied_releases
            ):
                continue
            if filters.min_age and (old := _uploaded(file) + filters.min_age) > now:
                until = min(until, old)
                continue
            files.append(file)
        told = "\0".join([listing.revision, *(file.filename for file in files)])
        shown = replace(listing, files=tuple(files), revision=hashlib.sha256(told.encode()).hexdigest())
        return _Let(listing.revision, until, shown, frozenset((key_of(file), file.filename) for file in files))


def _uploaded(file: ReleaseFile) -> float:
    """Return when a file was uploaded, in seconds since the epoch; never, if it does not say."""
    whole = re.sub(r"\.[0-9]+", "", file.uploaded or "")  # Python 3.10 reads three or six digits
    try:
        when = datetime.fromisoformat(whole.replace("Z", "+00:00"))
    except ValueError:
        return math.inf
    return when.timestamp() if when.tzinfo else math.inf
