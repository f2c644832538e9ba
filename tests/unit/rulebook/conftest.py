from pathlib import Path

import pytest

from accel_doctor.model.machine import Interpreter, Origin


@pytest.fixture
def interpreter():
    """An interpreter of the given origin and version."""

    def make(origin: Origin = Origin.DISTRIBUTION, version: str = "3.13.5", implementation: str = "cpython"):
        feature = ".".join(version.split(".")[:2])
        return Interpreter(
            executable=Path("/usr/bin/python3"),
            prefix=Path("/usr"),
            base_prefix=Path("/usr"),
            implementation=implementation,
            version=version,
            soabi="",
            cache_tag="",
            platform="linux-x86_64",
            libc="glibc 2.41",
            include=Path(f"/usr/include/python{feature}"),
            origin=origin,
            in_virtual_environment=False,
            externally_managed=None,
            pip_version=None,
            debug=False,
            free_threaded=False,
            environment={},
        )

    return make
