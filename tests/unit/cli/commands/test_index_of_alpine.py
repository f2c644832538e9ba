"""``accel-doctor index build`` on an APKINDEX as Alpine's mirrors have it: signed, compressed, with every field."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode

# The fields of Alpine 3.23's main/x86_64 (https://wiki.alpinelinux.org/wiki/Apk_spec).
APKINDEX = """\
C:Q1n1lv+vWoFp3oPuog4+gN6+E44gA=
P:ifupdown-ng
V:0.12.1-r7
A:x86_64
S:29167
I:72961
T:tools for managing network configuration: with a colon
U:https://github.com/ifupdown-ng/ifupdown-ng
L:ISC
o:ifupdown-ng
m:Sören Tempel <soeren+alpine@soeren-tempel.net>
t:1734208142
c:969e89a6a004de66a1d67babd247cb366a7811ec
k:900
D:!vlan bridge so:libc.musl-x86_64.so.1 pc:zlib>=1.2
p:ifupdown-any cmd:ifup=0.12.1-r7 cmd:mklost+found=1.47.3-r0

C:Q18iTlnOOHLJWhzQzJketgPxTA22A=
P:zlib-dev
V:1.3.1-r2
A:x86_64
i:zlib=1.3.1-r2 pkgconf
D:pkgconfig zlib=1.3.1-r2
p:pc:zlib=1.3.1

C:Q1XeQ0ISEJXTYCCSf31wx/iP18xQY=
P:busybox-binsh
V:1.37.0-r30
k:100
D:busybox=1.37.0-r30
p:/bin/sh cmd:sh=1.37.0-r30

"""


def segment(*, last: bool, **members: str) -> bytes:
    """A tar archive, compressed; abuild-sign leaves out the end of the first, so that both are one archive."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, text in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
        end = stream.tell()
    return gzip.compress(stream.getvalue() if last else stream.getvalue()[:end])


@pytest.mark.parametrize(
    ("need", "package"),
    [
        ("pkgconfig:zlib", "zlib-dev"),
        ("command:mklost+found", "ifupdown-ng"),
        ("command:sh", "busybox-binsh"),
    ],
)
def test_a_signed_index(tmp_path, monkeypatch, capsys, need, package):
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path))
    signature = {".SIGN.RSA.alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub": "signature"}
    lists = tmp_path / "APKINDEX.tar.gz"
    lists.write_bytes(
        segment(last=False, **signature) + segment(last=True, DESCRIPTION="v3.23.0 main", APKINDEX=APKINDEX)
    )
    (tmp_path / "indexes").mkdir()
    output = tmp_path / "indexes/alpine-3.23.index"
    arguments = ["--format", "alpine", "--from", str(lists), "--distro", "alpine:3.23", "--output", str(output)]

    assert main.run(["index", "build", *arguments]) == ExitCode.DONE

    assert capsys.readouterr().out.startswith(f"{output}: 4 file names of alpine 3.23, ")
    assert main.run(["why", need, "--distro", "alpine:3.23.3", "--format", "json"]) == ExitCode.DONE
    told = json.loads(capsys.readouterr().out)["index"]
    assert [candidate["package"] for candidate in told["candidates"]] == [package]
