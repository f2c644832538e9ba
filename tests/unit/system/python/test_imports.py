"""Importing what was installed, with the interpreter that runs the tests, out of a directory made here."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import replace
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from fakes import FakeLogs, FakeSandbox, interpreter

from accel_doctor.errors import ToolError
from accel_doctor.model.requests import InstallRequest
from accel_doctor.system.process.runner import ProcessRunner
from accel_doctor.system.python import imports
from accel_doctor.system.python.imports import Imports


class Rules:
    def project_of(self, module: str) -> str | None:
        return {"PIL": "pillow", "nobody_has_this": "somebody"}.get(module)

    def is_gone(self, module: str, python: str) -> bool:
        return module == "asyncore"


@pytest.fixture
def target(tmp_path):
    """Installs a distribution of these files into a --target directory."""

    def make(name: str, files: dict[str, str], commands: str = "") -> InstallRequest:
        root = tmp_path / "target"
        record = root / f"{name}-1.0.dist-info" / "RECORD"
        record.parent.mkdir(parents=True, exist_ok=True)
        (record.parent / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (record.parent / "entry_points.txt").write_text(f"[console_scripts]\n{commands}")
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        record.write_text("".join(f"{path},,\n" for path in files))
        return InstallRequest((), target=root)

    return make


@pytest.fixture
def verifier(tmp_path, notes):
    return Imports(
        interpreter=interpreter(executable=Path(sys.executable)),
        runner=ProcessRunner(dict(os.environ)),
        sandbox=FakeSandbox(),
        logs=FakeLogs(tmp_path),
        jobs=2,
        note=notes.append,
        rules=Rules(),
    )


@pytest.fixture
def notes() -> list[str]:
    return []


def test_what_can_be_imported_is_fine(verifier, target):
    request = target("fine", {"fine/__init__.py": "import sys; assert len(sys.argv) == 1", "fine_too.py": ""})
    assert verifier.failing(["fine"], request) == []


def test_a_failing_import_leaves_its_traceback_in_a_log(verifier, target):
    message = "libGL.so.1: cannot open shared object file: No such file or directory"
    target("fine", {"fine.py": ""})
    request = target("seeing", {"seeing/__init__.py": f"raise ImportError({message!r})"})
    (failed,) = verifier.failing(["fine", "seeing", "not-installed"], request)
    assert (failed.package, failed.step, failed.returncode) == ("seeing", "import", 1)
    lines = failed.log.read_text().splitlines()
    assert lines[0] == f"$ {sys.executable} -c 'import seeing'"
    assert lines[1] == "Traceback (most recent call last):"
    assert [line for line in lines if line.startswith("ImportError")] == [f"ImportError: {message}"]


def test_a_library_that_an_import_asked_for_by_name_is_told(verifier, target):
    code = (
        "import ctypes, ctypes.util\n"
        "if not ctypes.util.find_library('certainly-none'):\n"
        "    try: ctypes.CDLL('libnone.so.7')\n"
        "    except OSError: raise ImportError('no library')\n"
    )
    (failed,) = verifier.failing(["asking"], target("asking", {"asking.py": code}))
    *_, said, last = failed.log.read_text().splitlines()
    assert said == "ImportError: no library"  # not what else was tried before
    assert last == ("shared libraries that this import asked for, and did not find: libnone.so.7, libcertainly-none")


def test_a_library_that_is_there_under_another_name_is_not_told(verifier, target):
    code = "import ctypes\ntry: ctypes.CDLL('libc.so')\nexcept OSError: pass\nraise ImportError('undefined symbol: x')"
    (failed,) = verifier.failing(["odd"], target("odd", {"odd.py": code}))
    assert failed.log.read_text().endswith("ImportError: undefined symbol: x\n")


def test_a_library_of_its_own_that_lacks_another_is_not_told(verifier, target):
    code = (
        "import ctypes, os.path\n"
        "own = os.path.join(os.path.dirname(__file__), 'lacking.libs', 'libown.so')\n"
        "try: ctypes.CDLL(own)\n"
        "except OSError: raise OSError('libgomp.so.1: cannot open shared object file')\n"
    )
    (failed,) = verifier.failing(["lacking"], target("lacking", {"lacking.py": code, "lacking.libs/libown.so": "none"}))
    assert failed.log.read_text().endswith("OSError: libgomp.so.1: cannot open shared object file\n")


def test_modules_beside_one_that_opens_libraries_are_imported_too(verifier, target):
    files = {
        "bars/__init__.py": "",
        "bars/opener.py": "import ctypes.util\ndef load():\n    return ctypes.util.find_library('certainly-none')\n",
        "bars/wrapper.py": "from bars.opener import load\nif not load(): raise ImportError('no library')\n",
        "bars/extra.py": "import nobody_has_this",
    }
    (failed,) = verifier.failing(["bars"], target("bars", files))
    assert failed.log.read_text().endswith("did not find: libcertainly-none\n")
    assert "nobody_has_this" not in failed.log.read_text()


def test_extension_modules_inside_of_a_package_are_imported_too(verifier, target):
    request = target("widgets", {"widgets/__init__.py": "", **{f"widgets/m{n:02}.py": "" for n in range(12)}})
    extension = (request.target or Path()) / "widgets" / f"window{EXTENSION_SUFFIXES[-1]}"
    compiled = next(Path(sysconfig.get_config_var("DESTSHARED")).glob(f"*{EXTENSION_SUFFIXES[0]}"))
    extension.write_bytes(compiled.read_bytes().replace(b"libc.so.6", b"libn.so.6"))  # a library that nobody has
    (failed,) = verifier.failing(["widgets"], request)
    assert failed.returncode == 0
    assert "ImportError: libn.so.6: cannot open shared object file" in failed.log.read_text()


def test_all_libraries_that_a_file_lacks_are_told(verifier, target, tmp_path):
    ldd = tmp_path / "bin" / "ldd"
    ldd.parent.mkdir()
    lines = ("libfirst.so.1 => not found", "libc.so.6 => /lib/libc.so.6", "libnext.so.2 => not found")
    ldd.write_text("#!/bin/sh\n" + "".join(f"echo '\t{line}'\n" for line in lines))
    ldd.chmod(0o755)
    code = (
        "import ctypes, os.path\n"
        "try: ctypes.CDLL(os.path.join(os.path.dirname(__file__), 'lacking.libs', 'libown.so'))\n"
        "except OSError: raise OSError('libfirst.so.1: cannot open shared object file')\n"
    )
    request = target("lacking", {"lacking.py": code, "lacking.libs/libown.so": "none"})
    runner = ProcessRunner({**os.environ, "PATH": f"{ldd.parent}:{os.environ['PATH']}"})
    (failed,) = replace(verifier, runner=runner).failing(["lacking"], request)
    assert failed.log.read_text().endswith("did not find: libfirst.so.1, libnext.so.2\n")


def test_all_modules_are_imported_and_what_only_wants_settings_is_fine(verifier, target, notes):
    files = {
        "several/__init__.py": "",
        "several_a.py": "import os; os.environ['SURELY_NOT_SET']",
        "several_b.py": "import nobody_has_this",
        "several_c.py": "raise SystemExit(2)",
    }
    assert verifier.failing(["several"], target("several", files)) == []
    assert notes == [
        "several can be imported, but not its module several_b: ModuleNotFoundError: No module named 'nobody_has_this'"
    ]


@pytest.mark.parametrize(
    "files",
    [
        {"tests/__init__.py": "raise RuntimeError", "setup.py": "raise RuntimeError"},
        {"odd/inner.py": "raise RuntimeError"},  # no package, and nothing at the top
        {"odd/__init__.py": "", "odd/broken/__init__.py": "raise RuntimeError"},  # only what is imported first
        {"odd-name.py": "raise RuntimeError", "__main__.py": "raise RuntimeError", "data.txt": ""},
    ],
)
def test_what_is_no_module_to_be_imported_is_left_alone(verifier, target, files):
    assert verifier.failing(["odd"], target("odd", files)) == []


def test_a_package_without_init_is_looked_into(verifier, target):
    request = target("spaced", {"space/first/__init__.py": "raise RuntimeError('inside')", "space/second/x.py": ""})
    (failed,) = verifier.failing(["spaced"], request)
    assert failed.log.read_text().endswith("\nRuntimeError: inside\n")


def test_code_of_python_2_is_told(verifier, target):
    request = target("old", {"old/__init__.py": "import old.more", "old/more.py": "print 'x'\n"})
    (failed,) = verifier.failing(["old"], request)
    *_, last = failed.log.read_text().splitlines()
    assert last.startswith("error: Python 2 code in old: SyntaxError: Missing parentheses in call to 'print'")


def test_modules_that_open_libraries_are_imported_even_if_their_package_does_not(verifier, target):
    asks = "import ctypes.util\nif not ctypes.util.find_library('certainly-none'): raise ImportError('no zbar')"
    files = {"bar/__init__.py": "", "bar/api.py": asks, "bar/other.py": "raise OSError", "bar/_own.py": asks}
    (failed,) = verifier.failing(["bar"], target("bar", files))
    assert failed.log.read_text().count("\nImportError: no zbar\n") == 1
    assert failed.returncode == 0  # the package itself works


def test_a_crash_is_told_by_its_signal(verifier, target):
    request = target("crashing", {"crashing.py": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"})
    (failed,) = verifier.failing(["crashing"], request)
    assert failed.log.read_text().endswith("error: the import was killed by signal 9\n")


def test_an_import_without_end_is_ended(verifier, target, monkeypatch):
    monkeypatch.setattr(imports, "_IMPORT_TIMEOUT", 0.5)
    request = target("endless", {"endless.py": "while True: pass"})
    (failed,) = verifier.failing(["endless"], request)
    assert failed.log.read_text().endswith("error: the import timed out after 0 seconds\n")


def test_neither_this_directory_nor_pythonpath_is_searched(verifier, target, tmp_path, monkeypatch):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "hidden.py").write_text("")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "there"))
    (failed,) = verifier.failing(["asking"], target("asking", {"asking.py": "import hidden"}))
    assert failed.log.read_text().endswith("error: a module that is imported at run time is not installed: hidden\n")


def test_nothing_is_written_into_the_environment(verifier, target):
    request = target("clean", {"clean/__init__.py": "from clean import part", "clean/part.py": ""})
    assert verifier.failing(["clean"], request) == []
    assert list(request.target.rglob("__pycache__")) == []


def test_an_interpreter_that_does_not_answer_is_an_error_of_its_own(verifier, tmp_path):
    broken = replace(verifier, interpreter=interpreter(executable=Path("/bin/false")))
    with pytest.raises(ToolError, match=r"^/bin/false cannot list the installed modules: return code 1$"):
        broken.failing(["x"], InstallRequest(()))


INNER = {
    "inner/__init__.py": "",
    "inner/first.py": "import inner.second",
    "inner/second.py": "import nobody_has_this",
    "inner/third.py": "",
    "inner/fourth.py": "",
    "inner/fifth.py": "",
}


def test_modules_inside_of_a_package_that_does_not_name_this_python_are_imported_too(verifier, target):
    (failed,) = verifier.failing(["inner"], target("inner", INNER))
    assert failed.returncode == 0  # parts of it work
    assert failed.log.read_text().count("is not installed: nobody_has_this\n") == 1


@pytest.mark.parametrize(
    "metadata",
    [
        f"Classifier: Programming Language :: Python :: {sys.version_info.major}.{sys.version_info.minor}\n",
        "Requires-Dist: somebody ; extra == 'more'\n",
    ],
)
def test_not_those_of_one_that_names_it_nor_what_it_may_require(verifier, target, metadata):
    request = target("inner", INNER)
    with (request.target / "inner-1.0.dist-info" / "METADATA").open("a") as stream:
        stream.write(metadata)
    assert verifier.failing(["inner"], request) == []


def test_a_module_inside_that_ends_the_process_says_nothing(verifier, target):
    files = {"killed/__init__.py": "", "killed/a.py": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"}
    assert verifier.failing(["killed"], target("killed", files)) == []


# --- commands -----------------------------------------------------------------------------------------------

GONE = "from collections import no_longer_there"


def test_a_command_that_cannot_be_imported_fails_its_distribution(verifier, target, notes):
    files = {"demo/__init__.py": "", "demo/__main__.py": GONE}
    (failed,) = verifier.failing(["demo"], target("demo", files, "demo = demo.__main__:main\n"))
    assert failed.returncode == 1
    assert failed.log.read_text().splitlines()[-1].startswith("ImportError: cannot import name 'no_longer_there'")
    assert notes == []


def test_a_function_that_a_command_does_not_have_fails_too(verifier, target):
    request = target("demo", {"demo.py": "class App: pass"}, "demo = demo:App.run\n")
    (failed,) = verifier.failing(["demo"], request)
    assert failed.log.read_text().endswith("AttributeError: type object 'App' has no attribute 'run'\n")


def test_commands_that_can_be_imported_are_fine(verifier, target):
    files = {"demo/__init__.py": "", "demo/__main__.py": "def main(): raise SystemExit(1)"}
    assert verifier.failing(["demo"], target("demo", files, "demo = demo.__main__:main\n")) == []


def test_a_command_of_an_extra_is_not_imported(verifier, target, notes):
    request = target("demo", {"demo.py": "", "server.py": ""}, "demod = demo.nothing:main [server]\n")
    assert verifier.failing(["demo"], request) == []
    assert notes == []


def test_a_command_that_wants_another_distribution_is_a_need_of_a_part(verifier, target):
    files = {"demo/__init__.py": "", "demo/tool.py": "import nobody_has_this"}
    (failed,) = verifier.failing(["demo"], target("demo", files, "demo = demo.tool:main\n"))
    assert failed.returncode == 0
    assert failed.log.read_text().endswith("is not installed: nobody_has_this\n")


def test_one_old_command_of_many_is_only_told(verifier, target, notes):
    files = {"demo/__init__.py": "def main(): pass", "demo/old.py": GONE}
    commands = "one = demo:main\ntwo = demo:main\nold = demo.old:main\n"
    assert verifier.failing(["demo"], target("demo", files, commands)) == []
    (note,) = notes
    assert note.startswith("demo can be imported, but not its command old: ImportError: cannot import name")


def test_where_the_command_of_its_name_works_others_are_only_told(verifier, target, notes):
    files = {"demo/__init__.py": "def main(): pass", "demo/old.py": GONE}
    assert verifier.failing(["demo"], target("demo", files, "demo = demo:main\ndemo-old = demo.old:main\n")) == []
    (note,) = notes
    assert note.startswith("demo can be imported, but not its command demo-old: ")


def test_a_command_that_ends_the_process_or_wants_a_display_says_nothing(verifier, target):
    files = {
        "demo/__init__.py": "",
        "demo/window.py": "raise RuntimeError('no display name and no $DISPLAY environment variable')",
        "demo/crash.py": "import os; os.abort()",
    }
    commands = "demo = demo.window:main\nother = demo.crash:main\n"
    assert verifier.failing(["demo"], target("demo", files, commands)) == []


REFUSING = """
import socket, types
real = socket._socket.socket
def refusing(self, family, *more):
    if family != socket.AF_UNIX:
        raise OSError(101, "Network is unreachable")
    real.__init__(self, family, *more)
