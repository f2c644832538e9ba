"""Sources read from archives."""

from __future__ import annotations

import io
import tarfile

from books import load

from accel_doctor.builder.source_trees import SourceTrees, read_tree
from accel_doctor.errors import NetworkError
from accel_doctor.model.builds import Source, SourceKind
from accel_doctor.model.requests import InstallRequest

SDIST = Source("x", "1", SourceKind.SDIST, "https://x/x-1.tar.gz", "0" * 64)


class FakeFetcher:
    def __init__(self, archive):
        self.archive = archive

    def fetch(self, source, index, scratch):
        if self.archive is None:
            raise NetworkError("no network")
        return self.archive


def sdist(path, files):
    with tarfile.open(path / "x-1.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"x-1/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return path / "x-1.tar.gz"


def test_files_that_tell_are_read_and_all_are_known(tmp_path):
    files = {"meson.build": b"a", "x.c": b"b" * 700_000, "x.png": b"c", "tests/t.c": b"d", "\xff.py": b"\xff"}
    tree = read_tree(sdist(tmp_path, files))
    assert set(tree.texts) == {"meson.build", "x.c", "\xff.py"}
    assert len(tree.texts["x.c"]) == 600_000
    assert tree.paths == {*files}


def test_a_source_tells_what_it_needs(tmp_path):
    files = {
        "pyproject.toml": b'[build-system]\nbuild-backend = "mesonpy"\n',
        "meson.build": b"dependency('glib-2.0')\n",
    }
    trees = SourceTrees(FakeFetcher(sdist(tmp_path, files)), load(), "3.13", tmp_path)
    reasons = {
        str(reason.need): (reason.package, reason.evidence) for reason in trees.reasons(SDIST, InstallRequest(()))
    }
    assert reasons["pkgconfig:glib-2.0"] == ("x", "meson.build:1: dependency('glib-2.0')")


def test_a_source_that_cannot_be_read_tells_nothing(tmp_path):
    (tmp_path / "broken.tar.gz").write_bytes(b"no archive")
    for archive in (None, tmp_path / "broken.tar.gz"):
        assert SourceTrees(FakeFetcher(archive), load(), "3.13", tmp_path).reasons(SDIST, InstallRequest(())) == []
