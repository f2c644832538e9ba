"""symptoms.yaml: from file to what a line shows."""

import pytest
from books import book_of, book_of_files

from accel_doctor.errors import RuleError
from accel_doctor.model.needs import Need
from accel_doctor.rulebook import Symptom, SymptomRole, shipped_rules
from accel_doctor.rulebook.symptoms import complaint_about, is_anchored, split_names

HEADER = """\
schema: 1
aliases:
  header: {pyconfig.h: header:Python.h, config.h: null, "numpy/*": python-module:numpy}
  command: {"*-linux-gnu-gcc": compiler:c}
symptoms:
"""
C_HEADER = """\
  c-header:
    kind: header
    role: fatal
    contains: ["fatal error: "]
    pattern: 'fatal error: (?P<name>[^:]+): No such file'
"""


def only(tmp_path, text: str) -> Symptom:
    (symptom,) = book_of_files(tmp_path, "symptoms.yaml", text).symptoms
    return symptom


def shown(symptom: Symptom, line: str) -> list[str] | None:
    needs = symptom.read(line)
    return None if needs is None else [str(need) for need in needs]


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("libpq-fe.h", ["header:libpq-fe.h"]),
        ("pyconfig.h", ["header:Python.h"]),
        ("config.h", []),
        ("numpy/arrayobject.h", ["python-module:numpy"]),
        ("/usr/include/zlib.h", ["header:zlib.h"]),
        ("./generated.h", []),
        ("../generated.h", []),
        ("a;rm -rf $HOME", []),
        ("x" * 500, []),
    ],
)
def test_a_name_becomes_a_need(tmp_path, name, needs):
    symptom = only(tmp_path, HEADER + C_HEADER)
    assert shown(symptom, f"a.c:1:1: fatal error: {name}: No such file or directory") == needs


def test_another_line_is_not_matched(tmp_path):
    symptom = only(tmp_path, HEADER + C_HEADER)
    assert symptom.role is SymptomRole.FATAL
    assert shown(symptom, "a.c:1:1: warning: x") is None
    assert shown(symptom, "fatal error: too many errors") is None


def test_a_line_without_its_text_is_not_matched(tmp_path):
    text = C_HEADER.replace('["fatal error: "]', '["FATAL"]')
    assert shown(only(tmp_path, HEADER + text), "fatal error: x.h: No such file") is None


def test_names_fixed_needs_and_a_symptoms_own_names(tmp_path):
    symptom = only(
        tmp_path,
        HEADER
        + """\
  packages:
    kind: pkgconfig
    role: fatal
    contains: [requirements]
    pattern: 'requirements \\((?P<names>[^)]*)\\)'
    needs: [command:pkg-config]
    names: {python3: "header:Python.h", threads: null}
""",
    )
    assert shown(symptom, "requirements (cairo >= 1.2 python3, threads cairo)") == [
        "pkgconfig:cairo",
        "header:Python.h",
        "command:pkg-config",
    ]


def test_commands_are_known_by_their_last_part(tmp_path):
    symptom = only(
        tmp_path,
        HEADER + "  c: {kind: command, role: fatal, contains: [missing], pattern: 'missing (?P<name>\\S+)'}\n",
    )
    assert shown(symptom, "missing /usr/bin/x86_64-linux-gnu-gcc") == ["compiler:c"]
    assert shown(symptom, "missing x86_64-linux-gnu-gcc") == ["compiler:c"]
    assert shown(symptom, "missing ./configure") == []


def test_a_later_layer_replaces_removes_and_goes_first(tmp_path):
    rules = book_of_files(
        tmp_path,
        "symptoms.yaml",
        HEADER
        + C_HEADER
        + "  old: {role: echo, contains: [old], pattern: old}\n  kept: {role: echo, contains: [kept], pattern: kept}\n",
        """\
schema: 1
aliases: {header: {config.h: header:other.h}}
symptoms:
  new: {role: echo, contains: [new], pattern: new}
  old: null
  c-header: {role: echo, contains: [x], pattern: x}
""",
    )
    assert [symptom.id for symptom in rules.symptoms] == ["new", "c-header", "kept"]
    assert rules.symptoms[1].role is SymptomRole.ECHO


def test_all_complaints_come_at_once(tmp_path):
    with pytest.raises(RuleError) as caught:
        _ = book_of_files(
            tmp_path,
            "symptoms.yaml",
            """\
schema: 1
extra: 1
aliases: {colour: {red: header:x.h}}
symptoms:
  one: {role: loud, contains: [x], pattern: x}
  two: {role: fatal, contains: [x], pattern: '(x', kind: header}
  half: {role: fatal, contains: [x], pattern: [x, '(?P<name>y)'], kind: header}
  three: {role: fatal, pattern: x}
  four: {role: probe, contains: [x], pattern: 'x(?P<name>y)'}
  five: {role: echo, contains: [x], pattern: x, explained_by: [cmake]}
""",
        ).symptoms
    assert caught.value.problems == (
        "rules/symptoms.yaml: extra: unknown key: expected one of advice, aliases, cures, symptoms",
        "rules/symptoms.yaml: aliases.colour: 'colour' is not a kind of need: expected one of header, library, "
        "pkgconfig, cmake, command, compiler, file, soname, python-module, build-constraint, resource, network",
        "rules/symptoms.yaml: symptoms.one.role: expected fatal, probe, hint, echo, clue, noise or "
        "optional, got 'loud'",
        "rules/symptoms.yaml: symptoms.two.pattern: not a valid regular expression: missing ), unterminated subpattern "
        "at position 0",
        "rules/symptoms.yaml: symptoms.half: has a 'kind', but a pattern has no group 'name' or 'names'",
        "rules/symptoms.yaml: symptoms.three: 'contains' is missing",
        "rules/symptoms.yaml: symptoms.four: a pattern captures a name, but there is neither 'kind' nor 'names'",
        "rules/symptoms.yaml: symptoms.four: a probe needs a 'tool', to which 'explained_by' of fatal symptoms refers",
        "rules/symptoms.yaml: symptoms.five: only fatal symptoms can have 'explained_by'",
    )


