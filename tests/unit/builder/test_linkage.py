"""What a wheel links, out of the zip file, with what it brings itself left out."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from fakes import FakeLoader
from paths import LINKED

from accel_doctor.builder.linkage import libraries_asked, linked_files, links_to
from accel_doctor.elf import Asked
from accel_doctor.model.wheels import Link

SHELF = Path("/usr/lib/libshelf.so.1")
VERSIONS = ("SHELF_1", "SHELF_2")


@pytest.fixture
def wheel(tmp_path):
    def make(files: Mapping[str, bytes | Path], compression: int = zipfile.ZIP_DEFLATED) -> Path:
        path = tmp_path / "reader-1.0-cp313-cp313-linux_x86_64.whl"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, content in files.items():
                archive.writestr(name, content if isinstance(content, bytes) else content.read_bytes())
        return path

    return make


def asked(*sonames: str) -> list[Asked]:
    known = {"libshelf.so.1": VERSIONS}
    return [Asked(name, known.get(name, ()), ("/opt/shelf/lib",)) for name in sorted(sonames)]


def test_libraries_outside_the_wheel_are_asked_for(wheel):
    path = wheel({"reader.cpython-313-x86_64-linux-gnu.so": LINKED / "reader.so", "reader.py": b"\x7fELF"})
    assert libraries_asked(path) == asked("libown.so.1", "libshelf.so.1")


@pytest.mark.parametrize("place", ["reader.libs/libown.so.1", "reader-1.0.data/platlib/reader.libs/libown-6f0a.so.1.2"])
def test_what_the_wheel_brings_is_its_own_by_file_name_or_soname(wheel, place):
    path = wheel({"reader-1.0.data/purelib/reader.so": LINKED / "reader.so", place: LINKED / "libown.so.1"})
    assert libraries_asked(path) == asked("libshelf.so.1")


def test_programs_are_read_and_scripts_are_not(wheel):
    path = wheel({"reader-1.0.data/scripts/reader": LINKED / "reader.so", "reader-1.0.data/scripts/hello": b"#!python"})
    assert libraries_asked(path) == asked("libown.so.1", "libshelf.so.1")


def test_a_pure_wheel_links_nothing(wheel):
    assert links_of(wheel({"idna/__init__.py": b"", "idna/data.so": b"not at all"}), FakeLoader()) == ()


def links_of(path: Path, loader: FakeLoader) -> tuple[Link, ...]:
    return links_to(linked_files(path, loader), {SHELF: "libshelf1"}, loader)


def test_a_link_has_its_versions_and_the_package_that_provided_it(wheel):
    path = wheel({"reader.so": LINKED / "reader.so", "reader.libs/libown.so.1": LINKED / "libown.so.1"})
    loader = FakeLoader({"libshelf.so.1": SHELF})
    assert links_of(path, loader) == (Link("libshelf.so.1", VERSIONS, "libshelf1"),)


def test_what_nothing_provides_where_it_was_built_is_not_recorded(wheel):
    path = wheel({"reader.so": LINKED / "reader.so"})
    assert links_of(path, FakeLoader({"libshelf.so.1": SHELF})) == (Link("libshelf.so.1", VERSIONS, "libshelf1"),)


def test_what_only_a_run_path_reaches_is_recorded_by_its_path(wheel):
    path = wheel({"reader.so": LINKED / "reader.so"})
    there = "/opt/shelf/lib/libshelf.so.1"
    assert links_of(path, FakeLoader({there: Path(there)})) == (Link(there, VERSIONS),)


def test_an_unreadable_wheel_links_nothing(tmp_path):
    path = tmp_path / "broken-1.0-cp313-cp313-linux_x86_64.whl"
    path.write_bytes(b"PK\x03\x04 and nothing more")
    assert links_of(path, FakeLoader({"libshelf.so.1": SHELF})) == ()


def test_a_member_whose_bytes_are_broken_is_passed_over(wheel):
    path = wheel({"a.so": LINKED / "reader.so", "b.so": LINKED / "libshelf.so.1"})
    image = bytearray(path.read_bytes())
    start = image.index(b"a.so") + 4
    image[start + 200 : start + 230] = bytes(30)
    path.write_bytes(bytes(image))
    assert libraries_asked(path) == []


def test_a_member_packed_in_a_way_wheels_are_not_is_passed_over(wheel):
    assert libraries_asked(wheel({"reader.so": LINKED / "reader.so"}, zipfile.ZIP_BZIP2)) == []


def test_a_member_that_claims_to_be_larger_than_anything_ends_the_reading(wheel):
    path = wheel({"reader.so": LINKED / "reader.so"})
    buffer = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.getinfo("reader.so").file_size = 1 << 40
        archive.writestr("more.py", b"")  # writes the directory again
    path.write_bytes(buffer.getvalue())
    assert libraries_asked(path) == []
