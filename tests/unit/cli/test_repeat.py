"""``install`` of what was installed before, whole, with the real uv: links and nothing else where nothing that matters
is another, and the whole way wherever it may be."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from own_backend import write_sdist

PINNED = "--no-binary levelled\nlevelled==1.0\ngreeting==1.0 ; python_version >= '${OLDEST}'\n"
INSTALLED = "installed 2 packages (1 from the wheel store) into "


def write_older(directory: Path) -> None:
    """``greeting`` 0.9, which has nothing in common with 1.0 but the name."""
    files = {
        "hail.py": "",
        "greeting-0.9.dist-info/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 0.9\n",
        "greeting-0.9.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "greeting-0.9.dist-info/RECORD": "hail.py,,\ngreeting-0.9.dist-info/METADATA,,\n",
    }
    with zipfile.ZipFile(directory / "greeting-0.9-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


def write_wheel(directory: Path, words: str = "hello") -> None:
    """``greeting`` 1.0 with a command, ``greet``."""
    files = {
        "greeting.py": f"WORDS = {words!r}\n\ndef main():\n    print(WORDS)\n",
        "greeting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
        "greeting-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "greeting-1.0.dist-info/entry_points.txt": "[console_scripts]\ngreet = greeting:main\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, "greeting-1.0.dist-info/RECORD"])
    with zipfile.ZipFile(directory / "greeting-1.0-py3-none-any.whl", "w") as archive:
        for path, text in {**files, "greeting-1.0.dist-info/RECORD": record}.items():
            archive.writestr(path, text)


class Desk:
    """One user's home, with a directory of archives to install from."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.links = root / "links"
        self.links.mkdir()
        write_sdist(self.links, root / "builds")
        write_wheel(self.links)
        (root / "requirements.txt").write_text("-r pinned.txt\n")
        (root / "pinned.txt").write_text(PINNED)
        self.variables = {
            "PATH": "/usr/bin:/bin", "HOME": str(root), "UV_CACHE_DIR": str(root / "uv"), "OLDEST": "3.8",
            "PIP_CONFIG_FILE": str(root / "pip.conf"),
        }  # fmt: skip

    def environment(self, name: str) -> Path:
        path = self.root / name
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", path], check=True)
        return path

    def command(self, environment: Path, *arguments: str) -> list[str]:
        command = [
            sys.executable,
            "-m",
            "accel_doctor",
            "install",
            "--no-system",
            "--no-index",
            "--find-links",
            "links",
        ]
        return [*command, "--python", str(environment), *(arguments or ("-r", "requirements.txt"))]

    def install(self, environment: Path, *arguments: str, code: int = 0, **variables: str) -> str:
        """What installing says."""
        done = subprocess.run(
            self.command(environment, *arguments),
            env={**self.variables, **variables}, cwd=self.root, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stderr

    def cache(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "accel_doctor", "cache", *arguments]
        return subprocess.run(command, env=self.variables, capture_output=True, text=True, check=True).stdout

    @property
    def runs(self) -> int:
        """How many runs wrote logs."""
        return len(list((self.root / ".cache/accel-doctor/logs").iterdir()))


def works(environment: Path, words: str = "hello") -> bool:
    program = "import levelled, greeting; print(levelled.answer, greeting.WORDS)"
    said = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for command in ([environment / "bin/python", "-c", program], [environment / "bin/greet"])
    ]
    return said == [f"42 {words}\n", f"{words}\n"]


def whole(told: str) -> bool:
    """Whether a run went its whole way."""
    assert ("Resolving" in told) == ("Installing" in told)
    return "Resolving" in told


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.fixture
def seen(desk):
    """A desk where it was installed once."""
    first = desk.environment("first")
    assert whole(desk.install(first))
    assert works(first)
    return desk


def test_the_second_time_it_is_links_and_nothing_else(seen):
    second = seen.environment("second")
    told = seen.install(second)
    assert told.startswith(f"{INSTALLED}{second}, ")
    assert told.count("\n") == 1
    assert works(second)
    assert seen.runs == 1
    site = next(second.glob("lib/*/site-packages"))
    assert (site / "greeting.py").samefile(next((seen.root / "first").glob("lib/*/site-packages")) / "greeting.py")
    assert seen.install(seen.environment("quiet"), "-r", "requirements.txt", "-q") == ""


