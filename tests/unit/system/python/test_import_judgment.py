"""Which failed imports count, and which libraries they asked for."""

from __future__ import annotations

import json

import pytest

from accel_doctor.system.python.import_judgment import ImportFailure, judged, libraries_wanted, read_failures

IMPORT_ERROR = ("ImportError", "Exception", "BaseException", "object")
NOT_FOUND = ("ModuleNotFoundError", *IMPORT_ERROR)


def failure(*kinds: str, module: str = "demo", **facts: object) -> ImportFailure:
    return ImportFailure(module, (*kinds, "Exception", "BaseException", "object"), **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "only",
    [
        failure("ImproperlyConfigured", message="Requested setting DEBUG, but settings are not configured."),
        failure("KeyError", message="'DISPLAY'", variable=True),
        failure("DisplayConnectionError", message="Can't connect to display"),
        failure("TclError", message="no display name and no $DISPLAY environment variable"),
        ImportFailure(
            "demo", IMPORT_ERROR, "this platform is not supported: ('failed to acquire X connection: DISPLAY',)"
        ),
        failure("RuntimeError", message="the environment variable FOO_HOME must be set"),
        failure("ValueError", message="no API key given"),
        failure("NotImplementedError", "RuntimeError", message="analogio not supported for this board."),
        failure("FileNotFoundError", "OSError", message="[Errno 2] No such file or directory: '/proc/modules'"),
        failure("OSError", message="[Errno 101] Network is unreachable"),
        failure("ConnectionError", message="HTTPSConnectionPool: [Errno -3] Temporary failure in name resolution')"),
        failure("ImportError", message="dynamic module does not define module export function (PyInit_libdemo)"),
        ImportFailure("psycopg_c", IMPORT_ERROR, "the psycopg package should be imported before psycopg_c"),
        ImportFailure("demo", ("SystemExit", "BaseException", "object"), "2"),
        ImportFailure("demo", ("SystemExit", "BaseException", "object"), "-1"),
    ],
)
def test_a_module_that_only_wants_settings_works(only):
    assert judged("demo", ["demo"], [only]) == ((), ())


@pytest.mark.parametrize(
    "real",
    [
        failure("SyntaxError", message="Missing parentheses in call to 'print'. Did you mean print(...)?"),
        failure("AttributeError", message="module 'collections' has no attribute 'Callable'"),
        failure("OSError", message="Unable to find libfuse"),
        failure("FileNotFoundError", "OSError", message="[Errno 2] No such file or directory: '/usr/share/demo/x'"),
        ImportFailure("demo", IMPORT_ERROR, "dynamic module does not define module export function (PyInit_demo)"),
        failure("KeyError", message="'demo'"),
        ImportFailure("demo", IMPORT_ERROR, "cannot import name 'Credentials' from 'google.oauth2'"),
        ImportFailure("demo", NOT_FOUND, "No module named 'six'", missing="six"),
        ImportFailure("demo", ("SystemExit", "BaseException", "object"), "NOTE: You must install tkinter on Linux"),
    ],
)
def test_anything_else_counts(real):
    assert judged("demo", ["demo"], [real]) == ((real,), ())


def test_a_second_module_that_asks_for_an_extra_in_its_own_words_is_only_noted():
    words = "aiohttp dependency is not installed: No module named 'aiohttp'. Please re-install black with '[d]'"
    extra = ImportFailure("blackd", IMPORT_ERROR, words)
    broken = ImportFailure("blib2to3", IMPORT_ERROR, "libx.so.1: cannot open shared object file")
    assert judged("black", ["black", "blackd", "blib2to3"], [extra, broken]) == ((broken,), (extra,))
    assert judged("blackd", ["blackd"], [extra]) == ((extra,), ())


def test_a_companion_that_a_second_module_wants_is_only_noted():
    side = ImportFailure("demo_qt", NOT_FOUND, "No module named 'PyQt5'", missing="PyQt5")
    own = ImportFailure("demo_c", NOT_FOUND, "No module named 'demo._speed'", missing="demo._speed")
    assert judged("demo", ["demo", "demo_c", "demo_qt"], [side, own]) == ((own,), (side,))
    main = ImportFailure("demo", NOT_FOUND, "No module named 'six'", missing="six")
    assert judged("demo", ["demo", "demo_qt"], [main, side]).failing == (main, side)


