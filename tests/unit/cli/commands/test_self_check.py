"""``accel-doctor self-check``: what it finds here, what it calls wrong, and that it changes nothing."""

from __future__ import annotations

import json
import os

import pytest

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode


@pytest.fixture
def checked(capsys, monkeypatch, tmp_path):
    """Run a self-check in an empty directory; return exit code and document."""
    for name in os.environ:
        if name.startswith(("VIRTUAL_ENV", "CONDA_", "ACCEL_DOCTOR_", "PIP_", "UV_")):
            monkeypatch.delenv(name)
    for name in ("config", "state"):
        monkeypatch.setenv(f"ACCEL_DOCTOR_{name.upper()}_DIR", str(tmp_path / name))
    monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def run(*words: str) -> tuple[int, dict]:
        code = main.run(["self-check", "--json", *words])
        return code, json.loads(capsys.readouterr().out)

    return run


def test_it_says_what_is_here_and_makes_nothing(checked, tmp_path):
    code, document = checked("--offline")
    assert (code, document["problems"]) == (ExitCode.DONE, [])
    assert document["target"]["environment"].startswith("none here: there is no virtual environment")
    assert document["cache"]["directory"] == str(tmp_path / "cache")
    assert document["builds"]["uv"]
    assert document["rules"]["symptoms"].isdigit()
    assert "ACCEL_DOCTOR_CACHE_DIR" in document["configuration"]["variables"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["work"]


def test_the_page_and_the_document_have_the_same_headings(checked, capsys):
    _, document = checked("--offline")
    assert main.run(["self-check", "--offline"]) == ExitCode.DONE
    lines = capsys.readouterr().out.splitlines()
    headings = [line.replace(" ", "_").replace("-", "_") for line in lines if line and not line.startswith(" ")]
    assert headings == [*(key for key in document if key not in ("schema", "problems")), "nothing_is_wrong"]


def test_a_configuration_that_cannot_be_read_is_a_problem_beside_others(checked, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.toml").write_text("jbos = 1\n")
    code, document = checked("--offline", "--python", "nowhere")
    assert code == ExitCode.USAGE
    messages = [problem["message"] for problem in document["problems"]]
    assert messages == [
        f"{tmp_path}/config/config.toml: unknown key 'jbos'",
        "--python nowhere: no such file, directory or command",
    ]
    assert document["builds"]["uv"]


def test_rules_that_cannot_be_used_are_a_problem(checked, tmp_path):
    (tmp_path / "config/rules").mkdir(parents=True)
    (tmp_path / "config/rules/debian.yaml").write_text("family: [\n")
    code, document = checked("--offline")
    assert code == ExitCode.USAGE
    assert document["problems"][0]["message"].startswith("invalid rules:")


def test_an_index_that_does_not_answer_is_a_problem_without_its_password(checked, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "http://ann:secret@127.0.0.1:9/token/simple")
    code, document = checked()
    assert code == ExitCode.NETWORK
    assert document["index"]["index"] == ["http://127.0.0.1:9"]
    text = json.dumps(document)
    assert "secret" not in text
    assert "token" not in text


def test_levels_are_asked_too(checked, monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (tmp_path / "level").mkdir()
    code, document = checked("--level", str(tmp_path / "level"))
    assert (code, document["index"]["levels_answer"]) == (ExitCode.DONE, True)
    code, document = checked("--level", "http://ann:secret@127.0.0.1:9/x?retries=0")
    assert code == ExitCode.NETWORK
    assert "secret" not in json.dumps(document)


def test_a_cache_that_cannot_be_made_is_a_problem(checked, tmp_path):
    (tmp_path / "file").touch()
    code, document = checked("--offline", "--cache-dir", str(tmp_path / "file/cache"))
    assert (code, document["problems"][0]["message"]) == (
        ExitCode.CACHE,
        f"cannot use the cache {tmp_path}/file/cache: {tmp_path}/file is not a directory",
    )


def test_a_cache_of_something_else_is_a_problem(checked, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/thesis.txt").touch()
    code, document = checked("--offline")
    assert code == ExitCode.USAGE
    assert str(tmp_path / "cache") in document["problems"][0]["message"]
