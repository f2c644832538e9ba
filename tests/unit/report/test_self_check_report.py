"""A self-check as a document and as a page: no secrets, nothing that a terminal obeys, any width."""

from __future__ import annotations

import json

import pytest

from accel_doctor.errors import NetworkError, UsageError
from accel_doctor.report.self_check_report import SelfCheck, self_check_document, self_check_lines

CHECK = SelfCheck(
    {"target": {"environment": "/home/ann/work/.venv", "headers": False}, "index": {"levels": [], "pip": None}},
    [UsageError("the Python of /home/ann/work/.venv is gone", hint="accel-doctor repair gives it another")],
    "/home/ann",
)


def test_a_page():
    assert list(self_check_lines(CHECK, 80)) == [
        "target",
        "  environment  ~/work/.venv",
        "  headers      no",
        "index",
        "  levels       none",
        "  pip          none",
        "",
        "1 problem:",
        "  error: the Python of ~/work/.venv is gone",
        "  hint: accel-doctor repair gives it another",
    ]


def test_a_document():
    assert self_check_document(CHECK) == {
        "schema": 1,
        "target": {"environment": "~/work/.venv", "headers": False},
        "index": {"levels": [], "pip": None},
        "problems": [
            {
                "message": "the Python of ~/work/.venv is gone",
                "hint": "accel-doctor repair gives it another",
                "exit_code": 2,
            }
        ],
    }


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://ann:secret@example.org/simple", "https://example.org"),
        ("https://secret@example.org:8080/simple/", "https://example.org:8080"),
        ("https://ann:sec@r/et@example.org/x", "https://example.org"),
        ("https://example.org/secret/org/simple", "https://example.org"),
        ("az://account/container?sig=secret", "az://account"),
        ("cannot read 'https://example.org?t=secret': gone", "cannot read 'https://example.org': gone"),
        ("git+ssh://git@secret@example.org/x, then", "git+ssh://example.org then"),
        ("file:///srv/wheels", "file:///srv/wheels"),
    ],
)
def test_of_an_address_only_the_host_is_shown(address, shown):
    check = SelfCheck({"index": {"index": [address]}}, [NetworkError(address, hint=address)], "/home/ann")
    document = self_check_document(check)
    assert document["index"]["index"] == [shown]
    assert "secret" not in json.dumps(document) + "\n".join(self_check_lines(check, 80))


def test_what_others_wrote_cannot_command_the_terminal():
    check = SelfCheck({"machine": {"distribution": "Od\x1b[31md"}}, [], "/root")
    assert "\x1b" not in "\n".join(self_check_lines(check, 80))
    assert list(self_check_lines(check, 80))[-1] == "nothing is wrong"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_lines_fit(width):
    facts = {"rules": {"families": ["alpine", "arch", "debian", "fedora", "homebrew", "rhel", "suse", "ubuntu"]}}
    lines = list(self_check_lines(SelfCheck(facts, [UsageError("word " * 30)], "/root"), width))
    assert max(map(len, lines)) <= width
