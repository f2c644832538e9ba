"""The door of rule files: every complaint names file and key, and all come at once."""

import pytest

from accel_doctor.model.needs import Need
from accel_doctor.rulebook.yaml_reading import MAXIMUM_SIZE, parse, read


def complaints(text: str) -> list[str]:
    problems: list[str] = []
    top = parse(text, "x.yaml", problems)
    if top:
        for node in top.mapping(("a", "b"), required=("a",)).values():
            node.texts()
    return problems


def test_values_are_read():
    problems: list[str] = []
    top = parse('schema: 1\na: one\nb: [two, "3"]\n', "x.yaml", problems)
    assert top is not None
    entries = top.mapping()
    assert (entries["a"].texts(), entries["b"].texts(), problems) == (("one",), ("two", "3"), [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["x.yaml: empty"]),
        ("- a\n", ["x.yaml: expected a mapping, got a list"]),
        ("a: x\n", ["x.yaml: schema: expected 1, got nothing"]),
        ("schema: 2\na: x\n", ["x.yaml: schema: expected 1, got 2"]),
        ("schema: true\na: x\n", ["x.yaml: schema: expected 1, got true"]),
        ("schema: 1\nb: x\n", ["x.yaml: 'a' is missing"]),
        ("schema: 1\na: x\nc: y\n", ["x.yaml: c: unknown key: expected one of a, b"]),
        ("schema: 1\na: x\na: y\n", ["x.yaml: a: given twice"]),
        ("schema: 1\na: 12\n", ["x.yaml: a: expected a string, got 12: quote it"]),
        ("schema: 1\na: no\n", ["x.yaml: a: expected a string, got false: quote it"]),
        ("schema: 1\na: 1.5\n", ["x.yaml: a: expected a string, got '1.5': quote it",
                                 "x.yaml: a: expected a string, got nothing"]),
        ("schema: 1\na: [x, {}]\n", ["x.yaml: a[1]: expected a string, got a mapping"]),
        ("schema: 1\na: &x y\nb: *x\n", ["x.yaml: b: anchors and aliases are not supported",
                                         "x.yaml: b: expected a string, got nothing"]),
        ("schema: 1\na: x\n12: y\n", ["x.yaml: key '12' is not a string: quote it"]),
        ("schema: 1\na: !!python/object:os.system x\n",
         ["x.yaml: a: expected a string, got 'x': quote it", "x.yaml: a: expected a string, got nothing"]),
    ],
)  # fmt: skip
def test_complaints(text, expected):
    assert complaints(text) == expected


def test_yaml_that_is_none_is_quoted_with_its_place():
    assert complaints("schema: 1\na: [x\n")[0].startswith("x.yaml: not YAML: while parsing a flow sequence")


def test_a_cycle_ends():
    assert "x.yaml: a[0]: anchors and aliases are not supported" in complaints("schema: 1\na: &x [*x]\n")


def test_needs_are_checked():
    problems: list[str] = []
    top = parse("schema: 1\na: [header:zlib.h, zlib.h, colour:red, 'header:../x']\n", "x.yaml", problems)
    assert top is not None
    assert top.mapping()["a"].needs() == (Need.parse("header:zlib.h"),)
    assert problems == [
        "x.yaml: a[1]: expected kind:name, got 'zlib.h'",
        "x.yaml: a[2]: no kind of need is called 'colour'",
        "x.yaml: a[3]: not the name of a header: '../x'",
    ]


def test_files_that_cannot_be_read(tmp_path):
    problems: list[str] = []
    (tmp_path / "large.yaml").write_bytes(b" " * (MAXIMUM_SIZE + 1))
    (tmp_path / "latin.yaml").write_bytes(b"schema: 1\na: \xe9\n")
    assert read(tmp_path / "large.yaml", "large.yaml", problems) is None
    assert read(tmp_path / "latin.yaml", "latin.yaml", problems) is None
    assert problems[0] == f"large.yaml: larger than {MAXIMUM_SIZE} bytes"
    assert problems[1].startswith("latin.yaml: cannot read it: 'utf-8' codec can't decode byte 0xe9")
