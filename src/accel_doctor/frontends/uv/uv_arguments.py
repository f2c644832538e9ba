"""Write the arguments of uv's commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from accel_doctor.errors import UsageError
from accel_doctor.frontends.telling import as_arguments, as_uv_variables, secret_urls, without_secret_urls
from accel_doctor.model.requests import IndexSettings, InstallRequest
from accel_doctor.requirements.pip_option_table import Part
from accel_doctor.urls import local_path

# For every uv command: plain output, and never a Python managed by uv.
PLAIN_OUTPUT = ("--color", "never", "--no-progress", "--no-python-downloads")

# uv cannot import a Python keyring module, and has no automatic choice.
_KEYRING_PROVIDERS = {"import": "subprocess", "subprocess": "subprocess", "disabled": "disabled"}


def index_variables(index: IndexSettings) -> dict[str, str]:
    """Return the variables for what is not told by arguments of indexes and of connections to them."""
    return {**as_uv_variables(index, Part.INDEX), **secret_urls(index, "UV_DEFAULT_INDEX", "UV_INDEX")}


def index_arguments(index: IndexSettings, variables: Mapping[str, str]) -> list[str]:
    """Return the options for indexes, which go together with :func:`index_variables`."""
    # pip picks the best version from all indexes; uv by default stops at the first index that has the name.
    strategy = [] if variables.get("UV_INDEX_STRATEGY") else ["--index-strategy", "unsafe-best-match"]
    # pip warns about a missing find-links directory; uv fails.
    keyring = _KEYRING_PROVIDERS.get(index.keyring_provider or "")
    gone = {link for link in index.find_links if (path := local_path(link)) and not path.exists()}
    links = tuple(link for link in index.find_links if link not in gone)
    index = replace(without_secret_urls(index), find_links=links, keyring_provider=keyring)
    return [*strategy, *as_arguments("uv", index, Part.INDEX), *(["--offline"] if index.offline else [])]


def resolver_arguments(request: InstallRequest) -> list[str]:
    """Return the options that affect resolution. Raises UsageError for options that uv does not support."""
    said = as_arguments("uv", request, Part.RESOLVE)
    if request.upgrade and request.upgrade_strategy == "eager":
        return [*said, "--upgrade"]
    if request.upgrade:
        # pip's "only-if-needed": upgrade direct requirements, and dependencies only if they no longer fit.
        names = sorted({line.name for line in request.requirements if line.name})
        return [*said, *(word for name in names for word in ("--upgrade-package", name))]
    return said


def package_config_settings(request: InstallRequest) -> list[str]:
    """Return the per-requirement ``--config-settings``. Raises UsageError for a requirement without a name."""
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


def elsewhere_arguments(python: str, platform: str) -> tuple[str, ...]:
    """Return the options to resolve for another machine.

    Names of platforms: https://docs.astral.sh/uv/reference/cli/#uv-pip-compile--python-platform
    """
    return ("--python-version", python, "--python-platform", platform)
