"""pip's hash-checking mode on a lock."""

from __future__ import annotations

import pytest
from packaging.pylock import (
    Package,
    PackageArchive,
    PackageDirectory,
    PackageSdist,
    PackageVcs,
    PackageWheel,
    Pylock,
)
from packaging.version import Version

from accel_doctor.errors import RequirementsError
from accel_doctor.frontends.uv.uv_locks import enforce_hashes
from accel_doctor.model.requests import InstallRequest, RequirementLine

ENVIRONMENT = {"python_version": "3.13", "sys_platform": "linux"}


def six(**changes: object) -> Package:
    parts: dict[str, object] = {
        "name": "six",
        "version": Version("1.17.0"),
        "sdist": PackageSdist(url="https://h/six-1.17.0.tar.gz", hashes={"sha256": "aa"}),
        "wheels": [PackageWheel(url="https://h/six-1.17.0-py3-none-any.whl", hashes={"sha256": "bb"})],
    }
    return Package(**{**parts, **changes})


def lock(*packages: Package) -> Pylock:
    return Pylock(lock_version=Version("1.0"), created_by="test", packages=list(packages))


def line(text: str, *hashes: str, name: str | None = "six", number: int = 1) -> RequirementLine:
    return RequirementLine(text, f"r.txt:{number}", name=name, hashes=hashes)


def checked(packages: list[Package], *lines: RequirementLine, constraints: tuple[RequirementLine, ...] = ()) -> Pylock:
    return enforce_hashes(lock(*packages), InstallRequest(lines, constraints), ENVIRONMENT)


def complaint(packages: list[Package], *lines: RequirementLine) -> str:
    with pytest.raises(RequirementsError) as caught:
        checked(packages, *lines)
    return caught.value.message


def test_files_whose_hash_is_listed_stay():
    (package,) = checked([six()], line("six==1.17.0", "sha256:aa", "sha256:bb")).packages
    assert package.sdist is not None
    assert package.wheels is not None


def test_files_whose_hash_is_not_listed_go():
    (package,) = checked([six()], line("six==1.17.0", "sha256:aa")).packages
    assert package.sdist is not None
    assert package.wheels is None


def test_a_line_for_another_machine_does_not_count():
    (package,) = checked(
        [six()],
        line("six==1.17.0 ; sys_platform == 'win32'", "sha256:aa"),
        line("six==1.17.0 ; sys_platform == 'linux'", "sha256:bb"),
    ).packages
    assert package.sdist is None


def test_hashes_of_constraints_narrow_those_of_the_line():
    (package,) = checked(
        [six()], line("six==1.17.0", "sha256:aa", "sha256:bb"), constraints=(line("six==1.17.0", "sha256:bb"),)
    ).packages
    assert package.sdist is None


def test_hashes_of_constraints_alone_do():
    (package,) = checked([six()], line("six==1.17.0"), constraints=(line("six==1.17.0", "sha256:bb"),)).packages
    assert package.sdist is None


def test_a_url_with_its_hash_needs_no_pin():
    archive = PackageArchive(url="https://h/x-1.zip", hashes={"sha256": "cc"})
    package = Package(name="x", version=Version("1"), archive=archive)
    text = "https://h/x-1.zip#sha256=cc"
    assert checked([package], line(text, name=None)).packages[0].archive == archive


def test_another_hash():
    assert complaint([six()], line("six==1.17.0", "sha256:cc")) == (
        "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, "
        "please update the hashes. Otherwise, examine the package contents carefully; someone may have tampered with "
        "them.\n"
        "    six==1.17.0: expected sha256:cc, the index offers sha256:aa, sha256:bb"
    )


def test_no_hash():
    assert complaint([six()], line("six==1.17.0")) == (
        "Hashes are required in --require-hashes mode, but they are missing from some requirements. Add lines like "
        "these to your requirements files to prevent tampering:\n"
        "    six==1.17.0 --hash=sha256:aa"
    )


@pytest.mark.parametrize("text", ["six", "six>=1", "six==1.17.0,<2"])
def test_no_pin(text):
    assert complaint([six()], line(text, "sha256:aa")) == (
        "In --require-hashes mode, all requirements must have their versions pinned with ==. These do not:\n"
        "    six==1.17.0 (r.txt:1)"
    )


def test_everything_that_is_wrong_is_said_at_once():
    packages = [
        six(),
        Package(name="idna", version=Version("3"), wheels=six().wheels),
        Package(name="v", version=Version("1"), vcs=PackageVcs(type="git", url="https://h/v", commit_id="ab")),
        Package(name="d", version=None, directory=PackageDirectory(path="/w/d")),
    ]
    assert complaint(packages, line("six==1.17.0", "sha256:aa")) == (
        "Can't verify hashes for these requirements because we don't have a way to hash version control repositories:\n"
        "    v==1\n"
        "Can't verify hashes for these file:// requirements because they point to directories:\n"
        "    d (/w/d)\n"
        "In --require-hashes mode, all requirements must have their versions pinned with ==. These do not:\n"
        "    idna==3 (a dependency, not among the requirements)"
    )
