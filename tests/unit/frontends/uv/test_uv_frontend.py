"""uv as frontend, on a runner that answers for uv."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeSandbox, interpreter

from accel_doctor.errors import NetworkError, RequirementsError, ToolError, UsageError
from accel_doctor.frontends.uv.uv_arguments import elsewhere_arguments
from accel_doctor.frontends.uv.uv_frontend import UvFrontend
from accel_doctor.model.builds import Failed, Locked
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest, RequirementLine

SIX = RequirementLine("six", "command line", name="six")
REQUEST = InstallRequest((SIX,))

LOCK = """
lock-version = "1.0"
created-by = "uv"
[[packages]]
name = "six"
version = "1.17.0"
wheels = [{ url = "https://h/six-1.17.0-py3-none-any.whl", hashes = { sha256 = "ab" } }]
[[packages]]
name = "local"
directory = { path = "../../local" }
""".replace('"ab"', '"' + "ab" * 32 + '"').replace('"cd"', '"' + "cd" * 32 + '"')


class Uv:
    """Answers as uv would: ``installed`` is what the target has, ``fails`` what compile and install print."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.installed: list[dict[str, str]] = []
        self.frozen = ""
        self.satisfied = False
        self.fails: str | None = None
        self.preferences: str | None = None

    def __call__(self, argv: Sequence[str]) -> tuple[int, str]:
        match argv[1], argv[2]:
            case "cache", "dir":
                return 0, str(self.cache)
            case "pip", "list":
                return 0, json.dumps(self.installed)
            case "pip", "freeze":
                return 0, self.frozen
            case "pip", "install" if "--dry-run" in argv:
                return 0, "Would make no changes\n" if self.satisfied else "Would install 1 package\n"
            case "pip", "compile" | "install" if self.fails is not None:
                return 1, self.fails
            case "pip", "compile":
                output = Path(argv[argv.index("--output-file") + 1])
                self.preferences = output.read_text() if output.exists() else None
                output.write_text(LOCK)
                return 0, "Resolved 1 package in 1ms\n"
            case _:
                return 0, ""


@pytest.fixture
def uv(runner, tmp_path):
    runner.answer = Uv(tmp_path / "cache")
    return runner.answer


@pytest.fixture
def frontend(runner, uv):
    return UvFrontend(runner, FakeSandbox(), interpreter(), {}, Path("/bin/uv"))


def command(runner, name: str) -> list[str]:
    (found,) = [argv for argv in runner.commands if argv[2] == name and "--dry-run" not in argv]
    return found


def values(argv: list[str], option: str) -> list[str]:
    return [argv[number + 1] for number, word in enumerate(argv) if word == option]


def lock(frontend, tmp_path, request=REQUEST) -> Locked | Failed:
    return frontend.lock(request, tmp_path / "lock.log")


def test_lock(frontend, runner, tmp_path):
    locked = lock(frontend, tmp_path)
    assert isinstance(locked, Locked)
    assert [package.name for package in locked.lock.packages] == ["six", "local"]
    # the lock lies in lock.log.files/resolved/
    assert locked.lock.packages[1].directory.path == str(tmp_path / "local")
    argv = command(runner, "compile")
    assert argv[:2] == ("/bin/uv", "pip")
    assert values(argv, "--format") == ["pylock.toml"]
    assert values(argv, "--python") == ["/v/bin/python"]
    assert "--no-python-downloads" in argv
    assert Path(argv[3]).read_text() == "six\n"
    log = (tmp_path / "lock.log").read_text()
    assert log.startswith("$ /bin/uv pip compile ")
    assert log.endswith("Resolved 1 package in 1ms\n")
    scratch = tmp_path / "lock.log.files"
    assert runner.environments[-1] == {
        "LC_ALL": "C",
        "LANGUAGE": "",
        "UV_NO_WRAP": "1",
        "RUST_LOG": "uv_resolver::resolver=debug",
        "PYTHONHOME": str(scratch / "no-python"),
        "PATH": f"{scratch / 'bin'}:/bin:/usr/bin",
    }


def test_a_package_that_is_left_out_is_overridden_away(frontend, runner, tmp_path):
    lock(frontend, tmp_path, InstallRequest((SIX,), left_out=("psycopg2", "odd")))
    (file,) = values(command(runner, "compile"), "--override")
    assert Path(file).read_text() == 'psycopg2 ; python_version < "0"\nodd ; python_version < "0"\n'


