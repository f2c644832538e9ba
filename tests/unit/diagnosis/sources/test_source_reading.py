"""What a source says it needs, by the files that say it."""

from __future__ import annotations

import pytest

from accel_doctor.diagnosis.sources.source_reading import read_source
from accel_doctor.diagnosis.sources.source_tree import SourceTree
from accel_doctor.rulebook import Aliases

SETUP = "from setuptools import setup, Extension\nimport os, subprocess, sys\n"
MESON = {"pyproject.toml": '[build-system]\nrequires = ["meson-python"]\nbuild-backend = "mesonpy"\n'}
CMAKE = {
    "pyproject.toml": '[build-system]\nrequires = ["scikit-build-core"]\nbuild-backend = "scikit_build_core.build"\n'
}


def needs(files, more=(), python=(3, 13)):
    tree = SourceTree(files, frozenset({*files, *more}), python)
    reading = read_source(tree, Aliases())
    return {str(need): mention.why for need, mention in reading.needs.items()}


def named(files, more=()):
    common = {"compiler:c", "compiler:c++", "header:Python.h", "command:pkg-config", "command:make"}
    return {need for need in needs(files, more) if need not in common}


# --- meson.build


def test_meson_names_what_it_requires_and_where():
    text = "project('x', 'c', 'cpp')\n\nglib = dependency('glib-2.0',\n  version: '>=2.56')\n"
    assert needs({**MESON, "meson.build": text}) == {
        "compiler:c": "meson.build:1: project('x', 'c', 'cpp')",
        "compiler:c++": "meson.build:1: project('x', 'c', 'cpp')",
        "pkgconfig:glib-2.0": "meson.build:3: dependency('glib-2.0', version: '>=2.56')",
        "command:pkg-config": "meson.build:3: dependency('glib-2.0', version: '>=2.56')",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dependency('a', required: false)", set()),
        ("dependency('a', required: get_option('auto'))", set()),
        ("dependency('a', required: get_option('on'))", {"pkgconfig:a"}),
        ("dependency('a', required: unknown)", set()),
        ("dependency('a', fallback: ['a', 'a_dep'])", set()),
        ("dependency('threads')\ndependency('numpy')", set()),
        ("a = dependency('a', required: false)\nif not a.found()\n  error('no a')\nendif", {"pkgconfig:a"}),
        ("a = dependency('a', required: false)\nif not a.found()\n  warning('no a')\nendif", set()),
        ("if host_machine.system() == 'windows'\n  dependency('a')\nelse\n  dependency('b')\nendif", {"pkgconfig:b"}),
        ("if cc.has_function('f')\n  dependency('a')\nendif", set()),
        ("if cc.get_id() == 'msvc'\n  dependency('a')\nendif\ndependency('b')", {"pkgconfig:b"}),
        ("cc.find_library('foo')", {"library:foo"}),
        ("cc.has_header('foo.h')", set()),
        ("cc.has_header('foo.h', required: true)", {"header:foo.h"}),
        ("find_program('swig')", {"command:swig"}),
        ("find_program('swig', required: false)", set()),
        ("foreach d : deps\n  dependency('a')\nendforeach", set()),
        ("# dependency('a')\nx = '''\ndependency('b')\n'''", set()),
    ],
)
def test_meson_counts_only_what_is_certain(text, expected):
    options = "option('auto', type: 'feature')\noption('on', type: 'feature', value: 'enabled')\n"
    assert named({**MESON, "meson.build": f"{text}\n", "meson_options.txt": options}) == expected


def test_meson_goes_into_subdirectories():
    files = {**MESON, "meson.build": "subdir('src')\n", "src/meson.build": "dependency('a')\n"}
    assert needs(files)["pkgconfig:a"] == "src/meson.build:1: dependency('a')"


def test_a_fallback_counts_unless_the_build_forbids_it():
    arguments = "[tool.meson-python.args]\nsetup = ['--wrap-mode=nofallback']\n"
    files = {**MESON, "meson.build": "dependency('a', fallback: ['a', 'a_dep'])\n"}
    assert named(files) == set()
    assert named({**files, "pyproject.toml": MESON["pyproject.toml"] + arguments}) == {"pkgconfig:a"}


