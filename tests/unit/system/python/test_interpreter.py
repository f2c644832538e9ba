"""describe, supported_tags, refuse_externally_managed: against this Python, and answers as other Pythons give them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from fakes import interpreter
from packaging import tags
from packaging.markers import default_environment

from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Origin
from accel_doctor.model.requests import InstallRequest
from accel_doctor.system.process.runner import ProcessRunner
from accel_doctor.system.python.interpreter import (
    describe,
    describe_environment,
    refuse_externally_managed,
    refuse_unwritable,
    supported_tags,
)

MARK = "accel-doctor-interpreter:"
SITE = Path("lib/python{}.{}/site-packages".format(*sys.version_info))
DEBIAN_MARKER = """[externally-managed]
Error=To install Python packages system-wide, try apt install
 python3-xyz.

 See /usr/share/doc/python3.13/README.venv for more information.
"""


@pytest.fixture
def runner() -> ProcessRunner:
    return ProcessRunner({"PATH": os.environ["PATH"]})


def _answer(**changes: object) -> str:
    facts = {
        "executable": "/usr/bin/python3",
        "prefix": "/usr",
        "base_prefix": "/usr",
        "implementation": "cpython",
        "version": "3.13.5",
        "soabi": "cpython-313-x86_64-linux-gnu",
        "cache_tag": "cpython-313",
        "platform": "linux-x86_64",
        "libc": "glibc 2.41",
        "include": "/usr/include/python3.13",
        "conda": False,
        "marker": None,
        "pyenv_root": "",
        "uv_directory": "",
        "pip_version": None,
        "debug": False,
        "free_threaded": False,
        "site_directories": ["/v/lib/python3.13/site-packages"],
        "environment": {"python_version": "3.13"},
    }
    return "noise from a .pth file\n" + MARK + json.dumps({**facts, **changes})


def test_this_very_interpreter(runner: ProcessRunner) -> None:
    found = describe(Path(sys.executable), runner)
    assert found.executable == Path(sys.executable)
    assert (found.prefix, found.base_prefix) == (Path(sys.prefix), Path(sys.base_prefix))
    assert found.version == default_environment()["python_full_version"]
    assert found.soabi == sysconfig.get_config_var("SOABI")
    assert found.platform == sysconfig.get_platform()
    assert found.include == Path(sysconfig.get_path("include"))
    assert found.libc == os.confstr("CS_GNU_LIBC_VERSION")
    assert found.in_virtual_environment == (sys.prefix != sys.base_prefix)
    assert dict(found.environment) == dict(default_environment())
    assert supported_tags(found) == list(tags.sys_tags())


def test_a_virtual_environment_and_its_pip(runner: ProcessRunner, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "v"], check=True)
    found = describe(tmp_path / "v/bin/python", runner)
    assert (found.prefix, found.in_virtual_environment, found.pip_version) == (tmp_path / "v", True, None)
    assert found.externally_managed is None
    site = next((tmp_path / "v").glob("lib/python*/site-packages"))
    (site / "pip-25.1.1.dist-info").mkdir()
    (site / "noisy.pth").write_text("import sys; print('hello')\n")
    assert describe(tmp_path / "v/bin/python", runner).pip_version == "25.1.1"


def test_the_environment_cannot_mislead_it(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    runner = ProcessRunner({"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "PYTHONSAFEPATH": ""})
    assert describe(Path(sys.executable), runner).implementation == sys.implementation.name


def test_what_is_no_python_is_a_usage_error(runner: ProcessRunner, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        describe(tmp_path / "gone", runner)
    assert caught.value.message == (
        f"{tmp_path}/gone is not a usable Python interpreter (return code 127): {tmp_path}/gone: command not found"
    )
    assert caught.value.hint == "give --python a Python 3.8 or later, or a virtual environment made with one"
    with pytest.raises(UsageError, match=r"not a usable Python interpreter \(return code 0\): nothing"):
        describe(Path("/bin/true"), runner)
    talker = tmp_path / "talker"
    talker.write_text(f"#!/bin/sh\necho '{MARK}[]'\n")
    talker.chmod(0o755)
    with pytest.raises(UsageError, match="gave an answer that cannot be read"):
        describe(talker, runner)


@pytest.mark.parametrize(
    ("facts", "origin"),
    [
        ({}, Origin.DISTRIBUTION),
        ({"base_prefix": "/usr/local"}, Origin.OTHER),
        ({"base_prefix": "/opt/conda", "conda": True}, Origin.CONDA),
        ({"base_prefix": "/home/a/.pyenv/versions/3.13.5"}, Origin.PYENV),
        ({"base_prefix": "/opt/pyenv/versions/3.13.5", "pyenv_root": "/opt/pyenv"}, Origin.PYENV),
        ({"base_prefix": "/home/a/.local/share/uv/python/cpython-3.13.5-linux-x86_64-gnu"}, Origin.UV),
        ({"base_prefix": "/srv/py/cpython-3.13.5-linux-x86_64-gnu", "uv_directory": "/srv/py"}, Origin.UV),
        (
            {
                "base_prefix": "/srv/python",
                "marker": "[externally-managed]\nError=This Python installation is managed by uv and should not be"
                " modified.\n",
            },
            Origin.UV,
        ),
    ],
)
def test_origin(scripted, facts: dict[str, object], origin: Origin) -> None:
    scripted.on("-I", output=_answer(prefix="/v", **facts))
    assert describe(Path("/v/bin/python"), scripted).origin is origin


def test_the_marker_counts_only_outside_of_virtual_environments(scripted) -> None:
    words = (
        "To install Python packages system-wide, try apt install\npython3-xyz.\n\n"
        "See /usr/share/doc/python3.13/README.venv for more information."
    )
    scripted.on("/usr/bin/python3", output=_answer(marker=DEBIAN_MARKER))
    scripted.on("/v/bin/python", output=_answer(marker=DEBIAN_MARKER, prefix="/v"))
    scripted.on("/odd", output=_answer(marker="no ini file"))
    assert describe(Path("/usr/bin/python3"), scripted).externally_managed == words
    assert describe(Path("/v/bin/python"), scripted).externally_managed is None
    assert describe(Path("/odd"), scripted).externally_managed == ""


def test_an_environment_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "lib/python3.13/site-packages"
    site.mkdir(parents=True)
    theirs = interpreter(prefix=tmp_path, site_directories=(site, tmp_path / "absent"))
    monkeypatch.setattr("os.access", lambda path, mode: False)
    hint = "name an environment of yours with --python, or make one: python3 -m venv DIR"
    with pytest.raises(UsageError) as caught:
        refuse_unwritable(theirs, InstallRequest(()))
    assert (caught.value.message, caught.value.hint) == (
        f"cannot install into {tmp_path}: permission denied: {site}",
        hint,
    )
    with pytest.raises(UsageError) as caught:
        refuse_unwritable(theirs, InstallRequest((), target=tmp_path / "a/b"))
    assert caught.value.message == f"cannot install into {tmp_path}/a/b: permission denied: {tmp_path}"
    assert caught.value.hint == "name a directory of yours"
    refuse_unwritable(theirs, InstallRequest((), user=True))
    monkeypatch.setattr("os.access", lambda path, mode: path == tmp_path)
    refuse_unwritable(theirs, InstallRequest((), prefix=tmp_path / "new"))


def test_an_externally_managed_interpreter_is_refused_in_the_distribution_s_words() -> None:
    managed = interpreter(executable=Path("/usr/bin/python3"), externally_managed="Use apt.\nOr a venv.")
    with pytest.raises(UsageError) as caught:
        refuse_externally_managed(managed, InstallRequest(()))
    assert caught.value.message == "/usr/bin/python3 is externally managed (PEP 668):\nUse apt.\nOr a venv."
    assert caught.value.hint == (
        "leave out --python and add --venv, which makes an environment; or --break-system-packages, at your own risk"
    )
    for request in (
        InstallRequest((), break_system_packages=True),
        InstallRequest((), target=Path("/t")),
        InstallRequest((), prefix=Path("/p")),
    ):
        refuse_externally_managed(managed, request)
    refuse_externally_managed(interpreter(), InstallRequest(()))


def test_tags_of_free_threaded_debug_and_pypy_interpreters() -> None:
    platform = sysconfig.get_platform()
    native = sysconfig.get_platform().replace("-", "_").replace(".", "_")

    def first(**changes: object) -> list[str]:
        found = [str(tag) for tag in supported_tags(interpreter(platform=platform, **changes))]
        return [tag for tag in found if tag.endswith((native, "-any"))]

    threaded = first(version="3.13.5", free_threaded=True)
    assert threaded[0] == f"cp313-cp313t-{native}"
    assert not any("-abi3-" in tag for tag in threaded)
    assert first(debug=True)[:2] == [f"cp313-cp313d-{native}", f"cp313-cp313-{native}"]
    pypy = first(implementation="pypy", version="3.10.16", soabi="pypy310-pp73-x86_64-linux-gnu")
    assert pypy[:2] == [f"pp310-pypy310_pp73-{native}", f"pp310-none-{native}"]
    assert "pp3-none-any" in pypy
    assert "py3-none-any" in first()
    assert f"cp38-abi3-{native}" in first()


def test_another_platform_than_ours_gets_its_own_tag_only() -> None:
    found = {tag.platform for tag in supported_tags(interpreter(platform="linux-riscv64"))}
    assert found == {"linux_riscv64", "any"}


def _environment(base: Path, name: str, settings: str = "include-system-site-packages = false\n") -> Path:
    root = base / name
    (root / "bin").mkdir(parents=True)
    (root / "bin/python").symlink_to(Path(sys.executable).resolve())
    (root / SITE).mkdir(parents=True)
    (root / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n{settings}")
    return root


def test_a_second_plain_environment_is_not_asked(tmp_path, runner, scripted):
    first, second = _environment(tmp_path, "first"), _environment(tmp_path, "second")
    describe_environment(first / "bin/python", runner, tmp_path / "known")
    (second / SITE / "pip-25.1.dist-info").mkdir()
    expected = describe(second / "bin/python", runner)
    assert describe_environment(second / "bin/python", scripted, tmp_path / "known") == expected
    assert (expected.prefix, expected.pip_version) == (second, "25.1")


def test_an_environment_that_is_not_plain_is_asked(tmp_path, runner):
    with_more = _environment(tmp_path, "more", "include-system-site-packages = true\n")
    with_path = _environment(tmp_path, "path")
    (with_path / SITE / "more.pth").write_text("/elsewhere")
    for root in (with_more, with_path):
        assert describe_environment(root / "bin/python", runner, tmp_path / "known").prefix == root
    assert not (tmp_path / "known").exists()
