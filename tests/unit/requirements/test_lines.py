"""The grammar of one requirements file."""

from __future__ import annotations

import pytest

from accel_doctor.errors import UsageError
from accel_doctor.requirements.lines import Line, parse_lines


def lines(text: str, **environment: str) -> list[Line]:
    return list(parse_lines(text, "r.txt", environment))


def test_comments_and_blank_lines_are_dropped_and_numbers_are_kept():
    read = lines("# all of it\n\nsix  # for old code\nidna#not-a-comment\n")
    assert read == [Line("r.txt:3", "six", ()), Line("r.txt:4", "idna#not-a-comment", ())]


def test_a_backslash_joins_lines_under_the_first_number():
    assert lines("six==1.17.0 \\\n  --hash=sha256:ab \\\n  --hash sha384:cd\nidna\n") == [
        Line("r.txt:1", "six==1.17.0", (("hash", "sha256:ab"), ("hash", "sha384:cd"))),
        Line("r.txt:4", "idna", ()),
    ]


def test_a_comment_ends_a_continued_line_even_when_it_ends_in_a_backslash():
    assert lines("six\\\n# no more \\\nidna") == [Line("r.txt:1", "six", ()), Line("r.txt:3", "idna", ())]


def test_the_last_line_may_end_in_a_backslash():
    assert lines("six \\") == [Line("r.txt:1", "six", ())]


def test_variables_are_filled_in_and_unknown_or_empty_ones_are_not():
    (line,) = lines("x @ https://${USER_NAME}:${EMPTY}@h/${lower}-${UNKNOWN}", USER_NAME="me", EMPTY="", lower="no")
    assert line.requirement == "x @ https://me:${EMPTY}@h/${lower}-${UNKNOWN}"


def test_a_marker_keeps_its_quotes():
    (line,) = lines("six ; python_version < '3' --hash=sha256:ab")
    assert line == Line("r.txt:1", "six ; python_version < '3'", (("hash", "sha256:ab"),))


@pytest.mark.parametrize("text", ["-r b.txt", "-rb.txt", "--requirement b.txt", "--requirement=b.txt"])
def test_every_spelling_of_an_option(text):
    assert lines(text) == [Line("r.txt:1", "", (("requirement", "b.txt"),))]


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("--index https://i", ("index-url", "https://i")),
        ("--find=a", ("find-links", "a")),
        ("--pypi https://i", ("index-url", "https://i")),
        ("--config k=v", ("config-settings", "k=v")),
    ],
)
def test_options_can_be_abbreviated(text, option):
    assert lines(text) == [Line("r.txt:1", "", (option,))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-e . ; python_version > '3'", Line("r.txt:1", "", (("editable", ". ; python_version > '3'"),))),
        (
            "-e . ; python_version > '3' -C k=v",
            Line("r.txt:1", "", (("editable", ". ; python_version > '3'"), ("config-settings", "k=v"))),
        ),
        ("-e 'a @ u ; x'", Line("r.txt:1", "", (("editable", "a @ u ; x"),))),
        ("six --hash sha256:ab ; os_name == 'nt'", Line("r.txt:1", "six ; os_name == 'nt'", (("hash", "sha256:ab"),))),
    ],
)
def test_a_marker_after_the_options_is_the_requirements(text, expected):
    assert lines(text) == [expected]


def test_a_line_may_hold_several_options():
    (line,) = lines("--no-index --find-links 'a b' --no-binary=x,y")
    assert line.options == (("no-index", ""), ("find-links", "a b"), ("no-binary", "x,y"))
    assert line.values("find-links") == ("a b",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("--frobnicate", "r.txt:1: Invalid requirement: --frobnicate: no such option: --frobnicate"),
        ("six --user", "r.txt:1: Invalid requirement: six --user: no such option: --user"),
        ("-i", "r.txt:1: Invalid requirement: -i: -i option requires 1 argument"),
        ("--pre=yes", "r.txt:1: Invalid requirement: --pre=yes: --pre option does not take a value"),
        ("-e . extra", "r.txt:1: Invalid requirement: -e . extra: unexpected 'extra' after the options"),
        (
            "--re x",
            "r.txt:1: Invalid requirement: --re x: ambiguous option: --re (--require-hashes, --requirement?)",
        ),
        ("--pre ; x", "r.txt:1: Invalid requirement: --pre ; x: a marker without a requirement"),
        ("--find-links 'a", "r.txt:1: Could not split options: --find-links 'a"),
        (
            "six --hash=md5:ab",
            "r.txt:1: Invalid requirement: six --hash=md5:ab: "
            "Allowed hash algorithms for --hash are sha256, sha384, sha512.",
        ),
        (
            "six --hash=ab",
            "r.txt:1: Invalid requirement: six --hash=ab: Arguments to --hash must be a hash name followed by a "
            "value, like --hash=sha256:abcde...",
        ),
        (
            "six --config-settings a",
            "r.txt:1: Invalid requirement: six --config-settings a: Arguments to --config-settings must be of the "
            "form KEY=VAL",
        ),
    ],
)
def test_what_cannot_be_read_is_said_with_file_and_line(text, complaint):
    with pytest.raises(UsageError) as caught:
        lines(text)
    assert caught.value.message == complaint
