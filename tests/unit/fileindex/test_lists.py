"""Reading distributions' own lists. Debian's forms are in conftest.py; these are the others'."""

import io
import tarfile

import pytest

from accel_doctor.fileindex import rank
from accel_doctor.fileindex.alpine import read_apkindex
from accel_doctor.fileindex.arch import read_files
from accel_doctor.fileindex.contents import Collection, is_suitable, is_wanted
from accel_doctor.fileindex.rpm_lists import read_filelists, read_primary
from accel_doctor.model.cures import Confidence
from accel_doctor.model.needs import Need

# In the form that createrepo_c writes: https://github.com/rpm-software-management/createrepo_c
PRIMARY = b"""<?xml version="1.0" encoding="UTF-8"?>
<metadata xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="3">
<package type="rpm"><name>libpq-devel</name><arch>x86_64</arch><version epoch="0" ver="16" rel="1"/>
  <format><rpm:group>Unspecified</rpm:group>
    <rpm:provides><rpm:entry name="libpq-devel" flags="EQ"/><rpm:entry name="pkgconfig(libpq)"/></rpm:provides>
    <rpm:requires><rpm:entry name="libpq(x86-64)"/><rpm:entry name="openssl-devel"/></rpm:requires>
    <file>/usr/bin/pg_config</file>
  </format></package>
<package type="rpm"><name>postgresql-server</name><arch>x86_64</arch>
  <format><rpm:group>Applications</rpm:group></format></package>
<package type="rpm"><name>python-psycopg2</name><arch>src</arch><format>
    <rpm:requires><rpm:entry name="pkgconfig(libpq)"/><rpm:entry name="python3-devel"/></rpm:requires>
  </format></package>
</metadata>
"""
FILELISTS = b"""<?xml version="1.0" encoding="UTF-8"?>
<filelists xmlns="http://linux.duke.edu/metadata/filelists" packages="2">
<package pkgid="1" name="libpq-devel" arch="x86_64"><version epoch="0" ver="16" rel="1"/>
  <file>/usr/bin/pg_config</file><file>/usr/include/libpq-fe.h</file><file type="dir">/usr/include/libpq</file>
  <file>/usr/lib64/libpq.so</file><file>/usr/lib64/pkgconfig/libpq.pc</file></package>
<package pkgid="2" name="postgresql-server" arch="x86_64"><file>/usr/bin/postgres</file>
  <file>/usr/lib/systemd/system/postgresql.service</file></package>
</filelists>
"""
APKINDEX = """\
C:Q1x=
P:libpq-dev
V:16
D:libpq openssl-dev pkgconfig pc:libssl
p:pc:libpq=16 cmd:pg_config=16 libpq-devel

P:libpq
p:so:libpq.so.5=5.16
D:so:libc.musl-x86_64.so.1

P:py3-psycopg2-src
D:pc:libpq>=9
"""


def answer(index, need: str) -> tuple[list[tuple[str, int]], Confidence]:
    ranking = rank(Need.parse(need), index)
    return [(item.package.name, item.package.uses) for item in ranking.candidates], ranking.confidence


def test_rpm(written):
    collection = Collection()
    read_primary(io.BytesIO(PRIMARY), collection)
    read_filelists(io.BytesIO(FILELISTS), collection)
    collection.settle()
    index = written(collection)
    for need in ("header:libpq-fe.h", "library:pq", "pkgconfig:libpq", "command:pg_config"):
        assert answer(index, need) == ([("libpq-devel", 1)], Confidence.INDEX), need
    assert answer(index, "command:postgres") == ([("postgresql-server", 0)], Confidence.GUESS)
    assert answer(index, "header:libpq") == ([], Confidence.GUESS)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"<metadata><package>", "no element found: line 1, column 19"),
        (
            b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
            "a document type declaration, which repository metadata does not have",
        ),
    ],
)
def test_rpm_metadata_that_is_none(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        read_primary(io.BytesIO(text), Collection())


def archive(members: dict[str, str]) -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as written:
        for name, text in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            written.addfile(member, io.BytesIO(text.encode()))
    stream.seek(0)
    return stream


@pytest.mark.parametrize("order", [("desc", "files"), ("files", "desc")])
def test_arch(written, order):
    texts = {
        "desc": "%NAME%\npostgresql-libs\n\n%DEPENDS%\nopenssl>=3\n\n",
        "files": "%FILES%\nusr/\nusr/bin/pg_config\nusr/include/libpq-fe.h\nusr/lib/libpq.so\n",
    }
    collection = Collection()
    stream = archive(
        {
            **{f"postgresql-libs-16-1/{kind}": texts[kind] for kind in order},
            "python-psycopg2-2.9-1/desc": "%NAME%\npython-psycopg2\n\n%DEPENDS%\npostgresql-libs\n",
            "bad-1/desc": "%NAME%\n--option\n",
            "bad-1/files": "%FILES%\nusr/bin/x\n",
        }
    )
    read_files(stream, collection)
    collection.settle()
    index = written(collection)
    for need in ("header:libpq-fe.h", "library:pq", "command:pg_config"):
        assert answer(index, need) == ([("postgresql-libs", 1)], Confidence.INDEX), need
    assert answer(index, "command:x") == ([], Confidence.GUESS)


def test_arch_archive_that_is_none():
    with pytest.raises(tarfile.TarError, match="header"):
        read_files(io.BytesIO(b"x" * 2000), Collection())


def test_alpine(written):
    collection = Collection()
    read_apkindex(APKINDEX.splitlines(keepends=True), collection)
    collection.settle()
    index = written(collection)
    assert answer(index, "pkgconfig:libpq") == ([("libpq-dev", 1)], Confidence.INDEX)
    assert answer(index, "command:pg_config") == ([("libpq-dev", 1)], Confidence.INDEX)
    assert answer(index, "soname:libpq.so.5") == ([("libpq", 1)], Confidence.GUESS)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("usr/include/x86_64-linux-gnu/sys/types.h", True),
        ("usr/include/Qt/QString", True),
        ("usr/include/boost/python/detail/prefix.hpp", False),
        ("usr/lib/jvm/java-21-openjdk-amd64/include/jni.h", True),
        ("usr/lib/python3/dist-packages/torch/include/c10/x.h", False),
        ("usr/lib/android-sdk/include/zlib.h", False),
        ("usr/lib/x86_64-linux-gnu/openblas-pthread/libblas.so", True),
        ("usr/lib/x86_64-linux-gnu/a/b/libplugin.so", False),
        ("usr/lib/x86_64-linux-gnu/libz.so.1.3.1", False),
        ("lib/x86_64-linux-gnu/libz.so.1", True),
        ("usr/share/pkgconfig/xproto.pc", True),
        ("usr/bin/pg_config", True),
        ("usr/games/fortune", False),
        ("usr/share/cmake-3.31/Modules/FindZLIB.cmake", False),
        ("usr/lib/cmake/x/xConfigVersion.cmake", False),
    ],
)
def test_files_a_build_could_lack(path, wanted):
    assert is_wanted(path) is wanted


@pytest.mark.parametrize(
    ("package", "suitable"),
    [
        ("zlib1g-dev", True),
        ("gcc-14-x86-64-linux-gnu", True),
        ("gcc-14-hppa64-linux-gnu", False),
        ("zlib1g-dev-arm64-cross", False),
        ("lib32z1-dev", False),
        ("linux-headers-6.12.1-amd64", False),
        ("linux-libc-dev", True),
        ("golang-github-x-dev", False),
    ],
)
def test_packages_for_this_machine(package, suitable):
    assert is_suitable(package) is suitable
