"""LandlockSandbox: what it lets commands read, write and know, and what it says of the machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from accel_doctor.errors import UsageError
from accel_doctor.model.processes import Isolation, Rights, SandboxChoice
from accel_doctor.system.process import sandbox, sandboxed_process
from accel_doctor.system.process.sandbox import LandlockSandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")
BUILD = Rights(writable=(Path("/work"),))
AUTO = Isolation()


def words(variables: Mapping[str, str], rights: Rights = BUILD, isolation: Isolation = AUTO) -> list[str]:
    """Return what the launcher is told."""
    command = LandlockSandbox(isolation, variables).command(["make", "--", "x"], rights)
    assert command[-4:] == ("--", "make", "--", "x")
    return [word for word in command[: command.index("--")] if "=" in word and not word.startswith("import ")]


def of(name: str, told: list[str]) -> list[str]:
    return [value for key, _, value in (word.partition("=") for word in told) if key == name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_TOKEN", "x"), ("HF_TOKEN", "x"), ("CI_JOB_TOKEN_2", "x"), ("AWS_ACCESS_KEY_ID", "x"),
        ("PGPASSWORD", ""),
        ("AWS_PROFILE", "x"), ("MYSQL_PWD", "x"), ("DB_PASS", "x"), ("api_key", "x"), ("STRIPE_KEY", "x"),
        ("GOOGLE_APPLICATION_CREDENTIALS", "/x"), ("NETRC", "/x"), ("SSH_AUTH_SOCK", "/x"), ("KUBECONFIG", "/x"),
        ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/x"), ("XDG_RUNTIME_DIR", "/run/user/1"), ("DOCKER_HOST", "x"),
        ("UV_INDEX_PRIVATE_PASSWORD", "x"), ("PIP_INDEX_URL", "https://x/simple"), ("SENTRY_DSN", "x"), ("CI_JWT", "x"),
        ("SLACK_WEBHOOK", "x"), ("AZURE_STORAGE_CONNECTION_STRING", "x"), ("GH_PAT", "x"), ("SECRET", "x"),
        ("DATABASE_URL", "postgres://me:secret@host/db"), ("REMOTE", "https://ghp_token@github.com/a/b"),
        ("MINE", "a\n-----BEGIN RSA PRIVATE KEY-----\nMII"), ("CCACHE_DIR", "/x"),
    ],
)  # fmt: skip
def test_secrets_are_withheld_unless_named(name: str, value: str) -> None:
    assert of("without", words({name: value})) == [name]
    assert of("without", words({name: value}, isolation=Isolation(passed_on=frozenset({name})))) == []
    assert of("without", words({name: value}, isolation=Isolation("off"))) == [name]
    assert of("without", words({name: value}, Rights(credentials=True))) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", "/usr/bin"), ("CFLAGS", "-O2"), ("OLDPWD", "/x"), ("PWD", "/x"), ("LANG", "C"), ("CC", "gcc"),
        ("PKG_CONFIG_PATH", "/x"), ("KEYBOARD", "us"), ("COMPAT", "1"), ("PASSES", "2"), ("AUTHOR", "me"),
        ("SOURCE_DATE_EPOCH", "1"), ("HTTP_PROXY", "http://proxy:3128"), ("CUDA_HOME", "/usr/local/cuda"),
        ("MAKEFLAGS", "-j2"), ("SSL_CERT_FILE", "/x"), ("MONKEY", "x"), ("REPOSITORY", "ssh://git@github.com/a"),
        ("TOKENIZERS_PARALLELISM", "1"), ("BYPASS", "1"),
    ],
)  # fmt: skip
def test_what_builds_are_steered_by_is_not(name: str, value: str) -> None:
    assert of("without", words({name: value})) == []


@pytest.mark.parametrize(
    ("name", "value"), [("CC", "{0}/bin/gcc"), ("PG_CONFIG", "{0}/bin/pg"), ("PKG_CONFIG_PATH", "{0}/lib/pkgconfig")]
)
def test_builds_read_what_belongs_to_a_program_or_a_pc_file_that_is_named(
    tmp_path: Path, name: str, value: str
) -> None:
    for one in ("bin", "include", "lib/pkgconfig", "share/secrets"):
        (tmp_path / one).mkdir(parents=True)
    read = of("read", words({"HOME": "/nowhere", name: value.format(tmp_path)}))
    assert {f"{tmp_path}/include", f"{tmp_path}/lib"} <= {*read}
    assert not {str(tmp_path), f"{tmp_path}/share", f"{tmp_path}/share/secrets"} & {*read}


def test_builds_read_the_system_and_what_the_user_s_variables_name(tmp_path: Path) -> None:
    home, tool = tmp_path / "home", tmp_path / "tool"
    for path in (home / "bin", home / ".cargo" / "bin", tool / "bin", tool / "include", tmp_path / "with"):
        path.mkdir(parents=True)
    variables = {
        "HOME": str(home), "PWD": str(tmp_path), "EDITOR": str(tmp_path / "with"), "CFLAGS": f"-I{tmp_path}/none",
        "PATH": f"{tool}/bin:{home}/bin:{home}:{tmp_path}/none", "LDFLAGS": f"-Wl,-O1 -L{tmp_path}/with",
        "OPENBLAS_ROOT": "relative", "SECRET_DIR": str(tmp_path / "with" / "secret"),
    }  # fmt: skip
    read = of("read", words(variables, Rights(readable=(Path("/interpreter"),))))
    assert {"/usr", "/proc", "/interpreter"} <= {*read}
    assert {path for path in read if path.startswith(str(tmp_path))} == {
        f"{tool}/bin", f"{tool}/include", f"{home}/bin", f"{tmp_path}/with",
    }  # fmt: skip
    for never in ("/", "/home", "/root", "/run", "/tmp", "/var", "/srv", "/mnt", "/dev", "", str(home)):
        assert never not in read


def test_a_directory_above_home_is_not_read_and_one_that_cannot_be_entered_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert str(tmp_path) not in of("read", words({"HOME": str(home), "PATH": f"{tmp_path}:{home}/.."}))

    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)
    assert "/usr" in of("read", words({"HOME": str(home), "PATH": "/root/bin"}))


def test_as_root_only_what_everybody_may_read_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "etc"
    for path, mode in (
        ("ssl/certs/ca.pem", 0o644),
        ("ssl/private/key.pem", 0o640),
        ("shadow", 0o640),
        ("hosts", 0o644),
    ):
        (settings / path).parent.mkdir(parents=True, exist_ok=True)
        (settings / path).touch()
        (settings / path).chmod(mode)
    (settings / "ssl/private").chmod(0o710)
    (settings / "linked").symlink_to("shadow")
    monkeypatch.setattr(sandbox, "_SETTINGS", settings)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    below = {path for path in of("read", words({})) if path.startswith(str(settings))}
    assert below == {f"{settings}/ssl/certs", f"{settings}/hosts"}
    assert str(settings) in of(
        "read", words({}, Rights(user=(65534, 65534)))
    )  # who is not root reads no more than that


def test_rights_become_words() -> None:
    told = words({}, Rights(readable=None, writable=(Path("/a"), Path("/b")), network=True, user=(7, 8)))
    assert of("read", told) == [""]
    assert {"/a", "/b", "/dev/null"} <= {*of("write", told)}
    assert not {"/dev", "/dev/pts", "/dev/tty", "/tmp", "/"} & {*of("write", told)}
    assert (of("user", told), of("network", told)) == (["7:8"], [])
    assert of("network", words({})) == ["none"]
    assert words({}, isolation=Isolation("off")) == []
    assert words({}, Rights(writable=None)) == []


def test_builds_of_named_projects_are_let_out() -> None:
    assert LandlockSandbox(Isolation(networked=frozenset({"a"})), {}).lets_out("a")
    assert not LandlockSandbox(Isolation(networked=frozenset({"a"})), {}).lets_out("b")
    assert LandlockSandbox(Isolation(networked=frozenset({":all:"})), {}).lets_out("b")


def test_root_s_builds_are_nobody_s_where_others_can_reach_what_they_need(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        assert LandlockSandbox(Isolation(), {}).tenant([Path("/usr")]) is None
        return
    found = LandlockSandbox(Isolation(), {}).tenant([Path("/usr")])
    assert found is not None
    assert 0 not in found
    tmp_path.chmod(0o700)
    assert LandlockSandbox(Isolation(), {}).tenant([Path("/usr"), tmp_path]) is None
    assert LandlockSandbox(Isolation("off"), {}).tenant([Path("/usr")]) is None


@pytest.mark.parametrize(
    ("version", "filters", "lacks"),
    [
        (0, True, "no Landlock"),
        (7, False, "no filter for sockets"),
        (0, False, "no Landlock and no filter for sockets"),
    ],
)
def test_what_the_kernel_lacks_is_said(
    version: int, filters: bool, lacks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandboxed_process, "landlock_version", lambda: version)
    monkeypatch.setattr(sandbox, "filters_calls", lambda: filters)
    choices: list[SandboxChoice] = ["auto", "off"]
    for choice in choices:
        LandlockSandbox(Isolation(choice), {}).check()
    with pytest.raises(UsageError, match=f"--sandbox on: this system has {lacks}"):
        LandlockSandbox(Isolation("on"), {}).check()
    said = LandlockSandbox(Isolation(), {})
    assert said.missing
    assert said.description.startswith("builds run in a sandbox: ")
    assert said.description.endswith(f"; this kernel has {lacks}")


def test_what_is_in_effect_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandboxed_process, "landlock_version", lambda: 7)
    monkeypatch.setattr(sandbox, "filters_calls", lambda: True)
    monkeypatch.setattr(sandbox, "has_own_mounts", lambda: True)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    whole = LandlockSandbox(Isolation("on"), {})
    whole.check()
    assert whole.description == "builds run in a sandbox: Landlock 7, own mounts, no network"
    monkeypatch.setattr(sandbox, "has_own_mounts", lambda: False)
    assert LandlockSandbox(Isolation(), {}).description == "builds run in a sandbox: Landlock 7, no network"
    assert LandlockSandbox(Isolation("off"), {}).description == "builds run without a sandbox (--sandbox off)"
