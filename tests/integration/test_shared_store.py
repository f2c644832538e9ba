"""One wheel store, many at it: sixteen installations at once, a disk that fills up, a cache nobody may write to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from integration.conftest import mounted
from integration.wheel_sources import make_sdist

NAMES = ("alder", "birch", "cedar")
TOGETHER = 16


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    directory = tmp_path / "sources"
    directory.mkdir()
    for name in NAMES:
        make_sdist(directory, name)
    return directory


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    path = tmp_path / "builds"
    path.touch()
    return path


def environment(tmp_path: Path, counter: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "ACCEL_"))}
    (tmp_path / "temporary").mkdir(exist_ok=True)
    return {
        **kept,
        "TMPDIR": str(tmp_path / "temporary"),
        "ACCEL_DOCTOR_CACHE_DIR": str(tmp_path / "cache"),
        "ACCEL_DOCTOR_CONFIG_DIR": str(tmp_path / "configuration"),
        "ACCEL_DOCTOR_STATE_DIR": str(tmp_path / "state"),
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "BUILDS_COUNTED_IN": str(counter),
        "ACCEL_DOCTOR_SANDBOX": "off",  # which lets no build write there
    }


def install(target: Path, sources: Path) -> list[str]:
    return [
        sys.executable, "-m", "accel_doctor", "install", "--no-system", "--no-index", "--find-links", str(sources),
        "--python", str(target), *(path.name.split("-")[0] for path in sorted(sources.iterdir())),
    ]  # fmt: skip


def new_environment(path: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(path)], check=True)
    return path


def values(target: Path, names: tuple[str, ...] = NAMES) -> str:
    code = f"import {', '.join(names)}; print({' + '.join(f'{name}.VALUE' for name in names)})"
    return subprocess.run([target / "bin/python", "-c", code], check=True, capture_output=True, text=True).stdout


def test_sixteen_at_once_build_each_source_once(tmp_path: Path, sources: Path, counter: Path) -> None:
    targets = [new_environment(tmp_path / f"environment-{number}") for number in range(TOGETHER)]
    variables = environment(tmp_path, counter)
    processes = [
        subprocess.Popen(
            install(target, sources), env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for target in targets
    ]
    said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * TOGETHER, "\n".join(said)
    assert sorted(counter.read_text().split()) == sorted(NAMES)
    assert {values(target) for target in targets} == {"alderbirchcedar\n"}
    checked = subprocess.run(
        [sys.executable, "-m", "accel_doctor", "cache", "verify"], env=variables, capture_output=True, text=True
    )
    assert (checked.returncode, checked.stdout) == (0, "verified 3 wheels\n")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "cache", "512k") as path:
        yield path


def test_a_disk_that_fills_up_costs_a_warning(tmp_path: Path, sources: Path, counter: Path, small_disk: Path) -> None:
    make_sdist(sources, "wide", size=1_000_000)
    target = new_environment(tmp_path / "environment")
    done = subprocess.run(install(target, sources), env=environment(tmp_path, counter), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert values(target, (*NAMES, "wide")) == "alderbirchcedarwide\n"
    warnings = [line for line in done.stderr.splitlines() if "cannot write to the wheel store" in line]
    assert len(warnings) == 1
    assert warnings[0].startswith(f"cannot write to the wheel store {small_disk}/wheels, so this run keeps no wheels")
    assert "No space left on device" in warnings[0]
    assert list((small_disk / "wheels" / "unfinished").iterdir()) == []


@pytest.mark.parametrize("full", [False, True], ids=["no directory", "full"])
def test_a_cache_that_cannot_be_written_at_all_costs_warnings(
    tmp_path: Path, sources: Path, counter: Path, full: bool, request: pytest.FixtureRequest
) -> None:
    cache = tmp_path / "cache"
    if full:
        request.getfixturevalue("small_disk")
        with suppress(OSError):
            (cache / f".{'f' * 32}.part").write_bytes(b"x" * 600_000)  # left by a killed run
    else:
        cache.write_text("a file where the cache should be")
    target = new_environment(tmp_path / "environment")
    done = subprocess.run(install(target, sources), env=environment(tmp_path, counter), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert values(target) == "alderbirchcedar\n"
    assert f"not using a cache: cannot write to {cache}: " in done.stderr