def test_for_another_machine_what_is_installed_here_does_not_matter(runner, uv, tmp_path):
    uv.installed = [{"name": "six", "version": "1.17.0"}]
    uv.satisfied = True
    there = elsewhere_arguments("3.11", "x86_64-unknown-linux-musl")
    locked = lock(UvFrontend(runner, FakeSandbox(), interpreter(), {}, Path("/bin/uv"), there), tmp_path)
    assert [package.name for package in locked.lock.packages] == ["six", "local"]
    argv = command(runner, "compile")
    assert values(argv, "--python-version") == ["3.11"]
    assert values(argv, "--python-platform") == ["x86_64-unknown-linux-musl"]
    assert uv.preferences is None


def test_options_of_the_request(frontend, runner, tmp_path):
    request = InstallRequest(
        requirements=(
            RequirementLine("/w/p", "r.txt:1", editable=True),
            RequirementLine("x==1", "r.txt:2", name="x", config_settings=("a=b",)),
        ),
        constraints=(RequirementLine("y<2", "c.txt:1", name="y"),),
        build=BuildSettings(build_constraints=("setuptools<80",)),
        no_binary=(":all:",),
        only_binary=("a", "b"),
        pre=True,
        no_deps=True,
        verbosity=1,
    )
    lock(frontend, tmp_path, request)
    argv = command(runner, "compile")
    assert Path(argv[3]).read_text() == "-e /w/p\nx==1\n"
    assert Path(*values(argv, "--constraints")).read_text() == "y<2\n"
    assert Path(*values(argv, "--build-constraints")).read_text() == "setuptools<80\n"
    assert values(argv, "--no-binary") == [":all:"]
    assert values(argv, "--only-binary") == ["a", "b"]
    assert "--prerelease=allow" in argv
    assert values(argv, "--config-settings-package") == ["x:a=b"]
    assert {"--no-deps", "--verbose"} <= set(argv)


def test_what_is_installed_is_preferred_and_needs_no_installing(frontend, uv, runner, tmp_path):
    uv.installed = [{"name": "six", "version": "1.17.0"}]
    locked = lock(frontend, tmp_path)
    assert [package.name for package in locked.lock.packages] == ["local"]
    assert 'version = "1.17.0"' in uv.preferences
    assert not {"--upgrade", "--upgrade-package"} & set(command(runner, "compile"))


def test_when_everything_is_there_nothing_is_resolved(frontend, uv, runner, tmp_path):
    uv.installed = [{"name": "six", "version": "1.17.0"}]
    uv.satisfied = True
    assert lock(frontend, tmp_path).lock.packages == []
    assert not [argv for argv in runner.commands if argv[2] == "compile"]
    assert frontend.install(lock(frontend, tmp_path), REQUEST, tmp_path / "install.log") is None
    assert not (tmp_path / "install.log").exists()


@pytest.mark.parametrize(
    ("strategy", "expected"), [("only-if-needed", ("--upgrade-package", "six")), ("eager", ("--upgrade",))]
)
def test_upgrade(frontend, uv, runner, tmp_path, strategy, expected):
    uv.installed = [{"name": "six", "version": "1.16.0"}]
    uv.satisfied = True
    locked = lock(frontend, tmp_path, InstallRequest((SIX,), upgrade=True, upgrade_strategy=strategy))
    argv = command(runner, "compile")
    start = argv.index(expected[0])
    assert argv[start : start + len(expected)] == expected
    assert [package.name for package in locked.lock.packages] == ["six", "local"]


def test_reinstall_looks_at_nothing_installed(frontend, uv, runner, tmp_path):
    uv.installed = [{"name": "six", "version": "1.17.0"}]
    request = InstallRequest((SIX,), reinstall=True)
    locked = lock(frontend, tmp_path, request)
    assert [package.name for package in locked.lock.packages] == ["six", "local"]
    assert uv.preferences is None
    frontend.install(locked, request, tmp_path / "install.log")
    assert "--reinstall" in runner.commands[-1]


def test_what_came_from_a_directory_stays(frontend, uv, runner, tmp_path):
    uv.installed = [{"name": "local", "version": "1", "editable_project_location": str(tmp_path)}]
    locked = lock(frontend, tmp_path)
    assert Path(*values(command(runner, "compile"), "--constraints")).read_text() == f"local @ {tmp_path.as_uri()}\n"
    assert [package.name for package in locked.lock.packages] == ["six"]


def test_what_came_from_a_url_stays(frontend, uv, runner, tmp_path):
    uv.installed = [{"name": "local", "version": "1"}]
    uv.frozen = "local @ https://h/local.zip\nsix==1.16.0\n"
    lock(frontend, tmp_path)
    constraints = Path(*values(command(runner, "compile"), "--constraints"))
    assert constraints.read_text() == "local @ https://h/local.zip\n"


