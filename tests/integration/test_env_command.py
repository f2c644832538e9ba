"""``accel-doctor env``: what a project's CI calls."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile

import pytest
from level_server import answering, level_server

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a requirements file and an environment, in a home of its own."""
    for name in os.environ:
        if name.startswith(("VIRTUAL_ENV", "CONDA_", "ACCEL_DOCTOR_", "PIP_", "UV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "configuration"))
    monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("ACCEL_DOCTOR_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    (project / "requirements.txt").write_text("greeting==1\n")
    venv.create(project / ".venv", symlinks=True, with_pip=False)
    return project


def run(*arguments):
    return main.run(["env", *arguments])


def python_of(project):
    shown = subprocess.run(
        [project / ".venv/bin/python", "-c", "import sys; print(sys.prefix)"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return shown.stdout.strip()


def test_a_miss_then_stored_then_a_hit(project, capsys):
    assert run("restore") == 1
    assert capsys.readouterr().err.startswith("no stored environment for requirements.txt and this interpreter (")
    assert run("store") == ExitCode.DONE
    shutil.rmtree(project / ".venv")
    # Without the environment nothing says which interpreter made it: the one of PATH, which is another here.
    assert run("restore", "--python", sys.executable) == 0
    assert python_of(project) == str(project / ".venv")
    (project / "requirements.txt").write_text("greeting==2\n")
    assert run("restore") == 1


def test_errors_of_restore_are_2(project, capsys):
    assert run("restore", "--python", "nowhere") == 2
    assert capsys.readouterr().err.startswith("error: --python nowhere: no such file, directory or command\n")
    run("store")
    shutil.rmtree(project / ".venv")
    (project / ".venv").mkdir()
    (project / ".venv/thesis").touch()
    assert run("restore", "--python", sys.executable) == 2
    assert (project / ".venv/thesis").exists()
    (project / "pyproject.toml").write_text("[tool.accel-doctor.env]\ncache_sise = 1\n")
    assert run("restore") == 2


@pytest.mark.parametrize(
    ("file", "table"),
    [
        (".accel-doctor.toml", "env"),
        ("accel-doctor.toml", "env"),
        ("pyproject.toml", "tool.accel-doctor.env"),
        (".virtualenv_cache.toml", "virtualenv-cache"),
    ],
)
def test_the_configuration_is_found_in_each_of_its_places(project, monkeypatch, capsys, file, table):
    (project / "other.lock").write_text("1")
    (project / file).write_text(
        f'[{table}]\ncache_path = "c"\nrequirements_lock_paths = ["other.lock"]\nvirtualenv_path = ".venv"\n'
    )
    assert run("info", "--format", "json") == ExitCode.DONE
    shown = json.loads(capsys.readouterr().out)
    assert shown["configuration"] == str(project / file)
    assert list(shown["facts"]["files"]) == ["other.lock"]
    if file != "accel-doctor.toml":
        monkeypatch.delenv("ACCEL_DOCTOR_CACHE_DIR")  # what the user says wins over the project
        run("store")
        assert (project / "c/accel-doctor-environments/v1/CACHEDIR.TAG").exists()


def test_init_writes_what_is_then_read(project, capsys):
    assert run("init") == ExitCode.DONE
    assert run("info") == ExitCode.DONE
    assert f"configuration  {project}/.accel-doctor.toml\n" in capsys.readouterr().out
    assert run("init") == ExitCode.USAGE
    assert capsys.readouterr().err == f"error: {project}/.accel-doctor.toml already exists\n"


def test_list_and_erase(project, capsys):
    assert run("list") == ExitCode.DONE
    assert capsys.readouterr().err == "no environments stored\n"
    run("store")
    capsys.readouterr()
    run("list", "--format", "json")
    (listed,) = json.loads(capsys.readouterr().out)["environments"]
    assert listed["lock_files"] == ["requirements.txt"]
    run("list")
    assert capsys.readouterr().out.splitlines()[1].startswith(listed["key"][:12])
    assert run("erase", "zz") == ExitCode.USAGE
    assert run("erase", listed["key"][:8]) == ExitCode.DONE
    assert capsys.readouterr().err.endswith("removed 1 environment\n")


def test_only_as_many_are_kept_as_configured(project, capsys):
    (project / ".accel-doctor.toml").write_text(
        '[env]\ncache_size = 1\nrequirements_lock_paths = ["requirements.txt"]\n'
    )
    run("store")
    (project / "requirements.txt").write_text("other\n")
    run("store")
    assert "evicted 1 least recently used environment\n" in capsys.readouterr().err
    run("list", "--format", "json")
    assert len(json.loads(capsys.readouterr().out)["environments"]) == 1


def test_the_nearest_one_is_a_start(project, capsys):
    run("store")
    (project / "requirements.txt").write_text("greeting==2\n")
    (project / ".venv/mark").touch()
    assert run("restore", "--near") == 1
    assert not (project / ".venv/mark").exists()
    assert "it is the closest match, not an exact one" in capsys.readouterr().err


def test_another_machine_restores_from_a_shared_level(project, tmp_path, monkeypatch, capsys):
    level = tmp_path / "level"
    level.mkdir()
    assert run("store", "--level", str(level)) == ExitCode.DONE
    assert len(list(level.rglob("entries/*/*.json"))) == 1
    monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "another"))
    shutil.rmtree(project / ".venv")
    assert run("restore", "--level", str(level), "--python", sys.executable) == 0
    assert python_of(project) == str(project / ".venv")
    shutil.rmtree(level)
    assert run("restore") == 0


def test_an_ephemeral_machine_restores_from_s3(project, tmp_path, monkeypatch):
    pytest.importorskip("obstore", reason="the extra [remote] is not installed")
    pytest.importorskip("moto", reason="the extra [test] is not installed")
    from moto_server import CREDENTIALS, moto_server

    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with moto_server() as url:
        level = f"s3://bucket/environments?endpoint={url}"
        assert run("store", "--level", level) == ExitCode.DONE
        monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "another"))
        shutil.rmtree(project / ".venv")
        assert run("restore", "--level", level, "--python", sys.executable) == 0
    assert python_of(project) == str(project / ".venv")


def test_a_tampered_level_is_a_miss_and_told(project, tmp_path, monkeypatch, capsys):
    level = tmp_path / "level"
    level.mkdir()
    run("store", "--level", str(level))
    for pack in level.rglob("packs/*/*"):
        if pack.stat().st_size:
            content = pack.read_bytes()
            pack.write_bytes(content[:-8] + bytes([content[-8] ^ 1]) + content[-7:])
    monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "another"))
    (project / ".venv/mark").touch()
    assert run("restore", "--level", str(level)) == 1
    assert "ignoring a damaged stored environment: " in capsys.readouterr().err
    assert (project / ".venv/mark").exists()


