"""Uploads: what is published as it came, and what is refused, each with its whole reason."""

from __future__ import annotations

import gzip
import hashlib
import stat
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.version import Version
from tiny_wheel import write_tiny_wheel
from uploaded_files import changed_wheel, in_info, special, tiny_sdist, upload_of

from accel_doctor.index.uploads import CheckedUpload, Refused, Upload, check_upload

WHEEL = "tiny-1.0-py3-none-any.whl"


def test_a_wheel_is_described(tmp_path):
    path = write_tiny_wheel(tmp_path, {"tiny.py": b"x = 1\n"})
    assert check_upload(upload_of(path, name="Tiny", version="1.0.0")) == CheckedUpload(
        "tiny",
        Version("1.0"),
        WHEEL,
        path.stat().st_size,
        hashlib.sha256(path.read_bytes()).hexdigest(),
        None,
        b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
    )


def test_an_sdist_is_described(tmp_path):
    pkg_info = b"Metadata-Version: 2.5\nName: tiny\nVersion: 1.0\nRequires-Python: >=3.9\nLicense-File: LICENSE\n"
    links = [special("tiny-1.0/a", tarfile.SYMTYPE, "PKG-INFO"), special("tiny-1.0/b", tarfile.LNKTYPE, "tiny-1.0/a")]
    found = check_upload(upload_of(tiny_sdist(tmp_path, links, pkg_info), metadata_version="2.3"))
    assert isinstance(found, CheckedUpload)
    assert (found.requires_python, found.metadata) == (">=3.9", pkg_info)


@pytest.mark.parametrize("digest", ["sha256_digest", "blake2_256_digest"])
def test_one_good_digest_is_enough(tmp_path, digest):
    others = {"sha256_digest": None, "blake2_256_digest": None, "md5_digest": ""}
    path = write_tiny_wheel(tmp_path, {})
    kept = upload_of(path).fields[digest]
    assert isinstance(
        check_upload(upload_of(path, **{**others, digest: kept, "protocol_version": None})), CheckedUpload
    )


FORMS: dict[str, tuple[dict[str, object], str]] = {
    "no action": ({"action": None}, "the form has no :action"),
    "another action": ({"action": "submit"}, ":action 'submit' is unknown: only file_upload is"),
    "another protocol": ({"protocol_version": "2"}, "protocol_version '2' is unknown: only 1 is"),
    "no name": ({"name": None}, "the form has no name"),
    "two names": ({"name": ["tiny", "huge"]}, "the form has more than one name"),
    "a path as name": ({"name": "../tiny"}, "'../tiny' is no name for a project"),
    "NUL in the name": ({"name": "tiny\0"}, "'tiny�' is no name for a project"),
    "a header in the name": ({"name": "tiny\r\nX: 1"}, "'tiny��X: 1' is no name for a project"),
    "a very long name": ({"name": "a" * 101}, f"'{'a' * 79}…' is no name for a project"),
    "no letters": ({"name": "тiny"}, "'тiny' is no name for a project"),
    "no version": ({"version": None}, "the form has no version"),
    "no valid version": ({"version": "1.0; rm"}, "'1.0; rm' is no version"),
    "a very long version": ({"version": "1" * 101}, f"'{'1' * 79}…' is no version"),
    "another name": ({"name": "huge"}, f"'{WHEEL}' is of another name or version than the form says: huge 1.0"),
    "another version": ({"version": "2"}, f"'{WHEEL}' is of another name or version than the form says: tiny 2"),
    "no type": ({"filetype": None}, "the form has no filetype"),
    "an egg": ({"filetype": "bdist_egg"}, "filetype 'bdist_egg' is unknown: only bdist_wheel and sdist are"),
    "another type": ({"filetype": "sdist"}, f"'{WHEEL}' is no sdist, as the form says"),
    "no digest": (
        {"sha256_digest": None, "blake2_256_digest": ""},
        "the form has neither a sha256_digest nor a blake2_256_digest",
    ),
    "two digests": ({"sha256_digest": ["0", "1"]}, "the form has more than one sha256_digest"),
    "a wrong SHA-256": ({"sha256_digest": "0" * 64}, f"sha256_digest mismatch: expected '{'0' * 64}', got SHA256"),
    "a wrong BLAKE2": ({"blake2_256_digest": "x"}, "blake2_256_digest mismatch: expected 'x', got BLAKE2"),
    "a wrong MD5": ({"md5_digest": "0"}, "md5_digest mismatch: expected '0', got MD5"),
}