def test_hashes_are_checked(frontend, tmp_path):
    request = InstallRequest((RequirementLine("six==1.17.0", "r.txt:1", name="six", hashes=("sha256:cd",)),))
    with pytest.raises(RequirementsError, match="THESE PACKAGES DO NOT MATCH THE HASHES"):
        lock(frontend, tmp_path, request)


def test_a_failing_build_is_a_value(frontend, uv, output, tmp_path):
    uv.fails = output("uv-broken-sdist.txt")
    assert lock(frontend, tmp_path) == Failed("brokenpkg", tmp_path / "lock.log", "resolve", 1, 1.5, "1.0")


def test_a_conflict_is_quoted(frontend, uv, output, tmp_path):
    uv.fails = output("uv-no-version.txt")
    with pytest.raises(RequirementsError) as caught:
        lock(frontend, tmp_path)
    assert caught.value.message == (
        "uv cannot resolve the requirements:\n"
        "  error: No solution found when resolving dependencies\n"
        "    cause: Because there is no version of six==99.0 and you require six==99.0, we can conclude that your "
        "requirements are unsatisfiable."
    )


def test_a_dead_network(frontend, uv, output, tmp_path):
    uv.fails = output("uv-closed-port.txt")
    with pytest.raises(NetworkError) as caught:
        lock(frontend, tmp_path)
    assert caught.value.message.endswith("  cause: Connection refused (os error 111)")
    assert caught.value.hint == "check the network and the index URL, then run again"


def test_a_broken_uv(frontend, uv, tmp_path):
    uv.fails = ""
    with pytest.raises(ToolError) as caught:
        lock(frontend, tmp_path)
    assert caught.value.message == "uv cannot resolve the requirements; it gave no reason"
    assert caught.value.hint == f"full output of uv: {tmp_path / 'lock.log'}"


def test_only_this_commands_output_counts(frontend, uv, output, tmp_path):
    (tmp_path / "lock.log").write_text(output("uv-closed-port.txt"))
    uv.fails = output("uv-conflict.txt")
    with pytest.raises(RequirementsError):
        lock(frontend, tmp_path)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (InstallRequest((SIX,), user=True), "uv does not support --user"),
        (InstallRequest((SIX,), prefer_binary=True), "uv does not support --prefer-binary"),
        (
            InstallRequest((RequirementLine("git+https://h/x.git#egg=x", "r.txt:1", editable=True, name="x"),)),
            "r.txt:1: uv cannot install a repository in editable mode: git+https://h/x.git#egg=x",
        ),
    ],
)
def test_what_uv_cannot_do(frontend, tmp_path, request_, message):
    with pytest.raises(UsageError) as caught:
        lock(frontend, tmp_path, request_)
    assert caught.value.message == message


def test_install(frontend, runner, tmp_path):
    request = InstallRequest(
        (SIX,),
        index=IndexSettings(index_url="https://i", proxy="http://p"),
        build=BuildSettings(build_constraints=("setuptools<80",), config_settings=("a=b",)),
        no_binary=("six",),
        target=Path("/t"),
        break_system_packages=True,
        compile_bytecode=True,
    )
    locked = lock(frontend, tmp_path, request)
    assert frontend.install(locked, request, tmp_path / "install.log") is None
    argv = runner.commands[-1]
    assert argv[:3] == ("/bin/uv", "pip", "install")
    (written,) = values(argv, "--requirements")
    assert Path(written).name == "pylock.toml"
    assert {"--no-deps", "--break-system-packages", "--compile-bytecode"} <= set(argv)
    assert values(argv, "--target") == ["/t"]
    assert values(argv, "--default-index") == ["https://i"]
    assert values(argv, "--config-setting") == ["a=b"]
    assert Path(*values(argv, "--build-constraints")).read_text() == "setuptools<80\n"
    assert "--no-binary" not in argv  # the store's wheels are binaries
    assert runner.environments[-1]["HTTPS_PROXY"] == "http://p"


def test_passwords_of_indexes_are_no_arguments_that_everybody_can_read(frontend, runner, tmp_path):
    others = ("https://me:secret@other/simple", "https://plain/simple")
    request = InstallRequest((SIX,), index=IndexSettings(index_url="https://token@i/simple", extra_index_urls=others))
    locked = lock(frontend, tmp_path, request)
    assert frontend.install(locked, request, tmp_path / "install.log") is None
    assert not [word for argv in runner.commands for word in argv if "secret" in word or "token" in word]
    for argv, told in zip(runner.commands, runner.environments, strict=True):
        if argv[1:3] in (("pip", "compile"), ("pip", "install")):
            assert (told["UV_DEFAULT_INDEX"], told["UV_INDEX"]) == ("https://token@i/simple", " ".join(others))


