"""Levels in object storage: moto's S3 server, and servers that misbehave."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from level_server import answering, drop_half_way, hang, level_server, timeout_for
from moto_server import CREDENTIALS as KEYS
from moto_server import moto_server

pytest.importorskip("obstore", reason="the extra [remote] is not installed")
pytest.importorskip("moto", reason="the extra [test] is not installed")

from accel_doctor.errors import LevelDeniedError, LevelError, UsageError
from accel_doctor.store.levels.opening import open_level

# Any trace of the surroundings' own credentials, and any metadata service, is out of these tests.
NONE = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", *KEYS)


@pytest.fixture(scope="module")
def moto():
    with moto_server() as url:
        yield url


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    for name in NONE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def surroundings(monkeypatch, tmp_path):
    """Sets variables for obstore, which reads the process's, and for us, who are handed them."""

    def surroundings(**variables: str) -> dict[str, str]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return {"HOME": str(tmp_path), **variables}

    return surroundings


def round_trip(level, directory: Path, name="wheels/v2/ab/x.whl", content=b"a wheel"):
    (directory / "source").write_bytes(content)
    level.send(name, directory / "source")
    assert level.fetch(name, directory / "target", len(content)) is True
    assert (directory / "target").read_bytes() == content


def test_what_was_sent_comes_back(moto, tmp_path, surroundings):
    level = open_level(f"s3://bucket/some/prefix?endpoint={moto}", surroundings(**KEYS), tmp_path)
    assert (level.name, level.writable) == ("s3://bucket/some/prefix", True)
    round_trip(level, tmp_path)
    assert level.fetch("wheels/none", tmp_path / "target", 10) is False
    other = open_level(f"s3://bucket/another?endpoint={moto}", surroundings(**KEYS), tmp_path)
    assert other.fetch("wheels/v2/ab/x.whl", tmp_path / "target", 10) is False
    with pytest.raises(LevelError, match=r"^wheels/v2/ab/x.whl: larger than 3 bytes$"):
        level.fetch("wheels/v2/ab/x.whl", tmp_path / "target", 3)


def test_what_is_sent_in_parts_comes_back(moto, tmp_path, surroundings):
    level = open_level(f"s3://bucket?endpoint={moto}", surroundings(**KEYS), tmp_path)
    round_trip(level, tmp_path, content=b"0123456789abcdef" * (11 << 16))  # 11 MiB; parts have five


def test_the_endpoint_of_the_environment(moto, tmp_path, surroundings):
    level = open_level("s3://bucket?read-only", surroundings(AWS_ENDPOINT_URL=moto, **KEYS), tmp_path)
    assert level.writable is False
    assert level.fetch("absent", tmp_path / "target", 10) is False


def test_a_bucket_that_is_not_there_is_trouble(moto, tmp_path, surroundings):
    level = open_level(f"s3://absent?endpoint={moto}", surroundings(**KEYS), tmp_path)
    with pytest.raises(LevelError, match="^no such bucket$"):
        level.fetch("x", tmp_path / "target", 10)


def test_a_profile_has_keys_region_and_endpoint(moto, tmp_path, surroundings):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text("[ci]\naws_access_key_id = test\naws_secret_access_key = 100%\n")
    (tmp_path / ".aws/config").write_text(f"[profile ci]\nregion = eu-west-1\nendpoint_url = {moto}\n")
    round_trip(open_level("s3://bucket/p?profile=ci", surroundings(), tmp_path), tmp_path)
    round_trip(open_level("s3://bucket/p", surroundings(AWS_PROFILE="ci"), tmp_path), tmp_path)


def test_keys_of_the_environment_go_with_the_region_of_the_default_profile(tmp_path, surroundings):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text("[default]\nregion = eu-central-1\naws_access_key_id = of-the-profile\n")
    with level_server() as server:
        server.behaviours = [answering(404)]
        level = open_level(f"s3://bucket?endpoint={server.url}", surroundings(**KEYS), tmp_path)
        assert level.fetch("x", tmp_path / "target", 10) is False
        [(_, authorization)] = server.seen
    assert "Credential=test/" in authorization
    assert "/eu-central-1/s3/" in authorization


def test_a_profile_that_was_asked_for_wins_over_all_of_the_environments_keys(tmp_path, surroundings):
    (tmp_path / "credentials").write_text("[ci]\naws_access_key_id = of-the-profile\naws_secret_access_key = x\n")
    variables = surroundings(
        **KEYS, AWS_SESSION_TOKEN="of-the-environment", AWS_SHARED_CREDENTIALS_FILE=str(tmp_path / "credentials")
    )
    with level_server() as server:
        server.behaviours = [answering(404)]
        level = open_level(f"s3://bucket?profile=ci&endpoint={server.url}", variables, tmp_path)
        assert level.fetch("x", tmp_path / "target", 10) is False
        [(_, authorization)] = server.seen
    assert "Credential=of-the-profile/" in authorization
    assert "x-amz-security-token" not in authorization


