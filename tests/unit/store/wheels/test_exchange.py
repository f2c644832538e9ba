"""Wheels out to a directory and in again, on another machine."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import pytest
from fakes import provenance

from accel_doctor.model.holdings import LeftOut
from accel_doctor.model.wheels import BuildKey, Link
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.exchange import METADATA, export_wheels, import_wheels, serves
from accel_doctor.store.wheels.wheel_store import LocalWheelStore

FIRST, SECOND = BuildKey("1" * 64, "e" * 64), BuildKey("2" * 64, "f" * 64)


@pytest.fixture
def make_store(tmp_path):
    opened = []

    def make(name):
        leases = Leases(tmp_path / name / "in-use.lock")
        opened.append(leases)
        return LocalWheelStore(tmp_path / name / "wheels", leases, pytest.fail)

    yield make
    for leases in opened:
        leases.close()


@pytest.fixture
def here(make_store):
    return make_store("here")


@pytest.fixture
def there(make_store):
    return make_store("there")


@pytest.fixture
def wheel(tmp_path):
    def make(name="demo", content="1"):
        path = tmp_path / content / f"{name}-1.0-py3-none-any.whl"
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{name}.py", f"VALUE = {content}\n")
            archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            archive.writestr(
                f"{name}-1.0.dist-info/WHEEL",
                "Wheel-Version: 1.0\nGenerator: me\nRoot-Is-Purelib: false\nTag: py3-none-any\n",
            )
            archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
        return path

    return make


def test_what_was_exported_is_the_same_entry_after_import(here, there, wheel, tmp_path):
    links = (Link("libpq.so.5"),)
    here.put(FIRST, wheel(), provenance(name="demo"), links)
    out = export_wheels(here, [FIRST.exact], tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [METADATA, "demo-1.0-py3-none-any.whl"]
    moved = import_wheels(there, tmp_path / "out")
    assert moved == out
    assert moved.left_out == ()
    assert there.entry(FIRST.exact) == here.entry(FIRST.exact)
    assert there.get(FIRST).links == links


def test_pip_installs_from_what_was_exported(here, wheel, tmp_path):
    here.put(FIRST, wheel(), provenance(name="demo"), ())
    export_wheels(here, [FIRST.exact], tmp_path / "out")
    command = [
        sys.executable, "-m", "pip", "--isolated", "install", "--quiet", "--disable-pip-version-check", "--no-index",
        "--find-links", str(tmp_path / "out"), "--target", str(tmp_path / "site"), "demo",
    ]  # fmt: skip
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    assert (tmp_path / "site" / "demo.py").read_text() == "VALUE = 1\n"


def test_of_two_builds_with_one_file_name_the_preferred_one_goes(here, wheel, tmp_path):
    here.put(FIRST, wheel(content="1"), provenance(), ())
    here.put(SECOND, wheel(content="2"), provenance(distribution="debian 12", interpreter="cpython 3.11.2"), ())
    moved = export_wheels(here, [SECOND.exact, FIRST.exact], tmp_path / "out")
    assert [entry.key for entry in moved.wheels] == [SECOND.exact]
    assert moved.left_out == (
        LeftOut("demo-1.0-py3-none-any.whl", "a more recently used build has that name: cpython 3.11.2, debian 12"),
    )


def test_a_second_export_adds_to_the_first(here, there, wheel, tmp_path):
    here.put(FIRST, wheel("demo"), provenance(), ())
    here.put(SECOND, wheel("other"), provenance(), ())
    export_wheels(here, [FIRST.exact], tmp_path / "out")
    export_wheels(here, [SECOND.exact], tmp_path / "out")
    assert [entry.key for entry in import_wheels(there, tmp_path / "out").wheels] == [FIRST.exact, SECOND.exact]


def test_what_is_damaged_or_undescribed_is_left_out_and_said(here, there, wheel, tmp_path):
    for name, key in (("demo", FIRST), ("other", SECOND)):
        here.put(key, wheel(name), provenance(), ())
    third = BuildKey("3" * 64, "f" * 64)
    here.put(third, wheel("gone"), provenance(), ())
    out = tmp_path / "out"
    export_wheels(here, [FIRST.exact, SECOND.exact, third.exact], out)
    (out / "demo-1.0-py3-none-any.whl").write_bytes(b"something else")
    (out / "gone-1.0-py3-none-any.whl").unlink()
    (out / "stray-1-py3-none-any.whl").write_bytes(b"")
    moved = import_wheels(there, out)
    assert [entry.file for entry in moved.wheels] == ["other-1.0-py3-none-any.whl"]
    assert moved.left_out == (
        LeftOut("stray-1-py3-none-any.whl", f"not described in {METADATA}: cannot tell what it was built for"),
        LeftOut("demo-1.0-py3-none-any.whl", f"SHA-256 mismatch with {METADATA}"),
        LeftOut("gone-1.0-py3-none-any.whl", "cannot read it: No such file or directory"),
    )
    assert list(there.names()) == [SECOND.exact]


def test_a_build_that_is_there_already_stays(here, there, wheel, tmp_path):
    here.put(FIRST, wheel(content="1"), provenance(), ())
    there.put(FIRST, wheel(content="2"), provenance(), ())
    export_wheels(here, [FIRST.exact], tmp_path / "out")
    assert import_wheels(there, tmp_path / "out").left_out == (
        LeftOut("demo-1.0-py3-none-any.whl", "another build of it is already in the cache"),
    )


def test_importing_twice_is_importing_once(here, there, wheel, tmp_path):
    here.put(FIRST, wheel(), provenance(), ())
    export_wheels(here, [FIRST.exact], tmp_path / "out")
    assert import_wheels(there, tmp_path / "out") == import_wheels(there, tmp_path / "out")


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[]", "[" * 100_000, '{"schema": 2, "entries": []}', '{"schema": 1, "entries": [{"file": "x"}]}'],
    ids=lambda content: content[:20],
)
def test_metadata_that_is_none_is_refused(there, tmp_path, content):
    (tmp_path / METADATA).write_text(content)
    with pytest.raises(ValueError, match="."):
        import_wheels(there, tmp_path)


def test_metadata_cannot_lead_out_of_its_directory(here, there, wheel, tmp_path):
    here.put(FIRST, wheel(), provenance(), ())
    out = tmp_path / "out"
    export_wheels(here, [FIRST.exact], out)
    document = json.loads((out / METADATA).read_text())
    document["entries"][0]["file"] = "../1/demo-1.0-py3-none-any.whl"
    (out / METADATA).write_text(json.dumps(document))
    with pytest.raises(ValueError, match="file: "):
        import_wheels(there, out)


def test_a_wheel_serves_its_own_distribution_or_all(here, wheel, tmp_path):
    here.put(FIRST, wheel(), provenance(distribution="debian 12"), ())
    anywhere = here.entry(FIRST.exact)
    assert serves(anywhere, "debian 13")
    binary = tmp_path / "demo-1.0-cp313-cp313-linux_x86_64.whl"
    binary.write_bytes(b"x")
    here.put(SECOND, binary, provenance(distribution="debian 12"), ())
    assert serves(here.entry(SECOND.exact), "debian 12")
    assert not serves(here.entry(SECOND.exact), "debian 13")
    portable = binary.rename(binary.with_name("demo-1.0-cp313-cp313-manylinux_2_28_x86_64.whl"))
    third = BuildKey("3" * 64, "f" * 64)
    here.put(third, portable, provenance(distribution="debian 12"), ())
    assert serves(here.entry(third.exact), "debian 13")