@pytest.mark.parametrize("case", FORMS)
def test_a_form_is_refused(tmp_path, case):
    changes, reason = FORMS[case]
    path = write_tiny_wheel(tmp_path, {})
    content = path.read_bytes()
    reason = reason.replace("SHA256", hashlib.sha256(content).hexdigest())
    reason = reason.replace("BLAKE2", hashlib.blake2b(content, digest_size=32).hexdigest())
    reason = reason.replace("MD5", hashlib.md5(content).hexdigest())
    assert check_upload(upload_of(path, **changes)) == Refused(reason)


@pytest.mark.parametrize(
    "filename",
    [
        "../tiny-1.0-py3-none-any.whl",
        "/etc/tiny-1.0-py3-none-any.whl",
        "..\\tiny-1.0-py3-none-any.whl",
        "tiny-1.0-py3-none-any.whl\0",
        "tiny-1.0-py3-none-any.whl\r\nX-Evil: 1",
        "tiny-1.0-py3-none-any.whl/",
        "tiny-1.0-py3-none-any.exe",
        "tiny-1.0.whl",
        "tiny 1.0-py3-none-any.whl",
        ".tiny-1.0-py3-none-any.whl",
        "t\u0456ny-1.0-py3-none-any.whl",
        "",
    ],
)
def test_a_file_name_is_refused(tmp_path, filename):
    fields = upload_of(write_tiny_wheel(tmp_path, {})).fields
    shown = filename.replace("\\", "\\\\").replace("\0", "�").replace("\r\n", "��")
    assert check_upload(Upload(fields, filename, tmp_path / WHEEL)) == Refused(
        f"'{shown}' is no file name of a wheel (.whl) or an sdist (.tar.gz)"
    )


def _member(name: str, mode: int = 0) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info, b"x"


