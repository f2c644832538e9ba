"""Sources read from archives."""

from __future__ import annotations

import io
import tarfile
import zipfile
from datetime import datetime

from books import load
from packaging.pylock import Pylock

from accel_doctor.builder.source_trees import SourceTrees, read_tree
from accel_doctor.errors import NetworkError
from accel_doctor.model.builds import Locked, Source, SourceKind
from accel_doctor.model.requests import InstallRequest, RequirementLine

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


def test_the_log_of_a_build_tells_which_file_is_compiled(tmp_path):
    files = {"setup.py": b"setup(ext_modules=found())", "x.c": b"PyEval_CallObject(f, NULL);"}
    log = tmp_path / "build.log"
    log.write_text("gcc -O2 -c x.c -o x.o\nerror: command 'gcc' failed: No such file or directory\n")
    trees = SourceTrees(FakeFetcher(sdist(tmp_path, files)), load(), "3.13", tmp_path)
    assert [str(one.need) for one in trees.reasons(SDIST, InstallRequest(()), log)] == [
        "build-constraint:python-too-new"
    ]
    assert trees.reasons(SDIST, InstallRequest(()), tmp_path / "none.log") == []


def old_wheel(path, day="2019-01-30"):
    """A wheel that uses what Python 3.10 removed, and a lock that has it."""
    file = path / "x-1-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x/__init__.py", "from x.core import f\n")
        archive.writestr("x/core.py", "from collections import Mapping\n")
        archive.writestr("x-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: x\nVersion: 1\n")
    entry = {"name": file.name, "url": f"https://x/{file.name}", "hashes": {"sha256": "0" * 64}}
    if day:
        entry["upload-time"] = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    package = {"name": "x", "version": "1", "wheels": [entry]}
    document = {"lock-version": "1.0", "created-by": "test", "packages": [package]}
    return file, Locked(Pylock.from_dict(document))


ASKED = InstallRequest((RequirementLine("x==1", "command line", name="x"),))
OLD = "x/core.py:1: uses collections.Mapping, which Python 3.13 does not have"


def test_a_wheel_older_than_this_python_tells_that_it_cannot_be_imported(tmp_path):
    file, locked = old_wheel(tmp_path)
    trees = SourceTrees(FakeFetcher(file), load(), "3.13", tmp_path)
    assert [one.evidence for one in trees.not_importable(locked, [], ASKED)] == [OLD]
    assert trees.not_importable(locked, [], InstallRequest(())) == []  # a dependency
    assert trees.not_importable(None, [], ASKED) == []
    _, newer = old_wheel(tmp_path, "2025-01-01")
    assert trees.not_importable(newer, [], ASKED) == []
    _, undated = old_wheel(tmp_path, None)
    assert [one.evidence for one in trees.not_importable(undated, [], ASKED)] == [OLD]
    unpinned = InstallRequest((RequirementLine("x<2", "command line", name="x"),))
    assert trees.not_importable(undated, [], unpinned) == []
    assert SourceTrees(FakeFetcher(None), load(), "3.13", tmp_path).not_importable(locked, [], ASKED) == []


def test_a_source_that_was_built_tells_that_too(tmp_path):
    archive = sdist(tmp_path, {"x.py": b"from collections import Mapping\n"})
    trees = SourceTrees(FakeFetcher(archive), load(), "3.13", tmp_path)
    (reason,) = trees.not_importable(None, [SDIST], InstallRequest(()))
    assert str(reason.need) == "build-constraint:python-too-new-to-import"
