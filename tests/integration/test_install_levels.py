"""``install`` with shared levels: what one machine built, another takes; and whatever a level does, the install ends
right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from level_server import answering, drop_half_way, hang, level_server, tampering, timeout_for
from own_backend import write_sdist


class Machines:
    """Machines that share nothing but a level: each has its own cache, home and virtual environment."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.counter = root / "builds"
        (root / "links").mkdir()
        write_sdist(root / "links", self.counter)

    def install(self, machine: str, *arguments: str, **variables: str) -> str:
        """Install into a new environment of ``machine``, check that it works, and return what was told."""
        home = self.root / machine
        home.mkdir(exist_ok=True)
        environment = home / "env"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", environment], check=True)
        done = subprocess.run(
            [sys.executable, "-m", "accel_doctor", "install", "--no-system", "--no-index", "--find-links",
             str(self.root / "links"), "--python", str(environment), *arguments, "levelled"],
            env={"PATH": "/usr/bin:/bin", "HOME": str(home), "UV_CACHE_DIR": str(home / "uv"),
                 "ACCEL_DOCTOR_SANDBOX": "off", **variables},  # which lets no build write to the counter
            cwd=home,
            capture_output=True,
            text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        command = [environment / "bin/python", "-c", "import levelled; print(levelled.answer)"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "42\n"
        return done.stderr

    @property
    def builds(self) -> int:
        return len(self.counter.read_text().splitlines())


@pytest.fixture
def machines(tmp_path):
    return Machines(tmp_path)


@pytest.fixture
def shared(tmp_path):
    path = tmp_path / "shared"
    path.mkdir()
    return path


def test_the_second_machine_builds_nothing(machines, shared):
    machines.install("first", "--level", str(shared))
    assert machines.builds == 1
    machines.install("second", ACCEL_DOCTOR_LEVELS=str(shared))
    assert machines.builds == 1
    assert "1 built here" not in machines.install("third", "--level", f"{shared}?read-only")
    machines.install("fourth", "--level", str(shared), "--offline")
    assert machines.builds == 2


def test_the_second_machine_builds_nothing_through_s3(machines):
    pytest.importorskip("obstore", reason="the extra [remote] is not installed")
    pytest.importorskip("moto", reason="the extra [test] is not installed")
    from moto_server import CREDENTIALS, moto_server

    with moto_server() as url:
        writer = {"ACCEL_DOCTOR_LEVELS": f"s3://bucket/wheels?endpoint={url}", **CREDENTIALS}
        reader = {"PIP_ACCEL_S3_BUCKET": "bucket", "PIP_ACCEL_S3_PREFIX": "wheels", "PIP_ACCEL_S3_URL": url}
        machines.install("first", **writer)
        told = machines.install("second", PIP_ACCEL_S3_READONLY="true", **reader, **CREDENTIALS)
    assert machines.builds == 1
    assert told.count("using pip-accel's variables: PIP_ACCEL_S3_BUCKET as ACCEL_DOCTOR_LEVELS=s3://bucket/w") == 1


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (hang, "timed out"),
        (answering(500), "the server answered 500 Internal Server Error"),
        (drop_half_way, "peer closed connection without sending complete message body"),
        (tampering, "levelled-1.0-py3-none-any.whl does not match its entry"),
    ],
)
def test_whatever_a_level_does_the_install_ends_right(machines, shared, behaviour, reason):
    machines.install("first", "--level", str(shared))
    with level_server() as server:
        for path in shared.rglob("*"):
            if path.is_file():
                server.objects[f"/{path.relative_to(shared)}"] = path.read_bytes()
        server.behaviours = [behaviour]
        told = machines.install(
            "second", ACCEL_DOCTOR_LEVELS=f"{server.url}?timeout={timeout_for(behaviour)}&retries=0"
        )
    assert machines.builds == 2
    [line] = [line for line in told.splitlines() if "shared level" in line]
    assert line.startswith(f"skipping shared level {server.url} for the rest of this run: ")
    assert reason in line


def test_unsigned_wheels_are_built_where_signatures_are_required(machines, shared, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef0123456789abcdef\n")
    secret.chmod(0o600)
    signed = {"ACCEL_DOCTOR_SIGNING_KEY": str(secret), "ACCEL_DOCTOR_REQUIRE_SIGNATURE": "1"}
    machines.install("first", "--level", str(shared))
    told = machines.install("second", ACCEL_DOCTOR_LEVELS=str(shared), **signed)
    assert f"ignoring wheels of shared level {shared}: not signed (levelled-1.0-py3-none-any.whl, ...)" in told
    assert machines.builds == 2
    told = machines.install("third", "--level", str(shared), "--trusted-key", str(secret), "--require-signature")
    assert "ignoring" not in told
    assert machines.builds == 2


def test_levels_and_keys_come_from_the_users_file_and_never_from_a_projects(machines, shared):
    directory = machines.root / "first/.config/accel-doctor"
    directory.mkdir(parents=True)
    (directory / "config.toml").write_text(f'level = ["{shared}"]\n')
    machines.install("first")
    assert [path.name for path in shared.rglob("*.whl")] == ["levelled-1.0-py3-none-any.whl"]
    (machines.root / "first/accel-doctor.toml").write_text('level = ["/elsewhere"]\n')
    with pytest.raises(AssertionError, match="'level' cannot be set in a project's files"):
        machines.install("first")


def test_a_mistaken_level_is_told_before_anything_is_built(machines):
    with pytest.raises(AssertionError, match="shared level ftp://host: unknown scheme 'ftp'"):
        machines.install("first", "--level", "ftp://host")
    assert not machines.counter.exists()


def test_pip_accels_variables_are_understood_with_one_notice(machines):
    told = machines.install("first", PIP_ACCEL_CACHE=str(machines.root / "old"))
    assert told.count("pip-accel") == 1
    assert (
        "using pip-accel's variables: PIP_ACCEL_CACHE as "
        f"ACCEL_DOCTOR_CACHE_DIR={machines.root}/old/accel-doctor" in told
    )
    assert (machines.root / "old/accel-doctor/wheels").is_dir()
