"""``accel-doctor serve token``, ``release`` and ``audit``."""

from __future__ import annotations

import json

import pytest

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode


@pytest.fixture
def run(tmp_path, capsys):
    def called(*words: str) -> tuple[int, str, str]:
        code = main.run(["serve", *words, "--data", str(tmp_path / "data")])
        return (code, *capsys.readouterr())

    return called


def test_a_token_is_shown_once(run):
    code, secret, told = run("token", "add", "acme-*", "tool", "--label", "CI", "--expires", "90d")
    identifier = secret.split("_")[1]
    assert (code, told) == (0, f"token {identifier} may publish acme-* and tool; it is not shown again\n")
    (listed,) = json.loads(run("token", "list", "--format", "json")[1])["tokens"]
    assert (listed["id"], listed["label"], listed["projects"]) == (identifier, "CI", ["acme-*", "tool"])
    line = run("token", "list")[1]
    assert line == f"{identifier}  publish acme-* tool, until {listed['expires'][:10]}  CI\n"
    assert run("token", "revoke", identifier) == (0, f"revoked {identifier}\n", "")
    assert run("token", "list")[1] == "\n"
    audit = run("audit")[1]
    assert secret.strip() not in audit
    assert [line.split(" ", 2)[2] for line in audit.splitlines()] == [
        f"token added {identifier} acme-* tool",
        f"token revoked {identifier}",
    ]


def test_a_token_for_reading_says_so(run):
    _, secret, told = run("token", "add", "*", "--read")
    identifier = secret.split("_")[1]
    assert told == f"token {identifier} may read *; it is not shown again\n"
    assert run("token", "list")[1] == f"{identifier}  read *\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("token", "add", "Acme"),
            "error: Acme: not a pattern of project names\nhint: such as acme-* or acme-thing\n",
        ),
        (("token", "revoke", "x"), "error: no token x\nhint: accel-doctor serve token list\n"),
        (("release", "yank", "acme"), "error: acme: not a release\nhint: such as acme-thing==1.0\n"),
        (
            ("release", "delete", "acme==1.0"),
            "error: no file of acme 1.0 to delete\nhint: accel-doctor serve audit\n",
        ),
    ],
)
def test_what_is_not_there_is_told(run, words, message):
    assert run(*words) == (ExitCode.USAGE, "", message)


def test_options_of_serve_do_not_stand_before_its_commands(tmp_path, capsys):
    assert main.run(["serve", "--data", str(tmp_path), "token", "list"]) == ExitCode.USAGE
    assert capsys.readouterr().err == ("error: --data before token\nhint: name it after accel-doctor serve token …\n")
