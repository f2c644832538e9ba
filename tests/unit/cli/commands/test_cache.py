"""``accel-doctor cache``, whole: what each command prints, and its exit code."""

from __future__ import annotations

import json
import os

import jsonschema
import pytest
from fakes import provenance
from paths import ROOT

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode
from accel_doctor.model.wheels import BuildKey, Link
from accel_doctor.store.locks import Leases
from accel_doctor.store.wheels.wheel_store import LocalWheelStore

SCHEMA = json.loads((ROOT / "docs/reference/cache.schema.json").read_text())
USED = 1_700_000_000  # 2023-11-14


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def running(cache):
    leases = Leases(cache / "in-use.lock")
    yield leases
    leases.close()


@pytest.fixture
def filled(cache, running, tmp_path):
    """cffi built on Debian 13 and on 12, six for all; each last used on another day."""
    store = LocalWheelStore(cache / "wheels", running, pytest.fail)
    builds = (
        ("1", "cffi-2.1.1-cp313-cp313-linux_x86_64.whl", {"build_requirements": ("setuptools==80.9.0",)}),
        ("2", "cffi-2.1.1-cp311-cp311-linux_x86_64.whl", {"distribution": "debian 12", "libc": "glibc 2.36"}),
        ("3", "six-1.17.0-py3-none-any.whl", {"name": "six", "version": "1.17.0"}),
    )
    for number, (digit, file, made) in enumerate(builds):
        wheel = tmp_path / file
        wheel.write_bytes(b"w" * 2000)
        key = BuildKey(digit * 64, "f" * 64)
        links = (Link("libffi.so.8", ("LIBFFI_BASE_8.0",), "libffi8"),) if digit == "1" else ()
        place = store.put(key, wheel, provenance(**made), links).path.parent
        os.utime(place / "entry.json", (USED + number * 86400,) * 2)
        running.release(key.exact)
    return store


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = main.run(["cache", *arguments])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err.splitlines()

    return call


@pytest.fixture
def document(run):
    def call(*arguments):
        code, out, _ = run(*arguments, "--format", "json")
        answer = json.loads("\n".join(out))
        jsonschema.validate(answer, SCHEMA)
        return code, answer

    return call


def entry_size(store, digit):
    return sum(path.stat().st_size for path in store.place(digit * 64).iterdir())


def test_dir_says_where_it_is(run, document, cache, tmp_path):
    assert run("dir") == (0, [str(cache)], [])
    assert run("dir", "--cache-dir", str(tmp_path / "x")) == (0, [str(tmp_path / "x")], [])
    assert document("dir") == (0, {"schema": 1, "directory": str(cache)})
    assert not cache.exists()


def test_info_counts_what_there_is(run, document, filled, cache):
    (cache / "sources" / ("a" * 64)).mkdir(parents=True)
    (cache / "sources" / ("a" * 64) / "cffi-2.1.1.tar.gz").write_bytes(b"s" * 1500)
    wheels = sum(entry_size(filled, digit) for digit in "123")
    code, answer = document("info")
    assert code == 0
    assert answer["kinds"]["wheel"] == {"count": 3, "bytes": wheels, "last_used": "2023-11-16T22:13:20+00:00"}
    assert answer["kinds"]["source"]["bytes"] == 1500
    assert answer["kinds"]["log"] == {"count": 0, "bytes": 0, "last_used": None}
    assert (answer["directory"], answer["layout"], answer["bytes"]) == (str(cache), "v2", wheels + 1500)
    today = answer["kinds"]["source"]["last_used"][:10]
    code, out, _ = run("info")
    assert [" ".join(line.split()) for line in out] == [
        str(cache),
        "last used",
        f"wheels 3 {wheels / 1000:.1f} kB 2023-11-16",
        f"sources 1 1.5 kB {today}",
        "locks 0 0 bytes -",
        "cures 0 0 bytes -",
        "imports 0 0 bytes -",
        "environments 0 0 bytes -",
        "logs 0 0 bytes -",
        f"all 4 {(wheels + 1500) / 1000:.1f} kB",
    ]