others = {**vars(socket._socket), "socket": types.SimpleNamespace(__init__=refusing)}
socket._socket = types.SimpleNamespace(**others)
"""


def test_a_socket_that_cannot_be_had_hides_nothing(verifier, target):
    logging = "import logging.handlers\nlogging.handlers.SysLogHandler()\n"
    files = {"demo/__init__.py": f"from . import refusing\n{logging}", "demo/refusing.py": REFUSING}
    assert verifier.failing(["demo"], target("demo", files)) == []
    more = {**files, "demo/__init__.py": f"{files['demo/__init__.py']}import nobody_has_this\n"}
    (failed,) = verifier.failing(["demo"], target("demo", more))
    assert failed.log.read_text().endswith("is not installed: nobody_has_this\n")


@pytest.mark.parametrize("code", ["", "import library.gone"])
def test_a_module_that_an_installed_package_no_longer_has_is_told_in_python_s_words(verifier, target, code):
    target("library", {"library/__init__.py": code})
    (failed,) = verifier.failing(["demo"], target("demo", {"demo.py": "import library.gone.deeper"}))
    assert failed.log.read_text().endswith("\nModuleNotFoundError: No module named 'library.gone'\n")


def test_a_part_of_a_shared_namespace_is_not_installed(verifier, target):
    target("library", {"shared/one/__init__.py": ""})
    (failed,) = verifier.failing(["demo"], target("demo", {"demo.py": "import shared.one, shared.two"}))
    assert failed.log.read_text().endswith("is not installed: shared\n")
