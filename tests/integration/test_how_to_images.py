"""The Dockerfiles and the CI job of docs/how-to, carried out as they are written on a machine where nothing is yet."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from integration.conftest import MakeMachine
from integration.machine import Base
from integration.pages import build, shown


@pytest.mark.long
def test_images_and_a_job_as_they_are_written(make_machine: MakeMachine, checkout: Path) -> None:
    image = make_machine(Base("trixie"))
    (dockerfile,) = shown("provision.md", "In a Dockerfile", "dockerfile")
    build(dockerfile, image, {"accel-doctor": checkout, "requirements.txt": "pylibacl==0.7.2\n"})
    image.must("/venv/bin/python", "-c", "import posix1e")

    image.must("rm", "-r", "/src", "/venv")
    (dockerfile,) = shown("run-any-command.md", "In a Dockerfile", "dockerfile")
    build(dockerfile, image, {"accel-doctor": checkout, "requirements.txt": "cracklib==2.9.6\n"})
    image.must("/venv/bin/python", "-c", "import cracklib")

    pipeline, pruning = shown("provision.md", "In a CI job", "yaml")
    job = yaml.safe_load(pipeline)["build"]
    project = "/builds/project"
    image.copy_in(checkout, f"{project}/vendor/accel-doctor")
    image.write(f"{project}/requirements.txt", "python-prctl==1.8.1\n")
    variables = {name: value.replace("$CI_PROJECT_DIR", project) for name, value in job["variables"].items()}
    for line in [*job["script"], *yaml.safe_load(pruning)]:
        image.must("sh", "-c", f"cd {project} && {line}", environment=variables, timeout=600)
    image.must(f"{project}/.venv/bin/python", "-c", "import prctl")
    assert list(image.path(f"{project}/.accel-doctor/wheels").rglob("python_prctl*.whl"))
