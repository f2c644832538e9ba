"""Which distributions a run imports before it counts as done."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.pylock import Pylock

from accel_doctor.model.builds import Built, Locked, Source, SourceKind, Wheel
from accel_doctor.model.plans import Verification
from accel_doctor.model.requests import InstallRequest, RequirementLine
from accel_doctor.verification import distribution_of, to_import

LOCKED = Locked(
    Pylock.from_dict(
        {
            "lock-version": "1.0",
            "created-by": "test",
            "packages": [
                {
                    "name": "idna",
                    "version": "1",
                    "sdist": {"url": "https://x/idna-1.tar.gz", "hashes": {"sha256": "0"}},
                },
                {"name": "six", "version": "1", "sdist": {"url": "https://x/six-1.tar.gz", "hashes": {"sha256": "0"}}},
                {"name": "local", "directory": {"path": "/local"}},
            ],
        }
    ),
    present=("there",),
)
ASKED = InstallRequest((RequirementLine("six", "command line", name="six"),))


def built(name: str, *, imported: bool) -> Built:
    wheel = Wheel(Path(f"/kept/{name}.whl"), "0", imported=imported)
    return Built(Source(name, "1", SourceKind.SDIST, "https://x"), wheel, reused=True)


@pytest.mark.parametrize(
    ("verification", "new", "names"),
    [
        (Verification.NOTHING, None, []),
        (Verification.NEW, None, ["six", "local"]),
        (Verification.NEW, {"six-1.dist-info", "other-1.dist-info"}, ["six"]),
        (Verification.NEW, {"idna-1.dist-info"}, []),
        (Verification.EVERYTHING, set(), ["idna", "six", "local", "there"]),
    ],
)
def test_what_is_imported(verification, new, names):
    assert to_import(verification, LOCKED, ASKED, [], new) == names


def test_what_was_built_is_imported_unless_an_earlier_run_has():
    wheels = [built("idna", imported=False), built("local", imported=True)]
    assert to_import(Verification.NEW, LOCKED, ASKED, wheels, frozenset()) == ["idna"]


def test_all_of_a_lock_file_was_asked_for():
    request = InstallRequest((), lock=Path("pylock.toml"))
    assert to_import(Verification.NEW, LOCKED, request, [], {"idna-1.dist-info"}) == ["idna"]


@pytest.mark.parametrize(
    ("directory", "name"),
    [("zope.interface-8.0.dist-info", "zope-interface"), ("Foo_Bar-1-py3.11.egg-info", "foo-bar"), ("x.pth", "x-pth")],
)
def test_names_of_metadata_directories(directory, name):
    assert distribution_of(directory) == name
