"""Which candidate comes first, and how sure that is."""

import pytest

from accel_doctor.fileindex import rank
from accel_doctor.model.cures import Confidence
from accel_doctor.model.needs import Need

INDEX, GUESS = Confidence.INDEX, Confidence.GUESS


@pytest.mark.parametrize(
    ("need", "packages", "confidence"),
    [
        ("header:zlib.h", ["zlib1g-dev", "libpoco-dev"], INDEX),  # neither the cross package nor mingw's
        ("header:libxml/xmlversion.h", ["libxml2-dev"], INDEX),  # one directory off, but nobody else's
        ("header:boost/version.hpp", ["libboost1.83-dev", "libboost1.88-dev"], INDEX),
        ("header:curl/curl.h", ["libcurl4-openssl-dev", "libcurl4-gnutls-dev"], GUESS),  # flavours of one interface
        ("header:parser.h", ["librare-dev", "libxml2-dev"], GUESS),  # at the right place, but rarely used
        ("header:lonely.h", ["libdeep-dev"], GUESS),  # too far from any search path
        ("header:daemon.h", ["daemon"], GUESS),  # no development package
        ("header:version.hpp.orig", [], GUESS),
        ("header:xzlib.h", [], GUESS),
        ("library:z", ["zlib1g-dev"], INDEX),
        ("library:only", ["libone-dev"], INDEX),
        ("soname:libpq.so.5", ["libpq5"], INDEX),
        ("soname:libssl.so.3", ["libssl3t64"], INDEX),
        ("soname:libz.so.1", ["zlib1g"], GUESS),  # not named as a library's own package
        ("soname:libxml2-old.so.2", ["libxml22"], GUESS),  # that would be the package of version 22
        ("soname:libnss_winbind.so.2", ["libnss-winbind"], GUESS),  # a module
        ("soname:libserve.so.1", ["libserve1"], GUESS),  # starts a service
        ("soname:libtwice.so.1", ["libtwice1", "libtwice1-other"], INDEX),  # the same file: either will do
        ("soname:libz.so", ["zlib1g-dev"], INDEX),
        ("soname:libpq", ["libpq5"], INDEX),  # opened by name, in any version
        ("soname:libz", ["zlib1g"], GUESS),
        ("pkgconfig:zlib", ["zlib1g-dev"], INDEX),
        ("cmake:Fmt", ["libfmt-dev"], INDEX),
        ("cmake:ZLIB", ["zlib1g-dev", "big-dev"], GUESS),  # by zlib.pc; a find module brings nothing; not cmake-data's
        ("cmake:Odd", ["libodd-dev"], GUESS),  # nobody builds with it
        ("command:swig", ["swig"], INDEX),
        ("command:sudo", ["sudo"], GUESS),  # not for development
        ("command:serve-config", ["serve-dev"], GUESS),  # starts a service
        ("command:zlib.h", [], GUESS),
        ("file:usr/include/zlib.h", ["zlib1g-dev"], INDEX),
        ("file:usr/zlib.h", [], GUESS),
        ("compiler:c", [], GUESS),
        ("resource:memory", [], GUESS),
    ],
)
def test_candidates_in_order(index, need, packages, confidence):
    ranking = rank(Need.parse(need), index)
    assert [candidate.package.name for candidate in ranking.candidates] == packages
    assert ranking.confidence is confidence


@pytest.mark.parametrize(
    ("need", "worth"),
    [
        ("header:zlib.h", True),
        ("header:curl/curl.h", True),
        ("cmake:ZLIB", True),
        ("header:config.h", False),  # six packages have one, each in its own directory
        ("header:lonely.h", False),
        ("header:nowhere.h", False),
    ],
)
def test_a_coincidence_of_names_is_not_worth_naming(index, need, worth):
    assert rank(Need.parse(need), index).worth_naming is worth


def test_equivalents_ship_the_very_file(index):
    assert rank(Need.parse("header:curl/curl.h"), index).equivalents == ("libcurl4-gnutls-dev",)
    assert rank(Need.parse("header:boost/version.hpp"), index).equivalents == ()


def test_uses_pass_through_packages_without_headers(index):
    boost, other = rank(Need.parse("header:boost/version.hpp"), index).candidates
    assert (boost.package.uses, other.package.uses) == (32, 0)  # libboost-dev depends on the one
