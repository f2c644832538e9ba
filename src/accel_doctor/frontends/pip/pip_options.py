"""An InstallRequest as pip options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from accel_doctor.errors import UsageError
from accel_doctor.model import BuildSettings, IndexSettings, InstallRequest

COMMON = ("--no-color", "--no-input", "--disable-pip-version-check")


def index_arguments(index: IndexSettings) -> list[str]:
    """Options that say where distributions come from, and how they are reached."""
    arguments: list[str] = []
    if index.no_index or index.offline:
        if index.offline and not index.find_links:
            raise UsageError(
                "pip has no offline mode",
                hint="name a directory of distributions with --find-links, or use --frontend uv",
            )
        arguments.append("--no-index")
    else:
        arguments += _option("--index-url", index.index_url)
        for url in index.extra_index_urls:
            arguments += ["--extra-index-url", url]
    for location in index.find_links:
        arguments += ["--find-links", location]
    arguments += _option("--cert", index.cert)
    arguments += _option("--client-cert", index.client_cert)
    arguments += _option("--proxy", index.proxy)
    for host in index.trusted_hosts:
        arguments += ["--trusted-host", host]
    arguments += _option("--timeout", index.timeout)
    arguments += _option("--retries", index.retries)
    arguments += _option("--keyring-provider", index.keyring_provider)
    if index.no_cache:
        arguments.append("--no-cache-dir")
    return arguments


def build_arguments(build: BuildSettings, constraints: Path | None) -> list[str]:
    """Options that change how a source is built."""
    arguments: list[str] = []
    for setting in build.config_settings:
        arguments += ["--config-settings", setting]
    arguments += _option("--build-constraint", constraints)
    if build.no_build_isolation:
        arguments.append("--no-build-isolation")
    return arguments


def resolver_arguments(request: InstallRequest) -> list[str]:
    """Options that change what is chosen."""
    arguments: list[str] = []
    if request.no_binary:
        arguments += ["--no-binary", ",".join(request.no_binary)]
    if request.only_binary:
        arguments += ["--only-binary", ",".join(request.only_binary)]
    if request.upgrade:
        arguments += ["--upgrade", "--upgrade-strategy", "eager" if request.eager_upgrade else "only-if-needed"]
    for flag, on in (
        ("--pre", request.pre),
        ("--prefer-binary", request.prefer_binary),
        ("--no-deps", request.no_deps),
        ("--require-hashes", request.require_hashes),
    ):
        if on:
            arguments.append(flag)
    return arguments


def location_arguments(request: InstallRequest) -> list[str]:
    """Options that say where to install to, and over what."""
    arguments: list[str] = [
        *_option("--target", request.target),
        *_option("--prefix", request.prefix),
    ]
    for flag, on in (
        ("--user", request.user),
        ("--break-system-packages", request.break_system_packages),
        ("--force-reinstall", request.reinstall),
    ):
        if on:
            arguments.append(flag)
    return arguments


def verbosity_arguments(verbosity: int) -> list[str]:
    """``-v`` as often as asked for."""
    return ["--verbose"] * min(max(verbosity, 0), 3)


def own_configuration(environment: Mapping[str, str], left_to_pip: Mapping[str, str]) -> dict[str, str]:
    """Environment variables that keep pip from reading its configuration a second time.

    A request holds it already, and ``requirement = ...`` read again would install more than what was locked. pip
    passes over variables that are empty. ``left_to_pip`` is what a request does not hold (``cache-dir``, ...).
    """
    silenced = {name: "" for name in environment if name.startswith("PIP_")}
    return {**silenced, "PIP_CONFIG_FILE": "/dev/null", **left_to_pip}


def _option(name: str, value: object | None) -> list[str]:
    return [] if value is None else [name, str(value)]
