"""Says pip's settings to pip, and keeps it from reading its configuration again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from accel_doctor.errors import UsageError
from accel_doctor.frontends.telling import as_arguments
from accel_doctor.model import IndexSettings, InstallRequest
from accel_doctor.requirements.pip_option_table import Part

COMMON = ("--no-color", "--no-input", "--disable-pip-version-check")


def index_arguments(index: IndexSettings) -> list[str]:
    """Return options that say where distributions come from, and how servers are reached."""
    if index.offline and not index.find_links:
        raise UsageError(
            "pip has no offline mode",
            hint="name a directory of distributions with --find-links, or use --frontend uv",
        )
    if index.offline:
        index = replace(index, no_index=True, index_url=None, extra_index_urls=())
    return as_arguments("pip", index, Part.INDEX)


def resolver_arguments(request: InstallRequest) -> list[str]:
    """Return options that change what is chosen."""
    upgrade = ["--upgrade", "--upgrade-strategy", request.upgrade_strategy] if request.upgrade else []
    return [*as_arguments("pip", request, Part.RESOLVE), *upgrade]


def own_configuration(variables: Mapping[str, str], left_to_pip: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables that keep pip from reading its configuration a second time.

    A request holds it already, and ``requirement = ...`` read again would install more than what was locked. pip
    passes over variables that are empty. ``left_to_pip`` is what a request does not hold (``cache-dir``, ...).
    """
    silenced = {name: "" for name in variables if name.startswith("PIP_")}
    return {**silenced, "PIP_CONFIG_FILE": "/dev/null", **left_to_pip}
