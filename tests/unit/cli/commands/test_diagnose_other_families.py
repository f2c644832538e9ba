"""``diagnose --distro`` answers logs, recorded on Debian, with the names of Arch, Alpine and Homebrew."""

from __future__ import annotations

import json

import pytest
from paths import CASES

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode


@pytest.fixture(autouse=True)
def _no_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path / "configuration"))


def packages(capsys, case: str, distro: str) -> list[str]:
    log = str(CASES / case / "1.log")
    assert main.run(["diagnose", log, "--distro", distro, "--format", "json"]) == ExitCode.DONE
    return [package["name"] for package in json.loads(capsys.readouterr().out)["plan"]["system_packages"]]


@pytest.mark.parametrize(
    ("case", "arch", "alpine"),
    [
        ("bookworm-psycopg2-2.9.10", ["postgresql-libs"], ["libpq-dev"]),
        ("bookworm-python-ldap-3.4.4", ["gcc"], ["gcc", "musl-dev"]),
        ("bookworm-dbus-python-1.3.2", ["gcc"], ["gcc", "musl-dev"]),
        ("trixie-mysqlclient-2.2.7", ["mariadb-libs", "pkgconf"], ["mariadb-connector-c-dev", "pkgconf"]),
        ("trixie-lxml-5.4.0", ["libxml2", "libxslt"], ["libxml2-dev", "libxslt-dev"]),
        ("trixie-gdal-3.10.3", ["gdal"], ["gdal-dev"]),
        ("trixie-pycurl-7.45.6", ["curl"], ["curl-dev"]),
        ("trixie-slycot-0.6.1", ["make"], ["make"]),
    ],
)
def test_recorded_logs(capsys, case, arch, alpine):
    assert packages(capsys, case, "arch") == arch
    assert packages(capsys, case, "alpine:3.20") == alpine


PSYCOPG = """\
psycopg2
  command:pg_config
    line 17: "Error: pg_config executable not found."
    cure: install {cure}
{then}
To install what is missing on {distro}:
  {command}
"""


@pytest.mark.parametrize(
    ("distro", "named", "cure", "then", "command"),
    [
        ("arch", "arch, as root", "postgresql-libs", "", "pacman -S --needed --noconfirm postgresql-libs"),
        ("alpine:3.20", "alpine 3.20, as root", "libpq-dev", "", "apk add libpq-dev"),
        (  # Homebrew refuses to run as root, and leaves a keg-only formula where no build looks
            "macos",
            "macos",
            "libpq",
            '    then: it is keg-only: export PATH="$(brew --prefix libpq)/bin:$PATH"'
            ' PKG_CONFIG_PATH="$(brew --prefix libpq)/lib/pkgconfig"'
            ' CPPFLAGS="-I$(brew --prefix libpq)/include" LDFLAGS="-L$(brew --prefix libpq)/lib"\n',
            "brew install libpq",
        ),
    ],
)
def test_the_text(capsys, distro, named, cure, then, command):
    log = str(CASES / "bookworm-psycopg2-2.9.10/1.log")
    assert main.run(["diagnose", log, "--distro", distro]) == ExitCode.DONE
    assert capsys.readouterr().out == PSYCOPG.format(cure=cure, then=then, distro=named, command=command)


ON_A_MAC = """\
      clang -bundle -undefined dynamic_lookup build/temp.macosx-14.0-arm64-cpython-312/x.o -lpq -o x.so
      ld: library 'pq' not found
      clang: error: linker command failed with exit code 1 (use -v to see invocation)
      error: command '/usr/bin/clang' failed with exit code 1
  ERROR: Failed building wheel for x
"""
IN_PYTHON_ALPINE = """\
      gcc -fno-strict-overflow -fPIC -I/usr/local/include/python3.13 -c x.c -o x.o
      /usr/local/include/python3.13/Python.h:19:10: fatal error: limits.h: No such file or directory
         19 | #include <limits.h>
      compilation terminated.
      error: command '/usr/bin/gcc' failed with exit code 1
  ERROR: Failed building wheel for x
"""


@pytest.mark.parametrize(
    ("distro", "log", "cure"),
    [("macos", ON_A_MAC, ["libpq"]), ("alpine:3.22", IN_PYTHON_ALPINE, ["musl-dev"]), ("arch", ON_A_MAC, None)],
)
def test_logs_of_their_own(capsys, tmp_path, distro, log, cure):
    (tmp_path / "1.log").write_text(log)
    arguments = ["diagnose", str(tmp_path / "1.log"), "--distro", distro, "--format", "json"]
    assert main.run(arguments) == ExitCode.DONE
    plan = json.loads(capsys.readouterr().out)["plan"]
    assert [package["name"] for package in plan["system_packages"]] == (cure or ["postgresql-libs"])
