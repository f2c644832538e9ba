"""Locks: what must be built, what comes out when it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import interpreter
from packaging.markers import Marker
from packaging.pylock import Package, PackageDirectory, Pylock
from packaging.tags import Tag

from accel_doctor.errors import RequirementsError
from accel_doctor.lockfile import (
    chosen_only,
    direct_urls,
    is_settled,
    older_numpy,
    sources_to_build,
    with_attached,
    with_wheels,
)
from accel_doctor.model.builds import Source, SourceKind, Wheel
from accel_doctor.model.requests import InstallRequest, RequirementLine, Selection

TAGS = [Tag("cp313", "cp313", "manylinux_2_41_x86_64"), Tag("py3", "none", "any")]
HASHES = {"sha256": "a" * 64}
SDIST = {"url": "https://x/p-1.tar.gz", "hashes": HASHES}
OTHER_SDIST = {"url": "https://x/other-2.tar.gz", "hashes": HASHES}
Q_SDIST = {"url": "https://x/q-1.tar.gz", "hashes": HASHES}
COMMIT = "c" * 40


def lock(*packages) -> Pylock:
    return Pylock.from_dict({"lock-version": "1.0", "created-by": "test", "packages": list(packages)})


def wheel(tag: str) -> dict[str, object]:
    return {"url": f"https://x/p-1-{tag}.whl", "hashes": HASHES}


def to_build(*packages) -> list[Source]:
    return sources_to_build(lock(*packages), TAGS, interpreter().environment)


def test_a_usable_wheel_is_not_built():
    assert to_build({"name": "p", "version": "1", "sdist": SDIST, "wheels": [wheel("py3-none-any")]}) == []


@pytest.mark.parametrize("wheels", [{}, {"wheels": [wheel("cp313-cp313-win_amd64")]}])
def test_without_a_usable_wheel_the_sdist_is_built(wheels):
    assert to_build({"name": "p", "version": "1", "sdist": SDIST, **wheels}) == [
        Source("p", "1", SourceKind.SDIST, "https://x/p-1.tar.gz", sha256="a" * 64)
    ]


def test_no_wheel_and_no_sdist_is_an_error():
    with pytest.raises(RequirementsError, match="^No wheel found matching the provided tags for package 'p'"):
        to_build({"name": "p", "version": "1", "wheels": [wheel("cp313-cp313-win_amd64")]})


def test_a_marker_that_does_not_hold_leaves_the_package_out():
    assert to_build({"name": "p", "version": "1", "sdist": SDIST, "marker": "sys_platform == 'win32'"}) == []


def test_repositories_are_built_by_commit_and_directories_by_the_frontend():
    vcs = {"type": "git", "url": "https://x/r", "commit-id": COMMIT, "subdirectory": "python"}
    assert to_build({"name": "p", "vcs": vcs}, {"name": "q", "directory": {"path": "/q", "editable": True}}) == [
        Source("p", None, SourceKind.VCS, "https://x/r", commit=COMMIT, vcs="git", subdirectory="python")
    ]


def test_archives_are_built_unless_they_are_wheels():
    (source,) = to_build(
        {"name": "p", "archive": {"path": "/src/p-1.tar.gz", "hashes": HASHES}},
        {"name": "q", "archive": {"url": "https://x/q-1-py3-none-any.whl#sha256=1", "hashes": HASHES}},
    )
    assert source == Source("p", None, SourceKind.SDIST, "/src/p-1.tar.gz", sha256="a" * 64)


def test_a_built_package_keeps_only_its_wheel_and_the_others_stay():
    original = lock(
        {"name": "p", "version": "1", "sdist": SDIST, "index": "https://x/simple"},
        {"name": "other", "version": "2", "sdist": OTHER_SDIST},
    )
    replaced = with_wheels(original, {"p": Wheel(Path("/store/p-1-py3-none-any.whl"), "b" * 64)})
    p, other = replaced.to_dict()["packages"]
    assert p == {
        "name": "p",
        "version": "1",
        "wheels": [
            {"name": "p-1-py3-none-any.whl", "path": "/store/p-1-py3-none-any.whl", "hashes": {"sha256": "b" * 64}}
        ],
    }
    assert other == original.to_dict()["packages"][1]
    Pylock.from_dict(replaced.to_dict())  # still a valid lock


def test_the_origin_of_repositories_and_archives_is_kept_for_pep_610():
    vcs = {"type": "git", "url": "https://x/r", "requested-revision": "main", "commit-id": COMMIT}
    urls = direct_urls(
        lock(
            {"name": "p", "vcs": vcs},
            {"name": "q", "archive": {"path": "/src/q-1.tar.gz", "hashes": HASHES, "subdirectory": "python"}},
            {"name": "other", "version": "2", "sdist": OTHER_SDIST},
            {"name": "s", "vcs": vcs},
        ),
        ["p", "q", "other"],
    )
    assert {name: json.loads(text) for name, text in urls.items()} == {
        "p": {
            "url": "https://x/r",
            "vcs_info": {"vcs": "git", "requested_revision": "main", "commit_id": COMMIT},
        },
        "q": {
            "url": "file:///src/q-1.tar.gz",
            "archive_info": {"hashes": {"sha256": "a" * 64}},
            "subdirectory": "python",
        },
    }


def release(name: str, version: str = "1", **parts) -> dict[str, object]:
    return {"name": name, "version": version, "sdist": {"url": f"https://x/{name}-{version}.tar.gz", "hashes": HASHES}}


def asked(*texts: str, constraints=()) -> InstallRequest:
    def lines(words):
        return tuple(
            RequirementLine(word, "test", name=word.replace("=", " ").replace("<", " ").split()[0]) for word in words
        )

    return InstallRequest(lines(texts), lines(constraints))


@pytest.mark.parametrize(
    ("request_", "settled"),
    [
        (asked("p==1", "q==2"), True),
        (asked("p==1.0", "q===2"), True),
        (asked("p", constraints=["p==1", "q==2"]), True),
        (asked("p==1"), False),  # q is whatever p asks for
        (asked("p==1", "q"), False),
        (asked("p==1", "q==2.*"), False),
        (asked("p==1", "q<=2"), False),
        (asked("p==1", "q==3"), False),
    ],
)
def test_a_lock_is_settled_where_the_request_pins_every_release(request_, settled):
    assert is_settled(lock(release("p"), release("q", "2")), request_) is settled


@pytest.mark.parametrize(
    ("package", "text", "settled"),
    [
        ({"vcs": {"type": "git", "url": "https://x/r", "commit-id": COMMIT}}, f"p @ git+https://x/r@{COMMIT}", True),
        ({"vcs": {"type": "git", "url": "https://x/r", "commit-id": COMMIT}}, "p @ git+https://x/r@main", False),
        ({"vcs": {"type": "git", "url": "https://x/r", "commit-id": COMMIT}}, "p @ git+https://x/r@ccccccc", False),
        ({"archive": SDIST}, f"p @ https://x/p-1.tar.gz#sha256={'a' * 64}", True),
        ({"archive": SDIST}, f"p @ https://x/p-1.tar.gz#sha256={'b' * 64}", False),
        ({"archive": SDIST}, "p @ https://x/p-1.tar.gz", False),
        ({"directory": {"path": "/p"}}, "p @ file:///p", False),
    ],
)
def test_what_has_no_release_is_settled_by_hash_or_whole_commit(package, text, settled):
    assert is_settled(lock({"name": "p", **package}), asked(text)) is settled


def test_an_empty_lock_is_settled():
    assert is_settled(lock(), asked("p"))


def test_only_what_this_interpreter_installs_stays():
    usable, other = wheel("py3-none-any"), wheel("cp313-cp313-win_amd64")
    no_use, no_use_either = ({"url": f"https://x/{name}-1-py2-none-any.whl", "hashes": HASHES} for name in "qr")
    whole = lock(
        {"name": "p", "version": "1", "sdist": SDIST, "wheels": [other, usable]},
        {"name": "q", "version": "1", "sdist": Q_SDIST, "wheels": [no_use]},
        {"name": "r", "version": "1", "wheels": [no_use_either], "marker": "sys_platform == 'win32'"},
    )
    reduced = chosen_only(whole, TAGS, interpreter().environment)
    assert [dict(package) for package in reduced.to_dict()["packages"]] == [
        {"name": "p", "version": "1", "wheels": [usable]},
        {"name": "q", "version": "1", "sdist": Q_SDIST},
    ]


NUMPY_2 = {"name": "numpy", "version": "2.3.5", "sdist": {"url": "https://x/numpy-2.3.5.tar.gz", "hashes": HASHES}}
NUMPY_1 = {"name": "numpy", "version": "1.26.4", "sdist": {"url": "https://x/numpy-1.26.4.tar.gz", "hashes": HASHES}}
P = {"name": "p", "version": "1", "sdist": SDIST}
TOO_OLD = "it was compiled against NumPy 1.26.4, and NumPy 2.3.5 is installed"


@pytest.mark.parametrize(
    ("built_beside", "packages", "why"),
    [
        (
            ("cython==3.1.0", "numpy==1.26.4"),
            (P, NUMPY_2),
            "it was compiled against NumPy 1.26.4, and NumPy 2.3.5 is installed",
        ),
        (("numpy==2.0.0",), (P, NUMPY_2), None),
        (("numpy==1.26.4",), (P, NUMPY_1), None),
        (("numpy==1.26.4",), (P,), None),
        (("setuptools==80.9.0", "numpydoc==1.8.0"), (P, NUMPY_2), None),
        (("numpy==unknown",), (P, NUMPY_2), None),
        ((), (P, NUMPY_2), None),
    ],
)
def test_what_was_compiled_against_numpy_1_does_not_go_with_numpy_2(built_beside, packages, why):
    kept = Wheel(Path("/store/p-1-cp313-cp313-linux_x86_64.whl"), "0" * 64, build_requirements=built_beside)
    assert older_numpy(kept, lock(*packages)) == why
    pure = Wheel(Path("/store/p-1-py3-none-any.whl"), "0" * 64, build_requirements=built_beside)
    assert older_numpy(pure, lock(*packages)) is None


GROUPED = {
    "lock-version": "1.0", "created-by": "test", "extras": ["pg"],
    "dependency-groups": ["default", "dev"], "default-groups": ["default", "dev"],
}  # fmt: skip
MARKERS = {"p": "'default' in dependency_groups", "q": "'dev' in dependency_groups", "r": "'pg' in extras"}


def grouped() -> Pylock:
    packages = [
        {"name": name, "version": "1", "sdist": {**SDIST, "url": f"https://x/{name}-1.tar.gz"}, "marker": marker}
        for name, marker in MARKERS.items()
    ]
    return Pylock.from_dict({**GROUPED, "packages": packages})


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (Selection(), "p q"),
        (Selection(defaults=False), "p"),
        (Selection(extras=("PG",)), "p q r"),
        (Selection(defaults=False, all_extras=True), "p r"),
        (Selection(only_groups=("dev",)), "q"),
        (Selection(defaults=False, groups=("dev",)), "p q"),
    ],
)
def test_the_selected_part_of_a_lock_is_chosen_without_conditions(selection, names):
    chosen = chosen_only(grouped(), TAGS, interpreter().environment, selection)
    assert [package.name for package in chosen.packages] == names.split()
    assert {package.marker for package in chosen.packages} == {None}


@pytest.mark.parametrize(
    ("selection", "message", "hint"),
    [
        (Selection(groups=("docs",)), "the lock file has no group docs", "it has: default, dev"),
        (Selection(extras=("x",)), "the lock file has no extra x", "it has: pg"),
    ],
)
def test_what_a_lock_does_not_have(selection, message, hint):
    with pytest.raises(RequirementsError) as caught:
        chosen_only(grouped(), TAGS, interpreter().environment, selection)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_attached_packages_replace_those_of_their_names_where_their_markers_hold():
    there, elsewhere = (
        Package(name=name, directory=PackageDirectory(path="/d"), marker=Marker(f"sys_platform == '{platform}'"))
        for name, platform in (("p", "linux"), ("q", "win32"))
    )
    made = with_attached(
        lock({"name": "p", "version": "1", "sdist": SDIST}), (there, elsewhere), {"sys_platform": "linux"}
    )
    assert [(package.name, package.version, package.marker) for package in made.packages] == [("p", None, None)]
