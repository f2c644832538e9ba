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
