"""Rule files put in order: sorted, tidy, and nothing lost."""

from __future__ import annotations

import pytest

from accel_doctor.rulebook.authoring.formatting import formatted

UNSORTED = """\
# Head
schema: 1
family: debian\t
manager: apt


needs:
  header:
    # of zlib
    zlib.h: zlib1g-dev  # said at the end
    Python.h:
      packages: "python{{ python.version }}-dev"   \x20
      alternatives: [[python3-dev]]
    # of b,
    # in two lines
    b.h: libb-dev

    # a group of its own

    d.h: libd-dev
    c.h: libc-dev
  command:
    xx: x-tools
    # trailing
releases:
  "13":
    needs:
      header:
        z.h: null
        a.h: null
"""
SORTED = """\
# Head
schema: 1
family: debian
manager: apt

needs:
  header:
    # of b,
    # in two lines
    b.h: libb-dev
    Python.h:
      packages: "python{{ python.version }}-dev"
      alternatives: [[python3-dev]]
    # of zlib
    zlib.h: zlib1g-dev  # said at the end

    # a group of its own

    c.h: libc-dev
    d.h: libd-dev
  command:
    xx: x-tools
    # trailing
releases:
  "13":
    needs:
      header:
        a.h: null
        z.h: null
"""


def test_entries_are_sorted_with_their_comments_and_groups_stay_apart():
    assert formatted(UNSORTED) == SORTED
    assert formatted(SORTED) == SORTED
    assert formatted(UNSORTED.replace("\n", "\r\n")) == SORTED


def test_python_packages_are_sorted_and_symptoms_are_not():
    text = (
        "schema: 1\npackages:\n  b: {needs: []}\n  B-a: {needs: []}\n  a: {needs: []}\n"
        "symptoms:\n  z: {role: echo}\n  a: {role: echo}\n"
    )
    assert formatted(text) == (
        "schema: 1\npackages:\n  a: {needs: []}\n  b: {needs: []}\n  B-a: {needs: []}\n"
        "symptoms:\n  z: {role: echo}\n  a: {role: echo}\n"
    )


def test_text_over_several_lines_stays_as_it_is():
    text = (
        "schema: 1\nsymptoms:\n  a:\n    match:\n      - log: |\n          one  \n\n\n          # two\n"
        '        needs: []\n    miss: ["x\n\n\n      y"]\n'
    )
    assert formatted(text) == text


def test_an_entry_that_ends_in_such_text_moves_whole():
    text = "schema: 1\nneeds:\n  header:\n    b.h:\n      advice: |\n        # one\n\n        two\n    a.h: x\n"
    assert formatted(text) == (
        "schema: 1\nneeds:\n  header:\n    a.h: x\n    b.h:\n      advice: |\n        # one\n\n        two\n"
    )


def test_what_is_written_in_one_line_stays_so():
    text = "schema: 1\nneeds: {header: {b.h: x, a.h: y}}\n"
    assert formatted(text) == text


def test_a_key_given_twice_is_for_lint_to_tell():
    text = "schema: 1\nneeds: {}\nneeds: {}\n"
    assert formatted(text) == text


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("schema: 1\na: [x\n", "not YAML: while parsing a flow sequence"),
        ("", "empty"),
        ("schema: 3\n", "schema: expected 1, got 3"),
    ],
)
def test_what_cannot_be_put_in_order(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        formatted(text)
