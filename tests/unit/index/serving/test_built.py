"""Built wheels beside the files of an index."""

from __future__ import annotations

import asyncio
import hashlib

import pytest
from tiny_wheel import write_tiny_wheel

from accel_doctor.hashing import sha256_of
from accel_doctor.index.serving.built import BuiltWheels, WithBuilt, is_platform, platform_of
from accel_doctor.index.serving.index_source import Absent, FileRequest, Source, StoredFile, Unavailable
from accel_doctor.model.releases import Listing, ReleaseFile
from accel_doctor.model.wheels import Entry, Provenance
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.build_key import usual_pure_key
from accel_doctor.store.wheels.wheel_store import LocalWheelStore

SDIST = "d" * 64
OTHER = "tiny-2.0.tar.gz"
BINARY = "tiny-1.0-cp313-cp313-linux_x86_64.whl"
PURE = "tiny-1.0-py3-none-any.whl"
PORTABLE = "tiny-1.0-cp313-cp313-manylinux_2_36_x86_64.whl"


class FakeIndex(Source):
    def __init__(self):
        sdist = ReleaseFile("tiny-1.0.tar.gz", "x", SDIST, ">=3.9", uploaded="2024-05-01T10:00:00Z", size=9)
        self.answer = Listing((sdist, ReleaseFile(OTHER, "x", "e" * 64)), "1")

    async def names(self):
        return frozenset({"other"})

    async def project(self, name):
        return self.answer

    async def file(self, wanted):
        return Unavailable("not built")


class Place:
    def __init__(self, directory):
        self.directory = directory
        self.now = 100.0
        self.store = LocalWheelStore(directory / "wheels", Leases(directory / "in-use.lock"), print)
        self.wheels = BuiltWheels(self.store, lambda: self.now)
        self.index = FakeIndex()

    def add(self, file=BINARY, content="", key=None, day=1, **fields):
        """Store a wheel of that name, as if built on Debian 13."""
        (self.directory / content).mkdir(exist_ok=True)
        wheel = write_tiny_wheel(self.directory / content, {"tiny.py": content.encode()})
        made = Provenance(
            **{
                "name": "tiny",
                "version": "1.0",
                "source": f"sha256:{SDIST}",
                "distribution": "debian 13",
                "interpreter": "cpython 3.13.5",
                "platform": "linux-x86_64",
                "libc": "glibc 2.41",
                "built_at": f"2026-11-{day:02}T10:00:00+00:00",
                **fields,
            }
        )
        digest = sha256_of(wheel)
        key = key or hashlib.sha256(f"{file}{content}{fields}".encode()).hexdigest()
        self.store.add(Entry(key, file, digest, wheel.stat().st_size, made), wheel)
        return digest

    def listed(self, platform=None):
        self.now += 5
        answer = asyncio.run(WithBuilt(self.index, self.wheels, platform).project("tiny"))
        return [file.filename for file in answer.files]

    def got(self, key, metadata=False):
        self.now += 5
        return asyncio.run(WithBuilt(self.index, self.wheels).file(FileRequest("tiny", key, BINARY, metadata)))


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


BASE = ["tiny-1.0.tar.gz", OTHER]


def test_a_binary_wheel_is_offered_to_its_own_distribution(place):
    digest = place.add()
    assert place.listed("debian-13") == [BINARY, *BASE]
    assert place.listed("debian-12") == place.listed() == BASE
    file = asyncio.run(WithBuilt(place.index, place.wheels, "debian-13").project("tiny")).files[0]
    assert (file.sha256, file.requires_python, file.uploaded) == (digest, ">=3.9", "2024-05-01T10:00:00Z")
    stored = place.got(digest)
    assert isinstance(stored, StoredFile)
    assert sha256_of(stored.path) == digest
    assert stored.size == file.size
    assert place.got(digest, metadata=True) == place.got("0" * 64) == Unavailable("not built")


def test_what_is_good_everywhere_is_offered_everywhere(place):
    place.add(PORTABLE, "portable")
    place.add(PURE, "pure", key=usual_pure_key(SDIST), day=2)
    for platform in (None, "debian-12", "debian-13"):
        assert place.listed(platform) == [PORTABLE, PURE, *BASE]


@pytest.mark.parametrize(
    ("file", "fields"),
    [
        (PURE, {}),
        (BINARY, {"source": f"sha256:{'f' * 64}"}),
        (BINARY, {"source": "git+https://example.org/tiny@0123456789"}),
        (BINARY, {"lacks": ("compiler:c",)}),
        (BINARY, {"settings": ("variable CFLAGS",)}),
        (BINARY, {"name": "another"}),
    ],
    ids=["for one Python alone", "another source", "a repository", "poorer", "built with settings", "another project"],
)
def test_what_is_not_everybodys_is_not_offered(place, file, fields):
    place.add(file, **fields)
    assert place.listed("debian-13") == BASE


def test_a_file_of_the_index_stays_what_it_is(place):
    place.index.answer = Listing((*place.index.answer.files, ReleaseFile(PORTABLE, "x", "c" * 64)))
    place.add(PORTABLE)
    assert place.listed() == [*BASE, PORTABLE]


def test_a_rebuilt_wheel_gets_a_build_tag_and_the_former_stays_reachable(place):
    first = place.add(content="first")
    assert place.listed("debian-13") == [BINARY, *BASE]
    second = place.add(content="second", day=2)
    assert place.listed("debian-13") == ["tiny-1.0-2-cp313-cp313-linux_x86_64.whl", *BASE]
    assert {place.got(key).key for key in (first, second)} == {first, second}


def test_a_wheel_that_was_damaged_or_removed_is_not_sent(place):
    digest = place.add()
    place.listed("debian-13")
    entry = next(place.directory.glob("wheels/v2/*/*/*.whl"))
    entry.chmod(0o644)
    entry.write_bytes(b"x")
    assert place.got(digest) == Unavailable(f"{BINARY} is damaged in the wheel store")
    digest = place.add(content="another")
    assert isinstance(place.got(digest), StoredFile)
    place.got(digest).path.unlink()
    assert place.got(digest) == Unavailable("not built")


def test_the_answer_of_the_index_is_passed_on_where_it_has_no_page(place):
    place.add()
    place.index.answer = Absent()
    assert asyncio.run(WithBuilt(place.index, place.wheels, "debian-13").project("tiny")) == Absent()
    assert asyncio.run(WithBuilt(place.index, place.wheels).names()) == {"other", "tiny"}


def test_platforms_have_names_that_fit_into_urls():
    assert platform_of("debian 13") == "debian-13"
    assert platform_of("arch") == "arch"
    for name in ("debian-13", "ubuntu-24.04", "arch", "opensuse-leap-15.6"):
        assert is_platform(name)
    for name in ("", "-", "../x", "a b", "x" * 60, "Debian-13", "a--b"):
        assert not is_platform(name)
