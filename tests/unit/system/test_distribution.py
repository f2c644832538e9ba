"""read_distribution: os-release files as distributions ship them."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel_doctor.model.machine import Distribution
from accel_doctor.system.distribution import read_distribution


def _root(tmp_path: Path, **files: str) -> Path:
    (tmp_path / "etc").mkdir()
    for name, text in files.items():
        (tmp_path / "etc" / name.replace("os_release", "os-release")).write_text(text)
    return tmp_path


def test_ubuntu(tmp_path: Path) -> None:
    text = (
        'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n'
        "ID=ubuntu\nID_LIKE=debian\n"
    )
    assert read_distribution(_root(tmp_path, os_release=text)) == Distribution(
        "ubuntu", "24.04", "noble", ("debian",), "Ubuntu 24.04.1 LTS"
    )


def test_debian_testing_has_no_version_although_debian_version_says_forky_sid(tmp_path: Path) -> None:
    text = 'PRETTY_NAME="Debian GNU/Linux forky/sid"\nNAME="Debian GNU/Linux"\nVERSION_CODENAME=forky\nID=debian\n'
    found = read_distribution(_root(tmp_path, os_release=text, debian_version="forky/sid\n"))
    assert found == Distribution("debian", "", "forky", (), "Debian GNU/Linux forky/sid")


def test_the_codename_is_that_of_the_release_a_derivative_is_made_from(tmp_path: Path) -> None:
    text = 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n'
    found = read_distribution(_root(tmp_path, os_release=text))
    assert found == Distribution("linuxmint", "22", "noble", ("ubuntu", "debian"))


def test_the_codename_of_debian_s_own_derivatives(tmp_path: Path) -> None:
    text = 'ID=linuxmint\nID_LIKE=debian\nVERSION_ID="6"\nVERSION_CODENAME=faye\nDEBIAN_CODENAME=bookworm\n'
    assert read_distribution(_root(tmp_path, os_release=text)).codename == "bookworm"


def test_ids_are_os_release_s_own(tmp_path: Path) -> None:
    text = 'ID="ol"\nID_LIKE="fedora"\nVERSION_ID="9.4"\nPRETTY_NAME="Oracle Linux Server 9.4"\n'
    assert read_distribution(_root(tmp_path, os_release=text)) == Distribution(
        "ol", "9.4", "", ("fedora",), "Oracle Linux Server 9.4"
    )


def test_several_likes_keep_their_order(tmp_path: Path) -> None:
    text = 'ID=rocky\nID_LIKE="rhel centos fedora"\nVERSION_ID=9.5\n'
    found = read_distribution(_root(tmp_path, os_release=text))
    assert (found.like, str(found)) == (("rhel", "centos", "fedora"), "rocky 9.5")


def test_nothing_known(tmp_path: Path) -> None:
    assert read_distribution(_root(tmp_path)) == Distribution("unknown")


@pytest.mark.parametrize(
    ("said", "release"), [("12.7\n", "12"), ("trixie/sid\n", "trixie"), ("kali-rolling\n", "kali-rolling"), ("?\n", "")]
)
def test_the_debian_release_that_a_derivative_is_made_from(tmp_path: Path, said: str, release: str) -> None:
    found = read_distribution(_root(tmp_path, os_release="ID=some\nID_LIKE=debian\n", debian_version=said))
    assert found == Distribution("some", like=("debian",), base=release)
