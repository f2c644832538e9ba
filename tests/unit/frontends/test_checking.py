"""Which requirements of installed distributions uv and pip say are not met."""

from __future__ import annotations

import pytest
from fakes import FakeRunner, interpreter

from accel_doctor.errors import ToolError
from accel_doctor.frontends import checking
from accel_doctor.frontends.checking import broken_requirements, read_check

UV = """\
Using Python 3.13.5 environment at: e
Checked 12 packages in 0.58ms
Found 2 incompatibilities
The package `requests` requires `urllib3>=1.26,<3`, but `1.19.1` is installed
The package `flask` requires `jinja2>=3.1.2`, but it's not installed
"""
PIP = """\
flask 3.1.3 requires jinja2, which is not installed.
requests 2.34.2 has requirement urllib3<3,>=1.26, but you have urllib3 1.19.1.
"""


def test_both_tools_words_are_read():
    assert [str(one) for one in read_check(UV)] == [
        "requests requires urllib3>=1.26,<3, but `1.19.1` is installed",
        "flask requires jinja2>=3.1.2, but it's not installed",
    ]
    assert [(one.name, one.requirement) for one in read_check(PIP)] == [
        ("flask", "jinja2"),
        ("requests", "urllib3<3,>=1.26"),
    ]
    assert read_check("Checked 12 packages in 1ms\nAll installed packages are compatible\n") == []


@pytest.mark.parametrize(
    ("uv", "argv"), [("/bin/uv", ["/bin/uv", "pip", "check"]), (None, ["/v/bin/python", "-m", "pip"])]
)
def test_uv_is_asked_if_it_is_there_else_pip(monkeypatch, uv, argv):
    monkeypatch.setattr(checking, "find_uv", lambda variables: uv)
    runner = FakeRunner(lambda argv: (1, UV))
    assert len(broken_requirements(runner, interpreter(), {})) == 2
    assert list(runner.commands[0][: len(argv)]) == argv


def test_a_check_that_does_not_work_is_an_error(monkeypatch):
    monkeypatch.setattr(checking, "find_uv", lambda variables: None)
    runner = FakeRunner(lambda argv: (1, "/v/bin/python: No module named pip"))
    with pytest.raises(ToolError, match=r"^cannot check the requirements in /v: /v/bin/python: No module named pip$"):
        broken_requirements(runner, interpreter(), {})
