"""Which sources become the same wheel everywhere."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from accel_doctor.builder.purity import built_the_same_everywhere, compiled_language

PLAIN = {
    "PKG-INFO": "Name: six\n",
    "setup.py": "from setuptools import setup\nsetup(name='six', py_modules=['six'])\n",
    "six.py": "import sys\nPY2 = sys.version_info[0] == 2\n",
    "tests/fixture.c": "int main;\n",
    "doc/example.rs": "",
}
VARYING = [
    {"src/six.c": ""},
    {"six/_speedups.PYX": ""},
    {"rust/src/lib.rs": ""},
    {"setup.py": "import sys\nif sys.version_info < (3, 4): install_requires.append('enum34')\n"},
    {"setup.py": "import platform\nif platform.python_implementation() == 'PyPy': pass\n"},
    {"setup.py": "import os\nif os.environ.get('SIX_PURE'): pass\n"},
    {"hatch_build.py": "from sys import version_info\n"},
    {"pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'},
]


def as_tar(path, files):
    with tarfile.open(path / "six-1.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"six-1/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path / "six-1.tar.gz"


def as_zip(path, files):
    with zipfile.ZipFile(path / "six-1.zip", "w") as archive:
        for name, text in files.items():
            archive.writestr(f"six-1/{name}", text)
    return path / "six-1.zip"


def as_directory(path, files):
    for name, text in {**files, ".git/objects/x.c": ""}.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


@pytest.mark.parametrize("form", [as_tar, as_zip, as_directory])
def test_a_source_of_python_alone_is_built_the_same_everywhere(tmp_path, form):
    assert built_the_same_everywhere(form(tmp_path, PLAIN))


@pytest.mark.parametrize("form", [as_tar, as_zip, as_directory])
@pytest.mark.parametrize("more", VARYING, ids=str)
def test_a_source_that_may_vary_is_not(tmp_path, form, more):
    assert not built_the_same_everywhere(form(tmp_path, {**PLAIN, **more}))


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00"])
def test_what_cannot_be_read_is_not(tmp_path, content):
    path = tmp_path / "six-1.tar.gz"
    path.write_bytes(content)
    assert not built_the_same_everywhere(path)
    assert not built_the_same_everywhere(tmp_path / "nowhere.tar.gz")


@pytest.mark.parametrize(
    ("files", "language"),
    [
        ({}, None),
        ({"src/six.c": ""}, "c"),
        ({"six/_speedups.PYX": ""}, "c"),
        ({"src/six.cpp": "", "src/c.c": ""}, "c++"),
        ({"src/lib.rs": "", "c.c": ""}, "rust"),
        ({"six.f90": ""}, "fortran"),
    ],
)
def test_the_language_of_a_source_s_extension_modules(tmp_path, files, language):
    assert compiled_language(as_tar(tmp_path, {**PLAIN, **files})) == language
