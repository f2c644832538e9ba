"""What the how-to pages show that need no CI service and no image, typed as it is written on one fresh Debian 13.

Replaced are only names that stand for the reader's own: a bucket, an address. Object storage, each tool that publishes,
and the questions of ``rules new`` have tests of their own.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from integration.machine import Base, Machine
from integration.pages import shown
from integration.test_install import with_doctor

pytestmark = pytest.mark.long

HOME = "/root"
PATH = "/doctor/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PROJECT = """\
[project]
name = "demo"
version = "1"
description = "A demonstration"
requires-python = ">=3.10"
dependencies = ["idna==3.10"]
[project.optional-dependencies]
dev = ["iniconfig==2.0.0"]
postgres = ["six==1.16.0"]
[dependency-groups]
dev = ["packaging==24.2"]
docs = ["toml==0.10.2"]
test = ["tomli==2.0.2"]
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"
"""
SCRIPT = '# /// script\n# dependencies = ["click==8.1.7"]\n# ///\n'


@pytest.fixture(scope="module")
def fresh(wheel: Path) -> Iterator[Machine]:
    for machine in with_doctor(Base("trixie"), wheel):
        machine.must("/doctor/bin/pip", "install", "-q", f"/root/{wheel.name}[remote,server]", "twine", timeout=600)
        machine.must("/doctor/bin/pip", "install", "-q", "build", timeout=600)
        yield machine


def carry_out(where: Machine, directory: str, script: str, **environment: str) -> str:
    """Type what a block shows, without its prompts and answers; what that prints."""
    lines = [line.removeprefix("$ ") for line in script.splitlines() if line.startswith("$ ")] or script.splitlines()
    told = {"PATH": PATH, "HOME": HOME, **environment}
    return where.must("sh", "-euc", "\n".join([f"cd {directory}", *lines]), environment=told, timeout=600)


def project(where: Machine, name: str) -> str:
    """A project with a group, an extra, a script and a lock of uv; its directory."""
    directory = f"/src/{name}"
    where.write(f"{directory}/pyproject.toml", PROJECT)
    where.write(f"{directory}/demo.py", '"""A demonstration."""\n')
    where.write(f"{directory}/tool.py", SCRIPT)
    carry_out(where, directory, "uv lock -q")
    return directory


def installed(where: Machine, directory: str) -> set[str]:
    told = carry_out(where, directory, "uv pip freeze --python .venv 2>/dev/null")
    return set(re.findall(r"^([a-z]\w+)==", told, re.MULTILINE))


def test_projects(fresh: Machine) -> None:
    directory = project(fresh, "locked")
    first, chosen = shown("projects.md", "", "console")
    carry_out(fresh, directory, first.replace("git clone https://example.org/project.git && cd project", "true"))
    assert installed(fresh, directory) == {"idna", "packaging"}
    carry_out(fresh, directory, chosen)
    assert installed(fresh, directory) == {"idna", "packaging", "toml", "six"}

    directory = project(fresh, "unlocked")
    carry_out(fresh, directory, "python3 -m venv --without-pip .venv")
    (block,) = shown("projects.md", "Without a lock file", "console")
    carry_out(fresh, directory, block)
    assert installed(fresh, directory) == {"idna", "iniconfig", "tomli", "click"}


def test_environments_in_ci(fresh: Machine) -> None:
    directory = project(fresh, "ci")
    (block,) = shown("ci-environments.md", "", "console")
    carry_out(fresh, directory, block)
    assert {"idna", "packaging"} <= installed(fresh, directory)
    carry_out(fresh, directory, "rm -r .venv\n" + block.removeprefix("$ "))  # restored
    (script,) = shown("ci-environments.md", "With another installer", "sh")
    carry_out(fresh, project(fresh, "other"), script)
    assert {"idna", "packaging"} <= installed(fresh, "/src/other")


def test_a_rule_of_ones_own(fresh: Machine) -> None:
    (rules,) = shown("add-a-rule.md", "Where they go", "yaml")
    fresh.write(f"{HOME}/.config/accel-doctor/rules/debian.yaml", rules)
    (needs,) = shown("add-a-rule.md", "What a Python package needs", "yaml")
    fresh.write(f"{HOME}/.config/accel-doctor/rules/python.yaml", needs)
    (block,) = shown("add-a-rule.md", "Check and test", "console")
    told = carry_out(fresh, HOME, block)
    assert "libfoo-dev" in told
    fresh.must("rm", "-r", f"{HOME}/.config/accel-doctor/rules")


def test_sharing_wheels(fresh: Machine) -> None:
    fresh.must("mkdir", "-p", "/srv/wheels", "/src/share", "/media/stick")
    fresh.write("/src/share/requirements.txt", "docopt==0.6.2\n")
    carry_out(fresh, "/src/share", "python3 -m venv --without-pip .venv")
    (first,) = shown("share-wheels.md", "", "console")
    carry_out(fresh, "/src/share", first)

    keys, signed = shown("share-wheels.md", "Trust only what CI built", "console")
    carry_out(fresh, "/src/share", keys)
    fresh.must("sh", "-c", "rm -r /srv/wheels/* /root/.cache/accel-doctor/wheels /src/share/.venv")
    carry_out(fresh, "/src/share", "python3 -m venv --without-pip .venv")
    carry_out(fresh, "/src/share", signed.replace("s3://our-wheels", "/srv/wheels"))
    (configuration,) = shown("share-wheels.md", "Trust only what CI built", "toml")
    configuration = configuration.replace("s3://our-wheels", "/srv/wheels").replace("/etc/accel-doctor", "/src/share")
    fresh.write("/etc/accel-doctor/config.toml", configuration)
    fresh.must("rm", "-r", "/root/.cache/accel-doctor/wheels")
    (ahead,) = shown("share-wheels.md", "Fill a level ahead of time", "console")
    told = carry_out(fresh, "/src/share", ahead.replace("--level s3://our-wheels", "") + "\n")
    assert "building docopt" not in told
    fresh.must("rm", "/etc/accel-doctor/config.toml")

    (by_hand,) = shown("share-wheels.md", "Carry wheels over by hand", "console")
    carry_out(fresh, "/src/share", by_hand)
    assert list(fresh.path("/media/stick/wheels").rglob("docopt-*.whl"))


def test_an_index_with_a_private_package(fresh: Machine) -> None:
    (serve,) = (block for block in shown("run-an-index.md", "On one machine", "console") if "serve" in block)
    command = next(line.removeprefix("$ ") for line in serve.splitlines() if line.endswith(" serve"))
    starting = f"cd {HOME}; HOME={HOME} PATH={PATH} exec {command} >/tmp/serve.log 2>&1 </dev/null"
    server = fresh.must("sh", "-c", f"({starting}) & echo $!").strip()
    try:
        waiting(fresh)
        (exports,) = shown("run-an-index.md", "On one machine", "bash")
        fresh.must("mkdir", "-p", "/src/index")
        fresh.write("/src/index/requirements.txt", "idna==3.10\n")
        (filling,) = shown("run-an-index.md", "Fill it beforehand", "bash")
        carry_out(fresh, "/src/index", exports + filling)
        (tokens,) = shown("publish-private-packages.md", "Make a token", "console")
        token = next(line for line in carry_out(fresh, HOME, tokens).splitlines() if line.startswith("ad_"))
        directory = project(fresh, "acme-thing")
        fresh.write(
            f"{directory}/pyproject.toml", PROJECT.replace('"demo"\nversion = "1"', '"acme-thing"\nversion = "1.2"')
        )
        fresh.must("mv", f"{directory}/demo.py", f"{directory}/acme_thing.py")
        carry_out(fresh, directory, "uv build -q --wheel")
        page = (Path(__file__).parents[2] / "docs/how-to/publish-private-packages.md").read_text()
        publishing = next(line.split("`")[1] for line in page.splitlines() if line.startswith("| twine |"))
        carry_out(fresh, directory, publishing, TOKEN=token)
        carry_out(fresh, "/src/index", f"{exports}\nuv venv -q\nuv pip install -q acme-thing")
        (withdrawing,) = shown("publish-private-packages.md", "Withdraw a release", "console")
        assert "deleted acme_thing-1.2-py3-none-any.whl" in carry_out(fresh, HOME, withdrawing)
    finally:
        fresh.must("sh", "-c", f"kill {server}")


def waiting(where: Machine) -> None:
    """Wait until the index answers."""
    for _ in range(100):
        if (
            where.run(
                "sh", "-c", "python3 -c 'import urllib.request as u; u.urlopen(\"http://127.0.0.1:4417/-/ready\")'"
            ).returncode
            == 0
        ):
            return
        time.sleep(0.2)
    raise AssertionError(where.path("/tmp/serve.log").read_text())
