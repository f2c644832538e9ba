"""pip's settings in uv's words: arguments where uv has an option, environment variables where it has only those."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from accel_doctor.errors import UsageError
from accel_doctor.model import BuildSettings, IndexSettings, InstallRequest

# https://docs.astral.sh/uv/reference/environment/: which of uv's variables say what a key of pip's configuration says.
# Where one is set, the user has configured uv itself, and pip's configuration has no say (the command line has).
CONFIGURED_BY = {
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra-index-url": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "find-links": ("UV_FIND_LINKS",),
    "cert": ("SSL_CERT_FILE", "SSL_CERT_DIR"),
    "client-cert": ("SSL_CLIENT_CERT",),
    "proxy": ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "http_proxy", "https_proxy"),
    "trusted-host": ("UV_INSECURE_HOST",),
    "timeout": ("UV_HTTP_TIMEOUT", "UV_REQUEST_TIMEOUT", "HTTP_TIMEOUT"),
    "retries": ("UV_HTTP_RETRIES",),
    "keyring-provider": ("UV_KEYRING_PROVIDER",),
    "constraint": ("UV_CONSTRAINT",),
    "build-constraint": ("UV_BUILD_CONSTRAINT",),
    "break-system-packages": ("UV_BREAK_SYSTEM_PACKAGES",),
    "no-build-isolation": ("UV_NO_BUILD_ISOLATION",),
    "no-cache-dir": ("UV_NO_CACHE",),
}


def configured_in_environment(environment: Mapping[str, str]) -> frozenset[str]:
    """The keys of pip's configuration that ``environment`` already settles for uv."""
    return frozenset(key for key, names in CONFIGURED_BY.items() if any(environment.get(name) for name in names))


def index_arguments(index: IndexSettings, environment: Mapping[str, str]) -> list[str]:
    """Options that say where distributions come from."""
    arguments: list[str] = []
    if not environment.get("UV_INDEX_STRATEGY"):
        # pip takes the best version of all indexes; uv's default stops at the first index that knows the name.
        arguments += ["--index-strategy", "unsafe-best-match"]
    if index.no_index:
        arguments.append("--no-index")
    else:
        if index.index_url is not None:
            arguments += ["--default-index", index.index_url]
        for url in index.extra_index_urls:
            arguments += ["--index", url]
    for location in index.find_links:
        if _worth_a_look(location):
            arguments += ["--find-links", location]
    if index.keyring_provider in ("import", "subprocess"):
        arguments += ["--keyring-provider", "subprocess"]  # uv cannot import a Python module
    elif index.keyring_provider == "disabled":
        arguments += ["--keyring-provider", "disabled"]
    for host in index.trusted_hosts:
        arguments += ["--allow-insecure-host", host]
    if index.no_cache:
        arguments.append("--no-cache")
    if index.offline:
        arguments.append("--offline")
    return arguments


def index_environment(index: IndexSettings) -> dict[str, str]:
    """Environment variables for what uv has no option for, in all its versions from 0.8."""
    environment: dict[str, str] = {}
    if index.cert is not None:
        environment["SSL_CERT_FILE"] = index.cert
    if index.client_cert is not None:
        environment["SSL_CLIENT_CERT"] = index.client_cert
    if index.proxy is not None:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            environment[name] = index.proxy
    if index.timeout is not None:
        environment["UV_HTTP_TIMEOUT"] = str(max(1, round(index.timeout)))  # whole seconds
    if index.retries is not None:
        environment["UV_HTTP_RETRIES"] = str(index.retries)
    return environment


def build_arguments(build: BuildSettings, constraints: Path | None) -> list[str]:
    """Options that change how a source is built."""
    arguments: list[str] = []
    for setting in build.config_settings:
        arguments += ["--config-setting", setting]
    if constraints is not None:
        arguments += ["--build-constraints", str(constraints)]
    if build.no_build_isolation:
        arguments.append("--no-build-isolation")
    return arguments


def package_config_settings(request: InstallRequest) -> list[str]:
    """``--config-settings`` that stand at one requirement."""
    arguments: list[str] = []
    for line in request.requirements:
        for setting in line.config_settings:
            if line.name is None:
                raise UsageError(
                    f"{line.origin}: uv cannot tell whose --config-settings these are: {line.text}",
                    hint="write the requirement as NAME @ URL, or use --frontend pip",
                )
            arguments += ["--config-settings-package", f"{line.name}:{setting}"]
    return arguments


def common_arguments(verbosity: int) -> list[str]:
    """Options every uv command gets: plain output, and never a Python of uv's own."""
    arguments = ["--color", "never", "--no-progress", "--no-python-downloads"]
    if verbosity > 0:
        arguments += ["--verbose"] * min(verbosity, 3)
    return arguments


def elsewhere_arguments(python: str, platform: str) -> tuple[str, ...]:
    """Options that resolve for another machine than this one.

    Names of platforms: https://docs.astral.sh/uv/reference/cli/#uv-pip-compile--python-platform
    """
    return ("--python-version", python, "--python-platform", platform)


def location_arguments(request: InstallRequest) -> list[str]:
    """Options that say where to install to."""
    if request.user:
        raise UsageError(
            "uv cannot install with --user",
            hint="use --frontend pip, or install into a virtual environment",
        )
    if request.target is not None:
        return ["--target", str(request.target)]
    if request.prefix is not None:
        return ["--prefix", str(request.prefix)]
    return []


def _worth_a_look(location: str) -> bool:
    # pip warns about a find-links directory that is not there; uv stops.
    return urlsplit(location).scheme not in ("", "file") or _local(location).exists()


def _local(location: str) -> Path:
    parts = urlsplit(location)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return Path(location)
