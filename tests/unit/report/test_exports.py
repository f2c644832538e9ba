"""Exports: what one machine needed, as the next one is told."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from shutil import make_archive
from typing import Any

import pytest
import tomli as tomllib
import yaml

from accel_doctor.model.cures import BuildChanges, BuildCure, Confidence, Reason, SourceStep, SystemPackage
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.model.plans import JournalEntry
from accel_doctor.report.exports import FORMATS, PackageList, export, package_list, render
from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere
from accel_doctor.system.packages.managers import MANAGERS

DEBIAN = Distribution("debian", "13", "trixie", (), "Debian GNU/Linux 13 (trixie)")


def entry(*packages: SystemPackage, **changes: object) -> JournalEntry:
    made = JournalEntry("2026-01-31T12:00:00+00:00", DEBIAN, "apt", ("accel-doctor", "install"), (), packages)
    return replace(made, **changes)  # type: ignore[arg-type]


def package(name: str, *needs: tuple[str, str | None]) -> SystemPackage:
    reasons = tuple(Reason(Need.parse(need), of, why="x") for need, of in needs)
    return SystemPackage(name, reasons, Confidence.RULE, "rules/debian.yaml")


ENTRIES = [
    entry(package("libffi-dev", ("header:ffi.h", "cffi")), package("g++", ("compiler:c++", "h3"))),
    entry(package("libffi-dev", ("pkgconfig:libffi", "ruamel"), ("header:ffi.h", "cffi"))),
    entry(package("cmake", ("command:cmake", "h3"))),
]


def needed(*entries: JournalEntry) -> PackageList:
    listed = package_list(entries or ENTRIES)
    commands = PackageManagerElsewhere(listed.manager).commands(listed.names)
    return replace(listed, commands=commands, cleanup=MANAGERS[listed.manager].cleanup)


def test_shell() -> None:
    assert export(needed(), "shell") == (
        "apt-get update && apt-get install -y --no-install-recommends cmake g++ libffi-dev\n"
    )


def test_dockerfile() -> None:
    assert export(needed(), "dockerfile") == (
        "# cmake: command:cmake for h3\n"
        "# g++: compiler:c++ for h3\n"
        "# libffi-dev: header:ffi.h for cffi; pkgconfig:libffi for ruamel\n"
        "RUN apt-get update \\\n"
        " && apt-get install -y --no-install-recommends cmake g++ libffi-dev \\\n"
        " && rm -rf /var/lib/apt/lists/*\n"
    )


@pytest.mark.parametrize(
    ("manager", "last"),
    [
        ("dnf", " && dnf clean all\n"),
        ("zypper", " && zypper clean all\n"),
        ("pacman", " && pacman -Scc --noconfirm\n"),
        ("microdnf", " && microdnf clean all\n"),
        ("apk", " && rm -rf /var/cache/apk/*\n"),
        ("brew", "RUN brew install gcc\n"),
    ],
)
def test_an_image_keeps_no_package_manager_s_cache(manager: str, last: str) -> None:
    made = export(needed(entry(package("gcc", ("compiler:c", None)), manager=manager)), "dockerfile")
    assert made.splitlines(keepends=True)[0] == "# gcc: compiler:c\n"
    assert made.splitlines(keepends=True)[-1] == last


def test_ansible_is_a_play() -> None:
    (play,) = yaml.safe_load(export(needed(), "ansible"))
    assert play["name"] == "System packages that builds need on Debian GNU/Linux 13 (trixie)"
    assert play["tasks"][0]["ansible.builtin.apt"] == {
        "update_cache": True,
        "install_recommends": False,
        "state": "present",
        "name": ["cmake", "g++", "libffi-dev"],
    }


def test_cloud_init() -> None:
    made = export(needed(), "cloud-init")
    assert made.startswith("#cloud-config\n")
    assert yaml.safe_load(made) == {"package_update": True, "packages": ["cmake", "g++", "libffi-dev"]}


def test_bindep() -> None:
    assert export(needed(), "bindep").splitlines()[:3] == [
        "# What builds needed on Debian GNU/Linux 13 (trixie)",
        "# command:cmake for h3",
        "cmake [platform:debian]",
    ]


def test_pep725_speaks_of_needs_not_of_packages() -> None:
    made = needed(*ENTRIES, entry(package("python3-dev", ("header:Python.h", "cffi"))))
    assert tomllib.loads(export(made, "pep725")) == {
        "external": {
            "build-requires": ["dep:generic/cmake", "dep:virtual/compiler/cpp"],
            "host-requires": ["dep:generic/ffi", "dep:generic/libffi"],
        }
    }


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_names_cannot_break_out_of_a_comment(form: str) -> None:
    hostile = 'x"\n- rm -rf /\r\x1b]0;x\x07\ny'
    made = export(needed(entry(package("libffi-dev", ("header:a - rm -rf /.h", hostile)))), form)
    assert not [line for line in made.splitlines() if line.lstrip().startswith(("- rm", "y"))]
    assert "\x1b" not in made


def cure(need: str, of: str | None, releases: tuple[str, ...] = (), **changes: Any) -> BuildCure:
    version = "2.2.4" if of == "demjson" else None
    return BuildCure(Reason(Need.parse(need), of, why="x", version=version), BuildChanges(**changes), releases)


CURES = (
    cure("build-constraint:setuptools<58", "demjson", constraints=("setuptools<58",)),
    cure("build-constraint:fno-common", "slycot", variables=(("CFLAGS", "-fcommon -O2"),)),
    cure("python-module:numpy", "lap", requirements=("numpy",), constraints=("cython<3",)),
    cure("build-constraint:cython<3.1", "old", steps=(SourceStep.REGENERATE_CYTHON,)),
    cure("build-constraint:numpy<2", "old", releases=("numpy<2",)),
)
CURED = entry(package("gcc", ("compiler:c", "lap")), cures=CURES)


BESIDE = cure("python-module:numpy", "lap", ("numpy>=1",))


def commands_of(made: str) -> list[str]:
    """The commands of an exported script, without what it fetches sources with, and that writes files."""
    script = made.partition("\nEND\n}\n")[2] or made
    return [line for line in script.splitlines() if line and not line.startswith(("#", "printf"))]


@pytest.mark.parametrize("form", ["pip", "uv-pip"])
def test_a_setup_script_is_changed(form: str) -> None:
    steps = cure("build-constraint:builtins-module", "old", steps=(SourceStep.BUILTINS_MODULE,))
    made = commands_of(export(needed(entry(cures=(steps,))), form))
    assert made[1] == """sed -i 's/\\b__builtins__\\./__import__("builtins")./g' old-source/*/setup.py"""


def test_the_program_that_changes_an_old_setup_script_is_in_the_export(tmp_path: Path) -> None:
    steps = cure("build-constraint:old-setup-script", "old", steps=(SourceStep.OLDER_PYTHON,))
    made = export(needed(entry(cures=(steps,))), "pip")
    _, _, after = made.partition("python3 - old-source/*/setup.py <<'END'\n")
    program, _, _ = after.partition("\nEND\n")
    script = tmp_path / "setup.py"
    script.write_text("import os\n")
    done = subprocess.run([sys.executable, "-", str(script)], input=program, text=True, check=True)
    assert done.returncode == 0
    assert script.read_text().endswith("_older_python()\nimport os\n")


