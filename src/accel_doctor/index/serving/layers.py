"""Sources made of sources: which of them answers for a project, and what of their answers is served."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from accel_doctor.index.serving.index_source import (
    Absent,
    ArrivingFile,
    FileRequest,
    Source,
    StoredFile,
    Unavailable,
)
from accel_doctor.model.releases import Listing


class FirstMatch(Source):
    """Let the first source that has a project serve it, and no other: their files are never mixed.

    While a source cannot say whether it has a project, those below it are not asked: they may have another one of
    that name.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources

    async def names(self) -> frozenset[str]:
        return frozenset().union(*[await source.names() for source in self._sources])

    async def project(self, name: str) -> Listing | Absent | Unavailable:
        answer: Listing | Absent | Unavailable = Absent()
        for source in self._sources:
            answer = await source.project(name)
            if not isinstance(answer, Absent):
                break
        return answer

    async def file(self, wanted: FileRequest) -> StoredFile | ArrivingFile | Absent | Unavailable:
        for source in self._sources:
            answer = await source.file(wanted)
            if not isinstance(answer, Absent):
                return answer
        return Absent()


class Claimed(Source):
    """Put a source of our own above others: what it has, and names it claims (``acme-*``), are not looked up in these,
    and wait for none of them."""

    def __init__(self, own: Source, others: Source, claims: Sequence[str]) -> None:
        self._own = own
        self._others = others
        self._claims = claims

    async def names(self) -> frozenset[str]:
        others = await self._others.names()
        return await self._own.names() | {name for name in others if not self._claims_name(name)}

    async def project(self, name: str) -> Listing | Absent | Unavailable:
        answer = await self._own.project(name)
        if isinstance(answer, Absent) and not self._claims_name(name):
            return await self._others.project(name)
        return answer

    async def file(self, wanted: FileRequest) -> StoredFile | ArrivingFile | Absent | Unavailable:
        own = await self._own.project(wanted.project)
        if isinstance(own, Absent) and not self._claims_name(wanted.project):
            return await self._others.file(wanted)
        return await self._own.file(wanted)

    def _claims_name(self, name: str) -> bool:
        return any(fnmatchcase(name, claim) for claim in self._claims)


class Nothing(Source):
    """Stand for a source without projects."""

    async def names(self) -> frozenset[str]:
        return frozenset()

    async def project(self, name: str) -> Listing | Absent | Unavailable:
        return Absent()

    async def file(self, wanted: FileRequest) -> StoredFile | ArrivingFile | Absent | Unavailable:
        return Absent()
