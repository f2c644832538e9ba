"""A small index, made from Debian's own forms of lists."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from accel_doctor.fileindex.building import index_bytes
from accel_doctor.fileindex.contents import Collection
from accel_doctor.fileindex.debian import read_contents, read_packages, read_sources
from accel_doctor.fileindex.index_file import FileIndex
from accel_doctor.model.machine import Distribution

CONTENTS = """\
usr/include/zlib.h                                      libdevel/zlib1g-dev
usr/include/Poco/zlib.h                                 libdevel/libpoco-dev
usr/include/x86_64-linux-gnu/curl/curl.h                libdevel/libcurl4-gnutls-dev,libdevel/libcurl4-openssl-dev
usr/include/one/config.h                                libdevel/libone-dev
usr/include/two/config.h                                libdevel/libtwo-dev
usr/include/three/config.h                              libdevel/libthree-dev
usr/include/four/config.h                               libdevel/libfour-dev
usr/include/five/config.h                               libdevel/libfive-dev
usr/include/six/config.h                                libdevel/libsix-dev
usr/include/deep/a/b/lonely.h                           libdevel/libdeep-dev
usr/include/libxml2/libxml/xmlversion.h                 libdevel/libxml2-dev
usr/include/boost/version.hpp                           libdevel/libboost1.83-dev
usr/include/boost/version.hpp.orig                      libdevel/libboost1.83-dev
usr/include/boost188/boost/version.hpp                  libdevel/libboost1.88-dev
usr/include/parser.h                                    libdevel/librare-dev
usr/include/libxml2/libxml/parser.h                     libdevel/libxml2-dev
usr/include/daemon.h                                    net/daemon
usr/aarch64-linux-gnu/include/zlib.h                    libdevel/zlib1g-arm64-cross
usr/share/mingw-w64/include/zlib.h                      libdevel/mingw-w64-common
usr/lib/x86_64-linux-gnu/libz.so                        libdevel/zlib1g-dev
usr/lib/x86_64-linux-gnu/libz.so.1                      libs/zlib1g
usr/lib/x86_64-linux-gnu/libpq.so.5                     libs/libpq5
usr/lib/x86_64-linux-gnu/libssl.so.3                    libs/libssl3t64
usr/lib/x86_64-linux-gnu/libxml2-old.so.2               libs/libxml22
usr/lib/x86_64-linux-gnu/libnss_winbind.so.2            admin/libnss-winbind
usr/lib/x86_64-linux-gnu/libserve.so.1                  libs/libserve1
etc/init.d/serve-library                                libs/libserve1
usr/lib/x86_64-linux-gnu/libtwice.so.1                  libs/libtwice1,libs/libtwice1-other
usr/lib/x86_64-linux-gnu/libonly.a                      libdevel/libone-dev
usr/lib/x86_64-linux-gnu/pkgconfig/zlib.pc              libdevel/zlib1g-dev
usr/lib/x86_64-linux-gnu/cmake/Fmt/FmtConfig.cmake      libdevel/libfmt-dev
usr/share/big/cmake/FindZLIB.cmake                      devel/big-dev
usr/share/cmake-3.31/Modules/FindZLIB.cmake             devel/cmake-data
usr/bin/swig                                            devel/swig
usr/bin/sudo                                            admin/sudo
usr/bin/serve-config                                    devel/serve-dev
usr/lib/systemd/system/serve.service                    devel/serve-dev
usr/share/doc/zlib1g-dev/README                         libdevel/zlib1g-dev
usr/share/a file with spaces/cmake/OddConfig.cmake      contrib/libdevel/libodd-dev
"""
SOURCES = """\
Package: python-a
Build-Depends: debhelper-compat (= 13), zlib1g-dev (>= 1.2) | libz-dev,
 libxml2-dev, libboost-dev

Package: python-b
Build-Depends: zlib1g-dev
Build-Depends-Arch: libxml2-dev
Build-Depends-Indep: libboost-dev, libfmt-dev

""" + "".join(f"Package: p{number}\nBuild-Depends: libxml2-dev, libboost-dev\n\n" for number in range(30))
PACKAGES = """\
Package: libboost-dev
Section: libdevel
Depends: libboost1.83-dev

Package: zlib1g-dev
Depends: zlib1g (= 1), libc6-dev | libc-dev
"""


@pytest.fixture
def collection() -> Collection:
    collection = Collection()
    read_contents(CONTENTS.splitlines(keepends=True), collection)
    read_sources(SOURCES.splitlines(keepends=True), collection)
    read_packages(PACKAGES.splitlines(keepends=True), collection)
    collection.settle()
    return collection


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Collection], FileIndex]:
    """Writes a collection as the index of "debian 99" and opens it."""

    def write(collection: Collection) -> FileIndex:
        path = tmp_path / "debian-99.index"
        path.write_bytes(index_bytes(collection, Distribution("debian", "99")))
        return FileIndex.open(path)

    return write


@pytest.fixture
def index(collection, written) -> FileIndex:
    return written(collection)
