"""Derivatives of Debian, by the os-release files that they ship: which index answers for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from books import load
from fakes import FakeCatalogue

from accel_doctor.diagnosis.choosing import PackageChooser
from accel_doctor.fileindex import ReleaseIndexes
from accel_doctor.model.cures import Confidence
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.system.distribution import read_distribution
from accel_doctor.system.python.platforms import assumed_interpreter

BOOK = load()
MACHINES = {
    "Ubuntu 20.04": ("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=20.04\nVERSION_CODENAME=focal\n", "bullseye/sid", "11"),
    "Ubuntu 22.04": ("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=22.04\nVERSION_CODENAME=jammy\n", "bookworm/sid", "12"),
    "Ubuntu 24.04": ("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=24.04\nVERSION_CODENAME=noble\n", "trixie/sid", "13"),
    "a later Ubuntu": ("ID=ubuntu\nID_LIKE=debian\nVERSION_ID=99.04\nVERSION_CODENAME=zz\n", "forky/sid", "sid"),
    "Linux Mint 21": (
        'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID=21.3\nVERSION_CODENAME=virginia\nUBUNTU_CODENAME=jammy\n',
        "bookworm/sid",
        "12",
    ),
    "LMDE 6": (
        "ID=linuxmint\nID_LIKE=debian\nVERSION_ID=6\nVERSION_CODENAME=faye\nDEBIAN_CODENAME=bookworm\n",
        "12.5",
        "12",
    ),
    "Pop!_OS 22.04": (
        'ID=pop\nID_LIKE="ubuntu debian"\nVERSION_ID=22.04\nVERSION_CODENAME=jammy\nUBUNTU_CODENAME=jammy\n',
        "bookworm/sid",
        "12",
    ),
    "Raspberry Pi OS": ("ID=raspbian\nID_LIKE=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n", "12.6", "12"),
    "Kali": ("ID=kali\nID_LIKE=debian\nVERSION_ID=2024.3\nVERSION_CODENAME=kali-rolling\n", "kali-rolling", "sid"),
    "unheard of": ("ID=some\nID_LIKE=debian\nVERSION_ID=7.0\nVERSION_CODENAME=some\n", "12.9", "12"),
}


@pytest.mark.parametrize(("os_release", "debian_version", "index"), MACHINES.values(), ids=MACHINES.keys())
def test_the_nearest_debian_answers(tmp_path: Path, os_release: str, debian_version: str, index: str) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text(os_release)
    (tmp_path / "etc/debian_version").write_text(f"{debian_version}\n")
    here = read_distribution(tmp_path)
    indexes = ReleaseIndexes(here, BOOK.relatives(here))
    assert indexes.own is None
    assert indexes.nearest
    assert indexes.nearest.release == Distribution("debian", index)
    lists = FakeCatalogue(lists=["libqdbm-dev"])
    choice = PackageChooser(BOOK, here, assumed_interpreter(here, "3.12"), lists, indexes).choice(
        Need.parse("header:depot.h")
    )
    assert choice
    assert (choice.packages, choice.confidence) == (("libqdbm-dev",), Confidence.INDEX)
