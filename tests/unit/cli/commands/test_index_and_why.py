"""``accel-doctor index build`` and ``accel-doctor why``, whole."""

from __future__ import annotations

import gzip
import json
import sys

import pytest

from accel_doctor.cli import machines, main
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.fileindex.paths import need_of
from accel_doctor.model.cures import Provider
from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere

CONTENTS = """\
usr/include/odd.h       libdevel/libodd-dev
usr/bin/odd-config      libdevel/libodd-dev
usr/include/a/odd.h     libdevel/liba-dev
"""


@pytest.fixture
def configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path))
    (tmp_path / "indexes").mkdir()
    return tmp_path


def build(*arguments: str) -> int:
    return main.run(["index", "build", *arguments])


def test_an_index_that_was_built_answers_why(configuration, capsys):
    source = configuration / "Contents-amd64.gz"
    source.write_bytes(gzip.compress(CONTENTS.encode()))
    output = configuration / "indexes" / "debian-99.index"
    options = ["--format", "debian", "--distro", "debian:99", "--output", str(output)]
    assert build("--from", str(source), *options) == ExitCode.DONE
    size = output.stat().st_size
    assert capsys.readouterr().out == f"{output}: 2 file names of debian 99, {size} bytes\n"

    assert main.run(["why", "odd.h", "--distro", "debian:99"]) == ExitCode.DONE
    assert capsys.readouterr().out == (
        "header:odd.h on debian 99:\n"
        "  libodd-dev (index debian 99)\n"
        "found in the index of debian 99, likeliest first:\n"
        "  libodd-dev  /usr/include/odd.h  (0 builds use it)\n"
        "  liba-dev  /usr/include/a/odd.h  (0 builds use it, 1 directory off the search path)\n"
    )
    assert main.run(["why", "/usr/bin/odd-config", "--distro", "debian:99", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["need"] == "command:odd-config"
    assert document["answer"] == {
        "packages": ["libodd-dev"],
        "confidence": "index",
        "source": "index debian 99",
        "alternatives": [],
        "advice": None,
    }
    assert [item["package"] for item in document["index"]["candidates"]] == ["libodd-dev"]


def test_what_the_package_manager_tells(configuration, monkeypatch, capsys):
    class Told(PackageManagerElsewhere):
        def providers(self, need):
            return (
                Provider("odd-devel", "usr/include/odd.h", "dnf repoquery", development=True),
                Provider("oddd", "usr/include/odd.h", "dnf repoquery", service=True),
            )

    monkeypatch.setattr(machines, "unasked_package_manager", lambda rulebook, distribution: Told("dnf"))
    assert main.run(["why", "odd.h", "--distro", "fedora:9"]) == ExitCode.DONE
    assert capsys.readouterr().out == (
        "header:odd.h on fedora 9:\n"
        "  odd-devel (dnf repoquery)\n"
        "  or oddd\n"
        "no file index of fedora 9; accel-doctor index build makes one\n"
        "found by dnf repoquery, likeliest first:\n"
        "  odd-devel  /usr/include/odd.h\n"
        "  oddd  /usr/include/odd.h  (not for development, a service)\n"
    )
    assert main.run(["why", "odd.h", "--distro", "fedora:9", "--format", "json"]) == ExitCode.DONE
    told = json.loads(capsys.readouterr().out)["package_manager"]
    assert (told["source"], told["confidence"]) == ("dnf repoquery", "index")
    assert [(item["package"], item["uses"]) for item in told["candidates"]] == [("odd-devel", None), ("oddd", None)]
    main.run(["why", "libpq-fe.h", "--distro", "fedora:9", "--format", "json"])
    assert json.loads(capsys.readouterr().out)["package_manager"] is None  # a rule spoke: nobody was asked


def test_a_rule_speaks_first(configuration, capsys):
    assert main.run(["why", "libpq-fe.h", "--distro", "debian:trixie"]) == ExitCode.DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["header:libpq-fe.h on debian 13:", "  libpq-dev (rules/debian.yaml)"]
    assert lines[3].startswith("  libpq-dev  /usr/include/postgresql/libpq-fe.h  (")


def test_rules_of_ones_own_are_laid_over(configuration, tmp_path, capsys):
    (tmp_path / "debian.yaml").write_text("schema: 1\nfamily: debian\nneeds: {header: {libpq-fe.h: libmine-dev}}\n")
    assert main.run(["why", "libpq-fe.h", "--distro", "debian:13", "--rules", str(tmp_path)]) == ExitCode.DONE
    assert capsys.readouterr().out.splitlines()[1] == f"  libmine-dev ({tmp_path}/debian.yaml)"


def test_what_nobody_provides(configuration, capsys):
    assert main.run(["why", "command:no-such-tool", "--distro", "fedora:41"]) == ExitCode.UNCURED
    assert capsys.readouterr().out == (
        "command:no-such-tool on fedora 41:\n"
        "  no package known\n"
        "  no rule names a package for command:no-such-tool; "
        "search with: dnf provides '*/bin/no-such-tool'\n"
        "no file index of fedora 41; accel-doctor index build makes one\n"
    )


CUT_SHORT = gzip.compress(b"x" * 1000, mtime=0)[:-10]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("Contents-amd64", b"", "error: no file that a build could need in {path}\n"
         "hint: check that these lists are complete and in this format\n"),
        ("list.txt", b"", "error: {path}: not the name of a debian list\n"
         "hint: names of these lists contain Contents or Sources or Packages\n"),
        ("Contents.zst", b"\x28\xb5\x2f\xfd00", "error: cannot read {path}: Compressed file ended before the "
         "end-of-stream marker was reached\n"),
        ("Contents.gz", CUT_SHORT, "error: cannot read {path}: Compressed file ended "
         "before the end-of-stream marker was reached\n"),
        ("Contents.xz", b"\xfd7zXZ\x00" + b"x" * 50, "error: cannot read {path}: "
         "Corrupt input data\n"),
    ],
)  # fmt: skip
def test_lists_that_cannot_be_used(configuration, capsys, name, content, message):
    path = configuration / name
    path.write_bytes(content)
    output = configuration / "x.index"
    code = build("--from", str(path), "--format", "debian", "--distro", "debian:99", "--output", str(output))
    assert (code, capsys.readouterr().err) == (ExitCode.USAGE, message.format(path=path))
    assert not output.exists()