def test_list_says_what_is_kept(run, document, filled):
    code, out, _ = run("list")
    assert code == 0
    assert [line.split("  ")[0] for line in out] == ["name", "cffi", "cffi", "six"]
    assert [" ".join(line.split()) for line in run("list", "cffi==2.1.1")[1]] == [
        "name version for size last used built on",
        f"cffi 2.1.1 cp311-cp311-linux_x86_64 {entry_size(filled, '2') / 1000:.1f} kB 2023-11-15 debian 12, glibc 2.36",
        f"cffi 2.1.1 cp313-cp313-linux_x86_64 {entry_size(filled, '1') / 1000:.1f} kB 2023-11-14 debian 13, glibc 2.41",
    ]
    code, answer = document("list")
    assert [wheel["file"] for wheel in answer["wheels"]] == [
        "cffi-2.1.1-cp311-cp311-linux_x86_64.whl",
        "cffi-2.1.1-cp313-cp313-linux_x86_64.whl",
        "six-1.17.0-py3-none-any.whl",
    ]
    assert answer["wheels"][1] | {"bytes": 0, "sha256": ""} == {
        **vars(provenance()),
        "build_requirements": ["setuptools==80.9.0"],
        "lacks": [],
        "changes": [],
        "settings": [],
        "built_with": [],
        "key": "1" * 64,
        "file": "cffi-2.1.1-cp313-cp313-linux_x86_64.whl",
        "sha256": "",
        "signature": None,
        "bytes": 0,
        "last_used": "2023-11-14T22:13:20+00:00",
        "links": [{"soname": "libffi.so.8", "versions": ["LIBFFI_BASE_8.0"], "package": "libffi8"}],
    }


def test_an_empty_store_is_said_to_be_one(run, document):
    assert run("list") == (0, [], ["no wheels or environments in the cache"])
    assert document("list") == (0, {"schema": 1, "wheels": [], "environments": []})
    assert run("verify") == (0, ["verified nothing"], [])


def test_a_name_that_has_no_wheel_is_a_mistake(run, filled):
    for arguments in (["list", "flask"], ["remove", "cffi==1.0"], ["export", "out", "flask"]):
        asked = arguments[-1]
        assert run(*arguments) == (
            int(ExitCode.USAGE),
            [],
            [f"error: no wheel of {asked} in the cache", "hint: accel-doctor cache list"],
        )


def test_verify_names_what_is_damaged_and_fix_removes_it(run, document, filled):
    place = filled.place("2" * 64)
    wheel = next(place.glob("*.whl"))
    stored = filled.entry("2" * 64).sha256
    wheel.write_bytes(b"W" + wheel.read_bytes()[1:])
    code, out, err = run("verify")
    assert code == ExitCode.CACHE
    assert out[0].startswith(f"damaged wheel {place}: {wheel.name}: SHA-256 mismatch: expected {stored}, got ")
    assert out[1:] == ["verified 2 wheels"]
    assert err == ["damaged entries are never used; to remove them: accel-doctor cache verify --fix"]
    code, answer = document("verify")
    assert code == ExitCode.CACHE
    assert (answer["verified"], answer["damaged"][0]["key"], answer["damaged"][0]["removed"]) == (2, "2" * 64, False)
    code, out, err = run("verify", "--fix")
    assert (code, err, out[1:]) == (0, [], ["verified 2 wheels"])
    assert out[0].startswith(f"removed wheel {place}: ")
    assert run("verify") == (0, ["verified 2 wheels"], [])


def test_damage_that_is_in_use_is_left_and_said(run, filled, running):
    next(filled.place("2" * 64).glob("*.whl")).write_bytes(b"W")
    running.hold("2" * 64)
    code, _, err = run("verify", "--fix")
    assert code == ExitCode.CACHE
    assert err == ["damaged entries are never used; a running accel-doctor uses them"]


def test_prune_takes_sizes_and_ages(run, document, filled):
    size = {digit: entry_size(filled, digit) for digit in "123"}
    code, answer = document("prune", "--max-size", "7kB", "--dry-run")
    assert (code, answer["dry_run"]) == (0, True)
    assert [one["name"] for one in answer["removed"]] == ["cffi-2.1.1-cp313-cp313-linux_x86_64.whl"]
    assert (answer["bytes_removed"], answer["bytes_left"]) == (size["1"], size["2"] + size["3"])
    code, out, err = run("prune", "--max-size", "7kB", "--dry-run")
    assert (code, err) == (0, [])
    assert out == [
        f"would remove wheel cffi-2.1.1-cp313-cp313-linux_x86_64.whl, {size['1'] / 1000:.1f} kB",
        f"would remove 1 wheel, {size['1'] / 1000:.1f} kB; {(size['2'] + size['3']) / 1000:.1f} kB would be left",
    ]
    code, out, _ = run("prune", "--max-size", "7kB")
    assert out == [f"removed 1 wheel, {size['1'] / 1000:.1f} kB; {(size['2'] + size['3']) / 1000:.1f} kB left"]
    assert run("prune", "--older-than", "2w")[1][-1] == (
        f"removed 2 wheels, {(size['2'] + size['3']) / 1000:.1f} kB; 0 bytes left"
    )
    assert list(filled.names()) == []


