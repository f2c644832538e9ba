"""A file index built from a repository that rpmbuild and createrepo_c made, gzip and zstd."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from integration.conftest import MakeMachine
from integration.machine import Base, Machine

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode

_PC = "Name: demo\\nDescription: demo\\nVersion: 1\\nLibs: -ldemo\\n"
SPEC = f"""\
Name: demo
Version: 1
Release: 1
Summary: a library
License: MIT
BuildArch: noarch
%description
A library.
%package devel
Summary: what to build with it
Requires: demo
%description devel
Headers.
%package tools
Summary: programs
%description tools
Programs.
%install
mkdir -p %{{buildroot}}/usr/include/demo %{{buildroot}}/usr/share/pkgconfig %{{buildroot}}/usr/bin
mkdir -p %{{buildroot}}/usr/lib64/cmake/Demo %{{buildroot}}/usr/share/doc/demo
touch %{{buildroot}}/usr/include/demo.h %{{buildroot}}/usr/include/demo/extra.h
touch %{{buildroot}}/usr/lib64/libdemo.so.1 %{{buildroot}}/usr/share/doc/demo/demo.h
ln -s libdemo.so.1 %{{buildroot}}/usr/lib64/libdemo.so
touch %{{buildroot}}/usr/lib64/cmake/Demo/DemoConfig.cmake %{{buildroot}}/usr/bin/demo-tool
printf '{_PC}' > %{{buildroot}}/usr/share/pkgconfig/demo.pc
%files
/usr/lib64/libdemo.so.1
/usr/share/doc/demo
%files devel
/usr/include/demo.h
/usr/include/demo
/usr/lib64/libdemo.so
/usr/lib64/cmake/Demo
/usr/share/pkgconfig/demo.pc
%files tools
/usr/bin/demo-tool
"""
MAKE = (
    (
        *("rpmbuild", "-bb", "--quiet", "--define", "_topdir /srv/build", "--define", "_rpmdir /srv/repo"),
        "/srv/specs/demo.spec",
    ),
    ("mkdir", "/srv/gz", "/srv/zstd"),
    ("createrepo_c", "--quiet", "--general-compress-type=gz", "--outputdir", "/srv/gz", "/srv/repo"),
    ("createrepo_c", "--quiet", "--general-compress-type=zstd", "--outputdir", "/srv/zstd", "/srv/repo"),
)
BASE = Base("trixie", ("rpm", "createrepo-c", "pkgconf"), (("/srv/specs/demo.spec", SPEC),), MAKE)


@pytest.fixture
def repositories(make_machine: MakeMachine) -> Machine:
    return make_machine(BASE)


@pytest.mark.parametrize("compression", ["gz", "zstd"])
def test_a_repository_s_own_metadata_answers(
    repositories: Machine,
    compression: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path))
    (tmp_path / "indexes").mkdir()
    output = tmp_path / "indexes" / "fedora-99.index"
    suffix = {"gz": ".xml.gz", "zstd": ".xml.zst"}[compression]
    metadata = repositories.path(f"/srv/{compression}/repodata")
    lists = [next(metadata.glob(f"*{name}{suffix}")) for name in ("primary", "filelists")]
    sources = [argument for path in lists for argument in ("--from", str(path))]
    options = ["--format", "rpm", "--distro", "fedora:99", "--output", str(output)]
    assert main.run(["index", "build", *sources, *options]) == ExitCode.DONE
    capsys.readouterr()

    expected = {
        "header:demo.h": "demo-devel",
        "header:demo/extra.h": "demo-devel",
        "library:demo": "demo-devel",
        "pkgconfig:demo": "demo-devel",
        "cmake:Demo": "demo-devel",
        "command:demo-tool": "demo-tools",
        "soname:libdemo.so.1": "demo",
    }
    assert {need: _first(need, capsys) for need in expected} == expected


def _first(need: str, capsys: pytest.CaptureFixture[str]) -> str | None:
    main.run(["why", need, "--distro", "fedora:99", "--format", "json"])
    candidates = json.loads(capsys.readouterr().out)["index"]["candidates"]
    return candidates[0]["package"] if candidates else None
