"""Says pip's settings to uv: as arguments where uv has an option, else as environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from accel_doctor.errors import UsageError
from accel_doctor.frontends.telling import as_arguments, as_uv_variables, verbosity_arguments
from accel_doctor.model import IndexSettings, InstallRequest
from accel_doctor.requirements.pip_option_table import PIP_OPTIONS, Part
from accel_doctor.urls import local_path

# uv cannot import a Python module, and has no automatic choice.
_KEYRING_PROVIDERS = {"import": "subprocess", "subprocess": "subprocess", "disabled": "disabled"}


def settled_elsewhere(variables: Mapping[str, str]) -> frozenset[str]:
    """Return the keys of pip's configuration that uv's own ``variables`` overrule.

    Where one of uv's variables is set, the user has configured uv itself: the command line wins over that, pip's
    configuration does not.
    """
    return frozenset(option.key for option in PIP_OPTIONS if any(map(variables.get, option.settled)))


def index_arguments(index: IndexSettings, variables: Mapping[str, str]) -> list[str]:
    """Return options that say where distributions come from."""
    # pip takes the best version of all indexes; uv's default stops at the first index that knows the name.
    strategy = [] if variables.get("UV_INDEX_STRATEGY") else ["--index-strategy", "unsafe-best-match"]
    # pip warns about a find-links directory that is not there; uv stops.
    keyring = _KEYRING_PROVIDERS.get(index.keyring_provider or "")
    gone = {link for link in index.find_links if (path := local_path(link)) and not path.exists()}
    links = tuple(link for link in index.find_links if link not in gone)
    index = replace(index, find_links=links, keyring_provider=keyring)
    return [*strategy, *as_arguments("uv", index, Part.INDEX), *(["--offline"] if index.offline else [])]


def index_variables(index: IndexSettings) -> dict[str, str]:
    """Return environment variables for what uv has no option for, in all its versions from 0.8."""
    return as_uv_variables(index, Part.INDEX)


def resolver_arguments(request: InstallRequest) -> list[str]:
    """Return options that change what is chosen. Raises UsageError for what uv cannot do."""
    said = as_arguments("uv", request, Part.RESOLVE)
    if request.upgrade and request.upgrade_strategy == "eager":
        return [*said, "--upgrade"]
    if request.upgrade:
        # pip's "only-if-needed": what was asked for is upgraded, its dependencies only where they no longer fit.
        names = sorted({line.name for line in request.requirements if line.name})
        return [*said, *(word for name in names for word in ("--upgrade-package", name))]
    return said


def package_config_settings(request: InstallRequest) -> list[str]:
    """Return the ``--config-settings`` of single requirements. Raises UsageError for one without a name."""
    said: list[str] = []
    for line in request.requirements:
        for setting in line.config_settings:
            if line.name is None:
                raise UsageError(
                    f"{line.origin}: uv needs a package name for --config-settings: {line.text}",
                    hint="write the requirement as NAME @ URL, or use --frontend pip",
                )
            said += ["--config-settings-package", f"{line.name}:{setting}"]
    return said


def common_arguments(verbosity: int) -> list[str]:
    """Return options for every uv command: plain output, and never a Python of uv's own."""
    return ["--color", "never", "--no-progress", "--no-python-downloads", *verbosity_arguments(verbosity)]


def elsewhere_arguments(python: str, platform: str) -> tuple[str, ...]:
    """Return options that resolve for another machine.

    Names of platforms: https://docs.astral.sh/uv/reference/cli/#uv-pip-compile--python-platform
    """
    return ("--python-version", python, "--python-platform", platform)
