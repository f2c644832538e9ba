"""One build: its requirements, its hooks, what they may do, and what they answer."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from pathlib import Path
from unittest.mock import Mock

import pytest
from fakes import FakeRunner, FakeSandbox, interpreter

from accel_doctor.builder.bytecode import LibraryBytecode
from accel_doctor.builder.wheel_builds import Builds, MadeWheel, Product
from accel_doctor.model.cures import BuildChanges
from accel_doctor.model.requests import BuildSettings, IndexSettings

METADATA = "Metadata-Version: 2.1\nName: x\nVersion: 1.0\nRequires-Dist: y\n"
WHEEL = "x-1.0-py3-none-any.whl"


class Backend:
    """Answers hooks, with ``requires`` for what is needed further; ``answer`` is written in the place of an answer."""

    def __init__(self) -> None:
        self.requires: object = []
        self.answer: object = None
        self.fails: tuple[str, int, str] | None = None
        self.metadata: dict[str, str | Path] | None = {"x-1.0.dist-info/METADATA": METADATA}  # None: no such hook
        self.kwargs: dict[str, object] = {}

    def __call__(self, argv):
        hook, control = argv[-2:]
        if "fetch" in argv:
            return 0, ""
        if self.fails and self.fails[0] == hook:
            return self.fails[1:]
        self.kwargs[hook] = kwargs = json.loads((Path(control) / "input.json").read_text())["kwargs"]
        value = self.requires if hook.startswith("get_requires") else WHEEL
        if hook == "prepare_metadata_for_build_wheel":
            value = "x-1.0.dist-info"
            for name, text in (self.metadata or {}).items():
                path = Path(kwargs["metadata_directory"]) / name
                path.parent.mkdir(exist_ok=True)
                path.symlink_to(text) if isinstance(text, Path) else path.write_text(text)
            if self.metadata is None:
                value = None
        if hook == "build_wheel":
            (Path(kwargs["wheel_directory"]) / WHEEL).touch()
        answer = Path(control) / "output.json"
        if isinstance(self.answer, Path):
            answer.symlink_to(self.answer)
        elif self.answer is not False:
            missing = {} if value is not None else {"hook_missing": True, "missing_hook_name": hook}
            answer.write_text(json.dumps({"return_val": value, **missing} if self.answer is None else self.answer))
        return 0, ""


@pytest.fixture
def backend():
    return Backend()


class Build:
    """Builds x 1.0 from an archive of ``files`` and a setup script."""

    def __init__(self, tmp_path: Path, backend: Backend) -> None:
        self.directory = tmp_path
        self.runner, self.sandbox, self.provision = FakeRunner(backend), FakeSandbox(), Provision()
        self.frontend = Mock(provision=self.provision)

    def __call__(self, files=(), settings=None, name="x", variables=None, index=None, what=Product.WHEEL) -> MadeWheel:
        archive, work = self.directory / "x-1.0.tar.gz", self.directory / "work"
        work.mkdir()
        with tarfile.open(archive, "w:gz") as opened:
            for path, text in {"setup.py": "", **dict(files)}.items():
                member = tarfile.TarInfo(f"x-1.0/{path}")
                member.size = len(text)
                opened.addfile(member, io.BytesIO(text.encode()))
        variables = variables or {"PATH": "/usr/bin", "HOME": "/h"}
        bytecode = LibraryBytecode(interpreter(), self.directory)
        builds = Builds(self.frontend, self.runner, self.sandbox, interpreter(), variables, bytecode)
        log = self.directory / "log"
        return builds.wheel_of(
            name, archive, "", settings or BuildSettings(), index or IndexSettings(), work, log, print, what
        )

    def log(self) -> str:
        return (self.directory / "log").read_text()


@pytest.fixture
def build(tmp_path, backend):
    return Build(tmp_path, backend)


class Provision:
    """Installs nothing, remembers what was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, environment, requirements, build, index, log):
        environment.mkdir(exist_ok=True)
        self.asked.append(list(requirements))
        return FakeRunner().capture([])


