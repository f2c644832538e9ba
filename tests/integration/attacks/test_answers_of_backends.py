"""Backends that answer with anything but an answer: each build fails with a reason, and touches nothing of ours."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from fakes import FakeFrontend, FakeMachine, interpreter
from integration.attacks.test_sandbox import SUPPORT

from accel_doctor.builder.bytecode import LibraryBytecode
from accel_doctor.builder.returned import taken_wheel
from accel_doctor.builder.wheel_builds import Builds
from accel_doctor.model.processes import Completed, Isolation
from accel_doctor.model.requests import BuildSettings, IndexSettings
from accel_doctor.system.process.runner import ProcessRunner
from accel_doctor.system.process.sandbox import LandlockSandbox

PROJECT = '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
BACKEND = """
import json, os, pathlib, shutil, sys
from hostile_backend import write_wheel

NAME = "own-1.0-py3-none-any.whl"
control = pathlib.Path(sys.argv[2])
answer = control / "output.json"
victim = pathlib.Path({victim!r})

def give(text):
    answer.write_text(text)
    os._exit(0)

def get_requires_for_build_wheel(settings=None):
    {requires}
    return []

def build_wheel(directory, settings=None, metadata=None):
    directory = pathlib.Path(directory)
    {wheel}
    return write_wheel(directory, "own", {{}})
"""
ANSWERS = {  # whatever the hook
    "nothing": "os._exit(0)",
    "a symlink": "answer.symlink_to(victim); os._exit(0)",
    "a fifo": "os.mkfifo(answer); os._exit(0)",
    "a directory": "answer.mkdir(); os._exit(0)",
    "a huge file": "os.truncate(os.open(answer, os.O_CREAT | os.O_WRONLY), 100 << 20); os._exit(0)",
    "no JSON": "give('{')",
    "no object": "give('[]')",
    "an empty object": "give('{}')",
    "a deep list": "give('[' * 100_000)",
    "a long number": "give('{\"return_val\": ' + '9' * 10_000 + '}')",
    "no text": "answer.write_bytes(bytes(range(256))); os._exit(0)",
    "a number": "give('{\"return_val\": 5}')",
    "an odd list": 'give(\'{"return_val": [["a"], {}, null, 5]}\')',
    "an object as list": 'give(\'{"return_val": {"a": 1}}\')',
    "a false exit": 'give(\'{"unsupported": true, "traceback": 5}\')',
    "no backend": "give('{\"no_backend\": true}')",
    "a signal": "os.kill(os.getpid(), 9)",
}
REQUIRES = {
    "lines": "return ['x\\n--index-url http://evil']",
    "an option": "return ['--index-url=http://evil']",
    "a file": "return ['-r /etc/shadow']",
    "a path": "return ['../../x']",
    "a word": "return 'setuptools'",
    "none": "return None",
    "a surrogate": "return ['\\udc80']",
}
WHEEL = {
    "a symlink for its directory": "shutil.rmtree(directory); directory.symlink_to(victim.parent)",
    "a dangling one": "shutil.rmtree(directory); directory.symlink_to('/nonexistent')",
    "a symlink as wheel": "(directory / NAME).symlink_to(victim); return NAME",
    "a fifo as wheel": "os.mkfifo(directory / NAME); return NAME",
    "a directory as wheel": "(directory / NAME).mkdir(); return NAME",
    "a path": "return '../../../../../../../../etc/passwd'",
    "two wheels": "write_wheel(directory, 'other', {})",
    "none": "return None",
}
CASES = [
    *[(f"{name}, requires", {"requires": code}) for name, code in {**ANSWERS, **REQUIRES}.items()],
    *[(f"{name}, wheel", {"wheel": code}) for name, code in WHEEL.items()],
]


class Environments(FakeFrontend):
    """Makes environments with nothing but an interpreter."""

    def provision(
        self, environment: Path, requirements: Sequence[str], build: BuildSettings, index: IndexSettings, log: Path
    ) -> Completed:
        assert not requirements
        (environment / "bin").mkdir(parents=True)
        (environment / "bin" / "python").symlink_to(sys.executable)
        return Completed((), 0, "")


@pytest.fixture(scope="module")
def builds(tmp_path_factory) -> Builds:
    target = interpreter(executable=Path(sys.executable), prefix=Path(sys.prefix), base_prefix=Path(sys.base_prefix))
    return Builds(
        Environments(FakeMachine(), None), ProcessRunner(os.environ), LandlockSandbox(Isolation(), os.environ),
        target, os.environ, LibraryBytecode(target, tmp_path_factory.mktemp("bytecode")),
    )  # fmt: skip


def build(builds: Builds, directory: Path, files: dict[str, str]) -> tuple[bool, str]:
    """Build a source of these files; return whether there is a wheel to take, and the log."""
    source, work, log = directory / "source", directory / "work", directory / "log"
    for path in (source, work):
        path.mkdir()
    for name, text in files.items():
        (source / name).write_text(text)
    (source / "hostile_backend.py").write_text((SUPPORT / "hostile_backend.py").read_text())
    settings = BuildSettings()
    made = builds.wheel_of("own", source, "", settings, IndexSettings(), work, log, lambda line: None)
    if made.wheel is None:
        return False, log.read_text(errors="replace")
    try:
        taken_wheel(made.wheel, directory / "taken")
    except (ValueError, OSError) as error:
        return False, str(error)
    return True, log.read_text(errors="replace")


@pytest.mark.parametrize(("name", "code"), CASES, ids=[name for name, _ in CASES])
def test_an_odd_answer_is_a_failed_build(builds: Builds, tmp_path: Path, name: str, code: dict[str, str]) -> None:
    victim = tmp_path / "victims" / "own-1.0-py3-none-any.whl"
    victim.parent.mkdir()
    victim.write_text('{"return_val": []}')
    before = victim.stat()
    backend = BACKEND.format(victim=str(victim), **{"requires": "pass", "wheel": "pass", **code})
    made, said = build(builds, tmp_path, {"pyproject.toml": PROJECT, "own.py": backend})
    assert not made
    assert name == "a signal" or "error: " in said or "it is " in said
    after = victim.stat()
    assert (after.st_mode, after.st_uid, after.st_mtime_ns) == (before.st_mode, before.st_uid, before.st_mtime_ns)
    assert [path.name for path in victim.parent.iterdir()] == [victim.name]


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "\udc80\0",
        "x = " + "9" * 9999,
        "build-system = 1\n",
        "[build-system]\nrequires = 5\n",
        "[build-system]\nrequires = [5]\n",
        "[build-system]\nrequires = []\nbuild-backend = 5\n",
        "[build-system]\nrequires = []\nbackend-path = 5\n",
        PROJECT.replace('["."]', '["../.."]'),
        PROJECT.replace('["."]', '["/etc"]'),
        PROJECT.replace('"own"', '"a:b:c"'),
        PROJECT.replace('"own"', '""'),
        PROJECT.replace('"own"', '"os:system"'),
    ],
    ids=lambda text: text[:30],
)
def test_an_odd_pyproject_is_a_failed_build(builds: Builds, tmp_path: Path, text: str) -> None:
    (tmp_path / "in").mkdir()
    project = tmp_path / "in" / "pyproject.toml"
    project.write_bytes(text.encode("utf-8", "surrogateescape"))
    source, work, log = project.parent, tmp_path / "work", tmp_path / "log"
    work.mkdir()
    settings = BuildSettings()
    made = builds.wheel_of("own", source, "", settings, IndexSettings(), work, log, lambda line: None)
    assert made.returncode
    assert log.read_text(errors="replace").strip()
