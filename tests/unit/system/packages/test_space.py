"""Whether there is room, as df(1) says."""

from __future__ import annotations

import pytest

from accel_doctor.errors import PackageManagerError
from accel_doctor.model.plans import Simulation
from accel_doctor.system.packages.driver import refuse_without_space

HEAD = "Filesystem     1024-blocks      Used Available Capacity Mounted on\n"
CACHE = "/var/cache/apt/archives"
HINT = "free some disk space, then run the same command again"


def _df(scripted, path: str, kibibytes: int, place: str, size: int = 1_000_000) -> None:
    scripted.on("df", path, output=f"{HEAD}/dev/vda2  {size} 0 {kibibytes}  99% {place}\n")


def _refusal(scripted, download: int | None, disk: int | None) -> str:
    with pytest.raises(PackageManagerError) as caught:
        refuse_without_space(Simulation(download_bytes=download, disk_bytes=disk), CACHE, scripted, "apt-get")
    assert caught.value.hint == HINT
    return caught.value.message


def test_what_fits_is_let_through(scripted) -> None:
    _df(scripted, "/usr", 3000, "/")
    _df(scripted, CACHE, 3000, "/")
    refuse_without_space(Simulation(download_bytes=1_000_000, disk_bytes=2_000_000), CACHE, scripted, "apt-get")


def test_download_and_packages_on_one_file_system_add_up(scripted) -> None:
    _df(scripted, "/usr", 2000, "/")
    _df(scripted, CACHE, 2000, "/")
    assert _refusal(scripted, 1_100_000, 2_000_000) == (
        "refused, nothing was changed: not enough disk space for apt-get: / needs 3.1 MB and has 2.0 MB free"
    )


def test_each_file_system_has_to_have_room(scripted) -> None:
    _df(scripted, "/usr", 10, "/mnt/the system")
    _df(scripted, CACHE, 20, "/var")
    assert _refusal(scripted, 1_000_000, 2_000_000) == (
        "refused, nothing was changed: not enough disk space for apt-get: "
        "/mnt/the system needs 2.0 MB and has 10.2 kB free; /var needs 1.0 MB and has 20.5 kB free"
    )


def test_a_directory_that_is_not_there_yet_counts_as_the_one_above_it(scripted) -> None:
    scripted.on("df", CACHE, returncode=1)
    scripted.on("df", "/var/cache/apt", returncode=1)
    _df(scripted, "/var/cache", 20, "/var")
    assert "/var needs 1.0 MB and has 20.5 kB free" in _refusal(scripted, 1_000_000, None)


@pytest.mark.parametrize("sizes", [(None, None), (0, -5_000_000)])
def test_what_takes_no_room_needs_none(scripted, sizes) -> None:
    refuse_without_space(Simulation(download_bytes=sizes[0], disk_bytes=sizes[1]), CACHE, scripted, "apt-get")


@pytest.mark.parametrize("output", ["", "df: no file systems processed\n", f"{HEAD}none 0 0 0 - /\n"])
def test_where_df_tells_nothing_nothing_is_refused(scripted, output: str) -> None:
    scripted.on("df", output=output)
    refuse_without_space(Simulation(download_bytes=1, disk_bytes=1), CACHE, scripted, "apt-get")