def test_requirements_come_first_then_the_hooks(build, backend, tmp_path):
    backend.requires = ["wheel"]
    assert build().wheel == tmp_path / "work" / "build" / "wheel" / WHEEL
    assert build.provision.asked == [["setuptools>=40.8.0"], ["wheel"]]
    assert [argv[2] for argv in build.runner.commands] == ["get_requires_for_build_wheel", "build_wheel"]
    assert build.log() == (
        "Installing build requirements\nGetting requirements to build wheel\nInstalling further build requirements\n"
        "Building wheel\n"
    )


def test_hooks_write_only_below_their_own_directory_and_have_no_network(build, tmp_path):
    build()
    for rights in build.sandbox.rights:
        room, control = rights.writable
        assert room == tmp_path / "work" / "build"
        assert not control.exists()  # a directory of the hook's own
        assert rights.readable == (Path("/usr"), tmp_path / "bytecode", tmp_path / "work" / "environment")
        assert not rights.network
        assert not rights.credentials


def test_a_build_that_is_allowed_has_the_network(build):
    build(name="networked")
    assert all(rights.network for rights in build.sandbox.rights)


def test_hooks_are_sent_only_to_directories_that_they_can_enter(build, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir()
    build.sandbox.tenant = lambda needed: None if closed in needed else (os.getuid(), os.getgid())
    build(variables={"PATH": f"/usr/bin:{tmp_path}/nowhere:{closed}:/bin", "HOME": "/h"})
    assert build.runner.environments[-1]["PATH"] == f"{tmp_path}/work/environment/bin:/usr/bin:/bin"


def test_hooks_have_a_home_of_their_own(build, tmp_path):
    build(settings=BuildSettings(changes=BuildChanges(variables=(("CFLAGS", "-g"),))))
    room = tmp_path / "work" / "build"
    given = build.runner.environments[-1]
    told = {name: given[name] for name in ("HOME", "TMPDIR", "PATH", "CFLAGS", "CARGO_HOME", "PYTHONPYCACHEPREFIX")}
    assert told == {
        "HOME": str(room / "home"),
        "TMPDIR": str(room / "tmp"),
        "PATH": f"{tmp_path}/work/environment/bin:/usr/bin",
        "CFLAGS": "-g",
        "CARGO_HOME": str(room / "home" / ".cargo"),
        "PYTHONPYCACHEPREFIX": str(room / "bytecode"),
    }
    assert (room / "home").is_dir()
    assert (room / "tmp").is_dir()


def test_without_isolation_the_hooks_run_in_the_target_environment(build):
    build(settings=BuildSettings(no_build_isolation=True))
    assert build.provision.asked == []
    assert {argv[0] for argv in build.runner.commands} == {"/v/bin/python"}
    assert Path("/v") in build.sandbox.rights[0].readable


def test_a_setting_that_is_repeated_has_all_its_values(build, backend):
    build(settings=BuildSettings(config_settings=("a=1", "b=x=y", "a=2")))
    assert backend.kwargs["build_wheel"]["config_settings"] == {"a": ["1", "2"], "b": "x=y"}


@pytest.mark.parametrize(
    ("code", "told"), [(3, "exit status: 3"), (-9, "signal: 9, SIGKILL")], ids=["exit", "out-of-memory"]
)
def test_a_hook_that_fails_is_told(build, backend, code, told):
    backend.fails = ("build_wheel", code, "running build_ext\n")
    assert build() == MadeWheel(code)
    assert build.log().endswith(f"running build_ext\nerror: build_wheel of the build backend failed ({told})\n")


def test_a_backend_that_cannot_be_imported_is_told_with_its_traceback(build, backend):
    backend.answer = {"no_backend": True, "traceback": "ModuleNotFoundError: No module named 'y'", "return_val": None}
    assert build({"pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'y'\n"}).returncode == 1
    assert build.log().endswith(
        "ModuleNotFoundError: No module named 'y'\nerror: the build backend y is not available\n"
    )


def test_warnings_of_a_backend_are_in_the_log(build, backend):
    backend.answer = {"return_val": [], "warnings": [{"message": "old\nway", "filename": "x", "lineno": 1}, 7, {}]}
    build()
    assert "warning: old\nway\n" in build.log()


@pytest.mark.parametrize(
    "answer",
    [False, Path("/etc/passwd"), [], "text", {"return_val": 7}, {"return_val": [7]}, {"return_val": ["a\n-r /x"]},
     {"return_val": ["--index-url=http://x"]}, {"return_val": None}, {"return_val": "x"}, {"warnings": []}],
    ids=str,
)  # fmt: skip
def test_an_answer_of_another_kind_is_a_failure(build, backend, answer):
    backend.answer = answer
    assert build() == MadeWheel(1)
    assert "error: " in build.log()
    assert build.provision.asked == [["setuptools>=40.8.0"]]


def test_declared_requirements_have_a_grammar_too(build):
    table = "[build-system]\nrequires = ['a', 'b\\n--index-url http://x']\n".replace("'b\\n", '"b\\n').replace(
        "x']", 'x"]'
    )
    assert build({"pyproject.toml": table}) == MadeWheel(1)
    assert build.provision.asked == []


@pytest.mark.parametrize("text", ["[build-system]\n", "not toml", "[build-system]\nrequires = 7\n"])
def test_an_invalid_build_system_is_a_failed_build(build, text):
    assert build({"pyproject.toml": text}) == MadeWheel(1)
    assert "error: " in build.log()


@pytest.fixture
def cargo(tmp_path):
    program = tmp_path / "bin" / "cargo"
    program.parent.mkdir()
    program.touch(0o755)
    return program


def test_crates_are_fetched_before_any_code_of_the_source_runs(build, cargo, tmp_path):
    build({"Cargo.toml": ""}, variables={"PATH": str(cargo.parent), "HOME": "/h"})
    manifest = tmp_path / "work" / "build" / "source" / "x-1.0" / "Cargo.toml"
    assert build.runner.commands[0] == (str(cargo), "fetch", "--manifest-path", str(manifest))
    assert [rights.network for rights in build.sandbox.rights] == [True, False, False]


def test_nothing_is_fetched_without_cargo_or_offline(build, cargo):
    build({"Cargo.toml": ""}, variables={"PATH": str(cargo.parent)}, index=IndexSettings(offline=True))
    assert not any("fetch" in argv for argv in build.runner.commands)


def test_nothing_is_fetched_without_cargo(build):
    build({"Cargo.toml": ""}, variables={"PATH": "/nowhere"})
    assert not any("fetch" in argv for argv in build.runner.commands)


def test_metadata_alone_come_in_a_wheel_of_their_own(build, backend):
    made = build(what=Product.METADATA)
    assert (made.returncode, made.wheel.name) == (0, WHEEL)
    with zipfile.ZipFile(made.wheel) as archive:
        assert archive.read("x-1.0.dist-info/METADATA").decode() == METADATA
        assert archive.namelist() == [f"x-1.0.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD")]
    assert "build_wheel" not in backend.kwargs


