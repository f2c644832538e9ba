"""The shipped names of Debian's stable releases, held against the real package lists."""

import shutil

import pytest
from books import load
from integration.machine import debian_mirror
from tools.check_names import KEYRING, fetch, read_lists, wrong_names

from accel_doctor.system.distribution import named_distribution


@pytest.mark.parametrize("release", ["12", "13"])
def test_every_name_exists(release, tmp_path):
    if not shutil.which("apt-get") or not KEYRING.is_file():
        pytest.skip("fetching Debian's package lists takes apt-get and Debian's keyring")
    listing = read_lists(fetch(release, debian_mirror(), tmp_path))
    assert len(listing.names) > 50_000
    assert [str(item) for item in wrong_names(load(), named_distribution(f"debian:{release}"), listing)] == []