# --- CMakeLists.txt


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("find_package(ZLIB 1.2 REQUIRED)", {"cmake:ZLIB"}),
        ("find_package(ZLIB)", set()),
        ("find_package(ZLIB QUIET)\nif(NOT ZLIB_FOUND)\n  message(FATAL_ERROR no)\nendif()", {"cmake:ZLIB"}),
        ("find_package(ZLIB)\nif(NOT ZLIB_FOUND)\n  message(STATUS no)\nendif()", set()),
        ("find_package(Python REQUIRED)\nfind_package(pybind11 REQUIRED)", set()),
        (
            "pkg_check_modules(X REQUIRED IMPORTED_TARGET glib-2.0>=2 gio-2.0)",
            {"pkgconfig:glib-2.0", "pkgconfig:gio-2.0"},
        ),
        ("pkg_check_modules(X glib-2.0)", set()),
        ("find_library(FOO NAMES foo foo2)\nif(NOT FOO)\n  message(FATAL_ERROR no)\nendif()", {"library:foo"}),
        ("if(WIN32)\n  find_package(A REQUIRED)\nelse()\n  find_package(B REQUIRED)\nendif()", {"cmake:B"}),
        ('option(WITH_A "a" OFF)\nif(WITH_A)\n  find_package(A REQUIRED)\nendif()', set()),
        ('option(WITH_A "a" ON)\nif(WITH_A)\n  find_package(A REQUIRED)\nendif()', {"cmake:A"}),
        ("if(FOO_FOUND)\n  find_package(A REQUIRED)\nendif()", set()),
        ("function(f)\n  find_package(A REQUIRED)\nendfunction()", set()),
        ("# find_package(A REQUIRED)\n#[[ find_package(B REQUIRED) ]]", set()),
        ("enable_language(Fortran)", {"compiler:fortran"}),
    ],
)
def test_cmake_counts_only_what_is_certain(text, expected):
    assert named({**CMAKE, "CMakeLists.txt": f"project(x LANGUAGES C)\n{text}\n"}) == expected


def test_cmake_options_of_pyproject_hold():
    files = {
        "pyproject.toml": CMAKE["pyproject.toml"] + "[tool.scikit-build.cmake.define]\nWITH_A = true\n",
        "CMakeLists.txt": 'option(WITH_A "a" OFF)\nif(WITH_A)\n  find_package(A REQUIRED)\nendif()\n',
    }
    assert "cmake:A" in needs(files)


def test_a_project_without_languages_needs_both():
    assert {"compiler:c", "compiler:c++"} <= set(needs({**CMAKE, "CMakeLists.txt": "project(x)\n"}))


# --- setup.py


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("setup(ext_modules=[Extension('x', ['x.c'], libraries=['foo', 'm'])])", {"library:foo"}),
        ("libs = ['a']\nlibs += ['b']\nif sys.platform == 'win32':\n    libs.append('c')\n"
         "setup(ext_modules=[Extension('x', ['x.c'], libraries=libs)])", {"library:a", "library:b"}),
        ("if unknown():\n    libs = ['a']\nelse:\n    libs = []\n"
         "setup(ext_modules=[Extension('x', ['x.c'], libraries=libs)])", set()),
        ("setup(ext_modules=[Extension('x', ['x.c'], libraries=['a'], optional=True)])", set()),
        ("setup(libraries=[('a', {})], ext_modules=[Extension('x', ['x.c'], libraries=['a'])])", set()),
        ("Extension('x', ['x.c'], libraries=['a'])\nsetup(ext_modules=[])", set()),
        ("out = subprocess.check_output(['pkg-config', '--cflags', 'a'])\nsetup()", {"pkgconfig:a"}),
        ("def pkgconfig(*names):\n    return subprocess.check_output(['pkg-config', '--libs'] + list(names))\n"
         "pkgconfig('a', 'b')\nsetup()", {"pkgconfig:a", "pkgconfig:b"}),
        ("try:\n    subprocess.check_output(['pkg-config', '--libs', 'a'])\nexcept OSError:\n    pass\nsetup()", set()),
        ("try:\n    subprocess.check_output(['a-config'])\nexcept OSError:\n    sys.exit('no a')\nsetup()",
         {"command:a-config"}),
        ("if '--with-a' in sys.argv:\n    subprocess.check_call(['a-config'])\nsetup()", set()),
        ("if os.environ.get('A'):\n    subprocess.check_call(['a-config'])\nsetup()", set()),
        ("os.system('pkg-config --exists a')\nsetup()", set()),
        ("for name in ('a', 'b'):\n    subprocess.check_call([name + '-config', '--libs'])\nsetup()",
         {"command:a-config", "command:b-config"}),
        ("from setuptools.command.build_ext import build_ext\nclass B(build_ext):\n    def run(self):\n"
         "        self.tools()\n    def tools(self):\n        subprocess.check_call(['swig', 'x.i'])\n"
         "setup(cmdclass={'build_ext': B})", {"command:swig"}),
        ("raise SystemExit('no')\nsubprocess.check_call(['a-config'])", {"command:a-config"}),
        ("from helper import LIBS\nsetup(ext_modules=[Extension('x', ['x.c'], libraries=LIBS)])", {"library:helped"}),
    ],
)  # fmt: skip
def test_setup_scripts_are_followed(text, expected):
    assert named({"setup.py": SETUP + text, "x.c": "", "helper.py": "LIBS = ['hel' + 'ped']"}) == expected