def test_a_level_in_trouble_is_a_miss(project, capsys):
    with level_server() as server:
        server.behaviours = [answering(500)]
        assert run("restore", "--level", server.url) == 1
    assert "skipping shared level " in capsys.readouterr().err


def test_sync_installs_keeps_and_then_restores(project, tmp_path, capsys):
    source = tmp_path / "greeting"
    source.mkdir()
    (source / "greeting.py").write_text("def main():\n    print('hello')\n")
    wheel = tmp_path / "wheels/greeting-1-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(source / "greeting.py", "greeting.py")
        archive.writestr("greeting-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: greeting\nVersion: 1\n")
        archive.writestr("greeting-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("greeting-1.dist-info/entry_points.txt", "[console_scripts]\ngreet = greeting:main\n")
        archive.writestr("greeting-1.dist-info/RECORD", "")
    (project / "requirements.txt").write_text(f"--no-index\n--find-links {wheel.parent}\ngreeting==1\n")
    shutil.rmtree(project / ".venv")
    for _ in range(2):
        assert run("sync", "--python", sys.executable) == ExitCode.DONE, capsys.readouterr().err
        shown = subprocess.run([project / ".venv/bin/greet"], check=True, capture_output=True, text=True)
        assert shown.stdout == "hello\n"
        assert sorted(path.name for path in project.iterdir()) == [".venv", "requirements.txt"]
    assert capsys.readouterr().err.endswith(f"restored {project}/.venv\n")


@pytest.mark.parametrize("word", ["--yes", "--rules=evil", "--cache-dir=x", "--level=x", "--report=x"])
def test_a_project_cannot_agree_in_the_users_place(project, capsys, word):
    (project / ".accel-doctor.toml").write_text(f'[env]\ninstall = ["-r", "requirements.txt", "{word}"]\n')
    assert run("sync") == ExitCode.USAGE
    name = word.partition("=")[0]
    assert f"error: {project}/.accel-doctor.toml: install: {name} is not read from a project's files\n" in (
        capsys.readouterr().err
    )
