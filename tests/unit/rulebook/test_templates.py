"""Templates take little time and memory, whoever wrote them."""

from __future__ import annotations

import pytest

from accel_doctor.model.needs import Need
from accel_doctor.rulebook.templates import SAMPLE_PYTHON, filled, render

LONG = "a" * 60_000


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("python{{ python.version }}-dev", "python3.13-dev"),
        ("{{ python.version.replace('.', '') }}", "313"),
        ("{{ ('*/' ~ need.name) | quote }}", "'*/ffi.h'"),
        ("{{ 'a' if need.name == 'ffi.h' else 'b' }}{% if need %}!{% endif %}", "a!"),
        ("{{ need.name | replace('.h', '') | upper }}", "FFI"),
    ],
)
def test_what_rules_need(text, rendered):
    assert render(text, SAMPLE_PYTHON, Need.parse("header:ffi.h")) == rendered


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{{ "a" * 10**9 }}', "template: Mul is not supported in templates"),
        ("{{ 10 ** 10 ** 10 }}", "template: Pow is not supported in templates"),
        ("{{ '%999999999d' % 1 }}", "template: Mod is not supported in templates"),
        ("{% for a in range(10) %}{% endfor %}", "template: For is not supported in templates"),
        ("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "template: Macro is not supported in templates"),
        ("{% set a = 'b' %}", "template: Assign is not supported in templates"),
        ("{{ range(10) }}", "template: 'range' is undefined"),
        ("{{ lipsum(10**9) }}", "template: Pow is not supported in templates"),
        ("{{ 'a' | center(1000000000) }}", "template: No filter named 'center'"),
        ("{{ '%999999999d' | format(1) }}", "template: No filter named 'format'"),
        ("{{ '{:>999999999}'.format(1) }}", "template: format cannot be called in templates"),
        ("{{ 'a'.ljust(999999999) }}", "template: ljust cannot be called in templates"),
        ("{{ ''.__class__ }}", "template: access to attribute '__class__'"),
        (f"{{{{ '{LONG}' | replace('a', 'aaaaa') }}}}", "template: replace: this becomes longer than 100000"),
        (f"{{{{ '{LONG}'.replace('a', 'aaaaa') }}}}", "template: replace: this becomes longer than 100000"),
        (f"{{{{ '{LONG}' | list | map('upper') | join('{LONG[:20_000]}') }}}}", "template: join: this becomes longer"),
        ('{{ "\'"' + " | quote" * 40 + " }}", "template: quote: this becomes longer than 100000"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "template: maximum recursion depth exceeded"),
        (LONG + LONG + "{{ need }}", "template: longer than 100000 characters"),
    ],
)
def test_what_would_take_much_is_refused(text, complaint):
    with pytest.raises(ValueError, match=r"^template: ") as caught:
        render(text, SAMPLE_PYTHON)
    assert str(caught.value).startswith(complaint)


def test_export_templates_loop():
    text = "{% for a in all %}{% for b in a %}{{ b }}{% endfor %}{% endfor %}"
    assert filled(text, {"all": ["ab", "c"]}, whole_lines=True) == "abc"


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in 'ab' %}{% for b in 'ab' %}{% for c in 'ab' %}{% endfor %}{% endfor %}{% endfor %}",
        "{% set a = 'b' %}{% set a = a ~ a %}",
        "{% for a in [b ~ b] %}{% endfor %}",
        "{% for a in b recursive %}{{ loop(b) }}{% endfor %}",
    ],
)
def test_loops_cannot_multiply(text):
    with pytest.raises(ValueError, match=r"^template: this loop or assignment could multiply: write it out$"):
        filled(text, {"b": ["c"]}, whole_lines=True)
