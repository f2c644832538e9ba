"""The builder: store first, builds in parallel, logs whole, nothing half kept."""

from __future__ import annotations

import json
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import (
    FakeCureMemory,
    FakeFrontend,
    FakeLoader,
    FakeLogs,
    FakeMachine,
    FakeReporter,
    FakeRunner,
    FakeSandbox,
    FakeWheelStore,
    interpreter,
    provenance,
)
from packaging.tags import Tag

from accel_doctor.builder.bytecode import LibraryBytecode
from accel_doctor.builder.describing import SourceDescriber
from accel_doctor.builder.fetch import SourceFetcher
from accel_doctor.builder.sources import SourceBuilder
from accel_doctor.builder.wheel_builds import Builds
from accel_doctor.errors import RequirementsError
from accel_doctor.hashing import sha256_of
from accel_doctor.model.builds import Built, Failed, Source, SourceKind, Wheel
from accel_doctor.model.cures import BuildChanges, Reason
from accel_doctor.model.needs import Need
from accel_doctor.model.requests import BuildSettings, InstallRequest
from accel_doctor.model.wheels import BuildKey, Link

REQUEST = InstallRequest(())


PORTABLE = InstallRequest((), build=BuildSettings(portable=True))


class FakeIdentity:
    def key(self, source, request):
        kind = "portable" if request.build.portable else "key"
        kind += "".join(request.build_settings_of(source.name).changes.texts)
        return None if source.name == "directory" else BuildKey(f"{kind}-of-{source.name}", f"pure-{source.name}")

    def provenance(self, source, version):
        return provenance(name=source.name, version=version)

    def lacks(self, source, tree, wheel, log, request):
        poor = source.name == "poor" and not request.build_settings_of("poor").changes
        return (Reason(Need.parse("compiler:c"), source.name),) if poor else ()

    def links(self, wheel):
        return (Link("libshelf.so.1"),) if wheel.name.startswith("linking") else ()


class FakeAuditwheel:
    """Behaves as ``auditwheel repair``."""

    def repair(self, wheel, directory, log):
        if wheel.name.startswith("stubborn"):
            return "too-recent versioned symbols"
        made = directory / wheel.name.replace("-linux_", "-manylinux_2_28_")
        made.write_bytes(b"bundled " + wheel.read_bytes())
        return made


def backend(argv):
    """Behaves as a hook of a build backend: answers, writes a wheel, or says why not."""
    _, _, hook, control = argv
    kwargs = json.loads((Path(control) / "input.json").read_text())["kwargs"]
    answer = Path(control) / "output.json"
    if hook == "get_requires_for_build_wheel":
        answer.write_text('{"return_val": []}')
        return 0, ""
    if hook == "prepare_metadata_for_build_wheel":
        return prepared(Path(kwargs["metadata_directory"]), answer)
    wheels = Path(kwargs["wheel_directory"])
    name = next((wheels.parent / "source").iterdir()).name.removesuffix("-1.0")
    if name == "broken":
        return 1, "running build_ext\nbroken.c:1:10: fatal error: x.h: No such file or directory\n"
    pure = name in ("pure", "plain", "optional")
    tags = "py3-none-any" if pure else "cp313-cp313-linux_x86_64"
    with zipfile.ZipFile(wheels / f"{name}-1.0-{tags}.whl", "w") as archive:
        archive.writestr(f"{name}-1.0.dist-info/WHEEL", f"Root-Is-Purelib: {pure}\n")
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    answer.write_text(json.dumps({"return_val": f"{name}-1.0-{tags}.whl"}))
    return 0, "running build_ext\n"