@pytest.mark.parametrize(("source", "compiler"), [("x.c", "c"), ("x.cpp", "c++"), ("x.f90", "fortran")])
def test_extension_modules_need_a_compiler_and_python(source, compiler):
    found = needs({"setup.py": f"{SETUP}setup(ext_modules=[Extension('x', ['{source}'])])", source: ""})
    assert found[f"compiler:{compiler}"] == f"setup.py:3: Extension('x', ['{source}'])"
    assert "header:Python.h" in found


@pytest.mark.parametrize(
    "text", ["", "def", "\0", "while True: pass", "x = x\n" * 9, "def f():\n    f()\nf()", "a = [*a]"]
)
def test_any_text_may_be_a_setup_script(text):
    assert needs({"setup.py": text}) == {}


def test_cffi_modules_are_built_with_their_headers_and_libraries():
    builder = "from cffi import FFI\nffi = FFI()\nffi.set_source('_x', '''\n#include <foo.h>\n''', libraries=['foo'])\n"
    files = {"setup.py": f"{SETUP}setup(cffi_modules=['x/build.py:ffi'])", "x/build.py": builder}
    assert named(files) == {"header:foo.h", "library:foo"}


def test_cffi_modules_without_code_need_no_compiler():
    files = {"setup.py": f"{SETUP}setup(cffi_modules=['b.py:ffi'])", "b.py": "ffi.set_source('_x', None)\n"}
    assert needs(files) == {}


# --- what is included


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#include <Python.h>\n#include <stdio.h>\n#include <sys/epoll.h>\n#include <vector>", set()),
        ("#include <sys/acl.h>", {"header:sys/acl.h"}),
        ("#ifdef HAVE_FOO_H\n#include <foo.h>\n#endif", set()),
        ("#ifdef _WIN32\n#include <a.h>\n#else\n#include <b.h>\n#endif", {"header:b.h"}),
        ("#ifndef X_H\n#define X_H\n#include <a.h>\n#endif", {"header:a.h"}),
        ("#if defined(__linux__) && !defined(__APPLE__)\n#include <a.h>\n#endif", {"header:a.h"}),
        ("#if 0\n#include <a.h>\n#endif\n// #include <b.h>\n/*\n#include <c.h>\n*/", set()),
        ("#if PY_MAJOR_VERSION >= 3\n#include <a.h>\n#else\n#include <b.h>\n#endif", {"header:a.h"}),
        ('#include "own.h"', {"header:deep.h"}),
        ('#include "made/by/configure.h"', {"header:made/by/configure.h"}),
    ],
)
def test_headers_that_are_certainly_included(text, expected):
    files = {
        "setup.py": f"{SETUP}setup(ext_modules=[Extension('x', ['x.c'])])",
        "x.c": text,
        "include/own.h": "#include <deep.h>",
    }
    assert named(files) == expected


