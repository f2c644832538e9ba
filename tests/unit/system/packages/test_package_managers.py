"""The table of package managers."""

from __future__ import annotations

import pytest

from accel_doctor.system.packages.managers import DRIVERS, MANAGERS, driver_for
from accel_doctor.system.packages.privilege import Privilege

ROOT = Privilege("", terminal=False)


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_each_calls_itself_by_the_name_it_is_listed_under(scripted, name: str) -> None:
    scripted.on("microdnf", returncode=127)
    assert driver_for(name, scripted, ROOT).name == name
    assert MANAGERS[name].name == name


@pytest.mark.parametrize(
    ("microdnf", "dnf", "driven"),
    [(127, 127, "dnf"), (127, 0, "dnf"), (0, 0, "dnf"), (0, 127, "microdnf"), (1, 127, "microdnf")],
)
def test_microdnf_stands_in_where_dnf_is_not_installed(scripted, microdnf: int, dnf: int, driven: str) -> None:
    scripted.on("microdnf", returncode=microdnf).on("dnf", returncode=dnf)
    assert driver_for("dnf", scripted, ROOT).name == driven


DOWNLOADS = {
    "apt": (
        *("env", "DEBIAN_FRONTEND=noninteractive", "NEEDRESTART_MODE=l"),
        *("apt-get", "-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Options::=--force-confold"),
        *("install", "-y", "--no-install-recommends", "--download-only", "--", "gcc"),
    ),
    "dnf": ("dnf", "-y", "--setopt=install_weak_deps=False", "install", "--downloadonly", "--", "gcc"),
    "zypper": (
        *("env", "ZYPP_LOCK_TIMEOUT=60", "zypper", "--non-interactive", "install", "--no-recommends"),
        *("--download-only", "--", "gcc"),
    ),
}


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_only_those_that_can_download_ahead(scripted, tmp_path, name: str) -> None:
    scripted.on("indextargets", output="lists\n").on(name)
    scripted.on("microdnf", returncode=127).on("apt-get").on("env")
    driver_for(name, scripted, ROOT).fetch(["gcc"], tmp_path / "log")
    assert scripted.recorded == ([DOWNLOADS[name]] if name in DOWNLOADS else [])


def test_lists_alone_are_fetched_where_there_are_none(scripted, tmp_path) -> None:
    scripted.on("indextargets", output="").on("update")
    driver_for("apt", scripted, ROOT).fetch([], tmp_path / "log")
    assert scripted.recorded == [("apt-get", "-o", "DPkg::Lock::Timeout=120", "update")]


def test_who_is_not_root_downloads_nothing(scripted, tmp_path) -> None:
    driver_for("apt", scripted, Privilege("sudo", terminal=False)).fetch(["gcc"], tmp_path / "log")
    assert scripted.commands == []
