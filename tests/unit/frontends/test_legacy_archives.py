"""What uv refuses goes to pip."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest

from accel_doctor.errors import RequirementsError
from accel_doctor.frontends.legacy_archives import LegacyArchives
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest

REFUSALS = [  # of uv 0.13
    "uv cannot resolve the requirements:\n  error: No solution found when resolving dependencies\n    cause: Because "
    "stem==1.1.1 has a non-PEP 625-compliant source distribution filename and you require stem==1.1.1, we can conclude",
    "uv cannot resolve the requirements:\n  error: Source distribution `file:///s/eee-1.0.tar.bz2` has a non-PEP "
    "625-compliant filename; only `.tar.gz` and `.zip` archives are accepted",
    "uv cannot resolve the requirements:\n  error: Failed to download and build `django-tables2==1.21.2`\n    "
    "cause: Failed to extract archive: django-tables2==1.21.2\n    cause: Invalid tar file",
    "cannot use the lock /l/pylock.toml: Invalid sdist filename 'Twisted-19.2.1.tar.bz2' in 'packages[25].sdist'",
]


@pytest.fixture
def uv():
    return Mock()


@pytest.fixture
def pip():
    return Mock()


@pytest.mark.parametrize("message", REFUSALS)
def test_pip_resolves_what_uv_refuses(uv, pip, message):
    uv.lock.side_effect = RequirementsError(message)
    assert LegacyArchives(uv, lambda: pip).lock(InstallRequest(()), Path("log")) is pip.lock.return_value


def test_other_errors_are_uvs(uv, pip):
    uv.lock.side_effect = RequirementsError("uv cannot resolve the requirements:\n  error: No solution found")
    with pytest.raises(RequirementsError):
        LegacyArchives(uv, lambda: pip).lock(InstallRequest(()), Path("log"))
    assert not pip.lock.called


def test_uv_does_everything_else(tmp_path, uv, pip):
    both = LegacyArchives(uv, lambda: pip)
    both.provision(tmp_path, ["setuptools"], BuildSettings(), IndexSettings(), Path("log"))
    both.install(Mock(), InstallRequest(()), Path("log"))
    assert len(uv.mock_calls) == 2
    assert not pip.mock_calls
