"""The table of package managers."""

from __future__ import annotations

import pytest

from accel_doctor.system.package_managers import PACKAGE_MANAGERS, package_manager_for
from accel_doctor.system.privilege import Privilege


@pytest.mark.parametrize("name", sorted(PACKAGE_MANAGERS))
def test_each_calls_itself_by_the_name_it_is_listed_under(scripted, name: str) -> None:
    assert package_manager_for(name, scripted, Privilege("", terminal=False)).name == name


def test_one_that_is_not_driven(scripted) -> None:
    assert package_manager_for("brew", scripted, Privilege("", terminal=False)) is None
