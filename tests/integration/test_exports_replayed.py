"""A cured run, exported: plain pip and plain uv build the same with it on fresh machines."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest
from integration.conftest import MakeMachine
from integration.machine import Base, Machine
from integration.test_install import DOCTOR, install, with_doctor

# demjson needs setuptools<58, pyspellchecker setuptools>=61.2; cython-bbox imports NumPy and Cython in its setup.py
# without declaring them, does not require NumPy, and needs one before 1.24.
REQUIREMENTS = ("demjson==2.2.4", "pyspellchecker==0.7.2", "cython-bbox==0.1.3")
FROM_SOURCE = ("--no-binary", "demjson,pyspellchecker,cython-bbox")
IMPORTED = "import demjson, spellchecker, cython_bbox"

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def cured(wheel) -> Iterator[Machine]:
    for machine in with_doctor(Base("bookworm"), wheel):
        machine.must("python3", "-m", "venv", "/env")
        done = install(machine, "--yes-to-all", "--python", "/env/bin/python", *FROM_SOURCE, *REQUIREMENTS)
        assert done.returncode == 0, done.output + done.stderr
        machine.must("/env/bin/python", "-c", IMPORTED)
        yield machine


@pytest.mark.parametrize("form", ["pip", "uv-pip"])
def test_plain_tools_build_the_same(cured: Machine, make_machine: MakeMachine, form: str) -> None:
    another = make_machine(Base("bookworm"))
    another.must("sh", "-c", cured.must(DOCTOR, "export", "--format", "shell"), timeout=600)
    another.must("python3", "-m", "venv", "/env")
    another.must("/env/bin/pip", "install", "--quiet", "uv", "pip>=25.3")
    exported = cured.must(DOCTOR, "export", "--format", form)
    asked = shlex.join(("--no-binary", "pyspellchecker", *REQUIREMENTS))
    rest = exported.splitlines()[1].removeprefix("# ").replace("...", asked)
    script = f"set -e\ncd /root\nexport VIRTUAL_ENV=/env PATH=/env/bin:$PATH\n{exported}\n{rest}\n"
    another.must("sh", "-c", script, timeout=600)
    another.must("/env/bin/python", "-c", IMPORTED)
