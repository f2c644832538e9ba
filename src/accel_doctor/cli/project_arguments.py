"""Check arguments of ``install`` in a project's files against a closed list: such files arrive with a clone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click
from click.core import ParameterSource
from packaging.requirements import InvalidRequirement, Requirement

from accel_doctor.cli.configuration import FOR_PROJECTS
from accel_doctor.errors import UsageError
from accel_doctor.store.environments.projects import below
from accel_doctor.urls import local_path

# What a requirements file could say too, and what `install` reads from a project's configuration.
_ALLOWED = {key.replace("-", "_") for key in FOR_PROJECTS} | {
    "requirements", "requirement", "constraint", "editable", "build_constraint", "index_url", "extra_index_url",
    "find_links", "no_index", "no_binary", "only_binary", "prefer_binary", "pre", "upgrade", "upgrade_strategy",
    "require_hashes", "no_deps", "no_build_isolation", "config_settings", "compile", "use_pep517",
}  # fmt: skip
_FILES = ("requirement", "constraint", "build_constraint", "editable", "requirements")
_PATH = re.compile(r"[./~]|file:|.*/")


def checked_arguments(words: Sequence[str], command: click.Command, directory: Path, source: str) -> Sequence[str]:
    """Return the arguments in ``source``, a file of the project in ``directory``, as they are.

    Raises UsageError for an option that is not read from a project's files, and a path that leads out of the project.
    """
    with command.make_context("install", list(words), default_map={}) as context:
        for parameter in command.params:
            name = str(parameter.name)
            if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
                continue
            if name not in _ALLOWED:
                option = parameter.opts[-1]
                raise UsageError(
                    f"{source}: install: {option} is not read from a project's files",
                    hint=f"give it on the command line: accel-doctor env sync -- {option}",
                )
            if name in _FILES:
                for value in context.params[name]:
                    _check_file(value, directory, source)
    return words


def _check_file(value: str, directory: Path, source: str) -> None:
    with suppress(InvalidRequirement):
        value = Requirement(value).url or value
    location = value.strip().partition("[")[0]
    path = local_path(location.removeprefix("git+"))
    if path is not None and (_PATH.match(location) or (directory / path).exists()):
        below(directory, str(path), f"{source}: install")
