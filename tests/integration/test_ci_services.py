"""The action for GitHub, the component for GitLab and the feature for dev containers, carried out on fresh machines as
the services do: their scripts, the shells that run them, and inputs as variables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml
from integration.conftest import MakeMachine
from integration.machine import Base, Machine
from integration.pages import shown

pytestmark = pytest.mark.long

PROJECT = "/builds/project"
ACTION = "/actions/repository/.github/actions/accel-doctor"
HOSTILE = '$(touch /injected)"; touch /injected; `touch /injected`'


# --- GitHub ----------------------------------------------------------------------------------------------


class Action:
    """The action, and what a runner does with it: steps under bash, with inputs put into `env` alone."""

    def __init__(self, where: Machine) -> None:
        self.where = where
        self.document = yaml.safe_load(where.path(f"{ACTION}/action.yml").read_text())

    def run(self, **given: str) -> tuple[int, str]:
        """Carry out the steps; the code of the first that fails, and all that was said."""
        inputs = {name: one["default"] for name, one in self.document["inputs"].items()} | given
        self.where.write("/github/path", "")
        said = ""
        for step in self.steps:
            assert "${{" not in step["run"]
            own = {name: _filled_in(value, inputs) for name, value in step.get("env", {}).items()}
            self.where.write("/github/step.sh", step["run"])
            shell = f"cd {PROJECT} && exec bash --noprofile --norc -eo pipefail /github/step.sh"
            done = self.where.run("sh", "-c", shell, environment=self.runner | own, timeout=600)
            said += done.output + done.stderr
            if done.returncode:
                return done.returncode, said
        return 0, said

    @property
    def steps(self) -> Iterator[dict]:
        """Those that are scripts; the other one is GitHub's own."""
        return (step for step in self.document["runs"]["steps"] if "run" in step)

    runner = {  # noqa: RUF012
        "GITHUB_ACTIONS": "true",
        "CI": "true",
        "GITHUB_ACTION_PATH": ACTION,
        "GITHUB_PATH": "/github/path",
        "RUNNER_TEMP": "/tmp",
    }


def _filled_in(text: str, inputs: Mapping[str, str]) -> str:
    for name, value in inputs.items():
        text = text.replace(f"${{{{ inputs.{name} }}}}", value)
    return text


def test_the_action(make_machine: MakeMachine, checkout: Path) -> None:
    where = make_machine(Base("trixie"))
    where.copy_in(checkout, "/actions/repository")
    where.write(f"{PROJECT}/requirements.txt", "# compiled\npylibacl==0.7.2\n")
    action = Action(where)

    code, said = action.run(command="check")
    assert code == 4, said
    assert "::error title=accel-doctor check%3A pylibacl 0.7.2,file=requirements.txt,line=2::pylibacl needs" in said

    code, said = action.run()
    assert code == 0, said
    where.must(f"{PROJECT}/.venv/bin/python", "-c", "import posix1e")
    assert where.path("/github/path").read_text() == f"{PROJECT}/.venv/bin\n"
    assert list(where.path("/root/.cache/accel-doctor/wheels").rglob("pylibacl*.whl"))

    for name in ("command", "requirements", "arguments", "python"):
        code, said = action.run(**{name: HOSTILE})
        assert code, said
        assert not where.path("/injected").exists()


# --- GitLab ----------------------------------------------------------------------------------------------


def job(checkout: Path, name: str, **given: str) -> dict:
    """A job of the component, with its inputs."""
    header, jobs = (checkout / ".github/gitlab/accel-doctor.yml").read_text().split("\n---\n")
    for key, one in yaml.safe_load(header)["spec"]["inputs"].items():
        jobs = jobs.replace(f"$[[ inputs.{key} ]]", json.dumps(given.get(key, one["default"])))
    return yaml.safe_load(jobs)[name]


def carry_out(where: Machine, script: list[str], variables: Mapping[str, str]) -> tuple[int, str]:
    """Run the lines of a script in one shell, as a runner does."""
    where.write("/script.sh", "set -e\n" + "\n".join(script))
    done = where.run("sh", "-c", f"cd {PROJECT} && exec bash /script.sh", environment=variables, timeout=600)
    return done.returncode, done.output + done.stderr


def test_the_component(make_machine: MakeMachine, checkout: Path) -> None:
    where = make_machine(Base("trixie"))
    where.copy_in(checkout, "/repository")
    where.write(f"{PROJECT}/requirements.txt", "cracklib==2.9.6\n")
    where.write(f"{PROJECT}/more.txt", "markupsafe\n")
    given = {"accel-doctor": "/repository", "requirements": "requirements.txt more.txt"}

    checks = job(checkout, "accel-doctor-check", **given)
    variables = {name: value.replace("$CI_PROJECT_DIR", PROJECT) for name, value in checks["variables"].items()}
    variables |= {"GITLAB_CI": "true", "CI": "true"}
    code, said = carry_out(where, checks["script"], variables)
    assert code == 4, said
    report = where.path(f"{PROJECT}/{checks['artifacts']['reports']['junit']}").read_text()
    assert 'name="cracklib 2.9.6" file="requirements.txt" line="1">' in report
    assert 'tests="2" failures="1"' in report

    (own,) = [yaml.safe_load(block)["test"] for block in shown("ci.md", "GitLab", "yaml")]
    extended = job(checkout, own["extends"], **given)
    code, said = carry_out(where, [*extended["before_script"], "python -c 'import cracklib, markupsafe'"], variables)
    assert code == 0, said
    code, said = carry_out(where, extended["after_script"], variables)
    assert code == 0, said
    assert list(where.path(f"{PROJECT}/{extended['cache']['paths'][0]}/wheels").rglob("cracklib*.whl"))

    code, said = carry_out(where, checks["script"], variables | {"ACCEL_DOCTOR_ARGUMENTS": HOSTILE})
    assert code, said
    assert not where.path("/injected").exists()


# --- dev containers --------------------------------------------------------------------------------------


def test_the_feature(make_machine: MakeMachine, checkout: Path) -> None:
    where = make_machine(Base("trixie"))
    where.must("apt-get", "purge", "-y", "python3-venv", "python3.13-venv")
    where.copy_in(checkout, "/repository")
    feature = "/repository/.github/devcontainer/accel-doctor"
    options = json.loads(where.path(f"{feature}/devcontainer-feature.json").read_text())["options"]
    assert list(options) == ["package"]
    where.must(f"{feature}/install.sh", environment={"PACKAGE": "/repository"}, timeout=600)
    (shown_file,) = shown("ci.md", "Dev containers", "json")
    where.write(f"{PROJECT}/requirements.txt", "pyxattr==0.8.1\n")
    after = json.loads(shown_file)["postCreateCommand"]
    where.must("sh", "-c", f"cd {PROJECT} && {after}", timeout=600)
    where.must(f"{PROJECT}/.venv/bin/python", "-c", "import xattr")