def test_cython_files_name_their_headers():
    script = "from Cython.Build import cythonize\nsetup(ext_modules=cythonize([Extension('x', ['x.pyx'])]))"
    files = {
        "setup.py": SETUP + script,
        "pyproject.toml": '[build-system]\nrequires = ["setuptools", "cython"]\n',
        "x.pyx": "cimport own.deep\n",
        "own/deep.pxd": 'cdef extern from "foo/bar.h" nogil:\n    pass\n',
    }
    assert needs(files)["header:foo/bar.h"] == 'own/deep.pxd:1: cdef extern from "foo/bar.h"'


@pytest.mark.parametrize("backend", ["", 'build-backend = "hooks"\nbackend-path = ["bin"]\n'])
def test_cython_modules_are_read_where_the_script_does_not_tell_them(backend):
    files = {"setup.py": f"{SETUP}setup(ext_modules=unknown())", "x/y.pyx": 'cdef extern from "foo.h":\n    pass\n'}
    declared = f'[build-system]\nrequires = ["setuptools", "cython"]\n{backend}'
    assert set(needs({**files, "pyproject.toml": declared})) == {"compiler:c", "header:foo.h"}
    assert needs(files) == {}


def test_bundled_libraries_are_no_needs():
    files = {"setup.py": f"{SETUP}setup(ext_modules=[Extension('x', ['x.c'], libraries=['foo'])])", "x.c": ""}
    assert named(files) == {"library:foo"}
    assert named(files, ["deps/libfoo-1.2/foo.h"]) == set()
    assert named(files, ["foo/__init__.py", "foo/cpp/own.h"]) == {"library:foo"}


# --- the rest


def test_configure_counts_only_what_ends_it():
    files = {
        "setup.py": f"{SETUP}subprocess.check_call(['./configure', '--prefix=/x'])\nsetup()",
        "configure.ac": "AC_PROG_CC\nPKG_CHECK_MODULES([A], [a >= 1 b])\nPKG_CHECK_MODULES([C], [c], [], [have=no])\n"
        "AC_CHECK_LIB([d], [f], [], [AC_MSG_ERROR([no d])])\nAC_CHECK_LIB([e], [f])\n"
        "if test x; then\nPKG_CHECK_MODULES([F], [f])\nfi\n",
    }
    assert named(files) == {"pkgconfig:a", "pkgconfig:b", "library:d"}


def test_rust_needs_its_compiler_and_a_linker():
    files = {"pyproject.toml": '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'}
    assert set(needs(files)) == {"compiler:rust", "compiler:c"}
    files |= {"Cargo.toml": '[package]\nedition = "2024"\nrust-version = "1.88"\n', "rust/Cargo.lock": "version = 4\n"}
    files["vendor/x/Cargo.toml"] = 'rust-version = "1.99"\n'
    assert list(needs(files)) == ["compiler:rust-1.88", "compiler:rust", "compiler:c"]


def test_external_dependencies_are_read():
    built, host = '["virtual:compiler/c", "pkg:generic/cmake"]', '["pkg:generic/libfoo"]'
    text = f"[external]\nbuild-requires = {built}\nhost-requires = {host}\n"
    assert set(needs({"pyproject.toml": text})) == {"compiler:c", "command:cmake", "library:foo"}


def test_extension_modules_of_pyproject_are_read():
    text = '[tool.setuptools]\next-modules = [{name = "x", sources = ["x.c"], libraries = ["foo"]}]\n'
    assert named({"pyproject.toml": text, "x.c": "#include <bar.h>"}) == {"library:foo", "header:bar.h"}


def test_names_that_are_no_names_are_no_needs():
    assert named({**MESON, "meson.build": "dependency('--evil')\ndependency('../up')\n"}) == set()


def test_what_is_surely_compiled_is_known():
    script = f"{SETUP}setup(ext_modules=[Extension('x', ['x.c']), Extension('y', ['y.pyx'])])"
    files = {"setup.py": script, "x.c": "", "y.c": "", "y.pyx": ""}
    assert read_source(SourceTree(files, frozenset(files)), Aliases()).compiled == ("x.c", "y.c")
    files["setup.py"] += "  # except BuildFailed:"
    assert read_source(SourceTree(files, frozenset(files)), Aliases()).compiled == ()
