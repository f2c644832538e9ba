"""Put accel-doctor and all it needs into one directory, from which any Python since 3.10 imports it.

No compiled module is in it: each of our dependencies does without. uv is in it as a program, statically linked, so that
it runs beside glibc and musl alike.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MACHINES = ("x86_64", "aarch64")
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
# Compiled modules; notes of this installation, which would make each build another one
LEFT_OUT = (
    "*.so",
    "*.dist-info/RECORD",
    "*.dist-info/REQUESTED",
    "*.dist-info/direct_url.json",
    "*.dist-info/uv_cache.json",
)
UV = (sys.executable, "-m", "uv")


def make_bundle(directory: Path, machines: Sequence[str] = MACHINES, wheel: Path | None = None) -> None:
    """Fill ``directory`` with ``wheel``, else with one of this checkout, its dependencies, and uv for ``machines``."""
    with tempfile.TemporaryDirectory(prefix="bundle-") as scratch:
        ours = wheel or _built(Path(scratch))
        pins = dict(_pins(ours))
        uv = "uv" + pins.pop("uv")
        _install(directory, [str(ours), *map("".join, pins.items())], "x86_64-unknown-linux-gnu")
        for machine in machines:
            there = Path(scratch) / machine
            _install(there, [uv], f"{machine}-unknown-linux-musl")
            for notes in there.glob("uv-*.dist-info"):  # its version and licenses
                shutil.copytree(notes, directory / notes.name, dirs_exist_ok=True)
            (directory / "uv").mkdir(exist_ok=True)
            (there / "bin/uv").rename(directory / "uv" / f"uv-{machine}")
    shutil.copy(HERE / "uv_inside.py", directory / "uv/__init__.py")
    shutil.rmtree(directory / "bin")
    (directory / ".lock").unlink(missing_ok=True)
    for pattern in LEFT_OUT:
        for path in directory.rglob(pattern):
            path.unlink()


def _built(directory: Path) -> Path:
    _run(*UV, "build", "--quiet", "--wheel", "--out-dir", str(directory), str(ROOT))
    return next(directory.glob("*.whl"))


def _pins(wheel: Path) -> Iterator[tuple[str, str]]:
    """Yield each dependency that a Python on Linux has, and its version, which must do for all of them."""
    told = _run(
        *UV, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--universal", "--fork-strategy", "fewest",
        "--python-version", PYTHONS[0], "-", said=f"accel-doctor @ {wheel.resolve().as_uri()}\n",
    )  # fmt: skip
    for name, group in groupby(map(Requirement, told.splitlines()), key=lambda one: one.name):
        versions = {str(one.specifier) for one in group if one.url is None and _is_for_linux(one.marker)}
        if len(versions) > 1:
            raise SystemExit(f"no one version of {name} is for Python {PYTHONS[0]} to {PYTHONS[-1]}: {versions}")
        yield from ((name, version) for version in versions)


def _is_for_linux(marker: Marker | None) -> bool:
    linux = {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"}
    return marker is None or any(
        marker.evaluate({**linux, "python_version": python, "python_full_version": f"{python}.0"}) for python in PYTHONS
    )


def _install(directory: Path, requirements: Sequence[str], platform: str) -> None:
    _run(
        *UV, "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy",
        "--python-version", PYTHONS[0], "--python-platform", platform, "--target", str(directory), *requirements,
    )  # fmt: skip


def _run(*argv: str, said: str = "") -> str:
    return subprocess.run(argv, input=said, stdout=subprocess.PIPE, check=True, text=True).stdout
