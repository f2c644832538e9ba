"""The options of ``serve``, and the address that ``index-url`` prints."""

from __future__ import annotations

import sys

import pytest

from accel_doctor.cli.main import run
from accel_doctor.errors import ExitCode


@pytest.fixture(autouse=True)
def own_directories(tmp_path, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "cache"))


@pytest.mark.parametrize("library", ["granian", "prometheus_client"])
def test_libraries_that_are_missing_are_told(library, monkeypatch, capsys):
    for name in [
        name for name in sys.modules if name.startswith(("accel_doctor.index.serving.", "accel_doctor.cli.index_s"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    assert run(["serve"]) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        f"error: {library.replace('_', '-')} is not installed\n"
        "hint: install 'accel-doctor[server]' with pipx, uv tool or pip\n"
    )


@pytest.mark.parametrize(
    "url", ["ftp://x/simple", "simple", "https://", "http://[", "https://x/simple?a=b", "https://x#y"]
)
def test_an_upstream_is_the_url_of_an_index(url, capsys):
    assert run(["serve", "--upstream", url]) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        f"error: --upstream {url}: not the URL of a package index\nhint: such as https://pypi.org/simple\n"
    )


def test_what_is_denied_is_checked(capsys):
    assert run(["serve", "--deny", "torch"]) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        "error: --deny 'torch' is neither name==version nor a SHA-256\nhint: such as --deny torch==2.0.1\n"
    )


def test_a_directory_that_cannot_be_used_is_told(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert run(["serve", "--data", str(tmp_path / "file" / "data")]) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        f"error: cannot use {tmp_path}/file/data: Not a directory\nhint: name another directory with --data\n"
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "index.sqlite").write_text("no database, but long enough to look like a file of something")
    assert run(["serve", "--data", str(tmp_path / "data")]) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        f"error: cannot use {tmp_path}/data/index.sqlite: file is not a database\n"
        "hint: name another directory with --data\n"
    )


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        ((), "http://127.0.0.1:4417/debian-13/simple/"),
        (("https://index.example/",), "https://index.example/debian-13/simple/"),
        (("https://index.example/pypi/simple",), "https://index.example/pypi/debian-13/simple/"),
        (("--everywhere",), "http://127.0.0.1:4417/simple/"),
    ],
)
def test_the_address_is_printed(arguments, printed, capsys):
    assert run(["index-url", "--distro", "debian:13", *arguments]) == ExitCode.DONE
    assert capsys.readouterr().out == f"{printed}\n"
