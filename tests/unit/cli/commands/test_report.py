"""``accel-doctor report``: which run is meant, and what is written of it."""

from __future__ import annotations

import json
import shutil

import pytest
from paths import ROOT

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode

RUNS = {"20261130-132450-32649": "cured", "20261130-132704-31688": "not-confirmed"}


@pytest.fixture
def report(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "configuration"))

    def run(*words: str) -> tuple[int, str, str]:
        code = main.run(["report", "--cache-dir", str(tmp_path / "cache"), *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def kept(tmp_path):
    for name, file in RUNS.items():
        (tmp_path / "cache/logs" / name).mkdir(parents=True)
        shutil.copy(ROOT / f"tests/data/runs/{file}.json", tmp_path / "cache/logs" / name / "run.json")
    (tmp_path / "cache/logs/20261130-140000-1").mkdir()  # of a run that was killed


def test_the_runs_are_listed(report, kept):
    code, out, _ = report()
    assert (code, out.splitlines()) == (
        ExitCode.DONE,
        [
            "20261130-132450-32649  done          1 min 35 s  accel-doctor install --yes --python demo --no-binary "
            "markupsafe -r requirements.txt",
            "20261130-132704-31688  consent             12 s  accel-doctor install --no-system --python demo "
            "pygraphviz==1.11 xmlsec==1.3.13",
        ],
    )
    assert [run["run"] for run in json.loads(report("--format", "json")[1])["runs"]] == [*RUNS]


def test_a_run_in_short(report, kept):
    out = report("20261130-1324")[1]
    assert out.splitlines()[1:4] == [
        "done (exit code 0), 1 min 35 s",
        "  Resolving: 2.7 s",
        "  Building 1 source distribution: 6.5 s",
    ]


def test_the_last_run_as_a_page_and_as_json(report, kept, tmp_path):
    assert report("--last", "--html", "page.html") == (ExitCode.DONE, "", "wrote page.html\n")
    assert "pygraphviz" in (tmp_path / "page.html").read_text()
    assert report("--html", "-")[1] == (tmp_path / "page.html").read_text()
    (tmp_path / "link").symlink_to("page.html")
    assert report("--html", "link")[0] == ExitCode.DONE
    assert (tmp_path / "link").is_symlink()  # as is /dev/stdout; and a device is not replaced by a file
    assert json.loads(report("--last", "--format", "json")[1])["outcome"] == "consent"


def test_a_file_that_install_wrote(report, tmp_path):
    shutil.copy(ROOT / "tests/data/runs/cured.json", tmp_path / "mine.json")
    assert "zbarlight" in report("mine.json", "--html", "-")[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--last"], "no run was recorded yet in {logs}"),
        (["2026"], "no run 2026 in {logs}"),
        (["x", "--last"], "--last needs no RUN"),
        (["broken.json"], "broken.json is not a report: Expecting value: line 1 column 1 (char 0)"),
        (["old.json"], "old.json is not a report of this version"),
        (["odd.json", "--html", "-"], "odd.json is not a report of this version: "),
    ],
)
def test_what_cannot_be_shown_is_an_error(report, tmp_path, words, message):
    (tmp_path / "broken.json").write_text("no")
    (tmp_path / "old.json").write_text('{"schema": 1}')
    (tmp_path / "odd.json").write_text('{"schema": 1, "timeline": [], "seconds": "many"}')
    code, out, err = report(*words)
    assert (code, out) == (ExitCode.USAGE, "")
    assert err.startswith("error: " + message.format(logs=tmp_path / "cache/logs"))


def test_several_runs_that_begin_alike_are_an_error(report, kept):
    assert report("2026")[2] == "error: 2 runs begin with 2026\nhint: accel-doctor report lists them\n"


def test_a_page_that_cannot_be_written_is_an_error(report, kept):
    code, _, err = report("--last", "--html", "gone/page.html")
    assert (code, err) == (ExitCode.USAGE, "error: cannot write gone/page.html: No such file or directory\n")
