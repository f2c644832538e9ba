"""MachineProber: a small machine in a folder, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import interpreter
from paths import LINKED

from accel_doctor.model.needs import Need
from accel_doctor.system.probe import MachineProber


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "usr/bin").mkdir(parents=True)
    return tmp_path


def _file(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch(0o755)
        if ".so." in path:  # the loader passes over what is no library
            (root / path).write_bytes((LINKED / "libshelf.so.1").read_bytes())


def _prober(scripted, root: Path, **environment: str) -> MachineProber:
    scripted.on("-p", returncode=127)  # no ldconfig
    own = interpreter(include=root / "usr/include/python3.13")
    return MachineProber(scripted, own, {"PATH": str(root / "usr/bin"), **environment}, root)


def _present(scripted, root: Path, need: str, **environment: str) -> bool | None:
    return _prober(scripted, root, **environment).present(Need.parse(need))


@pytest.mark.parametrize(
    ("need", "path"),
    [
        ("header:zlib.h", "usr/include/zlib.h"),
        ("header:zlib.h", "usr/local/include/zlib.h"),
        ("header:openssl/opensslconf.h", "usr/include/x86_64-linux-gnu/openssl/opensslconf.h"),
        ("header:Python.h", "usr/include/python3.13/Python.h"),
        ("library:xslt", "usr/lib/x86_64-linux-gnu/libxslt.so"),
        ("library:xslt", "usr/lib64/libxslt.so"),
        ("library:xslt", "usr/local/lib/libxslt.a"),
        ("soname:libpq.so.5", "usr/lib/x86_64-linux-gnu/libpq.so.5"),
        ("soname:libpq.so.5", "lib/libpq.so.5"),
        ("command:pg_config", "usr/bin/pg_config"),
        ("compiler:c++", "usr/bin/g++ usr/include/stdio.h"),
        ("compiler:c", "usr/bin/gcc usr/include/stdio.h"),
        ("compiler:fortran", "usr/bin/gfortran"),
        ("compiler:rust", "usr/bin/cargo usr/bin/rustc"),
    ],
)
def test_it_is_there_once_its_files_are(scripted, root: Path, need: str, path: str) -> None:
    assert _present(scripted, root, need) is False
    _file(root, *path.split())
    assert _present(scripted, root, need) is True


@pytest.mark.parametrize(
    ("need", "paths"),
    [
        ("compiler:c", "usr/bin/gcc"),  # Debian's gcc without libc6-dev
        ("compiler:rust", "usr/bin/cargo"),
        ("library:xslt", "usr/lib/x86_64-linux-gnu/libxslt.so.1"),  # runtime only
        ("header:Python.h", "usr/include/python3.12/Python.h"),  # of another Python
        ("library:ssl", "usr/lib/i386-linux-gnu/libssl.so"),  # of another architecture
    ],
)
def test_half_of_it_is_not_it(scripted, root: Path, need: str, paths: str) -> None:
    _file(root, *paths.split())
    assert _present(scripted, root, need) is False


def test_a_header_one_folder_deeper_may_or_may_not_be_found_by_a_build(scripted, root: Path) -> None:
    _file(root, "usr/include/libxml2/libxml/tree.h")
    assert _present(scripted, root, "header:libxml/tree.h") is None


@pytest.mark.parametrize(
    ("need", "path"),
    [("header:cmqc.h", "opt/mqm/inc/cmqc.h"), ("library:mqm", "opt/mqm/lib64/libmqm.so"),
     ("header:cuda.h", "usr/local/cuda/include/cuda.h")],
)  # fmt: skip
def test_what_a_vendor_s_directory_has_may_be_found_by_a_build(scripted, root: Path, need: str, path: str) -> None:
    assert _present(scripted, root, need) is False
    _file(root, path)
    assert _present(scripted, root, need) is None


def test_search_paths_of_the_environment_count(scripted, root: Path) -> None:
    _file(root, "opt/include/ffi.h", "opt/lib/libffi.so", "opt/lib/libffi.so.8")
    places = {name: str(root / "opt/lib") for name in ("LIBRARY_PATH", "LD_LIBRARY_PATH")}
    places["CPATH"] = str(root / "opt/include")
    for need in ("header:ffi.h", "library:ffi", "soname:libffi.so.8"):
        assert _present(scripted, root, need) is False
        assert _present(scripted, root, need, **places) is True


def test_the_loader_s_configuration_counts_for_sonames(scripted, root: Path) -> None:
    _file(root, "opt/lib/libx.so.1")
    scripted.on("/sbin/ldconfig", "-p", output="\tlibx.so.1 (libc6,x86-64) => /opt/lib/libx.so.1\n")
    assert _present(scripted, root, "soname:libx.so.1") is True
    assert _present(scripted, root, "soname:libx.so.2") is False


@pytest.mark.parametrize(("returncode", "answer"), [(0, True), (1, False)])
def test_pkg_config_decides_about_its_modules(scripted, root: Path, returncode: int, answer: bool) -> None:
    scripted.on("pkg-config", "--exists", "cairo >= 1.15", returncode=returncode)
    assert _present(scripted, root, "pkgconfig:cairo >= 1.15") is answer


def test_what_a_module_of_pkg_config_requires_keeps_it_from_being_found(scripted, root: Path) -> None:
    said = "Perhaps you should add the directory\n" + "".join(
        f"Package '{name}', required by '{by}', not found\n"
        for name, by in (
            ("libcrypto", "libalpm"),
            ("gpgme", "libalpm"),
            ("libalpm", "virtual:world"),
            ("-x", "libalpm"),
        )
    )
    scripted.on("pkg-config", "--exists", "--print-errors", "libalpm", returncode=1, stderr=said)
    scripted.on("pkg-config", "--exists", "--print-errors", "cairo", returncode=1, stderr="")
    prober = _prober(scripted, root)
    needs = [Need.parse(f"pkgconfig:{name}") for name in ("libalpm", "cairo", "libcrypto", "gpgme")]
    assert prober.behind(needs[0]) == (needs[2], needs[3])
    assert prober.behind(needs[1]) == prober.behind(Need.parse("header:alpm.h")) == ()


def test_without_pkg_config_the_file_tells_though_not_its_version(scripted, root: Path) -> None:
    scripted.on("pkg-config", returncode=127)
    assert _present(scripted, root, "pkgconfig:cairo") is False
    _file(root, "usr/lib/x86_64-linux-gnu/pkgconfig/cairo.pc", "usr/share/pkgconfig/x.pc")
    assert _present(scripted, root, "pkgconfig:cairo") is True
    assert _present(scripted, root, "pkgconfig:x") is True
    assert _present(scripted, root, "pkgconfig:cairo >= 1.15") is None
    assert _present(scripted, root, "command:pkg-config") is False


@pytest.mark.parametrize("need", ["cmake:ZLIB", "python-module:numpy", "compiler:go", "resource:memory"])
def test_what_only_a_build_can_tell(scripted, root: Path, need: str) -> None:
    assert _present(scripted, root, need) is None


def test_a_file_is_present_or_may_be_elsewhere(scripted, root: Path) -> None:
    assert _present(scripted, root, "file:usr/share/x.dat") is None
    _file(root, "usr/share/x.dat")
    assert _present(scripted, root, "file:usr/share/x.dat") is True


def test_answers_are_kept_until_forgotten(scripted, root: Path) -> None:
    prober = _prober(scripted, root)
    need = Need.parse("command:make")
    assert prober.present(need) is False
    _file(root, "usr/bin/make")
    assert prober.present(need) is False
    prober.forget()
    assert prober.present(need) is True


@pytest.mark.parametrize(("need", "present"), [("1.63", True), ("1.9", True), ("1.64", False), ("1.100", False)])
def test_a_compiler_may_be_too_old(scripted, root, need, present):
    _file(root, "usr/bin/cargo", "usr/bin/rustc")
    scripted.on("rustc", "--version", output="rustc 1.63.0 (built from a source tarball)\n")
    assert _present(scripted, root, f"compiler:rust-{need}") is present


def test_a_compiler_that_is_not_there_is_not_asked(scripted, root):
    assert _present(scripted, root, "compiler:rust-1.63") is False