def _raw(change: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    def build(place: Path) -> Path:
        path = changed_wheel(place, compression=zipfile.ZIP_STORED)
        path.write_bytes(change(path.read_bytes()))
        return path

    return build


def _twice(place: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return changed_wheel(place, added=[_member("tiny.py")])


def _promising(place: Path) -> Path:
    """Promise a table of contents of 1 GB."""
    path = changed_wheel(place, added=[_member("x")])
    content = path.read_bytes() + bytes(1 << 20)
    path.write_bytes(content[: -(1 << 20)][:-10] + struct.pack("<LLH", 1 << 30, 0, 0))
    return path


def _with_record(row: str) -> Callable[[Path], Path]:
    rows = "".join(row.format(name) for name in ("tiny.py", in_info("METADATA"), in_info("WHEEL")))
    return lambda place: changed_wheel(place, {in_info("RECORD"): rows.encode()})


METADATA = b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
CONTENT_DIFFERS = "'tiny-1.0.dist-info/METADATA' differs from its hash in RECORD"
WHEELS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no zip": (_raw(lambda content: b"MZ" + bytes(200)), "not a wheel, or damaged: File is not a zip file"),
    "empty": (_raw(lambda content: b""), "not a wheel, or damaged: File is not a zip file"),
    "a huge table of contents": (_promising, "not a wheel, or damaged: Bad offset for central directory"),
    "cut": (_raw(lambda content: content[:-30]), "not a wheel, or damaged: File is not a zip file"),
    "bytes before": (
        _raw(lambda content: b"#!/bin/sh\n" + content),
        "not a wheel, or damaged: there are bytes in it that belong to no file",
    ),
    "bytes behind": (
        _raw(lambda content: content + b"more"),
        "not a wheel, or damaged: there are bytes in it that belong to no file",
    ),
    "a member before the start": (
        _raw(lambda content: content[:-6] + struct.pack("<L", len(content)) + content[-2:]),
        "not a wheel, or damaged: there are bytes in it that belong to no file",
    ),
    "two names": (_raw(lambda content: content.replace(b"tiny.py", b"evil.py", 1)), "'tiny.py' has two names"),
    "a changed byte": (
        _raw(lambda content: content.replace(b"x = 1", b"x = 2")),
        "not a wheel, or damaged: Bad CRC-32 for file 'tiny.py'",
    ),
    "leads out": (
        lambda place: changed_wheel(place, added=[_member("../evil.py")]),
        "'../evil.py' leads out of the archive, or has a part too many",
    ),
    "absolute": (
        lambda place: changed_wheel(place, added=[_member("/etc/passwd")]),
        "'/etc/passwd' leads out of the archive, or has a part too many",
    ),
    "two spellings": (
        lambda place: changed_wheel(place, added=[_member("./tiny.py")]),
        "'./tiny.py' leads out of the archive, or has a part too many",
    ),
    "a drive": (lambda place: changed_wheel(place, added=[_member("C:/x")]), "'C:/x' is no name for a file"),
    "a backslash": (
        lambda place: changed_wheel(place, added=[_member("a\\..\\x")]),
        "'a\\\\..\\\\x' is no name for a file",
    ),
    "a line break": (lambda place: changed_wheel(place, added=[_member("a\nb")]), "'a�b' is no name for a file"),
    "twice": (_twice, "'tiny.py' is in it twice"),
    "a symbolic link": (
        lambda place: changed_wheel(place, added=[_member("link", stat.S_IFLNK | 0o777)]),
        "'link' is neither a file nor a directory",
    ),
    "a device": (
        lambda place: changed_wheel(place, added=[_member("null", stat.S_IFCHR | 0o666)]),
        "'null' is neither a file nor a directory",
    ),
    "another compression": (
        lambda place: changed_wheel(place, compression=zipfile.ZIP_BZIP2),
        "'tiny-1.0.dist-info/METADATA' is compressed in a way that wheels are not",
    ),
    "a bomb": (
        lambda place: changed_wheel(place, {"tiny.py": bytes(65 << 20)}),
        "far too large unpacked",
    ),
    "no metadata directory": (
        lambda place: changed_wheel(place, {in_info(name): None for name in ("METADATA", "WHEEL", "RECORD")}),
        "has no .dist-info directories, where one is needed",
    ),
    "two metadata directories": (
        lambda place: changed_wheel(place, added=[_member("huge-1.0.dist-info/METADATA")]),
        "has 2 .dist-info directories, where one is needed",
    ),
    "no METADATA": (
        lambda place: changed_wheel(place, {in_info("METADATA"): None}),
        "has no tiny-1.0.dist-info/METADATA",
    ),
    "no RECORD": (lambda place: changed_wheel(place, {in_info("RECORD"): None}), "has no tiny-1.0.dist-info/RECORD"),
    "a file beside RECORD": (
        lambda place: changed_wheel(place, added=[_member("evil.pth")]),
        "'evil.pth' is not in RECORD",
    ),
    "a missing file": (
        lambda place: changed_wheel(place, {"tiny.py": None}),
        "RECORD lists 'tiny.py', which is not in it",
    ),
    "another content": (lambda place: changed_wheel(place, {in_info("METADATA"): METADATA + b"\n"}), CONTENT_DIFFERS),
    "a malformed RECORD": (lambda place: changed_wheel(place, {in_info("RECORD"): b"tiny.py"}), "malformed RECORD"),
    "RECORD without hashes": (_with_record("{},,\n"), "RECORD has no SHA-256 of 'tiny-1.0.dist-info/METADATA'"),
    "RECORD with MD5": (_with_record("{},md5=x,\n"), "RECORD has no SHA-256 of 'tiny-1.0.dist-info/METADATA'"),
    "a huge RECORD": (
        lambda place: changed_wheel(place, {in_info("RECORD"): bytes((8 << 20) + 1)}),
        "'tiny-1.0.dist-info/RECORD' is larger than 8 MB",
    ),
}


@pytest.mark.parametrize("case", WHEELS)
def test_a_wheel_is_refused(tmp_path, case):
    build, reason = WHEELS[case]
    assert check_upload(upload_of(build(tmp_path))) == Refused(f"{WHEEL}: {reason}")


def test_a_wheel_with_too_many_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("accel_doctor.index.uploaded_wheels.MOST_MEMBERS", 3)
    assert check_upload(upload_of(changed_wheel(tmp_path))) == Refused(f"{WHEEL}: more than 3 files")


SDISTS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "leads out": (
        lambda place: tiny_sdist(place, [("tiny-1.0/../../evil", b"")]),
        "'tiny-1.0/../../evil' leads out of the archive, or has a part too many",
    ),
    "absolute": (
        lambda place: tiny_sdist(place, [("/etc/passwd", b"")]),
        "'/etc/passwd' leads out of the archive, or has a part too many",
    ),
    "two roots": (lambda place: tiny_sdist(place, [("huge-1.0/x", b"")]), "has more than one top directory"),
    "another root": (
        lambda place: tiny_sdist(place, [("huge-1.0/PKG-INFO", METADATA)], None),
        "its directory 'huge-1.0' is of another name or version than the file name",
    ),
    "nothing": (lambda place: tiny_sdist(place, [], None), "has no files"),
    "no PKG-INFO": (lambda place: tiny_sdist(place, [("tiny-1.0/x", b"")], None), "has no PKG-INFO"),
    "PKG-INFO is a link": (
        lambda place: tiny_sdist(place, [special("tiny-1.0/PKG-INFO", tarfile.SYMTYPE, "x")], None),
        "PKG-INFO is not a file",
    ),
    "PKG-INFO twice": (
        lambda place: tiny_sdist(place, [("tiny-1.0/PKG-INFO", b"Name: huge")]),
        "'tiny-1.0/PKG-INFO' is in it twice",
    ),
    "a huge PKG-INFO": (
        lambda place: tiny_sdist(place, pkg_info=bytes((8 << 20) + 1)),
        "PKG-INFO is larger than 8 MB",
    ),
    "a link that leads out": (
        lambda place: tiny_sdist(place, [special("tiny-1.0/x", tarfile.SYMTYPE, "../../etc")]),
        "'tiny-1.0/x' is a link that leads out of the archive",
    ),
    "an absolute link": (
        lambda place: tiny_sdist(place, [special("tiny-1.0/x", tarfile.SYMTYPE, "/etc")]),
        "'tiny-1.0/x' is a link that leads out of the archive",
    ),
    "a hard link that leads out": (
        lambda place: tiny_sdist(place, [special("tiny-1.0/x", tarfile.LNKTYPE, "etc/passwd")]),
        "'tiny-1.0/x' is a link that leads out of the archive",
    ),
    "a file below a link": (
        lambda place: tiny_sdist(place, [special("tiny-1.0/x", tarfile.SYMTYPE, "y"), ("tiny-1.0/x/z", b"")]),
        "'tiny-1.0/x/z' is below a link",
    ),
    "a device": (
        lambda place: tiny_sdist(place, [special("tiny-1.0/null", tarfile.CHRTYPE)]),
        "'tiny-1.0/null' is neither a file nor a directory nor a link",
    ),
    "a pipe": (
        lambda place: tiny_sdist(place, [special("tiny-1.0/pipe", tarfile.FIFOTYPE)]),
        "'tiny-1.0/pipe' is neither a file nor a directory nor a link",
    ),
    "a bomb": (
        lambda place: tiny_sdist(place, [("tiny-1.0/x", bytes(65 << 20))]),
        "truncated, or far too large unpacked",
    ),
    "a huge header": (
        lambda place: tiny_sdist(place, [("tiny-1.0/" + "x" * (13 << 20), b"")]),
        "a header is too large",
    ),
    "a malformed header": (
        lambda place: tiny_sdist(place, [_sparse()]),
        "not a .tar.gz, or damaged: invalid literal for int() with base 10: 'a'",
    ),
    "no gzip": (
        lambda place: _written(tiny_sdist(place), b"PK\3\4"),
        "not a .tar.gz, or damaged: Not a gzipped file (b'PK')",
    ),
    "cut": (
        lambda place: _written(tiny_sdist(place), tiny_sdist(place).read_bytes()[:-20]),
        "not a .tar.gz, or damaged: Compressed file ended before the end-of-stream marker was reached",
    ),
    "something after its end": (
        lambda place: _written(tiny_sdist(place), tiny_sdist(place).read_bytes() + gzip.compress(b"more")),
        "not a .tar.gz, or damaged: there is something after its end",
    ),
}


