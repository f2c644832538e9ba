"""Archives of sources: what is read, and what is unpacked and refused."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile

import pytest

from accel_doctor.builder import archives
from accel_doctor.builder.archives import source_files, unpack
from accel_doctor.errors import RequirementsError

FILES = {"six-1/setup.py": b"setup()", "six-1/src/six.c": b"int main;", "six-1/configure": b"#!/bin/sh"}


def as_tar(path, members, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            member = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.name = name
            member.mtime = 1_000_000_000
            if isinstance(content, bytes):
                member.size = len(content)
                member.mode = 0o755 if name.endswith("configure") else 0o600
            archive.addfile(member, io.BytesIO(content) if isinstance(content, bytes) else None)
    return path


def special(kind, target=""):
    member = tarfile.TarInfo()
    member.type, member.linkname = kind, target
    return member


def as_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o755 if name.endswith("configure") else 0o644) << 16
            archive.writestr(info, content)
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_is_unpacked_and_read(tmp_path, mode):
    archive = as_tar(tmp_path / "six-1.tar", FILES, mode)
    tree = unpack(archive, tmp_path / "tree")
    assert tree == tmp_path / "tree" / "six-1"
    assert {str(path.relative_to(tree.parent)): path.read_bytes() for path in tree.rglob("*.*")} == {
        name: content for name, content in FILES.items() if "." in name
    }
    assert (tree / "configure").stat().st_mode & stat.S_IXUSR
    assert not (tree / "setup.py").stat().st_mode & stat.S_IXUSR
    assert (tree / "setup.py").stat().st_mtime == 1_000_000_000
    with source_files(archive) as files:
        assert {str(file.path): file.start(5) for file in files} == {
            "setup.py": b"setup", "src/six.c": b"int m", "configure": b"#!/bi"
        }  # fmt: skip


def test_a_zip_is_unpacked_and_read(tmp_path):
    archive = as_zip(tmp_path / "six-1.zip", {"six-1/": b"", **FILES})
    tree = unpack(archive, tmp_path / "tree")
    assert (tree / "src" / "six.c").read_bytes() == b"int main;"
    assert (tree / "configure").stat().st_mode & stat.S_IXUSR
    with source_files(archive) as files:
        assert sorted(str(file.path) for file in files) == ["configure", "setup.py", "src/six.c"]


def test_a_directory_is_read_without_its_repository(tmp_path):
    for name in ("setup.py", ".git/config", "src/six.c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    with source_files(tmp_path) as files:
        assert sorted(str(file.path) for file in files) == ["setup.py", "src/six.c"]


def test_an_archive_without_a_top_directory_is_its_own_tree(tmp_path):
    archive = as_tar(tmp_path / "six-1.tar.gz", {"setup.py": b"setup()", "six.py": b""})
    assert unpack(archive, tmp_path / "tree") == tmp_path / "tree"


def test_links_inside_of_the_archive_are_kept(tmp_path):
    members = {
        **FILES,
        "six-1/src/link.c": special(tarfile.SYMTYPE, "six.c"),
        "six-1/hard.c": special(tarfile.LNKTYPE, "six-1/src/six.c"),
    }
    tree = unpack(as_tar(tmp_path / "six-1.tar.gz", members), tmp_path / "tree")
    assert (tree / "src" / "link.c").is_symlink()
    assert (tree / "src" / "link.c").read_bytes() == (tree / "hard.c").read_bytes() == b"int main;"


@pytest.mark.parametrize("target", ["/etc/passwd", "../../..", "../../../etc"])
def test_links_that_lead_out_of_the_archive_are_left_out(tmp_path, target):
    members = {**FILES, "six-1/src/out": special(tarfile.SYMTYPE, target)}
    tree = unpack(as_tar(tmp_path / "six-1.tar.gz", members), tmp_path / "tree")
    assert [path.name for path in (tree / "src").iterdir()] == ["six.c"]


@pytest.mark.parametrize(
    "members",
    [
        {"../evil": b""},
        {"six-1/../../evil": b""},
        {"/evil": b""},
        {"six-1/y": special(tarfile.SYMTYPE, "s/.."), "six-1/s": special(tarfile.SYMTYPE, ".."), "six-1/y/evil": b""},
        {"six-1/hard": special(tarfile.LNKTYPE, "../../etc/passwd")},
        {"six-1/fifo": special(tarfile.FIFOTYPE)},
    ],
    ids=lambda members: next(iter(members)),
)
def test_what_leads_out_of_the_archive_is_refused(tmp_path, members):
    archive = as_tar(tmp_path / "six-1.tar", members, "w")
    with pytest.raises(RequirementsError, match="six-1.tar: cannot read this source"):
        unpack(archive, tmp_path / "deep" / "tree")
    assert not list(tmp_path.rglob("evil"))


def test_no_file_is_written_through_a_link(tmp_path):
    with tarfile.open(tmp_path / "six-1.tar", "w") as archive:
        first = special(tarfile.SYMTYPE, "setup.py")
        first.name = "six-1/link"
        archive.addfile(first)
        second = tarfile.TarInfo("six-1/link")
        second.size = 3
        archive.addfile(second, io.BytesIO(b"own"))
    tree = unpack(tmp_path / "six-1.tar", tmp_path / "tree")
    assert (tree / "link").read_bytes() == b"own"
    assert not (tree / "setup.py").exists()


def test_members_of_a_zip_do_not_lead_out_either(tmp_path):
    with pytest.raises(RequirementsError, match="leads out"):
        unpack(as_zip(tmp_path / "six-1.zip", {"../evil": b""}), tmp_path / "tree")


def test_bounds_hold(tmp_path, monkeypatch):
    archive = as_tar(tmp_path / "six-1.tar", FILES, "w")
    monkeypatch.setattr(archives, "_MOST_BYTES", 10)
    with pytest.raises(RequirementsError, match="GB"):
        unpack(archive, tmp_path / "bytes")
    monkeypatch.undo()
    monkeypatch.setattr(archives, "_MOST_FILES", 2)
    with pytest.raises(RequirementsError, match="more than 2 files"):
        unpack(archive, tmp_path / "files")
    with pytest.raises(RequirementsError, match="more than 2 files"), source_files(archive) as files:
        list(files)


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00", b"\xfd7zXZ\x00\x00"])
def test_what_is_no_archive_is_said(tmp_path, content):
    archive = tmp_path / "six-1.tar.gz"
    archive.write_bytes(content)
    with pytest.raises(RequirementsError, match=r"six-1\.tar\.gz"):
        unpack(archive, tmp_path / "tree")