SLOW = "takes too long on a hostile line: "


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("a(?=b)", "uses lookaround, which RE2 does not support"),
        ("a(?!b)", "uses lookaround, which RE2 does not support"),
        ("(?<=a)b", "uses lookaround, which RE2 does not support"),
        ("(?<!a)b", "uses lookaround, which RE2 does not support"),
        (r"(a)\1", "uses a backreference, which RE2 does not support"),
        ("(?P<x>a)(?P=x)", "uses a backreference, which RE2 does not support"),
        (r"a\Z", r"uses \Z, which RE2 does not support: write $"),
        ("(?>a)", "uses an atomic group, which RE2 does not support"),
        ("a++", "uses a possessive repeat, which RE2 does not support"),
        ("(?:a+)+b", SLOW),
        ("((a+))+b", SLOW),
        ("(?:a{0,20}){0,20}b", SLOW),
        ("(?:a{0,9}b{0,9}){0,50}c", SLOW),
        ("(?:a?){30}a{30}", SLOW),
        ("(?:a|aa)+$", SLOW),
        ("(?:a|a)*b", SLOW),
        ("(?i:(?:a|A)+b)", None),
        ("(?i:(?:ab|AB)+c)", SLOW),
        (".*a.*b", SLOW),
        (r"\w+x\w+y", SLOW),
        (r"\s*\s*\s*x", SLOW),
        ("a{0,500}a{0,500}a{0,500}b", SLOW),
        ("a{99999999999}", "not a valid regular expression: the repetition number is too large"),
        ("(?:" * 5000, "not a valid regular expression: maximum recursion depth exceeded"),
        (r"(?:\d+\.){2,3}x", None),
        (r"(?:[a-z]+\.)+h", None),
        (r"^\S+: lacks .* of", None),
        ("(?:a|b)*c", None),
        (r"(?:a|\(\?=b)[(?=]*c\\1?", None),
        (r"(?P<name>[^:]+): (?:x|y)? g\+\+", None),
    ],
)
def test_patterns_stay_within_re2_and_take_bounded_time(pattern, complaint):
    found = complaint_about(pattern)
    assert found == complaint or (complaint and found and found.startswith(complaint))


@pytest.mark.parametrize(
    ("pattern", "anchored"),
    [
        ("^a", True),
        ("^(?:a|b)$", True),
        (r"^a\|b[|(]\(c", True),
        ("^a|b", False),
        ("^(?:a|b)|c", False),
        ("(?:^|b)a", False),
        (r"\^a", False),
        ("a", False),
    ],
)
def test_patterns_that_match_only_at_the_beginning(pattern, anchored):
    assert is_anchored(pattern) is anchored


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a >= 1 b", ["a", "b"]),
        ("- fuse3>=3.2 - glib-2.0", ["fuse3", "glib-2.0"]),
        ("a;b", ["a", "b"]),
        ("'x', \"y\"", ["x", "y"]),
        ("", []),
    ],
)
def test_lists_of_names(text, names):
    assert split_names(text) == names


def test_alias_that_is_more_exact_wins(tmp_path):
    rules = book_of_files(
        tmp_path,
        "symptoms.yaml",
        """\
schema: 1
aliases: {command: {gcc-*: compiler:c, gcc-ar*: command:ar, gcc-arm: null}}
symptoms:
  c: {kind: command, role: fatal, contains: [lost], pattern: 'lost (?P<name>\\S+)'}
""",
    )
    found = [rules.symptoms[0].read(f"lost {name}") for name in ("gcc-12", "gcc-ar-12", "gcc-arm", "xgcc-1")]
    assert found == [
        (Need.parse("compiler:c"),),
        (Need.parse("command:ar"),),
        (),
        (Need.parse("command:xgcc-1"),),
    ]


def test_a_symptom_of_listed_names_matches_no_other(tmp_path):
    patterns = "['gone: (?P<name>\\w+)$', 'gone: more']"
    text = f"  gone: {{role: fatal, contains: [gone], pattern: {patterns}, names: {{a: 'header:a.h'}}}}\n"
    symptom = only(tmp_path, HEADER + text)
    assert shown(symptom, "gone: a") == ["header:a.h"]
    assert shown(symptom, "gone: b") is None
    assert shown(symptom, "gone: more than that") == []


def test_only_the_shipped_patterns_may_cost_more(tmp_path):
    slow = "  slow: {role: noise, contains: [x], pattern: '(?:a{0,20}){0,20}x', miss: [y]}\n"
    with pytest.raises(RuleError, match=r"symptoms\.slow\.pattern: takes too long on a hostile line"):
        _ = book_of_files(tmp_path, "symptoms.yaml", f"schema: 1\nsymptoms:\n{slow}").symptoms
    copy = tmp_path / "checkout"
    copy.mkdir()
    (copy / "symptoms.yaml").write_bytes((shipped_rules() / "symptoms.yaml").read_bytes())
    assert len(book_of([copy]).symptoms) > 100