def prepared(directory, answer):
    """Behaves as the hook for metadata; a project "other" says that it is another version."""
    name = next((directory.parent / "source").iterdir()).name.removesuffix("-1.0")
    if name == "broken":
        return 1, "error: x.h is missing\n"
    made = directory / f"{name}.dist-info"
    made.mkdir()
    version = "2.0" if name == "other" else "1.0"
    (made / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    answer.write_text(json.dumps({"return_val": made.name}))
    return 0, ""


def built(builder) -> int:
    """Return how many wheels were built."""
    return sum(1 for argv in builder.runner.commands if "build_wheel" in argv)


def stored(builder, source, request):
    [wheel] = builder.stored([source], request)
    return wheel


@pytest.fixture
def sdist(tmp_path):
    def make(name: str) -> Source:
        path = tmp_path / f"{name}-1.0.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            archive.addfile(tarfile.TarInfo(f"{name}-1.0/setup.py"))
        return Source(name, "1.0", SourceKind.SDIST, str(path))

    return make


@pytest.fixture
def builder(tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "logs").mkdir()
    runner, bytecode = FakeRunner(backend), LibraryBytecode(interpreter(), tmp_path)
    return SourceBuilder(
        builds=Builds(FakeFrontend(FakeMachine(), None), runner, FakeSandbox(), interpreter(), {}, bytecode),
        runner=runner,
        store=FakeWheelStore(),
        cures=FakeCureMemory(),
        fetcher=SourceFetcher(tmp_path / "sources", {}, str),
        reporter=FakeReporter(),
        identity=FakeIdentity(),
        loader=FakeLoader({"libshelf.so.1": Path("/usr/lib/libshelf.so.1")}),
        tags=frozenset(Tag("cp313", "cp313", platform) for platform in ("linux_x86_64", "manylinux_2_28_x86_64")),
        auditwheel=FakeAuditwheel(),
        logs=FakeLogs(tmp_path / "logs"),
        work=tmp_path / "work",
        jobs=2,
    )


def test_each_source_has_its_outcome_in_order(builder, sdist):
    first, second, third = builder.build([sdist("a"), sdist("broken"), sdist("c")], REQUEST, {})
    assert isinstance(first, Built)
    assert isinstance(third, Built)
    assert (first.source.name, third.source.name) == ("a", "c")
    assert isinstance(second, Failed)
    assert second.package == "broken"
    assert "fatal error: x.h" in second.log.read_text()


def test_the_largest_is_built_first(builder, sdist):
    sources = [replace(sdist(name), size=size) for name, size in (("a", 10), ("b", None), ("c", 30))]
    outcomes = replace(builder, jobs=1).build(sources, REQUEST, {})
    assert [outcome.source.name for outcome in builder.reporter.finished] == ["c", "a", "b"]
    assert [outcome.source.name for outcome in outcomes] == ["a", "b", "c"]


def test_a_wheel_in_the_store_is_not_built(builder, sdist):
    kept = builder.store.wheels["key-of-a"] = Wheel(Path("/store/a-1.0-py3-none-any.whl"), "1" * 64)
    assert stored(builder, sdist("a"), REQUEST) == kept
    (outcome,) = builder.build([sdist("a")], REQUEST, {})
    assert outcome == Built(sdist("a"), kept, reused=True)
    assert builder.runner.commands == []


def test_a_build_without_a_key_stays_out_of_the_store(builder, sdist):
    (outcome,) = builder.build([sdist("directory")], REQUEST, {})
    assert stored(builder, outcome.source, REQUEST) is None
    assert builder.store.wheels == {}
    assert outcome.wheel.path.name == "directory-1.0-cp313-cp313-linux_x86_64.whl"
    assert outcome.wheel.path.is_file()


def test_a_failed_build_leaves_nothing_but_its_log(builder, sdist):
    builder.build([sdist("broken")], REQUEST, {})
    assert list(builder.work.iterdir()) == []
    assert builder.store.wheels == {}


def test_phases_are_told_as_they_begin(builder, sdist):
    builder.build([sdist("a")], REQUEST, {})
    assert builder.reporter.phases == ["fetch", "build requirements", "build", "compile"]


def test_a_source_that_cannot_be_had_is_raised_after_the_others_are_built(builder, sdist, tmp_path):
    gone = Source("gone", "1.0", SourceKind.SDIST, str(tmp_path / "gone-1.0.tar.gz"))
    with pytest.raises(RequirementsError, match=r"^gone 1\.0: no such file: "):
        builder.build([gone, sdist("a")], REQUEST, {})
    assert list(builder.store.wheels) == ["key-of-a"]


def test_a_kept_wheel_records_what_it_was_built_with(builder, sdist):
    builder.build([sdist("a")], REQUEST, {})
    assert builder.store.provenances == {
        "key-of-a": provenance(name="a", version="1.0", build_requirements=("setuptools==80.9.0",))
    }


def test_what_a_wheel_links_is_kept_with_it(builder, sdist):
    (outcome,) = builder.build([sdist("linking")], REQUEST, {})
    assert outcome.wheel.links == (Link("libshelf.so.1"),)
    assert builder.store.wheels["key-of-linking"] == outcome.wheel


def test_a_stored_wheel_that_does_not_load_here_is_built_again_and_gives_way(builder, sdist):
    unfit = Wheel(Path("/store/linking-1.0-py3-none-any.whl"), "1" * 64, (Link("libshelf.so.0"),))
    builder.store.wheels["key-of-linking"] = unfit
    (outcome,) = builder.build([sdist("linking")], REQUEST, {})
    assert not outcome.reused
    assert stored(builder, sdist("linking"), REQUEST) == outcome.wheel != unfit


def test_a_stored_wheel_that_was_found_unfit_is_built_again_and_gives_way(builder, sdist):
    unfit = builder.store.wheels["key-of-a"] = Wheel(Path("/store/a-1.0-py3-none-any.whl"), "1" * 64)
    (outcome,) = builder.build([sdist("a")], REQUEST, {sdist("a"): unfit})
    assert not outcome.reused
    assert stored(builder, sdist("a"), REQUEST) == outcome.wheel != unfit


def test_what_another_process_stored_in_the_place_of_an_unfit_wheel_is_used(builder, sdist):
    unfit = Wheel(Path("/store/a-1.0-py3-none-any.whl"), "1" * 64)
    kept = builder.store.wheels["key-of-a"] = Wheel(Path("/store/a-1.0-py3-none-any.whl"), "2" * 64)
    assert builder.build([sdist("a")], REQUEST, {sdist("a"): unfit}) == [Built(sdist("a"), kept, reused=True)]


def test_a_portable_wheel_is_made_of_the_built_one_and_both_are_kept(builder, sdist):
    (outcome,) = builder.build([sdist("a")], PORTABLE, {})
    assert not outcome.reused
    assert outcome.wheel.path.name == "a-1.0-cp313-cp313-manylinux_2_28_x86_64.whl"
    assert outcome.wheel.path.read_bytes().startswith(b"bundled ")
    assert stored(builder, sdist("a"), PORTABLE) == outcome.wheel
    assert stored(builder, sdist("a"), REQUEST).path.name == "a-1.0-cp313-cp313-linux_x86_64.whl"
    assert built(builder) == 1


def test_a_portable_wheel_is_made_of_a_stored_one_without_another_build(builder, sdist):
    builder.build([sdist("a")], REQUEST, {})
    assert stored(builder, sdist("a"), PORTABLE).path.name == "a-1.0-cp313-cp313-manylinux_2_28_x86_64.whl"
    assert built(builder) == 1


def test_what_cannot_be_made_portable_stays_as_it_was_built_with_a_note(builder, sdist):
    (outcome,) = builder.build([sdist("stubborn")], PORTABLE, {})
    assert outcome.wheel == builder.store.wheels["key-of-stubborn"]
    assert list(builder.store.wheels) == ["key-of-stubborn"]
    assert builder.reporter.notes == [
        "stubborn 1.0: keeping its wheel as built: cannot make it portable: too-recent versioned symbols"
    ]


def test_a_pure_wheel_is_portable_as_it_is(builder, sdist):
    (outcome,) = builder.build([sdist("pure")], PORTABLE, {})
    assert outcome.wheel.path.name == "pure-1.0-py3-none-any.whl"
    assert builder.reporter.notes == []


def test_a_portable_wheel_with_too_new_a_tag_is_made_anew_and_gives_way(builder, sdist):
    newer = Wheel(Path("/store/a-1.0-cp313-cp313-manylinux_2_99_x86_64.whl"), "1" * 64)
    builder.store.wheels["portable-of-a"] = newer
    assert stored(builder, sdist("a"), PORTABLE) is None
    (outcome,) = builder.build([sdist("a")], PORTABLE, {})
    assert outcome.wheel.path.name == "a-1.0-cp313-cp313-manylinux_2_28_x86_64.whl"
    assert stored(builder, sdist("a"), PORTABLE) == outcome.wheel


@pytest.mark.parametrize(("name", "shared"), [("plain", True), ("optional", False)])
def test_a_wheel_without_binaries_is_shared_if_everybody_builds_the_same(builder, sdist, name, shared):
    """``optional`` leaves its extension module out, here; elsewhere it may not."""
    source = sdist(name)
    with tarfile.open(source.location, "w:gz") as archive:
        for file in ("setup.py", "speedups.c" if name == "optional" else "plain.py"):
            archive.addfile(tarfile.TarInfo(f"{name}-1.0/{file}"))
    builder.build([source], REQUEST, {})
    (key,) = builder.store.put_under
    assert key == BuildKey(f"key-of-{name}", f"pure-{name}" if shared else f"key-of-{name}")


def test_a_cured_wheel_is_under_its_own_key_and_found_again(builder, sdist):
    source = sdist("cured")
    cured = InstallRequest((), changes={"cured": BuildChanges(variables=(("CFLAGS", "-fcommon"),))})
    [built] = builder.build([source], cured, {})
    assert list(builder.store.wheels) == ["keyCFLAGS=-fcommon-of-cured"]
    assert builder.store.provenances["keyCFLAGS=-fcommon-of-cured"].changes == ("CFLAGS=-fcommon",)
    assert builder.runner.environments[-1]["CFLAGS"] == "-fcommon"
    assert stored(builder, source, REQUEST) == built.wheel
    builder.cures.changes.clear()
    assert stored(builder, source, REQUEST) is None


def test_a_poorer_wheel_has_a_key_of_its_own_and_says_what_it_lacked(builder, sdist):
    source, request = sdist("poor"), InstallRequest(())
    [made] = builder.build([source], request, {})
    assert ([str(reason.need) for reason in made.lacks], made.wheel.lacks) == (["compiler:c"], ("compiler:c",))
    key = builder.identity.key(source, request)
    assert [builder.store.get(each) is not None for each in (key, key.poorer)] == [False, True]
    assert stored(builder, source, request) == made.wheel
    assert not key.poorer.shared
    [again] = builder.build([source], request, {})
    assert not again.reused


def test_a_cured_wheel_comes_before_a_poorer_one(builder, sdist):
    source, changes = sdist("poor"), {"poor": BuildChanges(variables=(("CFLAGS", "-fcommon"),))}
    builder.build([source], REQUEST, {})
    [cured] = builder.build([source], InstallRequest((), changes=changes), {})
    assert cured.wheel.lacks == ()
    assert stored(builder, source, REQUEST) == cured.wheel


def test_a_cured_wheel_is_made_portable_under_the_key_of_its_cures(builder, sdist):
    source, changes = sdist("cured"), {"cured": BuildChanges(variables=(("CFLAGS", "-fcommon"),))}
    builder.build([source], InstallRequest((), changes=changes), {})
    assert stored(builder, source, PORTABLE).path.name == "cured-1.0-cp313-cp313-manylinux_2_28_x86_64.whl"
    assert list(builder.store.wheels) == ["keyCFLAGS=-fcommon-of-cured", "portableCFLAGS=-fcommon-of-cured"]


def test_metadata_alone(builder, sdist):
    first, unnamed = SourceDescriber(builder).described(
        [sdist("pure"), replace(sdist("plain"), name="source", version=None)], REQUEST
    )
    assert (first.source.name, first.source.version, first.wheel.path.name) == (
        "pure",
        "1.0",
        "pure-1.0-py3-none-any.whl",
    )
    assert first.source.sha256 == sha256_of(Path(first.source.location))
    assert (unnamed.source.name, unnamed.source.version) == ("plain", "1.0")
    assert built(builder) == 0
    # What is left are the wheels, until the run ends.
    left = [path for path in builder.work.rglob("*") if path.is_file()]
    assert sorted(path.name for path in left) == ["plain-1.0-py3-none-any.whl", "pure-1.0-py3-none-any.whl"]


def test_metadata_that_fail_or_are_of_another_release(builder, sdist):
    broken, other = SourceDescriber(builder).described([sdist("broken"), sdist("other")], REQUEST)
    assert (broken.package, broken.step, broken.version) == ("broken", "resolve", "1.0")
    assert broken.source.location == sdist("broken").location
    assert broken.log.read_text().splitlines()[-2:] == [
        "error: x.h is missing",
        "error: prepare_metadata_for_build_wheel of the build backend failed (exit status: 1)",
    ]
    assert other.log.read_text().splitlines()[-1] == (
        "error: refused what the build returned as 'other-2.0-py3-none-any.whl': it is of other 2.0, not of other 1.0"
    )
