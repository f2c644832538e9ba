"""Files of a source are read, not run, and in bounded time, whatever is in them."""

from __future__ import annotations

import pytest

from accel_doctor.diagnosis.sources.source_reading import read_source
from accel_doctor.diagnosis.sources.source_tree import SourceTree
from accel_doctor.rulebook import Aliases

SETUP = "from setuptools import setup, Extension\nimport os, subprocess, sys\n"
GROWING = "a = 'ab'\n" + "a = a + a\n" * 60
MESON = {"pyproject.toml": '[build-system]\nrequires = ["meson-python"]\nbuild-backend = "mesonpy"\n'}
CMAKE = {
    "pyproject.toml": '[build-system]\nrequires = ["scikit-build-core"]\nbuild-backend = "scikit_build_core.build"\n'
}


@pytest.mark.parametrize(
    "files",
    [
        {"setup.py": SETUP + "while True:\n    pass\n"},
        {"setup.py": SETUP + "for a in range(10**12):\n    for b in range(10**12):\n        a + b\n"},
        {"setup.py": SETUP + "x = 'a' * 10**12\nsetup(name=x)\n"},
        {"setup.py": SETUP + "x = [0] * 10**12\nsetup(name=str(x))\n"},
        {"setup.py": SETUP + "x = 10 ** 10 ** 10\nsetup()\n"},
        {"setup.py": SETUP + "x = 1 << 10 ** 12\nsetup()\n"},
        {"setup.py": SETUP + "x = '%999999999999d' % 1\nsetup()\n"},
        {"setup.py": SETUP + "x = '{:999999999999}'.format(1)\nsetup()\n"},
        {"setup.py": SETUP + "x = 'a'.ljust(10**12).replace('a', 'b')\nsetup()\n"},
        {"setup.py": SETUP + GROWING + "setup(name=a)\n"},
        {"setup.py": SETUP + GROWING.replace("'ab'", "['ab']") + "setup(ext_modules=a)\n"},
        {"setup.py": SETUP + "def f(): return f() + f()\nsetup(name=f())\n"},
        {"setup.py": SETUP + "x = " + "(" * 3000 + ")" * 3000 + "\n"},
        {"setup.py": SETUP + "x = " + "-" * 20_000 + "1\n"},
        {"setup.py": SETUP + "x = " + "+".join("1" * 20_000) + "\nsetup()\n"},
        {"setup.py": SETUP + "a = []\na.append(a)\na += [a]\nsetup(ext_modules=a, name=str(a))\n"},
        {"setup.py": SETUP + "a, b = [], []\na.append(b)\nb.append(a)\nsetup(ext_modules=a, x=set(b), y=a == b)\n"},
        {"setup.py": SETUP + "d = {}\nd['a'] = d\nsetup(**d)\n"},
        {"setup.py": SETUP + "a = ()\n" + "a = (a, a)\n" * 60 + "b = ()\n" + "b = (b, b)\n" * 60 + "setup(a=a == b)\n"},
        {"setup.py": SETUP + "a = 'a' * 3\nb = a.join(['x'] * 3)\n" + "b = 'ab'.replace('a', 'aab').join('aa')\n" * 90},
        {"setup.py": SETUP + "b = 'ab'\n" + "b = b.replace('a', 'aab')\n" * 90 + "setup(name=b)\n"},
        {"setup.py": SETUP + "b = 'ab'\n" + "b = b.join(b)\n" * 90 + "setup(name=b)\n"},
        {"setup.py": SETUP + "b = 'ab'\n" + "b = f'{b}{b}'\n" * 90 + "setup(name=b)\n"},
        {"setup.py": SETUP + "b = ['a']\n" + "b += b\n" * 90 + "setup(ext_modules=b)\n"},
        {"setup.py": SETUP + "b = ['a']\n" + "b.extend(b)\n" * 90 + "setup(ext_modules=b)\n"},
        {"setup.py": SETUP + "import glob\nglob.glob('" + "*a" * 60 + "')\n", "a" * 200: ""},
        {"setup.py": "\0"},
        {
            "setup.py": SETUP
            + "subprocess.check_call(['touch', '/planted'])\nopen('/planted', 'w')\nos.remove('/planted')\n"
        },
        {"setup.py": SETUP + "import re\nre.match('(a+)+$', 'a' * 60 + 'b')\nsetup()\n"},
        {"pyproject.toml": "a = " + "[" * 100_000},
        {"pyproject.toml": "[" * 100_000},
        {**MESON, "meson.build": "subdir('.')\n" * 1000},
        {**MESON, "meson.build": "project('a', 'c')\nsubdir('b')\n", "b/meson.build": "subdir('../b')\nsubdir('..')\n"},
        {**MESON, "meson.build": "x = '" + "a" * 3_000_000},
        {**MESON, "meson.build": "(" * 100_000},
        {**CMAKE, "CMakeLists.txt": "include(CMakeLists.txt)\nadd_subdirectory(.)\nadd_subdirectory(../..)\n"},
        {**CMAKE, "CMakeLists.txt": "set(A ${A}${A})\n" * 100 + "find_package(${A})\n"},
        {**CMAKE, "CMakeLists.txt": "(" * 100_000},
        {"configure.ac": "m4_include([configure.ac])\nAC_CHECK_HEADER([" + "[" * 50_000},
        {"setup.py": SETUP + "setup(ext_modules=[Extension('a', ['a.c'])])\n", "a.c": '#include "a.c"\n' * 1000},
        {"setup.py": SETUP + "setup(ext_modules=[Extension('a', ['a.c'])])\n", "a.c": "#if (\n" * 50_000},
        {"setup.py": SETUP + "setup(ext_modules=[Extension('a', ['a.c'])])\n", "a.c": "/*" * 200_000},
    ],
)
def test_nothing_makes_reading_fail_or_last(files):
    tree = SourceTree(files, frozenset(files), (3, 13))
    assert len(read_source(tree, Aliases()).needs) < 100