@pytest.mark.parametrize(("form", "install"), [("pip", "pip install"), ("uv-pip", "uv pip install")])
def test_a_copy_of_pybind11_is_replaced(form: str, install: str) -> None:
    changes = {"requirements": ("pybind11",), "constraints": ("pybind11<3",)}
    steps = cure("build-constraint:old-pybind11", "old", steps=(SourceStep.NEWER_PYBIND11,), **changes)
    made = commands_of(export(needed(entry(cures=(steps,))), form))
    option = "-c" if form == "pip" else "--constraints"
    assert f"{install} --no-deps --target old-pybind11 pybind11 {option} old-build.txt" in made
    assert any(line.startswith("find old-source -path '*/pybind11/pybind11.h' ") for line in made)


@pytest.mark.parametrize(
    ("form", "builds"),
    [
        (
            "pip",
            [
                "PIP_BUILD_CONSTRAINT=demjson-build.txt pip wheel --no-deps --wheel-dir wheels --no-binary demjson "
                "demjson==2.2.4",
                "PIP_BUILD_CONSTRAINT=lap-build.txt pip wheel --no-deps --wheel-dir wheels lap-source/*",
                "pip wheel --no-deps --wheel-dir wheels old-source/*",
                "CFLAGS='-fcommon -O2' pip wheel --no-deps --wheel-dir wheels --no-binary slycot slycot",
            ],
        ),
        (
            "uv-pip",
            [
                "uv pip install --no-deps --build-constraints demjson-build.txt --no-binary demjson demjson==2.2.4",
                "uv pip install --no-deps --build-constraints lap-build.txt lap-source/*",
                "uv pip install --no-deps old-source/*",
                "CFLAGS='-fcommon -O2' uv pip install --no-deps --no-binary slycot slycot",
            ],
        ),
    ],
)
def test_each_is_built_on_its_own(form: str, builds: list[str]) -> None:
    made = export(needed(replace(CURED, cures=(*CURES, BESIDE))), form)
    assert "\nprintf '%s\\n' 'numpy<2' > constraints.txt\n" in made
    assert "\nprintf '%s\\n' 'setuptools<58' > demjson-build.txt\n" in made
    assert made.splitlines()[1].endswith(" -c constraints.txt ... 'numpy>=1'")
    commands = commands_of(made)
    assert [line for line in commands if not line.startswith(("unpack", "find"))] == builds
    assert commands[1] == "unpack lap '' numpy"
    assert commands[3] == "unpack old ''"
    assert commands[4].startswith("find old-source -name '*.pyx' ")


@pytest.mark.parametrize("form", ["pip", "uv-pip"])
def test_what_is_installed_besides_is_no_constraint(form: str) -> None:
    made = export(needed(entry(cures=(BESIDE,))), form)
    assert made.splitlines()[1].endswith(" ... 'numpy>=1'")
    assert "constraints.txt" not in made
    assert not commands_of(made)