@pytest.mark.parametrize("amount", ["", "5", "many", "5parsec", "-1d", "1e3d"])
def test_an_age_needs_a_unit_that_there_is(run, amount):
    code, out, err = run("prune", "--older-than", amount)
    assert (code, out) == (int(ExitCode.USAGE), [])
    explained = f"{amount!r} is not an age: a number and a unit, such as 30d, 12h or 2w"
    assert err[-2] == f"error: invalid value for '--older-than': {explained}"


def test_what_is_in_use_is_left_by_prune_and_by_remove(run, document, filled, running):
    running.hold("3" * 64)
    code, answer = document("prune", "--older-than", "1d")
    assert code == 0
    assert [one["name"] for one in answer["in_use"]] == ["six-1.17.0-py3-none-any.whl"]
    size = entry_size(filled, "3") / 1000
    assert run("remove", "six") == (
        int(ExitCode.CACHE),
        [
            "left wheel six-1.17.0-py3-none-any.whl: a running accel-doctor uses it",
            f"removed nothing; {size:.1f} kB left",
        ],
        [],
    )


def test_remove_takes_names_in_any_spelling(run, filled):
    freed = (entry_size(filled, "1") + entry_size(filled, "2")) / 1000
    left = entry_size(filled, "3") / 1000
    assert run("remove", "CFFI", "cffi==2.1.1") == (0, [f"removed 2 wheels, {freed:.1f} kB; {left:.1f} kB left"], [])
    assert list(filled.names()) == ["3" * 64]


def test_clear_takes_all_or_one_kind(run, filled, cache):
    for entry in (f"sources/{'a' * 64}", "logs/20260131-235959-4711"):
        (cache / entry).mkdir(parents=True)
        (cache / entry / "file").write_bytes(b"x" * 100)
    freed = (sum(entry_size(filled, digit) for digit in "123") + 100) / 1000
    assert run("clear", "logs") == (0, [f"removed 1 log, 100 bytes; {freed:.1f} kB left"], [])
    assert run("clear") == (0, [f"removed 3 wheels and 1 source, {freed:.1f} kB; 0 bytes left"], [])
    assert run("info")[1][-1].split() == ["all", "0", "0", "bytes"]


def test_export_and_import_carry_wheels_to_another_store(run, document, filled, tmp_path):
    code, out, err = run("export", "out", "--distro", "debian:13")
    assert (code, err) == (0, [])
    assert out == ["exported 2 wheels, 4.0 kB, to out"]
    code, out, err = run("import", "out", "--cache-dir", str(tmp_path / "other"))
    assert (code, out, err) == (0, ["imported 2 wheels, 4.0 kB, from out"], [])
    assert [" ".join(line.split()[:2]) for line in run("list", "--cache-dir", str(tmp_path / "other"))[1][1:]] == [
        "cffi 2.1.1",
        "six 1.17.0",
    ]
    (tmp_path / "out" / "six-1.17.0-py3-none-any.whl").write_bytes(b"")
    code, out, _ = run("import", "out", "--cache-dir", str(tmp_path / "third"))
    assert code == ExitCode.CACHE
    assert out == [
        "not imported: six-1.17.0-py3-none-any.whl: SHA-256 mismatch with accel-doctor-wheels.json",
        "imported 1 wheel, 2.0 kB, from out",
    ]
    code, answer = document("export", "again", "cffi", "--distro", "debian:12")
    assert [wheel["distribution"] for wheel in answer["wheels"]] == ["debian 12"]


def test_wheels_without_their_metadata_are_refused_with_the_reason(run, tmp_path):
    (tmp_path / "out").mkdir()
    assert run("import", "out") == (
        int(ExitCode.USAGE),
        [],
        [
            "error: no accel-doctor-wheels.json in out: cannot tell what its wheels were built for",
            "hint: pip install --find-links out uses them as they are; accel-doctor cache export writes both",
        ],
    )
    assert run("import", "nowhere") == (int(ExitCode.USAGE), [], ["error: nowhere is not a directory"])
    (tmp_path / "out" / "accel-doctor-wheels.json").write_text("{}")
    assert run("import", "out") == (
        int(ExitCode.USAGE),
        [],
        ["error: cannot read out/accel-doctor-wheels.json: not a document of schema 1"],
    )


def test_a_cache_that_is_no_directory_is_told(run, tmp_path):
    (tmp_path / "cache").write_text("")
    assert run("prune") == (0, ["removed nothing; 0 bytes left"], [])
    assert run("export", "cache/out")[0] == ExitCode.CACHE
