"""pip's settings in uv's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel_doctor.errors import UsageError
from accel_doctor.frontends.choice import settled_elsewhere
from accel_doctor.frontends.telling import as_arguments, as_uv_variables, build_arguments, verbosity_arguments
from accel_doctor.frontends.uv.uv_arguments import (
    index_arguments,
    package_config_settings,
)
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest, RequirementLine
from accel_doctor.requirements.pip_option_table import Part

STRATEGY = ["--index-strategy", "unsafe-best-match"]


def test_without_settings_only_pips_way_with_several_indexes():
    assert index_arguments(IndexSettings(), {}) == STRATEGY
    assert as_uv_variables(IndexSettings(), Part.INDEX) == {}


def test_the_users_own_index_strategy_stays():
    assert index_arguments(IndexSettings(), {"UV_INDEX_STRATEGY": "first-index"}) == []


def test_indexes(tmp_path):
    settings = IndexSettings(
        index_url="https://i",
        extra_index_urls=("https://a", "https://b"),
        find_links=(str(tmp_path), tmp_path.as_uri(), "https://l"),
        trusted_hosts=("h:1",),
        keyring_provider="subprocess",
        no_cache=True,
        offline=True,
    )
    assert index_arguments(settings, {}) == [
        *STRATEGY,
        "--default-index", "https://i", "--index", "https://a", "--index", "https://b",
        "--find-links", str(tmp_path), "--find-links", tmp_path.as_uri(), "--find-links", "https://l",
        "--allow-insecure-host", "h:1", "--keyring-provider", "subprocess", "--no-cache", "--offline",
    ]  # fmt: skip


def test_find_links_that_are_not_there_are_left_out(tmp_path):
    gone = tmp_path / "gone"
    assert index_arguments(IndexSettings(find_links=(str(gone), gone.as_uri())), {}) == STRATEGY


def test_no_index():
    assert index_arguments(IndexSettings(no_index=True), {}) == [*STRATEGY, "--no-index"]


@pytest.mark.parametrize(
    ("provider", "expected"),
    [("auto", []), ("import", ["--keyring-provider", "subprocess"]), ("disabled", ["--keyring-provider", "disabled"])],
)
def test_keyring_providers(provider, expected):
    assert index_arguments(IndexSettings(keyring_provider=provider), {}) == [*STRATEGY, *expected]


def test_what_uv_takes_from_the_environment_only():
    settings = IndexSettings(cert="/ca.pem", client_cert="/me.pem", proxy="http://p", timeout=0.2, retries=0)
    assert as_uv_variables(settings, Part.INDEX) == {
        "SSL_CERT_FILE": "/ca.pem",
        "SSL_CLIENT_CERT": "/me.pem",
        "HTTP_PROXY": "http://p",
        "HTTPS_PROXY": "http://p",
        "ALL_PROXY": "http://p",
        "http_proxy": "http://p",
        "https_proxy": "http://p",
        "all_proxy": "http://p",
        "UV_HTTP_TIMEOUT": "1",
        "UV_HTTP_RETRIES": "0",
    }


def test_build_settings(tmp_path):
    build = BuildSettings(config_settings=("a=b", "c=d"), build_constraints=("e<1",), no_build_isolation=True)
    assert build_arguments("uv", build, tmp_path) == [
        "--no-build-isolation", "--config-setting", "a=b", "--config-setting", "c=d",
        "--build-constraints", str(tmp_path / "build-constraints.txt"),
    ]  # fmt: skip
    assert (tmp_path / "build-constraints.txt").read_text() == "e<1\n"


def test_config_settings_of_one_requirement():
    line = RequirementLine("x", "r.txt:1", name="x", config_settings=("a=b",))
    assert package_config_settings(InstallRequest((line,))) == ["--config-settings-package", "x:a=b"]


def test_config_settings_of_who_knows_what():
    line = RequirementLine("/w/x", "r.txt:1", config_settings=("a=b",))
    with pytest.raises(UsageError, match=r"^r\.txt:1: uv needs a package name for --config-settings: /w/x$"):
        package_config_settings(InstallRequest((line,)))


@pytest.mark.parametrize(("verbosity", "count"), [(-1, 0), (0, 0), (2, 2), (7, 3)])
def test_verbosity(verbosity, count):
    assert verbosity_arguments(verbosity) == ["--verbose"] * count


def test_places():
    assert as_arguments("uv", InstallRequest((), target=Path("/t")), Part.LOCATION) == ["--target", "/t"]
    assert as_arguments("uv", InstallRequest((), prefix=Path("/p")), Part.LOCATION) == ["--prefix", "/p"]
    assert as_arguments("uv", InstallRequest(()), Part.LOCATION) == []


def test_user():
    with pytest.raises(UsageError) as caught:
        as_arguments("uv", InstallRequest((), user=True), Part.LOCATION)
    assert caught.value.message == "uv does not support --user"
    assert caught.value.hint == "use --frontend pip, or install into a virtual environment"


def test_variables_of_uv_that_settle_keys_of_pip():
    environment = {"UV_INDEX_URL": "https://i", "UV_INDEX": "", "https_proxy": "p", "PIP_PROXY": "q"}
    assert settled_elsewhere("uv", environment) == {"index-url", "proxy"}
