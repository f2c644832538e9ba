"""pip as frontend, on a runner that answers for pip."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from fakes import FakeSandbox, interpreter
from packaging.pylock import Package, PackageDirectory, PackageVcs, PackageWheel, Pylock
from packaging.version import Version

from accel_doctor.errors import NetworkError, RequirementsError, ToolError, UsageError
from accel_doctor.frontends.pip.pip_command import PrivatePip, is_new_enough
from accel_doctor.frontends.pip.pip_frontend import PipFrontend
from accel_doctor.model.builds import Failed, Locked
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest, RequirementLine

SIX = RequirementLine("six", "command line", name="six")
REQUEST = InstallRequest((SIX,))

REPORT = {
    "version": "1",
    "install": [
        {
            "download_info": {
                "url": "https://h/six-1.17.0-py3-none-any.whl",
                "archive_info": {"hashes": {"sha256": "ab"}},
            },
            "is_direct": False,
            "metadata": {"name": "six", "version": "1.17.0"},
        }
    ],
}


class Pip:
    """Answers as pip would; ``fails`` is what it prints then, ``debug_log`` what ``--log`` gets."""

    def __init__(self) -> None:
        self.fails: str | None = None
        self.debug_log = ""

    def __call__(self, argv: Sequence[str]) -> tuple[int, str]:
        if "--log" in argv:
            Path(argv[argv.index("--log") + 1]).write_text(self.debug_log)
        if self.fails is not None:
            return 1, self.fails
        if "--report" in argv:
            Path(argv[argv.index("--report") + 1]).write_text(json.dumps(REPORT))
        if "--target" in argv and "pip>=26.1" in argv:
            (Path(argv[argv.index("--target") + 1]) / "pip").mkdir(parents=True)
        return 0, ""


@pytest.fixture
def pip(runner):
    runner.answer = Pip()
    return runner.answer


@pytest.fixture
def make(runner, pip, tmp_path):
    def make(version: str | None = "26.1", uv: str | None = "/bin/uv", **environment: str) -> PipFrontend:
        private = PrivatePip(runner, tmp_path / "cache", Path("/own/python"), environment, Path(uv) if uv else None)
        target = interpreter(pip_version=version)
        return PipFrontend(runner, FakeSandbox(), target, environment, private, {"PIP_CACHE_DIR": str(tmp_path / "c")})

    return make


def values(argv: list[str], option: str) -> list[str]:
    return [argv[number + 1] for number, word in enumerate(argv) if word == option]


def lock(frontend: PipFrontend, tmp_path: Path, request: InstallRequest = REQUEST) -> Locked | Failed:
    return frontend.lock(request, tmp_path / "lock.log")


def test_what_is_left_out_is_not_asked_for(make, runner, tmp_path):
    lock(make(), tmp_path, InstallRequest((SIX, RequirementLine("odd>1", "r.txt:1", name="odd")), left_out=("odd",)))
    (file,) = values(runner.commands[-1], "--requirement")
    assert Path(file).read_text() == "six\n"


@pytest.mark.parametrize(
    ("version", "expected"), [(None, False), ("25.3", False), ("26.0.1", False), ("26.1", True), ("junk", False)]
)
def test_which_pip_is_new_enough(version, expected):
    assert is_new_enough(version) is expected


def test_lock_with_the_targets_own_pip(make, runner, tmp_path):
    locked = lock(make(), tmp_path)
    assert isinstance(locked, Locked)
    assert [package.name for package in locked.lock.packages] == ["six"]
    (argv,) = runner.commands
    assert argv[:6] == ("/v/bin/python", "-E", "-m", "pip", "install", "--dry-run")
    assert "--no-build-isolation" in argv
    assert Path(*values(argv, "--requirement")).read_text() == "six\n"
    # with a log of its own pip would not print what a failing build says
    assert "--log" not in argv


def test_pips_configuration_is_not_read_twice(make, runner, tmp_path):
    lock(make(PIP_REQUIREMENT="r.txt", PIP_DEFAULT_TIMEOUT="3", HOME="/h"), tmp_path)
    assert runner.environments[-1] == {
        "PIP_REQUIREMENT": "",
        "PIP_DEFAULT_TIMEOUT": "",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_CACHE_DIR": str(tmp_path / "c"),
        "LC_ALL": "C",
        "LANGUAGE": "",
        "PYTHONHOME": str(tmp_path / "lock.log.files" / "no-python"),
        "PATH": f"{tmp_path / 'lock.log.files' / 'bin'}:/bin:/usr/bin",
    }


def test_options_of_the_request(make, runner, tmp_path):
    request = InstallRequest(
        requirements=(
            RequirementLine("x==1", "r.txt:1", name="x", hashes=("sha256:ab",), config_settings=("c=d e",)),
            RequirementLine("/w/p", "r.txt:2", editable=True),
        ),
        constraints=(RequirementLine("y<2", "c.txt:1", name="y"),),
        index=IndexSettings(
            index_url="https://i",
            extra_index_urls=("https://e",),
            find_links=("/l",),
            cert="/ca.pem",
            client_cert="/me.pem",
            proxy="http://p",
            trusted_hosts=("h",),
            timeout=3.0,
            retries=2,
            keyring_provider="import",
            no_cache=True,
        ),
        build=BuildSettings(config_settings=("a=b",), build_constraints=("setuptools<80",), no_build_isolation=True),
        no_binary=("a", "b"),
        only_binary=(":all:",),
        pre=True,
        prefer_binary=True,
        upgrade=True,
        reinstall=True,
        require_hashes=True,
        no_deps=True,
        user=True,
        break_system_packages=True,
        verbosity=2,
    )
    lock(make(), tmp_path, request)
    (argv,) = runner.commands
    assert Path(*values(argv, "--requirement")).read_text() == (
        'x==1 --hash=sha256:ab --config-settings="a=b" --config-settings="c=d e"\n-e /w/p --config-settings="a=b"\n'
    )
    assert Path(*values(argv, "--constraint")).read_text() == "y<2\n"
    assert Path(*values(argv, "--build-constraint")).read_text() == "setuptools<80\n"
    for option, expected in {
        "--index-url": "https://i", "--extra-index-url": "https://e", "--find-links": "/l", "--cert": "/ca.pem",
        "--client-cert": "/me.pem", "--proxy": "http://p", "--trusted-host": "h", "--timeout": "3.0",
        "--retries": "2", "--keyring-provider": "import", "--no-binary": "a,b", "--only-binary": ":all:",
        "--upgrade-strategy": "only-if-needed",
    }.items():  # fmt: skip
        assert values(argv, option) == [expected]
    assert {
        "--no-cache-dir", "--pre", "--prefer-binary", "--upgrade", "--force-reinstall", "--require-hashes", "--no-deps",
        "--user", "--break-system-packages", "--no-build-isolation",
    } <= set(argv)  # fmt: skip
    assert argv.count("--verbose") == 2


def test_pip_has_no_offline_mode(make, tmp_path):
    with pytest.raises(UsageError) as caught:
        lock(make(), tmp_path, InstallRequest((SIX,), index=IndexSettings(offline=True)))
    assert caught.value.message == "pip has no offline mode"
    assert caught.value.hint == "name a directory of distributions with --find-links, or use --frontend uv"


def test_offline_with_find_links(make, runner, tmp_path):
    index = IndexSettings(index_url="https://i", find_links=("/l",), offline=True)
    lock(make(), tmp_path, InstallRequest((SIX,), index=index))
    (argv,) = runner.commands
    assert "--no-index" in argv
    assert "--index-url" not in argv


def test_a_failing_build_is_a_value(make, pip, runner, output, tmp_path):
    pip.fails = output("pip-pg-config.txt")
    assert lock(make(), tmp_path) == Failed("psycopg2", tmp_path / "lock.log", "resolve", 1, 1.5, "2.9.10")
    assert len(runner.commands) == 1


def test_why_nothing_was_found_is_asked_again(make, pip, runner, output, tmp_path):
    pip.fails, pip.debug_log = output("pip-closed-port.txt"), output("pip-closed-port.debug.txt")
    with pytest.raises(NetworkError) as caught:
        lock(make(), tmp_path)
    assert caught.value.message == (
        "pip cannot resolve the requirements:\n"
        "  ERROR: Could not find a version that satisfies the requirement six (from versions: none)\n"
        "  ERROR: No matching distribution found for six\n"
        "  Could not fetch URL http://127.0.0.1:9/simple/six/: connection error: [Errno 111] Connection refused - "
        "skipping"
    )
    first, second = runner.commands
    assert second[: len(first)] == first
    assert values(second, "--retries") == ["0"]


def test_nothing_was_found_because_nothing_is_there(make, pip, output, tmp_path):
    pip.fails, pip.debug_log = output("pip-no-package.txt"), output("pip-no-package.debug.txt")
    with pytest.raises(RequirementsError) as caught:
        lock(make(), tmp_path)
    assert caught.value.message.endswith("ERROR: No matching distribution found for other-name-zzz-not-there")


def test_no_report(make, runner, tmp_path):
    runner.answer = lambda argv: (0, "")
    with pytest.raises(ToolError, match=r"^pip wrote no installation report: "):
        lock(make(), tmp_path)


WHEEL = Package(
    name="six",
    version=Version("1"),
    wheels=[PackageWheel(name="six-1-py3-none-any.whl", path="/s/six-1-py3-none-any.whl", hashes={"sha256": "ab"})],
)
DIRECTORY = Package(name="p", directory=PackageDirectory(path="/w/p", editable=True, subdirectory="sub"))
PLAIN = Package(name="q", directory=PackageDirectory(path="/w/q"))
REPOSITORY = Package(
    name="v",
    version=Version("1"),
    vcs=PackageVcs(type="hg", url="https://h/v", commit_id="ab", subdirectory="sub"),
)


def locked(*packages: Package) -> Locked:
    return Locked(Pylock(lock_version=Version("1.0"), created_by="pip", packages=list(packages)))


def test_what_has_no_hash_is_installed_in_a_run_of_its_own(make, runner, tmp_path):
    request = InstallRequest(
        (SIX,), build=BuildSettings(config_settings=("a=b",)), no_binary=("six",), upgrade=True, target=Path("/t")
    )
    everything = locked(WHEEL, DIRECTORY, PLAIN, REPOSITORY)
    assert make().install(everything, request, tmp_path / "install.log") is None
    first, second = runner.commands
    (written,) = values(first, "--requirement")
    assert Path(written).name == "pylock.toml"
    assert "/w/p" not in Path(written).read_text()
    for argv in (first, second):
        assert {"--no-deps", "--upgrade"} <= set(argv)
        assert values(argv, "--target") == ["/t"]
        assert not {"--no-binary", "--upgrade-strategy"} & set(argv)
    assert values(second, "--editable") == ["/w/p/sub"]
    assert values(second, "--config-settings") == ["a=b"]
    assert "/w/q" in second
    assert "v @ hg+https://h/v@ab#subdirectory=sub" in second


def test_nothing_to_install(make, runner, tmp_path):
    assert make().install(locked(), REQUEST, tmp_path / "install.log") is None
    assert runner.commands == []


def test_a_directory_that_does_not_build(make, pip, runner, output, tmp_path):
    pip.fails = output("pip-install-editable.txt")
    failed = make().install(locked(DIRECTORY), REQUEST, tmp_path / "install.log")
    assert failed == Failed("compilefail", tmp_path / "install.log", "install", 1, 1.5)


@pytest.mark.parametrize(("compile_", "option"), [(True, "--compile"), (False, "--no-compile")])
def test_bytecode(make, runner, tmp_path, compile_, option):
    make().install(locked(WHEEL), InstallRequest((SIX,), compile_bytecode=compile_), tmp_path / "install.log")
    assert option in runner.commands[-1]


def test_an_environment_is_made_and_filled(make, runner, tmp_path):
    build = BuildSettings(config_settings=("a=b",), build_constraints=("setuptools<80",))
    place, index = tmp_path / "environment", IndexSettings(index_url="https://i")
    assert make().provision(place, ["b", "a<2"], build, index, tmp_path / "log").returncode == 0
    made, filled = map(list, runner.commands)
    assert made == ["/v/bin/python", "-m", "venv", "--without-pip", str(place)]
    assert filled[:6] == ["/v/bin/python", "-m", "pip", "--python", str(place / "bin" / "python"), "install"]
    assert Path(*values(filled, "--requirement")).read_text() == "a<2\nb\n"
    assert Path(*values(filled, "--constraint")).read_text() == "setuptools<80\n"
    assert values(filled, "--only-binary") == [":all:"]
    assert values(filled, "--index-url") == ["https://i"]
    assert "--config-settings" not in filled
    assert runner.environments[-1]["LC_ALL"] == "C"


def test_passwords_of_indexes_are_no_arguments_that_everybody_can_read(make, runner, tmp_path):
    others = ("https://me:secret@other/simple", "https://plain/simple")
    index = IndexSettings(index_url="https://token@i/simple", extra_index_urls=others)
    assert make().provision(tmp_path / "environment", [], BuildSettings(), index, tmp_path / "log").returncode == 0
    make().install(locked(WHEEL), InstallRequest((SIX,), index=index), tmp_path / "install.log")
    assert not [word for argv in runner.commands for word in argv if "secret" in word or "token" in word]
    for told in (runner.environments[1], runner.environments[-1]):
        assert (told["PIP_INDEX_URL"], told["PIP_EXTRA_INDEX_URL"]) == (index.index_url, " ".join(others))


def test_an_environment_is_filled_by_a_private_pip_too(make, runner, tmp_path):
    make("25.3").provision(tmp_path, ["wheel"], BuildSettings(), IndexSettings(), tmp_path / "log")
    assert runner.commands[-1][2:5] == ("--python", str(tmp_path / "bin" / "python"), "install")


def test_an_environment_that_cannot_be_made_is_not_filled(make, runner, tmp_path):
    runner.answer = lambda argv: (1, "No module named venv\n")
    done = make().provision(tmp_path / "new", ["wheel"], BuildSettings(), IndexSettings(), tmp_path / "log")
    assert (done.returncode, len(runner.commands)) == (1, 1)


def test_a_private_pip_is_fetched_once(make, runner, tmp_path):
    frontend = make("25.3")
    lock(frontend, tmp_path)
    lock(frontend, tmp_path)
    fetched, *used = runner.commands
    assert fetched[:3] == ("/bin/uv", "pip", "install")
    assert values(fetched, "--python") == ["/own/python"]
    home = tmp_path / "cache" / "frontends" / "pip"
    assert [argv[:4] for argv in used] == [("/v/bin/python", "-E", str(home / "pip"), "install")] * 2
    assert sorted(path.name for path in home.parent.iterdir()) == ["pip", "pip.lock"]


def test_a_private_pip_without_uv(make, runner, tmp_path):
    lock(make(None, uv=None), tmp_path)
    assert runner.commands[0][:4] == ("/own/python", "-m", "pip", "install")


def test_a_private_pip_that_cannot_be_fetched(make, pip, output, tmp_path):
    pip.fails = output("uv-closed-port.txt")
    with pytest.raises(NetworkError, match=r"^uv cannot fetch a recent pip:\n  error: Failed to fetch: "):
        lock(make("25.3"), tmp_path)
    assert [path.name for path in (tmp_path / "cache" / "frontends").iterdir()] == ["pip.lock"]