def test_what_is_there_by_then_is_nothing_to_do(seen):
    second = seen.environment("second")
    seen.install(second)
    assert "nothing to do: " in seen.install(second)


def requirements(desk):
    (desk.root / "requirements.txt").write_text("-r pinned.txt\n# as before\n")


def a_nested_file(desk):
    (desk.root / "pinned.txt").write_text(PINNED + "# as before\n")


def an_archive(desk):
    write_wheel(desk.links, "bonjour")
    # what is remembered of an archive with another hash is of no use either
    shutil.rmtree(desk.root / ".cache/accel-doctor/locks")


def a_built_wheel(desk):
    assert desk.cache("remove", "levelled").startswith("removed 1 wheel")


def pips_configuration(desk):
    (desk.root / "pip.conf").write_text("[global]\nretries = 3\n")


def the_cache(desk):
    assert "1 installation" in desk.cache("clear", "installations")


@pytest.mark.parametrize(
    "change", [requirements, a_nested_file, an_archive, a_built_wheel, pips_configuration, the_cache]
)
def test_where_something_is_another_the_run_goes_its_whole_way(seen, change):
    change(seen)
    second = seen.environment("second")
    assert whole(seen.install(second))
    assert works(second, "bonjour" if change is an_archive else "hello")
    third = seen.environment("third")
    assert not whole(seen.install(third))
    assert works(third, "bonjour" if change is an_archive else "hello")


@pytest.mark.parametrize(
    "variables",
    [{"OLDEST": "3.9"}, {"CFLAGS": "-O1"}, {"UV_CONCURRENT_INSTALLS": "1"}, {"LD_LIBRARY_PATH": "/nowhere"}],
)
def test_other_variables_are_another_installation(seen, variables):
    assert whole(seen.install(seen.environment("second"), **variables))
    assert not whole(seen.install(seen.environment("third"), **variables))


@pytest.mark.parametrize("option", ["--force-reinstall", "--no-cache-dir", "--verify", "--compile"])
def test_who_asks_for_more_gets_more(seen, option):
    second = seen.environment("second")
    assert whole(seen.install(second, "-r", "requirements.txt", option))
    assert works(second)


def test_the_other_frontend_installs_itself(seen):
    # there is no pip among the archives, which it says only if it was asked
    told = seen.install(seen.environment("second"), "-r", "requirements.txt", "--frontend", "pip", code=8)
    assert "Because pip was not found in the provided package locations" in told


def test_a_level_gets_what_is_built_here_however_often_it_was_installed(seen):
    (seen.root / "level").mkdir()
    for name in ("second", "third"):
        assert whole(seen.install(seen.environment(name), ACCEL_DOCTOR_LEVELS=str(seen.root / "level")))


def test_an_edited_file_is_seen_and_told(seen):
    edited = next((seen.root / "first").glob("lib/*/site-packages/greeting.py"))
    edited.write_text(edited.read_text() + "# mine\n")
    second = seen.environment("second")
    told = seen.install(second)
    path = edited.relative_to(seen.root / "first")
    assert told.startswith(
        f"what was kept of an earlier installation is not used any more: {path} was changed since it was installed\n"
    )
    assert whole(told)
    assert works(second)


def test_what_is_in_the_way_is_overwritten_as_ever(seen):
    second = seen.environment("second")
    (next(second.glob("lib/*/site-packages")) / "greeting.py").write_text("left by a killed run\n")
    assert whole(seen.install(second))
    assert works(second)


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (("-r", "requirements.txt"), {"UV_LINK_MODE": "copy"}),
        (("-r", "requirements.txt"), {"UV_COMPILE_BYTECODE": "1"}),
        (("levelled", "greeting"), {}),
        (("-r", "requirements.txt", "-e", "here"), {}),
    ],
)
def test_what_may_be_another_thing_tomorrow_is_not_kept(desk, arguments, variables):
    (desk.root / "here").mkdir()
    write_project(desk.root / "here")
    for name in ("first", "second"):
        assert whole(desk.install(desk.environment(name), *arguments, **variables))
    assert not list((desk.root / ".cache/accel-doctor").glob("installations/v1/*/*"))