def test_a_directory_that_does_not_build_when_installing(frontend, uv, output, tmp_path):
    locked = lock(frontend, tmp_path)
    uv.fails = output("uv-install-editable.txt")
    failed = frontend.install(locked, REQUEST, tmp_path / "install.log")
    assert failed == Failed("brokendir", tmp_path / "install.log", "install", 1, 1.5)


BUILD = BuildSettings(config_settings=("a=b",), build_constraints=("setuptools<80",), no_build_isolation=True)


def test_an_environment_is_made_and_filled(frontend, runner, tmp_path):
    index, place = IndexSettings(index_url="https://i", cert="/ca.pem"), tmp_path / "environment"
    assert frontend.provision(place, ["b", "a<2"], BUILD, index, tmp_path / "log").returncode == 0
    made, _, filled = map(list, runner.commands)
    assert made[:2] == ["/bin/uv", "venv"]
    assert values(made, "--python") == ["/v/bin/python"]
    assert made[-1] == str(place)
    assert filled[:3] == ["/bin/uv", "pip", "install"]
    assert values(filled, "--python") == [str(place)]
    assert values(filled, "--default-index") == ["https://i"]
    assert Path(*values(filled, "--requirements")).read_text() == "a<2\nb\n"
    assert Path(*values(filled, "--constraints")).read_text() == "setuptools<80\n"
    assert "--no-build-isolation" in filled
    assert "--config-setting" not in filled
    assert runner.environments[-1] == {
        "LC_ALL": "C",
        "LANGUAGE": "",
        "UV_NO_WRAP": "1",
        "SSL_CERT_FILE": "/ca.pem",
        "UV_CONSTRAINT": "",
        "UV_OVERRIDE": "",
        "UV_EXCLUDE": "",
        "UV_REQUIRE_HASHES": "0",
        "PYTHONHOME": str(tmp_path / "no-python"),
        "PATH": f"{tmp_path / 'bin'}:/bin:/usr/bin",
    }


def test_the_user_s_constraints_on_builds_are_in_effect_where_requirements_are_installed(frontend, runner, tmp_path):
    chosen = replace(frontend, variables={"UV_BUILD_CONSTRAINT": "b.txt", "UV_CONSTRAINT": "c.txt"})
    chosen.provision(tmp_path, ["wheel"], BuildSettings(), IndexSettings(), tmp_path / "log")
    assert runner.environments[-1]["UV_CONSTRAINT"] == "b.txt"


def test_the_user_s_constraints_are_in_effect_only_where_it_resolves(frontend, runner, tmp_path):
    chosen = replace(frontend, variables={"UV_CONSTRAINT": "c.txt"})
    locked = lock(chosen, tmp_path)
    assert "UV_CONSTRAINT" not in runner.environments[-1]  # as it is
    chosen.install(locked, REQUEST, tmp_path / "install.log")
    assert runner.environments[-1]["UV_CONSTRAINT"] == ""  # uv refuses one with a lock


def test_an_environment_that_is_there_is_only_filled(frontend, runner, tmp_path):
    frontend.provision(tmp_path, ["wheel"], BuildSettings(), IndexSettings(), tmp_path / "log")
    assert [argv[:3] for argv in runner.commands] == [("/bin/uv", "cache", "dir"), ("/bin/uv", "pip", "install")]


def test_an_environment_that_cannot_be_made_is_not_filled(frontend, runner, tmp_path):
    runner.answer = lambda argv: (2, "error: No interpreter found\n")
    done = frontend.provision(tmp_path / "new", ["wheel"], BuildSettings(), IndexSettings(), tmp_path / "log")
    assert done.returncode == 2
    assert (tmp_path / "log").read_text() == "error: No interpreter found\n"
    assert len(runner.commands) == 1


def test_a_missing_target_directory_has_nothing_installed(frontend, runner, tmp_path):
    lock(frontend, tmp_path, InstallRequest((SIX,), target=tmp_path / "new"))
    assert [argv[2] for argv in runner.commands] == ["dir", "compile"]


def test_what_may_build_metadata_writes_its_own_places_only(frontend, runner, tmp_path):
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    (project / "part").mkdir()
    asked = (SIX, RequirementLine(str(project / "part"), "command line"))
    lock(frontend, tmp_path, InstallRequest(asked))
    (rights,) = frontend.sandbox.rights
    places = [tmp_path / "cache", tmp_path / "lock.log.files", project]
    assert (rights.readable, rights.network, rights.credentials) == (None, True, True)
    assert [place for place in rights.writable if place.is_relative_to(tmp_path)] == places
    assert tmp_path not in rights.writable
