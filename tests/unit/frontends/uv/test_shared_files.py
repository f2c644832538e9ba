"""Files that were edited in another environment, through a link into uv's cache."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

import pytest

from accel_doctor.frontends.uv.shared_files import edited_elsewhere

UNPACKED = 1_700_000_000


@pytest.fixture
def site(tmp_path) -> Path:
    """A site directory with a distribution whose files are links to those in a cache."""
    content = {
        "some_thing.py": b"a = 1\n",
        "Some_Thing-1.0.dist-info/WHEEL": b"",
        "Some_Thing-1.0.dist-info/METADATA": b"",
    }
    record = []
    for name, text in content.items():
        cached, installed = tmp_path / "cache" / name, tmp_path / "site" / name
        for path in (cached, installed):
            path.parent.mkdir(parents=True, exist_ok=True)
        cached.write_bytes(text)
        os.utime(cached, (UNPACKED, UNPACKED))
        os.link(cached, installed)
        record.append(f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode().rstrip('=')},1")
    (tmp_path / "site/Some_Thing-1.0.dist-info/RECORD").write_text("\n".join([*record, "RECORD,,", '"'[:0]]))
    return tmp_path / "site"


def edit(site: Path, time: int) -> None:
    cached = site.parent / "cache/some_thing.py"
    cached.write_bytes(b"a = 2\n")
    os.utime(cached, (time, time))


def test_what_was_unpacked_together_is_left_alone(site):
    assert edited_elsewhere(site, {"some-thing"}) == ()


def test_an_edit_is_found(site):
    edit(site, UNPACKED + 100)
    assert edited_elsewhere(site, {"some-thing", "other"}) == ("some-thing",)
    assert edited_elsewhere(site, {"other"}) == ()


def test_a_later_time_alone_is_no_edit(site):
    os.utime(site / "some_thing.py", (UNPACKED + 100, UNPACKED + 100))
    assert edited_elsewhere(site, {"some-thing"}) == ()


def test_an_edit_of_ones_own_copy_is_ones_own(site):
    (site / "some_thing.py").unlink()
    (site / "some_thing.py").write_bytes(b"a = 3\n")
    assert edited_elsewhere(site, {"some-thing"}) == ()


@pytest.mark.parametrize(
    "record", ["", "../../x,sha256=a,1\n", "some_thing.py\n", '"', "none.py,sha256=a,1\n", "a\0,sha256=b,1"]
)
def test_an_odd_record_is_no_edit(site, record):
    edit(site, UNPACKED + 100)
    (site / "Some_Thing-1.0.dist-info/RECORD").write_text(record)
    assert edited_elsewhere(site, {"some-thing"}) == ()


def test_what_no_wheel_installed_is_left_alone(site):
    (site / "Some_Thing-1.0.dist-info/WHEEL").unlink()
    assert edited_elsewhere(site, {"some-thing"}) == ()