def test_zstd_where_this_python_does_not_read_it(configuration, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setitem(sys.modules, "backports.zstd", None)
    path = configuration / "primary.xml.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd00")
    options = ["--format", "rpm", "--distro", "fedora:99", "--output", str(configuration / "x.index")]
    assert build("--from", str(path), *options) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        f"error: {path}: zstd-compressed, which this Python cannot read\n"
        f"hint: run: zstd -d {path}, or install 'accel-doctor[zstd]' with pipx, uv tool or pip\n"
    )


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("header:a.h", "header:a.h"),
        ("libxml/parser.h", "header:libxml/parser.h"),
        ("/usr/include/x86_64-linux-gnu/curl/curl.h", "header:curl/curl.h"),
        ("/usr/include/Eigen/Core", "header:Eigen/Core"),
        ("-lpq", "library:pq"),
        ("/usr/lib/x86_64-linux-gnu/libpq.so", "library:pq"),
        ("libpq.so.5", "soname:libpq.so.5"),
        ("libpq.pc", "pkgconfig:libpq"),
        ("FindZLIB.cmake", "cmake:ZLIB"),
        ("fmt-config.cmake", "cmake:fmt"),
        ("FooConfig.cmake", "cmake:Foo"),
        ("pg_config", "command:pg_config"),
        ("/usr/bin/swig", "command:swig"),
        ("/usr/share/wayland/wayland.xml", "file:usr/share/wayland/wayland.xml"),
    ],
)
def test_a_file_says_its_kind(text, need):
    assert str(need_of(text)) == need


@pytest.mark.parametrize("text", ["nonsense:x", "header:../x", "-l"])
def test_what_is_no_need(text):
    with pytest.raises(UsageError) as error:
        need_of(text)
    assert error.value.hint == "write kind:name, such as header:libpq-fe.h"


def test_an_index_that_cannot_be_written_leaves_nothing_behind(configuration, capsys):
    source = configuration / "Contents-amd64"
    source.write_text(CONTENTS)
    taken = configuration / "taken"
    taken.mkdir()
    before = sorted(configuration.iterdir())
    code = build("--from", str(source), "--format", "debian", "--distro", "debian:99", "--output", str(taken))
    assert code == ExitCode.USAGE
    assert capsys.readouterr().err == f"error: cannot write the index {taken}: Is a directory\n"
    assert sorted(configuration.iterdir()) == before
    assert build("--from", str(source), "--format", "debian", "--distro", "no:/id", "--output", "x") == ExitCode.USAGE
    assert capsys.readouterr().err == (
        "error: --distro no:/id: not ID:VERSION\nhint: write it as os-release does, such as debian:13\n"
    )
