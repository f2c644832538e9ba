"""ReleaseIndexes: the index of a release, of its nearest relative, of its siblings."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel_doctor.fileindex import ReleaseIndexes
from accel_doctor.fileindex.building import index_bytes
from accel_doctor.fileindex.contents import Collection
from accel_doctor.model.machine import Distribution


@pytest.fixture
def indexes(tmp_path: Path) -> Path:
    for release in (("debian", "98"), ("debian", "99"), ("other", "99"), ("other", "100")):
        collection = Collection()
        collection.add("usr/include/x.h", ["libx-dev"])
        (tmp_path / f"{'-'.join(release)}.index").write_bytes(index_bytes(collection, Distribution(*release)))
    return tmp_path


def releases(indexes: tuple) -> list[str]:
    return [str(index.release) for index in indexes]


def test_a_release_of_its_own_needs_no_relative(indexes):
    found = ReleaseIndexes(Distribution("debian", "99"), [Distribution("debian", "98")], [indexes])
    assert found.own
    assert str(found.own.release) == "debian 99"
    assert found.nearest is None


def test_the_nearest_relative_with_an_index(indexes):
    relatives = [Distribution("ubuntu", "99.04"), Distribution("debian", "98"), Distribution("debian", "99")]
    found = ReleaseIndexes(Distribution("ubuntu", "99.04"), relatives, [indexes])
    assert found.own is None
    assert found.nearest
    assert str(found.nearest.release) == "debian 98"
    assert releases(found.newer)[0] == "debian 99"


def test_older_and_newer_releases_come_in_the_order_of_their_distance(indexes):
    found = ReleaseIndexes(Distribution("debian", "13"), (), [indexes])
    assert releases(found.older) == ["debian 12", "debian 11"]
    assert releases(found.newer) == ["debian 98", "debian 99", "debian sid"]
    assert releases(ReleaseIndexes(Distribution("other", "99"), (), [indexes]).newer) == ["other 100"]


def test_nothing_is_next_to_an_unknown_release(indexes):
    found = ReleaseIndexes(Distribution("unknown"), (), [indexes])
    assert (found.own, found.nearest, found.older, found.newer) == (None, None, (), ())
