"""Reading and writing index files, damaged ones too."""

import random

import pytest

from accel_doctor.fileindex.building import index_bytes
from accel_doctor.fileindex.contents import Collection
from accel_doctor.fileindex.index_file import SHIPPED, FileIndex, IndexFileError, Package, find_index
from accel_doctor.model.machine import Distribution


def test_what_was_written_is_found(index):
    assert index.release == Distribution("debian", "99")
    assert [(file.path, file.packages) for file in index.find("zlib.h")] == [
        ("usr/include/zlib.h", (Package("zlib1g-dev", development=True, uses=2),)),
        ("usr/include/Poco/zlib.h", (Package("libpoco-dev", development=True),)),
    ]
    assert index.find("zlib") == index.find("a") == index.find("zzz") == ()


def test_all_versions_of_a_library_are_found_in_whatever_block(index, written):
    assert [(file.name, file.packages[0].name) for file in index.versions("libpq")] == [("libpq.so.5", "libpq5")]
    assert index.versions("libp") == index.versions("libzzz") == ()
    collection = Collection()
    names = [f"lib{'x' * (number % 90)}{number // 3:04}.so.{number % 3}" for number in range(3000)]
    for name in names:
        collection.add(f"usr/lib/{name}", [name.replace(".so.", "")])
    index = written(collection)
    assert [file.name for file in index.versions("lib0000")] == ["lib0000.so.0"]
    for library in {name.partition(".so")[0] for name in names}:
        assert [file.name for file in index.versions(library)] == sorted(
            n for n in names if n.startswith(f"{library}.so.")
        )


def test_many_blocks_and_any_text_survive(written):
    collection = Collection()
    names = [f"{'x' * (number % 150)}é{number}.h" for number in range(3000)]
    for number, name in enumerate(names):
        collection.add(f"usr/include/d{number % 1700}/{name}", [f"liba{number % 1300}-dev"])
    index = written(collection)
    for number, name in enumerate(names):
        (file,) = index.find(name)
        assert (file.directory, file.packages[0].name) == (f"usr/include/d{number % 1700}", f"liba{number % 1300}-dev")


def test_the_same_lists_give_the_same_bytes(collection):
    assert index_bytes(collection, Distribution("debian", "99")) == index_bytes(
        collection, Distribution("debian", "99")
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "wrong size"),
        (b"PK\3\4" + bytes(100), "not an index"),
        (b"ACCELIDX\x09" + bytes(100), "format 9, but this version reads format 1"),
        (b"ACCELIDX\x01" + b"\0\0\0\5\0\0\0\0hello", "checksum mismatch in its directory"),
    ],
)
def test_what_is_no_index_is_an_error_that_says_so(tmp_path, content, complaint):
    path = tmp_path / "x.index"
    path.write_bytes(content)
    with pytest.raises(IndexFileError) as error:
        FileIndex.open(path)
    assert error.value.message == f"damaged file index {path}: {complaint}"
    assert error.value.hint == "reinstall accel-doctor, or rebuild the index with: accel-doctor index build"


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(IndexFileError) as error:
        FileIndex.open(tmp_path / "gone")
    assert error.value.message == f"cannot read the file index {tmp_path / 'gone'}: No such file or directory"


def test_any_damage_is_an_error_or_harmless(index, tmp_path):
    whole = index.path.read_bytes()
    expected = index.find("zlib.h")
    chance = random.Random(0)
    path = tmp_path / "damaged.index"
    noticed = 0
    for _ in range(400):
        damaged = bytearray(whole)
        if chance.random() < 0.3:
            del damaged[chance.randrange(len(damaged)) :]
        else:
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            assert FileIndex.open(path).find("zlib.h") == expected
        except IndexFileError:
            noticed += 1
    assert noticed > 300


def test_an_index_serves_its_own_release_only(tmp_path, index):
    here = [tmp_path]
    assert find_index(Distribution("debian", "99"), here).path == index.path
    assert find_index(Distribution("debian", "99.3"), here).path == index.path
    assert find_index(Distribution("ubuntu", "99", like=("debian",)), here) is None
    assert find_index(Distribution("debian", "98"), here) is None
    assert find_index(Distribution("../debian", "99"), here) is None


@pytest.mark.parametrize(
    ("distribution", "release"),
    [
        (Distribution("debian", "11", "bullseye"), "debian 11"),
        (Distribution("debian", "12", "bookworm"), "debian 12"),
        (Distribution("debian", "13", "trixie"), "debian 13"),
        (Distribution("debian", "", "forky", pretty_name="Debian GNU/Linux forky/sid"), "debian sid"),
        (Distribution("debian", "", "sid"), "debian sid"),
    ],
)
def test_debian_is_shipped(distribution, release):
    assert str(find_index(distribution).release) == release


def test_shipped_indexes_stay_small():
    sizes = {path.name: path.stat().st_size for path in SHIPPED.glob("*.index")}
    assert len(sizes) == 4
    assert [name for name, size in sizes.items() if size > 2_500_000] == []
    assert sum(sizes.values()) <= 10_000_000
