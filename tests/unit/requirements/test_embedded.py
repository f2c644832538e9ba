"""Requirements in other files: dependency groups (PEP 735) and scripts (PEP 723)."""

from __future__ import annotations

import random
import re

import pytest

from accel_doctor.errors import UsageError
from accel_doctor.requirements.embedded import _blocks
from accel_doctor.requirements.pip_configuration import Configuration
from accel_doctor.requirements.pip_option_table import ParsedArguments
from accel_doctor.requirements.request import read_request

PROJECT = """
[dependency-groups]
test = ["pytest>=8", "six; python_version < '3'"]
Lint_All = ["ruff", {include-group = "test"}]
"""
SCRIPT = """#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["psycopg2==2.9.10",
#   "six @ https://h/six-1.0.zip",
# ]
# ///
import six
"""


@pytest.fixture
def read(files, invocation):
    def read(python: str = "3.12.1", **options: tuple[str, ...]) -> list[tuple[str, str, str | None]]:
        arguments = ParsedArguments((), {key.replace("_", "-"): value for key, value in options.items()})
        request = read_request(
            arguments, Configuration(), files, invocation, in_virtual_environment=True, python=python
        )
        return [(line.text, line.origin, line.name) for line in request.requirements]

    return read


def refused(read, **options: tuple[str, ...]) -> tuple[str, str | None]:
    with pytest.raises(UsageError) as caught:
        read(**options)
    return caught.value.message, caught.value.hint


def test_a_group_of_the_project_here(read, files):
    files.add("/w/pyproject.toml", PROJECT)
    assert read(group=("test",)) == [
        ("pytest>=8", "pyproject.toml, group test", "pytest"),
        ('six; python_version < "3"', "pyproject.toml, group test", "six"),
    ]


def test_groups_that_include_others_and_of_another_project(read, files):
    files.add("/w/sub/pyproject.toml", PROJECT)
    assert [text for text, _, _ in read(group=("sub/pyproject.toml:lint-all",))] == [
        "pytest>=8",
        'six; python_version < "3"',
        "ruff",
    ]


@pytest.mark.parametrize(
    ("given", "content", "message", "hint"),
    [
        ("x.toml:a", "", "--group x.toml:a: x.toml is not named pyproject.toml", "--group DIR/pyproject.toml:NAME"),
        (
            "dev",
            PROJECT,
            "--group dev: pyproject.toml: Dependency group 'dev' not found",
            "the groups are: test, Lint_All",
        ),
        (
            "a",
            "[dependency-groups]\na = [{include-group = 'b'}]\nb = [{include-group = 'a'}]",
            "--group a: pyproject.toml: group a includes itself",
            None,
        ),
        (
            "a",
            "[dependency-groups]\na = ['-e .']",
            "--group a: pyproject.toml: Expected package name at the start of dependency specifier\n    -e .\n    ^",
            None,
        ),
    ],
)
def test_a_group_that_cannot_be_read(read, files, given, content, message, hint):
    files.add("/w/pyproject.toml", content)
    assert refused(read, group=(given,)) == (message, hint)


def test_each_group_is_read_once(read, files):
    """Read as often as they are named, these would be two to the sixtieth."""
    names = range(60)
    groups = [f"g{n} = [{{include-group = 'g{n + 1}'}}, {{include-group = 'g{n + 1}'}}]" for n in names]
    files.add("/w/pyproject.toml", "\n".join(["[dependency-groups]", *groups, "g60 = ['six']"]))
    assert read(group=("g0",)) == [("six", "pyproject.toml, group g0", "six")]


def test_a_script(read, files):
    files.add("/w/s.py", SCRIPT)
    assert read(requirements_from_script=("s.py",)) == [
        ("psycopg2==2.9.10", "s.py", "psycopg2"),
        ("six @ https://h/six-1.0.zip", "s.py", "six"),
    ]


def test_a_script_for_another_python(read, files):
    files.add("/w/s.py", SCRIPT)
    assert refused(read, python="3.10.2", requirements_from_script=("s.py",)) == (
        "s.py requires Python >=3.11, and this is Python 3.10.2",
        "choose another interpreter or environment with --python",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("import six\n", "s.py has no block of script metadata (PEP 723)"),
        (SCRIPT + SCRIPT, "s.py has more than one block of script metadata (PEP 723)"),
        ("# /// script\n# dependencies = 1\n# ///\n", "s.py: dependencies: expected a list of strings"),
        ("# /// script\n# dependencies = [1]\n# ///\n", "s.py: expected string or bytes-like object, got 'int'"),
        ("# /// script\n# requires-python = 3\n# ///\n", "s.py: 'int' object is not iterable"),
        ("# /// script\n# tool = 1\n# dependencies = 1\n# ///\n", "s.py: dependencies: expected a list of strings"),
        (
            "# /// script\n# dependencies = ['ours']\n# [tool.uv.sources]\n# ours = {index = 'x'}\n# ///\n",
            "s.py: [tool.uv] changes what is installed, and only uv reads it: sources",
        ),
    ],
)
def test_a_script_that_cannot_be_read(read, files, content, message):
    files.add("/w/s.py", content)
    assert refused(read, requirements_from_script=("s.py",))[0] == message


def test_blocks_are_found_as_the_specification_finds_them():
    expression = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
    chance = random.Random(723)
    pieces = ["# /// script", "# /// other", "# ///", "# x = 1", "#", "#!", "code", "", "# /// two words", "#  deep"]
    for _ in range(3000):
        text = "\n".join(chance.choices(pieces, k=chance.randint(1, 12))) + "\n"
        expected = [
            (
                one["type"],
                "".join(line[2:] if line[:2] == "# " else line[1:] for line in one["content"].splitlines(True)),
            )
            for one in expression.finditer(text)
        ]
        assert [(kind, f"{content}\n") for kind, content in _blocks(text)] == expected


def test_many_openings_take_no_time(read, files):
    files.add("/w/s.py", "# /// script\n" * 200_000)
    assert refused(read, requirements_from_script=("s.py",))[0] == "s.py has no block of script metadata (PEP 723)"