def test_a_backend_without_metadata_alone_makes_the_wheel(build, backend):
    backend.metadata = None
    made = build(what=Product.METADATA)
    assert (made.returncode, made.wheel.parent.name) == (0, "wheel")


LONG = "Metadata-Version: 2.1\nName: x\nVersion: 1.0\n\n" + "x" * (16 << 20)


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({}, "the build backend left 0 directories of metadata where one is expected"),
        (
            {f"{name}.dist-info/METADATA": METADATA for name in "xy"},
            "the build backend left 2 directories of metadata where one is expected",
        ),
        (
            {"x.dist-info/METADATA": Path("/etc/hostname")},
            "its METADATA cannot be read: Too many levels of symbolic links",
        ),
        ({"x.dist-info": Path("/etc")}, "it is no directory of metadata"),
        ({"x.dist-info/METADATA": LONG}, "its METADATA is no regular file, or too long"),
        ({"x.dist-info/METADATA": "Name: ../x\nVersion: 1\n"}, "its metadata is invalid: name is invalid: '../x'"),
        ({"x.dist-info/METADATA": "Name: x\nVersion: /etc\n"}, "its metadata is invalid: Invalid version: '/etc'"),
    ],
    ids=["none", "two", "a link", "a linked directory", "too long", "a name", "a version"],
)
def test_metadata_that_cannot_be(build, backend, metadata, reason):
    backend.metadata = metadata
    assert build(what=Product.METADATA) == MadeWheel(1)
    assert build.log().splitlines()[-1].endswith(reason)
