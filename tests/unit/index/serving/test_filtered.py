"""What of an upstream is served."""

from __future__ import annotations

import asyncio

import pytest
from packaging.version import Version

from accel_doctor.index.serving.filtered import Filtered, Filters, denied
from accel_doctor.index.serving.index_source import Absent, FileRequest, Source, Unavailable
from accel_doctor.model.releases import Listing, ReleaseFile

DAY = 86400
NOW = 1_717_200_000.0  # 2024-06-01T00:00:00Z
FILES = (
    ReleaseFile("a-1.0.zip", "x", "1" * 64, uploaded="2024-05-01T00:00:00Z"),
    ReleaseFile("a-2.0.zip", "x", "2" * 64, uploaded="2024-05-30T12:00:00.5Z"),
    ReleaseFile("a-2.0-py3-none-any.whl", "x", "3" * 64),
)


class Index(Source):
    def __init__(self):
        self.answer: Listing | Unavailable = Listing(FILES, "1")

    async def names(self):
        return frozenset({"a", "b"})

    async def project(self, name):
        return self.answer

    async def file(self, wanted):
        return Unavailable("asked")


class Place:
    def __init__(self, **filters):
        self.index, self.now = Index(), NOW
        self.source = Filtered(self.index, Filters(**filters), lambda: self.now)

    def listed(self, name="a"):
        answer = asyncio.run(self.source.project(name))
        return [file.filename for file in answer.files] if isinstance(answer, Listing) else answer

    def got(self, number, filename, name="a"):
        return asyncio.run(self.source.file(FileRequest(name, str(number) * 64, filename)))


def test_only_allowed_projects_are_served():
    place = Place(only=["a", "acme-*"])
    assert len(place.listed()) == 3
    assert place.listed("b") == Absent("b is not among the projects that are allowed here")
    assert place.got(1, "a-1.0.zip", "b") == Absent("b is not among the projects that are allowed here")
    assert place.got(1, "a-1.0.zip") == Unavailable("asked")
    assert asyncio.run(place.source.names()) == {"a"}


def test_files_are_served_once_they_are_old_enough():
    place = Place(min_age=7 * DAY)
    assert place.listed() == ["a-1.0.zip"]
    assert place.got(2, "a-2.0.zip") == Absent("a-2.0.zip is not among the files of a that are allowed here")
    first = asyncio.run(place.source.project("a"))
    place.now += 3 * DAY
    assert asyncio.run(place.source.project("a")) is first
    place.now += 3 * DAY
    assert place.listed() == ["a-1.0.zip", "a-2.0.zip"]
    assert asyncio.run(place.source.project("a")).revision != first.revision
    assert place.got(2, "a-2.0.zip") == Unavailable("asked")


def test_files_and_releases_are_denied():
    hashes, releases = denied([f"sha256:{'1' * 64}", "A==2.0.0"])
    assert (hashes, releases) == ({"1" * 64}, {("a", Version("2.0"))})
    place = Place(denied_hashes=hashes, denied_releases=releases)
    assert place.listed() == []
    assert place.got(1, "a-1.0.zip") == Absent("a-1.0.zip is not among the files of a that are allowed here")
    assert place.listed("b") == ["a-2.0.zip", "a-2.0-py3-none-any.whl"]  # the release of another project
    assert Place(denied_hashes=frozenset({"2" * 64})).listed() == ["a-1.0.zip", "a-2.0-py3-none-any.whl"]


def test_a_new_page_is_filtered_anew():
    place = Place(denied_hashes=frozenset({"1" * 64}))
    assert len(place.listed()) == 2
    place.index.answer = Listing(FILES[:2], "2")
    assert place.listed() == ["a-2.0.zip"]
    place.index.answer = Unavailable("down")
    assert place.listed() == place.got(2, "a-2.0.zip") == Unavailable("down")


@pytest.mark.parametrize("text", ["a", "==1", "a==", "a==x y", "a>=1", "sha256:123"])
def test_what_is_denied_is_a_release_or_a_hash(text):
    with pytest.raises(ValueError, match="is neither name==version nor a SHA-256"):
        denied([text])


def test_without_filters_there_is_nothing_to_do():
    assert not Filters()
    assert Filters(min_age=1.0)
