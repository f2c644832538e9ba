"""A requirements file arrives with a clone: it chooses what is installed, and does nothing else."""

from __future__ import annotations

import random
import re

import pytest

from accel_doctor.errors import UsageError
from accel_doctor.requirements.pip_configuration import Configuration
from accel_doctor.requirements.pip_option_table import PIP_OPTIONS, ParsedArguments
from accel_doctor.requirements.request import read_request

# What else an option of a file can set: which packages, from where, how built.
CHOOSING = {
    "requirement", "constraint", "editable", "index-url", "extra-index-url", "find-links", "no-index", "no-binary",
    "only-binary", "prefer-binary", "pre", "require-hashes", "no-require-hashes", "config-settings", "trusted-host",
}  # fmt: skip


def read(files, invocation, text: str):
    files.add("/w/r.txt", text)
    arguments = ParsedArguments((), {"requirement": ("r.txt",)})
    return read_request(arguments, Configuration(), files, invocation, in_virtual_environment=True)


def test_options_of_files_choose_and_do_nothing_else():
    assert {option.key for option in PIP_OPTIONS if option.in_files} == CHOOSING


@pytest.mark.parametrize(
    "option", ["--target", "--prefix", "--report", "--cache-dir", "--python", "--log", "--yes", "--root", "--src"]
)
@pytest.mark.parametrize("before", ["", "six "])
def test_what_says_where_is_no_option_of_a_file(files, invocation, option, before):
    with pytest.raises(UsageError, match=f"no such option: {option}$"):
        read(files, invocation, f"{before}{option} /etc")


@pytest.mark.parametrize(
    "line",
    [
        "git+ext::sh -c id",
        "git+ext::sh%20-c%20id#egg=a",
        "-e git+ext::sh%20-c%20id#egg=a",
        "ext::sh -c id",
        "fd::17/foo",
        "file://elsewhere/share/a-1.0.tar.gz",
        "--upload-pack=id",
        "$(id)",
        "`id`",
        "; id",
    ],
)
def test_what_would_run_a_command_is_no_requirement(files, invocation, line):
    with pytest.raises(UsageError):
        read(files, invocation, line)


def test_whatever_it_holds_is_read_or_refused_with_its_place(files, invocation):
    choice = random.Random(14)
    letters = "a1-=[]{}()<>!~;:@#/\\'\" \t.,$%&*+\n\r\x00\x0b\x0c\x1b\u2028\ud7ff\U0001f600"
    refused, requirements = [], []
    for _ in range(3000):
        text = "".join(choice.choices(letters, k=choice.randint(1, 30)))
        try:
            requirements += read(files, invocation, f"six\n{text}").requirements
        except UsageError as error:
            refused.append(error.message)
    assert not [message for message in refused if not re.search("r.txt|--|://", message)]
    assert not [line for line in requirements if "\n" in line.text or line.text.startswith("-")]
    assert len(requirements) > 50


def test_it_cannot_be_endless(files, invocation):
    with pytest.raises(UsageError, match="recursively references itself"):
        read(files, invocation, "-r r.txt")
    for number in range(60):
        files.add(f"/w/{number}.txt", f"-r {number + 1}.txt")
    with pytest.raises(UsageError, match="nest deeper than 50 levels"):
        read(files, invocation, "-r 0.txt")
    files.add("/w/wide.txt", "six\n" * 150_000)
    with pytest.raises(UsageError, match="more than 200000 lines"):
        read(files, invocation, "-r wide.txt\n-r ./wide.txt")
