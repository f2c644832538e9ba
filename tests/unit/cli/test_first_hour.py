"""What a person's first hour can bring: each mistake, and the whole answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode

UV_LOCK = "accel-doctor sync uv.lock"
GROUPS = "what a project offers as extra is given as '.[dev]'"
PROJECT = "to install the project and its dependencies, give its directory: . or -e ."
PYTHONS = "give the path of an interpreter, a command on PATH, or the directory of a virtual environment"

# The files that are there; the command line; the error; the hint, "" if there is none.
MISTAKES = [
    # nothing given
    ("", "install", "no requirements given", "accel-doctor install NAME, or with a file: -r FILE"),
    ("", "check", "no requirements given", "accel-doctor check NAME, or with a file: -r FILE"),
    ("requirements.txt", "check", "no requirements given", "accel-doctor check -r requirements.txt"),
    ("pylock.toml", "install", "no requirements given", "accel-doctor install -r pylock.toml"),
    (
        "pyproject.toml uv.lock",
        "install",
        "no requirements given",
        "accel-doctor install .; or accel-doctor sync, which installs from uv.lock",
    ),
    # a file in the place of a package: an index may have one of that name
    ("uv.lock", "install uv.lock", "command line: 'uv.lock' is uv's lock file, not a package", UV_LOCK),
    (
        "uv.lock",
        "check ./uv.lock",
        "command line: './uv.lock' is uv's lock file, not a package",
        "accel-doctor sync ./uv.lock",
    ),
    (
        "",
        "check pylock.toml",
        "command line: 'pylock.toml' is a file, not a package",
        "to read requirements from a file: -r pylock.toml",
    ),
    (
        "dev.txt",
        "check dev.txt",
        "command line: 'dev.txt' is a file, not a package",
        "to read requirements from a file: -r dev.txt",
    ),
    ("", "install pyproject.toml", "command line: 'pyproject.toml' is a project's own file, not a package", PROJECT),
    (
        "Pipfile",
        "install Pipfile",
        "command line: 'Pipfile' is Pipenv's file, not a package",
        "accel-doctor run -- pipenv install; or pipenv requirements > requirements.txt, and give that with -r",
    ),
    (
        "deps.yaml",
        "install deps.yaml",
        "command line: 'deps.yaml' is a YAML file, not a package",
        "give a requirements file, or a pylock.toml",
    ),
    # files of other kinds, or none, where a requirements file is expected
    ("uv.lock", "install -r uv.lock", "uv.lock is uv's lock file, not a requirements file", UV_LOCK),
    ("uv.lock", "install -c uv.lock six", "uv.lock is uv's lock file, not a requirements file", UV_LOCK),
    ("", "install -r gone.txt", "requirements file not found: gone.txt", ""),
    ("", "install -c gone.txt six", "constraints file not found: gone.txt", ""),
    ("requirements.txt", "check -r req.txt", "requirements file not found: req.txt", "there is requirements.txt"),
    ("", "install -r pylock.toml", "lock file not found: pylock.toml", ""),
    (
        "sub/x",
        "install -r sub",
        "sub is a directory, not a requirements file",
        "to install a project from its directory: accel-doctor install ./sub",
    ),
    ("log.gz", "install -r log.gz", "log.gz is not a text file", ""),
    # what else has requirements in it
    (
        "s.py",
        "install s.py",
        "command line: 's.py' is a Python file, not a package",
        "if it says what it needs (PEP 723): --script s.py",
    ),
    ("", "install --script s.py", "script file not found: s.py", ""),
    ("pyproject.toml", "install --group dev", "--group dev: pyproject.toml has no [dependency-groups]", GROUPS),
    # options
    ("", "install --requirements dev.txt", "no such option: --requirements", "use -r"),
    ("", "install --all-extras .", "no such option: --all-extras", "name the extras: '.[NAME]'"),
    (
        "",
        "install --exclude-newer 2024-01-01 six",
        "no such option: --exclude-newer",
        "set UV_EXCLUDE_NEWER: uv reads it",
    ),
    ("", "install --pyhton x six", "no such option: --pyhton", "did you mean --python?"),
    ("", "install --xyzzy six", "no such option: --xyzzy", "accel-doctor install --help shows what it takes"),
    ("", "check --xyzzy six", "no such option: --xyzzy", "accel-doctor check --help shows what it takes"),
    (
        "",
        "check --yes six",
        "no such option: --yes",
        "it is an option of accel-doctor install, as check installs nothing",
    ),
    ("", "run --dry-rum -- make", "no such option: --dry-rum", "did you mean --dry-run?"),
    ("", "cache prune --al", "no such option: --al", "accel-doctor cache prune --help shows what it takes"),
    (
        "",
        "install --jobs many six",
        "invalid value for '--jobs' (env var: 'ACCEL_DOCTOR_JOBS'): 'many' is not a valid whole number",
        "accel-doctor install --help shows what it takes",
    ),
    # interpreters
    ("", "install --python 3.3 six", "--python 3.3: there is no python3.3 on PATH", PYTHONS),
    ("sub/x", "install --python sub six", "--python sub: there is no Python in this directory", PYTHONS),
    ("", "install --python pyhton six", "--python pyhton: no such file, directory or command", PYTHONS),
    (
        "",
        "install six",
        "there is no virtual environment to install into",
        "--venv makes ./.venv and installs into it; or name an environment with --python",
    ),
    ("", "repair", "there is no virtual environment to repair", "name one with --python"),
    (
        "",
        "env sync",
        "no lock file found: none of pylock.toml, uv.lock, poetry.lock, pdm.lock, Pipfile.lock, requirements.txt",
        "run accel-doctor env init, then list your files in requirements_lock_paths",
    ),
    (
        "",
        "sync",
        "no lock file found here: none of pylock.toml, uv.lock, poetry.lock, pdm.lock, Pipfile.lock, requirements.txt",
        "change to the project's directory; without a lock file: accel-doctor install -e .",
    ),
    ("", "sync gone.lock", "lock file not found: gone.lock", ""),
    ("pdm.lock", "sync", "pdm.lock needs the pyproject.toml beside it, and there is none", ""),
    (
        "requirements.txt",
        "sync --group dev",
        "requirements.txt has no groups and no extras",
        "leave the options out",
    ),
    ("Pipfile.lock", "sync", "Pipfile.lock needs the Pipfile beside it, and there is none", ""),
    ("", "why hat:frob", "hat:frob: no kind of need is called 'hat'", "write kind:name, such as header:libpq-fe.h"),
    (
        "",
        "install --target there --report gone/r.json six",
        "cannot write the report to gone/r.json: its directory is missing or not writable",
        "make the directory, or name another file",
    ),
]


@pytest.mark.parametrize(("files", "line", "error", "hint"), MISTAKES, ids=[line for _, line, *_ in MISTAKES])
def test_a_mistake_is_told_with_the_next_step(
    somewhere: Path, capsys: pytest.CaptureFixture[str], files: str, line: str, error: str, hint: str
) -> None:
    for name in files.split():
        (somewhere / name).parent.mkdir(exist_ok=True)
        (somewhere / name).write_bytes(b"\x1f\x8b\x08\0" if name.endswith(".gz") else b"[x]\n")
    assert main.run(line.split()) == ExitCode.USAGE
    told = capsys.readouterr()
    assert told.err == f"error: {error}\n" + (f"hint: {hint}\n" if hint else "")
    assert told.out == ""


def test_the_lock_of_a_workspace_is_above_its_members(
    somewhere: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (somewhere / "uv.lock").touch()
    (somewhere / "member").mkdir()
    monkeypatch.chdir(somewhere / "member")
    assert main.run(["sync"]) == ExitCode.USAGE
    assert capsys.readouterr().err.splitlines()[1] == f"hint: there is {somewhere}/uv.lock: change to its directory"


def test_the_name_of_a_python_package_in_the_place_of_a_need(
    somewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["why", "psycopg2", "--distro", "debian:12"]) == ExitCode.UNCURED
    assert capsys.readouterr().out == (
        "command:psycopg2 on debian 12:\n"
        "  no package known\n"
        "  no package of debian 12 has psycopg2\n"
        "nothing found in the index of debian 12\n"
        "for the Python package of that name: accel-doctor check psycopg2\n"
    )
