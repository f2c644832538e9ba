"""What is installed already, and a lock without it."""

from __future__ import annotations

from packaging.pylock import Package, PackageArchive, PackageWheel, Pylock
from packaging.version import Version

from accel_doctor.frontends.uv.uv_locks import InstalledDistribution, kept_direct, without_installed
from accel_doctor.model.requests import InstallRequest, RequirementLine

HASHES = {"sha256": "ab"}


def release(name: str, version: str) -> Package:
    wheel = PackageWheel(url=f"https://h/{name}-{version}-py3-none-any.whl", hashes=HASHES)
    return Package(name=name, version=Version(version), wheels=[wheel])


def left(*installed: InstalledDistribution, kept: frozenset[str] = frozenset()) -> list[str]:
    archive = Package(
        name="direct", version=Version("1"), archive=PackageArchive(url="https://h/direct-1.zip", hashes=HASHES)
    )
    packages = [release("six", "1.17"), archive, release("idna", "3")]
    lock = Pylock(lock_version=Version("1.0"), created_by="test", packages=packages)
    return [package.name for package in without_installed(lock, installed, kept).packages]


def test_a_release_in_the_same_version_needs_no_installing():
    assert left(InstalledDistribution("six", "1.17.0"), InstalledDistribution("idna", "2")) == ["direct", "idna"]


def test_an_archive_is_left_to_the_frontend():
    assert "direct" in left(InstalledDistribution("direct", "1"))


def test_what_is_kept_goes():
    assert left(kept=frozenset({"direct", "idna"})) == ["six"]


def test_a_version_nobody_can_read_is_another_one():
    assert "six" in left(InstalledDistribution("six", "1.17-wild card"))


def kept(*lines: RequirementLine, upgrade: bool = False, url: str = "https://h/x.zip") -> bool:
    installed = [InstalledDistribution("x", "1.2", url), InstalledDistribution("six", "1.17")]
    return [item.name for item in kept_direct(installed, InstallRequest(lines, upgrade=upgrade))] == ["x"]


def line(text: str) -> RequirementLine:
    return RequirementLine(text, "r.txt:1", name="x")


def test_what_came_from_elsewhere_stays_when_it_fits(tmp_path):
    assert kept(line("x>=1"))
    assert kept()
    assert kept(url=tmp_path.as_uri())


def test_what_came_from_elsewhere_goes_when_something_else_is_asked_for(tmp_path):
    assert not kept(line("x>=2"))
    assert not kept(line("x @ https://h/y.zip"))
    assert not kept(line("/w/x"))
    assert not kept(line("x"), upgrade=True)
    assert not kept(url=(tmp_path / "gone").as_uri())