def test_a_companion_may_be_of_the_same_namespace():
    side = ImportFailure("google.cloud._demo_v2", NOT_FOUND, "No module named 'google.iam'", missing="google.iam")
    modules = ["google.cloud.demo", "google.cloud._demo_v2"]
    assert judged("google-cloud-demo", modules, [side]) == ((), (side,))
    private = ImportFailure("google.cloud._demo", NOT_FOUND, "No module named 'google.iam'", missing="google.iam")
    assert judged("google-cloud-demo", [*modules, "google.cloud._demo"], [private]) == ((), (private,))
    other = ImportFailure("google.cloud.demo_v3", NOT_FOUND, "No module named 'google.iam'", missing="google.iam")
    assert judged("google-cloud-demo", [*modules, "google.cloud.demo_v3"], [other]) == ((), (other,))


def test_a_private_module_may_lack_what_was_left_out():
    private = ImportFailure("_yaml", NOT_FOUND, "No module named '_yaml'")
    assert judged("pyyaml", ["_yaml", "yaml"], [private]) == ((), (private,))


def test_without_a_module_of_its_name_one_that_works_is_enough():
    side = ImportFailure("fitz_qt", NOT_FOUND, "No module named 'PyQt5'", missing="PyQt5")
    assert judged("PyMuPDF", ["pymupdf_base", "fitz_qt"], [side]) == ((side,), ())
    assert judged("PyMuPDF", ["fitz", "fitz_qt"], [side]) == ((), (side,))  # by its name, a companion of the other
    assert judged("python-fitz", ["fitz", "fitz_qt"], [side]) == ((), (side,))


def test_reports_are_read_and_malformed_ones_skipped():
    said = {"module": "demo", "kinds": ["OSError"], "message": "no", "variable": False, "libraries": ["zbar"]}
    output = "\n".join(["words", f"mark:{json.dumps(said)}", "mark:{", "mark:[]", 'mark:{"module": "x"}'])
    assert read_failures(output, "mark:") == [ImportFailure("demo", ("OSError",), "no", libraries=("zbar",))]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (("magic", "libmagic", "cygmagic-1", "libmagic-1.dll"), ["libmagic"]),
        (("xcb", "libxcb.so"), ["libxcb"]),
        (("libvips.so.42",), ["libvips.so.42"]),
        (("sodium", "libsodium.so", "libsodium.so.23", "libsodium.so.18"), ["libsodium"]),
        (("cairo-2", "cairo", "libcairo.so.2", "libcairo.2.dylib"), ["libcairo.so.2", "libcairo-2"]),
        (("libxtables", "libxtables.cpython-311-x.so", "libxtables.abi3", "libxtables.so.so"), ["libxtables"]),
        (("pango", "pango-1.0", "/opt/lib/libx.so.1", "a b", "-x"), ["libx.so.1", "libpango", "libpango-1.0"]),
    ],
)
def test_the_libraries_that_imports_asked_for(asked, wanted):
    assert libraries_wanted([failure("OSError", libraries=asked)]) == wanted


def test_inside_of_a_package_only_libraries_count():
    inner = failure("ImportError", module="wand.api", libraries=("MagickWand-7.Q16",), inner=True)
    other = failure("ValueError", module="wand.x", message="no", inner=True)
    assert judged("wand", ["wand"], [inner, other]) == ((inner,), ())


@pytest.mark.parametrize(
    ("missing", "last"),
    [
        ("asyncore", "error: a module that is imported at run time is not installed: asyncore"),
        ("pkg_resources.extern", "error: a module that is imported at run time is not installed: pkg_resources"),
        ("demo._speed", "ModuleNotFoundError: No module named 'demo._speed'"),
        (None, "ModuleNotFoundError: No module named 'None'"),
    ],
)
def test_a_module_that_is_not_installed_is_told(missing, last):
    one = ImportFailure("demo", NOT_FOUND, f"No module named '{missing}'", missing=missing, trace="Traceback:\n")
    assert one.lines == f"Traceback:\n{last}\n"