def write_project(directory: Path) -> None:
    (directory / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
        '[project]\nname = "here"\nversion = "1"\n'
    )
    (directory / "own.py").write_text(
        "import pathlib, zipfile\n"
        "def build_editable(directory, config_settings=None, metadata_directory=None):\n"
        "    name = 'here-1-py3-none-any.whl'\n"
        "    with zipfile.ZipFile(pathlib.Path(directory, name), 'w') as archive:\n"
        "        archive.writestr('here.pth', '/nowhere')\n"
        "        archive.writestr('here-1.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: here\\nVersion: 1\\n')\n"
        "        archive.writestr('here-1.dist-info/WHEEL', 'Wheel-Version: 1.0\\nTag: py3-none-any\\n')\n"
        "        archive.writestr('here-1.dist-info/RECORD', '')\n"
        "    return name\n"
        "build_wheel = build_editable\n"
    )


def test_what_replaces_an_older_version_goes_the_whole_way(desk):
    write_older(desk.links)
    for name in ("first", "second"):
        environment = desk.environment(name)
        desk.install(environment, "greeting==0.9")
        assert whole(desk.install(environment))
        assert works(environment)
        assert not list(environment.glob("lib/*/site-packages/hail.py"))


def test_what_is_beside_it_makes_another_installation(seen):
    write_older(seen.links)
    (seen.root / "levelled.txt").write_text("--no-binary levelled\nlevelled==1.0\n")
    for name, first_time in (("second", True), ("third", False)):
        environment = seen.environment(name)
        seen.install(environment, "greeting==0.9")
        assert whole(seen.install(environment, "-r", "levelled.txt")) == first_time
        assert list(environment.glob("lib/*/site-packages/levelled.py"))
    assert whole(seen.install(seen.environment("fourth"), "-r", "levelled.txt"))


def test_how_the_environment_is_named_makes_no_difference(seen):
    second, third, fourth = (seen.environment(name) for name in ("second", "third", "fourth"))
    line = seen.command(second)
    line.remove("--python")
    line.remove(str(second))
    for environment, variables, configuration in (
        (second, {"ACCEL_DOCTOR_PYTHON": str(second / "bin/python")}, ""),
        (third, {"VIRTUAL_ENV": str(third)}, ""),
        (fourth, {}, f"python = '{fourth}'\n"),
    ):
        (seen.root / "accel-doctor.toml").write_text(configuration)
        done = subprocess.run(
            line, env={**seen.variables, **variables}, cwd=seen.root, capture_output=True, text=True, check=True
        )
        assert done.stderr.startswith(f"{INSTALLED}{environment}, ")
        assert works(environment)


def test_what_can_be_read_only_once_is_left_to_the_whole_way(desk):
    for name in ("first", "second"):
        environment = desk.environment(name)
        done = subprocess.run(
            desk.command(environment, "-r", "/dev/stdin"),
            env=desk.variables, cwd=desk.root, input=PINNED, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert whole(done.stderr)
        assert works(environment)


def test_what_is_wrong_with_a_line_is_told_as_ever(seen):
    second = seen.environment("second")
    assert "Invalid requirement: '~nobody-of-this-name'" in seen.install(second, "~nobody-of-this-name", code=2)
    assert "no such option: --nonesuch" in seen.install(second, "--nonesuch", code=2)
    assert "there is no such file, directory or command" in seen.install(seen.root / "nowhere", code=2)


def test_an_environment_that_sees_the_systems_packages_goes_the_whole_way(seen):
    second = seen.root / "second"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", second], check=True)
    assert whole(seen.install(second))


def test_sixteen_at_once_two_of_them_into_each_environment(seen):
    environments = [seen.environment(f"at-once-{number}") for number in range(8)]
    how = {"env": seen.variables, "cwd": seen.root, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    running = [subprocess.Popen(seen.command(environment), **how) for environment in environments * 2]
    said = [process.communicate()[0].decode() for process in running]
    assert [process.returncode for process in running] == [0] * 16, said
    assert all(map(works, environments))


def test_cache_verify_reads_what_is_kept(seen):
    assert seen.cache("verify") == "1 wheel is as stored\n"
    edited = next((seen.root / "first").glob("lib/*/site-packages/greeting.py"))
    edited.write_text(edited.read_text() + "# mine\n")
    said = seen.cache("verify", "--fix")
    assert f" is damaged and was removed: {edited.relative_to(seen.root / 'first')} was changed\n" in said
    assert not list((seen.root / ".cache/accel-doctor").glob("installations/v1/*/*"))