def test_uv_s_table_has_no_constraints_that_contradict_each_other() -> None:
    other = cure("build-constraint:x", "new", constraints=("setuptools>=61",))
    made = export(needed(entry(cures=(*CURES[:1], other, BESIDE))), "uv")
    assert tomllib.loads(made)["tool"]["uv"] == {"build-constraint-dependencies": ["setuptools>=61"]}
    assert '# contradicts others: "setuptools<58",  # demjson: ' in made
    assert "# Add to its dependencies: numpy>=1\n" in made


@pytest.mark.parametrize("pyproject", ["", "[build-system]\nrequires = ['setuptools']\n", "[project]\nname = 'x'\n"])
def test_a_fetched_source_gets_further_build_requirements(tmp_path: Path, pyproject: str) -> None:
    source = tmp_path / "My_Project-1.0"
    source.mkdir()
    (source / "pyproject.toml").write_text(pyproject)
    page = tmp_path / "my-project"
    page.mkdir()
    make_archive(str(page / "My_Project-1.0"), "gztar", tmp_path, source.name)
    digest = hashlib.sha256((page / "My_Project-1.0.tar.gz").read_bytes()).hexdigest()
    (page / "index.html").write_text(f'<a href="My_Project-1.0.tar.gz#sha256={digest}">My_Project-1.0.tar.gz</a>')
    needs_more = cure(
        "python-module:numpy", "my-project", requirements=("numpy",), steps=(SourceStep.REGENERATE_CYTHON,)
    )
    made = export(needed(entry(cures=(replace(needs_more, reason=replace(needs_more.reason, version="1.0")),))), "pip")
    script = made.partition("<<'END'\n")[2].partition("\nEND\n")[0].replace('f"/{name}/"', 'f"/{name}/index.html"')
    environment = {"PIP_INDEX_URL": tmp_path.as_uri()}
    argv = [sys.executable, "-", "my-project", "1.0", "numpy"]
    subprocess.run(argv, input=script, cwd=tmp_path, env=environment, text=True, check=True)
    made_of = tomllib.loads((tmp_path / "my-project-source/My_Project-1.0/pyproject.toml").read_text())
    assert {"numpy", "setuptools"} <= set(made_of["build-system"]["requires"])


def test_a_need_of_a_build_and_the_same_at_run_time_are_two() -> None:
    made = export(needed(entry(cures=(CURES[2], BESIDE))), "pip")
    assert "unpack lap '' numpy\n" in made
    assert made.splitlines()[1].endswith(" ... 'numpy>=1'")


def test_uv_has_tables_for_it() -> None:
    assert tomllib.loads(export(needed(CURED), "uv")) == {
        "tool": {
            "uv": {
                "constraint-dependencies": ["numpy<2"],
                "build-constraint-dependencies": ["setuptools<58", "cython<3"],
                "extra-build-dependencies": {"lap": ["numpy"]},
                "extra-build-variables": {"slycot": {"CFLAGS": "-fcommon -O2"}},
            }
        }
    }


def test_an_image_builds_under_the_same_constraints_and_variables() -> None:
    assert export(needed(CURED), "dockerfile").splitlines()[-3:] == [
        "RUN printf '%s\\n' 'setuptools<58' 'cython<3' > /etc/build-constraints.txt",
        "ENV PIP_BUILD_CONSTRAINT=/etc/build-constraints.txt UV_BUILD_CONSTRAINT=/etc/build-constraints.txt",
        "ENV CFLAGS='-fcommon -O2'",
    ]
    assert "RUN apt-get" not in export(needed(entry(cures=CURES)), "dockerfile")


def test_of_several_cures_of_one_need_the_last_counts() -> None:
    second = cure("build-constraint:setuptools<58", "demjson", constraints=("setuptools<60",))
    other = cure("resource:memory", "demjson", jobs=1)
    made = export(needed(entry(cures=CURES[:1]), entry(cures=(second, other))), "uv")
    assert tomllib.loads(made)["tool"]["uv"]["build-constraint-dependencies"] == ["setuptools<60"]
    assert tomllib.loads(made)["tool"]["uv"]["extra-build-variables"]["demjson"]["MAX_JOBS"] == "1"


def test_a_name_that_is_none_is_not_built() -> None:
    hostile = cure("build-constraint:setuptools<58", "../x; rm -rf /", constraints=("setuptools<58",))
    assert "rm -rf" not in export(needed(entry(cures=(hostile,))), "pip")


def test_a_template_of_the_user_s_own() -> None:
    template = (
        "{% for package in packages %}{{ package.name }}={{ package.confidence }} {% endfor %}{{ manager | quote }}"
    )
    assert render(needed(), template) == "cmake=rule g++=rule libffi-dev=rule apt\n"


@pytest.mark.parametrize("template", ["{{ nothing }}", "{% for %}", "{{ ''.__class__.__mro__ }}"])
def test_a_template_that_is_wrong_or_reaches_out(template: str) -> None:
    with pytest.raises(ValueError, match=r"^template: "):
        render(needed(), template)
