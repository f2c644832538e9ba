"""What a run changes in an environment."""

from __future__ import annotations

from packaging.pylock import Pylock

from accel_doctor.environment_changes import changes_made, distributions, installed_again, with_lock
from accel_doctor.model.builds import Change, Provision, Source, SourceKind
from accel_doctor.model.requests import InstallRequest


def lock_of(*packages: dict) -> Pylock:
    return Pylock.from_dict({"lock-version": "1.0", "created-by": "t", "packages": list(packages)})


def test_metadata_directories_of_all_kinds_name_distributions() -> None:
    names = (
        "Flask-3.1.0.dist-info", "zope.interface-5.0.egg-info", "old_one-1.0-py3.8.egg", "x-2-py3.11.egg-info",
        "torch-2.0+cpu.dist-info", "linked.egg-link", "easy-install.pth", "__editable__.x-1.pth",
    )  # fmt: skip
    assert distributions(names) == {
        "flask": "3.1.0", "zope-interface": "5.0", "old-one": "1.0", "x": "2", "torch": "2.0+cpu",
    }  # fmt: skip


def test_what_came_what_went_and_what_was_replaced() -> None:
    before = {"numpy": "2.3", "six": "1.17.0", "same": "1.0", "again": "1", "gone": "3"}
    after = {"numpy": "2.4", "six": "1.17.0", "same": "1", "again": "1", "psycopg2": "2.9", "flask": "3.1.0"}
    built = {Source("psycopg2", "2.9", SourceKind.SDIST, "x"): Provision.BUILT}
    assert changes_made(before, after, ["again", "absent"], built, {"flask": 100}) == (
        Change("again", "1", "1"),
        Change("flask", None, "3.1.0", size=100),
        Change("gone", "3", None),
        Change("numpy", "2.3", "2.4"),
        Change("psycopg2", None, "2.9", Provision.BUILT),
    )


def test_a_lock_tells_what_will_be_there() -> None:
    lock = lock_of(
        {
            "name": "numpy",
            "version": "2.4",
            "sdist": {"url": "https://x/numpy-2.4.tar.gz", "hashes": {"sha256": "0" * 64}},
        },
        {"name": "mine", "directory": {"path": "/mine"}},
    )
    assert with_lock({"numpy": "2.3", "six": "1"}, lock) == {"numpy": "2.4", "six": "1", "mine": ""}
    assert installed_again(lock, InstallRequest(())) == ["mine"]
    assert installed_again(lock, InstallRequest((), reinstall=True)) == ["numpy", "mine"]