def _sparse() -> tarfile.TarInfo:
    info = tarfile.TarInfo("tiny-1.0/x")
    info.pax_headers = {"GNU.sparse.map": "0,a", "GNU.sparse.size": "1"}
    return info


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("case", SDISTS)
def test_an_sdist_is_refused(tmp_path, case):
    build, reason = SDISTS[case]
    assert check_upload(upload_of(build(tmp_path))) == Refused(f"tiny-1.0.tar.gz: {reason}")


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        (b"", "unknown Metadata-Version ''"),
        (b"Metadata-Version: 3.0\nName: tiny\nVersion: 1.0\n", "unknown Metadata-Version '3.0'"),
        (METADATA.replace(b"tiny", b"huge"), "its metadata are of huge 1.0, not of tiny 1.0"),
        (METADATA.replace(b" 1.0", b" 1.1"), "its metadata are of tiny 1.1, not of tiny 1.0"),
        (METADATA + b"Name: huge\n", "its metadata have more than one Name, or one that cannot be read"),
        (METADATA + b"Summary: a\0b\n", "its metadata have a NUL"),
        (METADATA.replace(b"tiny", b"../tiny"), "its metadata cannot be used: '../tiny' is invalid for 'name'"),
        (METADATA.replace(b"Name: tiny\n", b""), "its metadata cannot be used: 'name' is a required field"),
        (
            METADATA + b"Requires-Dist: a b c\n",
            "its metadata cannot be used: 'a b c' is invalid for 'requires-dist'",
        ),
        (METADATA + b"Requires-Python: x\n", "its metadata cannot be used: 'x' is invalid for 'requires-python'"),
    ],
)
def test_metadata_are_refused(tmp_path, metadata, reason):
    assert check_upload(upload_of(tiny_sdist(tmp_path, pkg_info=metadata))) == Refused(f"tiny-1.0.tar.gz: {reason}")
