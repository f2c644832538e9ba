"""Which modules inside of packages tell that these do not work."""

from __future__ import annotations

import pytest

from accel_doctor.rulebook import load
from accel_doctor.system.python.import_judgment import ImportFailure, read_inner_count
from accel_doctor.system.python.inner_judgment import InnerJudge

IMPORT_ERROR = ("ImportError", "Exception", "BaseException", "object")
NOT_FOUND = ("ModuleNotFoundError", *IMPORT_ERROR)


def inside(*extras: str) -> InnerJudge:
    return InnerJudge(load([], {}), "3.13", 10, extras)


def lacking(module: str, *where: str) -> list[ImportFailure]:
    message = f"No module named {module!r}"
    return [ImportFailure(one, NOT_FOUND, message, missing=module, inner=True) for one in where]


def failing(kind: str, message: str, *where: str) -> list[ImportFailure]:
    kinds = IMPORT_ERROR if kind == "ImportError" else (kind, "Exception", "BaseException", "object")
    return [ImportFailure(one, kinds, message, inner=True) for one in where]


@pytest.mark.parametrize(
    "failures",
    [
        failing("ImportError", "cannot import name 'utc' from 'django.utils.timezone' (/x)", "demo.a", "demo.b"),
        failing("AttributeError", "module 'numpy' has no attribute 'asscalar'", "demo.table", "demo.units"),
        failing("TypeError", "metaclass conflict", "demo.a", "demo.b"),
        failing("SyntaxError", "invalid syntax", "demo.demo"),
        lacking("telnetlib", "demo.a", "demo.b"),
        lacking("demo.vendored.six", "demo.a", "demo.b"),
        lacking("torch", *(f"demo.{one}" for one in "abcde")),  # half of all
    ],
)
def test_what_keeps_much_of_a_distribution_from_working_counts(failures):
    assert inside().judged(failures) == [failures[0]._replace(inner=False)]


@pytest.mark.parametrize(
    "failures",
    [
        lacking("numpy", "demo.text", "demo.tag"),
        lacking("distutils", "demo.demo"),
        lacking("torch", "demo.a", "demo.b"),
    ],
)
def test_a_distribution_that_nobody_named_is_a_need_of_parts(failures):
    assert inside().judged(failures) == [failures[0]]


@pytest.mark.parametrize(
    "failures",
    [
        lacking("twisted", "demo.twisted"),  # one companion
        failing("AttributeError", "module 'numpy' has no attribute 'asscalar'", "demo.rare"),
        lacking("PIL", "demo.a", "demo.b"),  # extras
        lacking("serial", "demo.a", "demo.b"),
        lacking("demo._speedups", "demo.a", "demo.b"),
        failing("ImportError", "cannot import name 'WinDLL' from 'ctypes'", "demo.serialwin32", "demo.win32"),
        failing("ImportError", "cannot import name 'x' from partially initialized module 'demo' (most likely due to a "
                "circular import) (/x)", "demo.a", "demo.b"),
        failing("ImportError", "demo needs the extra 'web'", "demo.a", "demo.b"),
        failing("ModuleNotFoundError", "Dask-ML is not installed.", "demo.a", "demo.b"),
        failing("RuntimeError", "already using asyncio", "demo.a", "demo.b"),
        failing("ImproperlyConfigured", "settings are not configured", "demo.a", "demo.b"),
    ],
)  # fmt: skip
def test_companions_settings_and_other_systems_do_not_count(failures):
    assert inside("pillow", "pyserial").judged(failures) == []


def test_each_cause_is_told_once():
    more = lacking("telnetlib", "demo.a", "demo.b", "demo.c")
    assert len(inside().judged([*lacking("numpy", "demo.x", "demo.y"), *more])) == 2


@pytest.mark.parametrize(
    ("output", "counted"),
    [("words\nmark:{\"inside\": 12}\n", 12), ('{"inside": 12}\n', None), ('mark:{"inside": 12, "x": 1}\n', None)],
)  # fmt: skip
def test_how_many_modules_were_imported_from_inside(output, counted):
    assert read_inner_count(output, "mark:") == counted


def test_a_name_that_a_package_defines_only_with_an_extra_is_told():
    words = "cannot import name 'FbsType' from 'demo.xbr' (/x/demo/xbr/__init__.py)"
    failed = ImportFailure("demo.xbr.cli", IMPORT_ERROR, words, command="xbr")
    assert inside("web3").of_commands([failed], "demo", ["xbr"]) == ((), (failed,))
    assert inside().of_commands([failed], "demo", ["xbr"]) == ((failed,), ())
    other = failed._replace(message=words.replace("demo.xbr", "jinja2"))
    assert inside("web3").of_commands([other], "demo", ["xbr"]) == ((other,), ())