def test_a_profile_may_have_its_keys_fetched(tmp_path, surroundings):
    keys = '{"Version": 1, "AccessKeyId": "fetched", "SecretAccessKey": "x", "SessionToken": "t"}'
    (tmp_path / "keys.json").write_text(keys)
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(f"[profile ci]\ncredential_process = cat {tmp_path}/keys.json\n")
    with level_server() as server:
        server.behaviours = [answering(404)]
        level = open_level(f"s3://bucket?profile=ci&endpoint={server.url}", surroundings(), tmp_path)
        assert level.fetch("x", tmp_path / "target", 10) is False
        [(_, authorization)] = server.seen
    assert "Credential=fetched/" in authorization
    assert "x-amz-security-token" in authorization


def test_a_public_bucket_needs_no_credentials(moto, tmp_path, surroundings):
    round_trip(open_level(f"s3://public?endpoint={moto}", surroundings(), tmp_path), tmp_path)
    round_trip(open_level(f"s3://public?endpoint={moto}&anonymous", surroundings(**KEYS), tmp_path), tmp_path)


def test_being_refused_is_its_own_kind(moto, tmp_path, surroundings):
    round_trip(open_level(f"s3://bucket?endpoint={moto}", surroundings(**KEYS), tmp_path), tmp_path, "x")
    level = open_level(f"s3://bucket?endpoint={moto}&anonymous", surroundings(), tmp_path)
    with pytest.raises(LevelDeniedError, match=r"^x: Server returned non-2xx status code: 403 Forbidden$"):
        level.fetch("x", tmp_path / "target", 10)


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        (answering(500), "x: Server returned non-2xx status code: 500 Internal Server Error"),
        (
            answering(301),
            "x: Received redirect without LOCATION, this normally indicates an incorrectly configured region",
        ),
        (hang, "x: HTTP error: error sending request"),
        (drop_half_way, "x: Generic S3 error: HTTP error: request or response body error"),
    ],
)  # fmt: skip
def test_trouble_is_one_kind_of_error(tmp_path, surroundings, behaviour, message):
    with level_server() as server:
        server.objects["/bucket/x"] = b"x" * 100
        server.behaviours = [behaviour]
        options = f"endpoint={server.url}&timeout={timeout_for(behaviour)}&retries=0"
        level = open_level(f"s3://bucket?{options}", surroundings(**KEYS), tmp_path)
        with pytest.raises(LevelError) as caught:
            level.fetch("x", tmp_path / "target", 1000)
        assert caught.value.message == message
        assert len(server.seen) == 1


def test_what_may_pass_is_tried_again(tmp_path, surroundings):
    with level_server() as server:
        server.behaviours = [answering(503), answering(404)]
        level = open_level(f"s3://bucket?endpoint={server.url}", surroundings(**KEYS), tmp_path)
        assert level.fetch("x", tmp_path / "target", 1000) is False
        assert len(server.seen) == 2


def test_azure_messages_keep_signatures_to_themselves(tmp_path, surroundings):
    token = "sv=2024&sig=SECRET"
    with level_server() as server:
        server.behaviours = [answering(500)]
        level = open_level(
            f"az://container?account=me&endpoint={server.url}&retries=0",
            surroundings(AZURE_STORAGE_SAS_TOKEN=token),
            tmp_path,
        )
        with pytest.raises(LevelError) as caught:
            level.fetch("x", tmp_path / "target", 1000)
        assert "SECRET" in server.seen[0][0]
        assert caught.value.message == "x: Server returned non-2xx status code: 500 Internal Server Error"


def test_google_storage_is_asked_in_its_way(tmp_path, surroundings):
    with level_server() as server:
        server.behaviours = [answering(404)]
        level = open_level(f"gs://bucket/prefix?endpoint={server.url}&anonymous", surroundings(), tmp_path)
        assert level.fetch("x", tmp_path / "target", 1000) is False
        assert server.seen == [("/bucket/prefix%2Fx", None)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s3:///prefix", "s3:///prefix: no bucket in the address"),
        ("s3://key:secret@bucket", "s3://****@bucket: no bucket in the address"),
        ("s3://bucket?profile=absent", "AWS profile 'absent' not found"),
    ],
)
def test_addresses_that_cannot_be_used(text, message, tmp_path, surroundings):
    with pytest.raises(UsageError) as caught:
        open_level(text, surroundings(), tmp_path)
    assert caught.value.message == message


def test_a_file_of_profiles_that_is_none_is_told_without_its_lines(tmp_path, surroundings):
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text("aws_secret_access_key = secret\n")
    with pytest.raises(UsageError) as caught:
        open_level("s3://bucket", surroundings(), tmp_path)
    assert caught.value.message == f"AWS configuration: Unable to parse config file: {tmp_path}/.aws/credentials"


def test_without_the_extra_the_way_to_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.delitem(sys.modules, "accel_doctor.store.levels.object_storage", raising=False)
    with pytest.raises(UsageError) as caught:
        open_level("s3://bucket", {}, tmp_path)
    assert caught.value.message == "shared level s3://bucket: obstore is not installed"
    assert caught.value.hint == "install 'accel-doctor[remote]' with pipx, uv tool or pip"
