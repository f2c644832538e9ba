"""auditwheel, run as a command: where its wheel is, or what it said."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeRunner

from accel_doctor.builder.portable import Auditwheel
from accel_doctor.errors import UsageError

NAME = "odd-1.0-cp313-cp313-linux_x86_64.whl"


def auditwheel(answer) -> Auditwheel:
    return Auditwheel(FakeRunner(answer), Path("/v/bin/python"), {"PATH": "/usr/bin"})


def test_the_wheel_that_auditwheel_writes_is_the_portable_one(tmp_path):
    def repair(argv):
        target = Path(argv[argv.index("--wheel-dir") + 1])
        target.mkdir()
        (target / NAME.replace("linux", "manylinux_2_34")).touch()
        return 0, "Fixed-up wheel written to ...\n"

    made = auditwheel(repair).repair(tmp_path / NAME, tmp_path, tmp_path / "log")
    assert made == tmp_path / "portable" / "odd-1.0-cp313-cp313-manylinux_2_34_x86_64.whl"


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        (
            1,
            'usage: auditwheel [-h]\nauditwheel: error: cannot repair "odd.whl" to "manylinux_2_5_x86_64" ABI\n',
            'cannot repair "odd.whl" to "manylinux_2_5_x86_64" ABI',
        ),
        (1, "Traceback\nValueError: Cannot repair wheel, because x.so could not be located\n",
         "ValueError: Cannot repair wheel, because x.so could not be located"),
        (0, "INFO: nothing to do\n", "INFO: nothing to do"),
        (1, "auditwheel: error: lib\x1b[2J.so\n", "lib\ufffd[2J.so"),
        (1, "", "no output"),
    ],
)  # fmt: skip
def test_where_there_is_none_its_last_words_are_the_reason(tmp_path, code, said, words):
    assert auditwheel(lambda argv: (code, said)).repair(tmp_path / NAME, tmp_path, tmp_path / "log") == words


def test_without_patchelf_nothing_is_begun(tmp_path):
    with pytest.raises(UsageError, match="^--portable needs auditwheel and patchelf") as error:
        Auditwheel(FakeRunner(lambda argv: (0, "")), tmp_path / "python", {"PATH": str(tmp_path)}).check()
    assert error.value.hint == "install 'accel-doctor[portable]' with pipx, uv tool or pip"
