"""Wheels of a machine that cannot be asked."""

from __future__ import annotations

import pytest
from fakes import interpreter
from packaging.markers import Marker
from packaging.tags import parse_tag

from accel_doctor.system.python.interpreter import supported_tags
from accel_doctor.system.python.platforms import Platform, marker_values, platform_tags


@pytest.mark.parametrize(
    ("platform", "fits", "not_"),
    [
        (
            Platform.GNU,
            ["cp313-cp313-manylinux_2_28_x86_64", "cp313-cp313-manylinux2014_x86_64", "cp39-abi3-manylinux1_x86_64",
             "py3-none-any", "cp313-cp313-linux_x86_64"],
            ["cp313-cp313-manylinux_2_29_x86_64", "cp313-cp313-musllinux_1_2_x86_64", "cp312-cp312-manylinux1_x86_64",
             "cp313-cp313-manylinux_2_28_aarch64"],
        ),
        (
            Platform.MUSL,
            ["cp313-cp313-musllinux_1_2_x86_64", "cp313-cp313-musllinux_1_1_x86_64", "py3-none-any"],
            ["cp313-cp313-manylinux_2_17_x86_64"],
        ),
        (
            Platform.MACOS,
            ["cp313-cp313-macosx_11_0_arm64", "cp313-cp313-macosx_10_9_universal2", "py3-none-any"],
            ["cp313-cp313-macosx_10_9_x86_64", "cp313-cp313-macosx_14_0_arm64"],
        ),
    ],
)  # fmt: skip
def test_tags(platform, fits, not_):
    supported = set(supported_tags(interpreter(), platform_tags(platform)))
    assert [tag for tag in fits if not parse_tag(tag) & supported] == []
    assert [tag for tag in not_ if parse_tag(tag) & supported] == []


@pytest.mark.parametrize(
    ("marker", "platform", "holds"),
    [
        ("python_version < '3.12'", Platform.GNU, True),
        ("python_full_version >= '3.11.0' and sys_platform == 'linux'", Platform.MUSL, True),
        ("platform_system == 'Linux' and platform_machine == 'x86_64'", Platform.GNU, True),
        ("sys_platform == 'darwin' and platform_machine == 'arm64'", Platform.MACOS, True),
        ("platform_python_implementation != 'CPython' or os_name == 'nt'", Platform.GNU, False),
    ],
)
def test_markers(marker, platform, holds):
    assert Marker(marker).evaluate(dict(marker_values("3.11", platform))) is holds
