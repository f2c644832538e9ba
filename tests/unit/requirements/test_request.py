"""Argument line, configuration and files made one request."""

from __future__ import annotations

from pathlib import Path

import pytest

from accel_doctor.errors import UsageError
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest, RequirementLine
from accel_doctor.requirements.pip_configuration import Configuration
from accel_doctor.requirements.pip_option_table import OPTION_OF, ParsedArguments
from accel_doctor.requirements.request import read_request


def parsed(requirements=(), format_control=(), offline=False, **options: object) -> ParsedArguments:
    """Return an argument line with options by key, dashes written as underscores."""
    given = {key.replace("_", "-"): value for key, value in options.items()}
    assert given.keys() <= OPTION_OF.keys()
    return ParsedArguments(requirements, given, format_control, offline)


@pytest.fixture
def read(files, invocation):
    def read(configuration: Configuration | None = None, **arguments: object) -> InstallRequest:
        configuration = configuration or Configuration()
        return read_request(parsed(**arguments), configuration, files, invocation, in_virtual_environment=True)

    return read


def texts(request: InstallRequest) -> list[str]:
    return [line.text for line in request.requirements]


def test_nothing_but_a_name(read):
    assert read(requirements=("six",)) == InstallRequest((RequirementLine("six", "command line", name="six"),))


def test_everything_on_the_line(read, files):
    files.add("/w/proj/setup.py", "")
    files.add("/w/b.txt", "setuptools<80\n")
    request = read(
        requirements=("six",),
        editable=("./proj",),
        build_constraint=("b.txt",),
        index_url="https://i",
        extra_index_url=("https://e",),
        find_links=("links", "https://l", "~/wheels"),
        cert="ca.pem",
        client_cert="~/me.pem",
        proxy="http://p",
        trusted_host=("h:1",),
        timeout=3.5,
        retries=0,
        keyring_provider="import",
        no_cache_dir=True,
        offline=True,
        format_control=(("no-binary", "a"),),
        pre=True,
        prefer_binary=True,
        config_settings=("k=v",),
        no_build_isolation=True,
        require_hashes=True,
        no_deps=True,
        upgrade=True,
        upgrade_strategy="eager",
        force_reinstall=True,
        compile=False,
        target="t",
        break_system_packages=True,
        verbose=2,
    )
    assert request == InstallRequest(
        requirements=(
            RequirementLine("six", "command line", name="six"),
            RequirementLine("/w/proj", "command line", editable=True),
        ),
        index=IndexSettings(
            index_url="https://i",
            extra_index_urls=("https://e",),
            find_links=("/w/links", "https://l", "/home/me/wheels"),
            cert=Path("/w/ca.pem"),
            client_cert=Path("/home/me/me.pem"),
            proxy="http://p",
            trusted_hosts=("h:1",),
            timeout=3.5,
            retries=0,
            keyring_provider="import",
            no_cache=True,
            offline=True,
        ),
        build=BuildSettings(config_settings=("k=v",), build_constraints=("setuptools<80",), no_build_isolation=True),
        no_binary=("a",),
        pre=True,
        prefer_binary=True,
        upgrade=True,
        upgrade_strategy="eager",
        reinstall=True,
        compile_bytecode=False,
        require_hashes=True,
        no_deps=True,
        target=Path("/w/t"),
        break_system_packages=True,
        verbosity=2,
    )


def test_configuration_fills_in_what_the_line_leaves_out(read, configured):
    configuration = configured(
        index_url="https://conf",
        proxy="conf",
        timeout="180",
        retries="2",
        pre="yes",
        user="on",
        upgrade="1",
        no_binary="a",
        config_settings="a=b",
    )
    request = read(configuration, requirements=("six",), proxy="line", format_control=(("only-binary", "a"),))
    assert request.index.index_url == "https://conf"
    assert request.index.proxy == "line"
    assert (request.index.timeout, request.index.retries) == (180.0, 2)
    assert (request.pre, request.user, request.upgrade) == (True, True, True)
    assert (request.no_binary, request.only_binary) == ((), ("a",))
    assert request.build.config_settings == ("a=b",)


def test_what_may_be_repeated_adds_to_the_configuration(read, configured, files):
    files.add("/w/conf.txt", "idna\n")
    files.add("/w/line.txt", "toolz\n")
    configuration = configured(extra_index_url="https://a https://b", find_links="/l", requirement="conf.txt")
    request = read(
        configuration, extra_index_url=("https://c", "https://a"), find_links=("m",), requirement=("line.txt",)
    )
    assert request.index.extra_index_urls == ("https://a", "https://b", "https://c")
    assert request.index.find_links == ("/l", "/w/m")
    assert texts(request) == ["idna", "toolz"]


def test_options_in_files_come_last(read, files):
    files.add("/w/sub/links/x.whl", "")
    files.add(
        "/w/sub/r.txt",
        "--index-url https://file\n--extra-index-url https://more\n--find-links links\n--find-links elsewhere\n"
        "--no-binary a\n--pre\n--prefer-binary\n--require-hashes\n--trusted-host h\n--use-feature x\nsix\n",
    )
    request = read(
        requirement=("sub/r.txt",),
        index_url="https://line",
        extra_index_url=("https://lost",),
        format_control=(("only-binary", ":all:"),),
    )
    assert request.index == IndexSettings(
        index_url="https://file",
        extra_index_urls=("https://more",),
        find_links=("/w/sub/links", "/w/elsewhere"),
        trusted_hosts=("h",),
    )
    assert (request.no_binary, request.only_binary) == (("a",), (":all:",))
    assert (request.pre, request.prefer_binary, request.require_hashes) == (True, True, True)


def test_no_index_silences_all_indexes(read, files):
    files.add("/w/r.txt", "--no-index\nsix\n")
    request = read(requirement=("r.txt",), index_url="https://i", extra_index_url=("https://e",))
    assert request.index == IndexSettings(no_index=True)


def test_constraints_and_nested_files(read, files):
    files.add("/w/r.txt", "six>1 --hash=sha256:ab --config-settings=a=b\n-c c.txt\n-e ./p\n")
    files.add("/w/c.txt", "six<2\n")
    files.add("/w/d.txt", "idna<4 --hash=sha256:cd\n")
    files.add("/w/p/pyproject.toml", "")
    request = read(requirement=("r.txt",), constraint=("d.txt",))
    assert request.requirements == (
        RequirementLine("six>1", "r.txt:1", name="six", hashes=("sha256:ab",), config_settings=("a=b",)),
        RequirementLine("/w/p", "r.txt:3", editable=True),
    )
    assert request.constraints == (
        RequirementLine("idna<4", "d.txt:1", name="idna", hashes=("sha256:cd",)),
        RequirementLine("six<2", "c.txt:1", name="six"),
    )
    assert request.checks_hashes


def test_variables_in_files(read, files):
    files.add("/w/r.txt", "x @ https://${TOKEN}@host/x-1.0.zip\n")
    assert texts(read(requirement=("r.txt",))) == ["x @ https://s3cret@host/x-1.0.zip"]


def test_no_require_hashes_switches_checking_off(read, files):
    files.add("/w/r.txt", "--no-require-hashes\nsix==1 --hash=sha256:ab\n")
    assert not read(requirement=("r.txt",)).checks_hashes


@pytest.mark.parametrize(("value", "off"), [("0", True), ("false", True), ("1", False), ("true", False)])
def test_the_configured_no_build_isolation_means_its_opposite(read, configured, value, off):
    request = read(configured(no_build_isolation=value), requirements=("six",))
    assert request.build.no_build_isolation is off


@pytest.mark.parametrize("value", ["0", "1", "no"])
def test_any_configured_no_cache_dir_disables_the_cache(read, configured, value):
    assert read(configured(no_cache_dir=value), requirements=("six",)).index.no_cache


def test_no_user_overrides_the_configuration(read, configured):
    assert not read(configured(user="yes"), requirements=("six",), user=False).user


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "no requirements given"),
        ({"user": True, "target": "t"}, "Can not combine '--user' and '--target'"),
        (
            {"user": True, "prefix": "p"},
            "Can not combine '--user' and '--prefix' as they imply different installation locations",
        ),
        (
            {"target": "t", "prefix": "p"},
            "Can not combine '--target' and '--prefix' as they imply different installation locations",
        ),
        (
            {"requirements": ("six",), "upgrade_strategy": "all"},
            "option --upgrade-strategy: invalid choice: 'all' (choose from 'only-if-needed', 'eager')",
        ),
        (
            {"requirements": ("six",), "keyring_provider": "x"},
            "option --keyring-provider: invalid choice: 'x' (choose from 'auto', 'disabled', 'import', 'subprocess')",
        ),
        (
            {"requirements": ("six",), "require_hashes": True, "no_require_hashes": True},
            "--require-hashes and --no-require-hashes are mutually exclusive",
        ),
    ],
)
def test_what_cannot_be(read, arguments, message):
    with pytest.raises(UsageError) as caught:
        read(**arguments)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-e ./p", "c.txt:1: Editable requirements are not allowed as constraints"),
        ("https://h/x-1.zip", "c.txt:1: Unnamed requirements are not allowed as constraints"),
        ("six[a]==1", "c.txt:1: Constraints cannot have extras"),
    ],
)
def test_what_is_no_constraint(read, files, line, message):
    files.add("/w/p/pyproject.toml", "")
    files.add("/w/c.txt", line)
    with pytest.raises(UsageError) as caught:
        read(requirements=("six",), constraint=("c.txt",))
    assert caught.value.message == message


def test_an_option_that_is_not_supported_in_a_file(read, files):
    files.add("/w/r.txt", "six\n--all-releases six\n")
    with pytest.raises(UsageError) as caught:
        read(requirement=("r.txt",))
    assert caught.value.message == "r.txt:2: accel-doctor does not support --all-releases"
    assert caught.value.hint == "use --pre, or pin the pre-release: NAME==VERSION"


def test_an_option_that_is_not_supported_in_the_configuration(read, configured):
    with pytest.raises(UsageError) as caught:
        read(configured(root="/mnt"), requirements=("six",))
    assert caught.value.message == "/etc/pip.conf [global]: accel-doctor does not support --root"


def test_require_virtualenv(read, files, invocation):
    arguments = parsed(("six",), require_virtualenv=True)
    with pytest.raises(UsageError, match=r"^Could not find an activated virtualenv \(required\)\.$"):
        read_request(arguments, Configuration(), files, invocation, in_virtual_environment=False)
    assert read(requirements=("six",), require_virtualenv=True).requirements


def test_a_lock_instead_of_requirements(read, files):
    files.add("/w/pylock.dev.toml", "")
    assert read(requirement=("pylock.dev.toml",)) == InstallRequest((), lock=Path("/w/pylock.dev.toml"))


@pytest.mark.parametrize(
    "beside",
    [
        {"requirements": ("six",)},
        {"requirement": ("pylock.toml", "r.txt")},
        {"constraint": ("r.txt",)},
    ],
)
def test_a_lock_stands_alone(read, files, beside):
    files.add("/w/pylock.toml", "")
    files.add("/w/r.txt", "six\n")
    with pytest.raises(UsageError) as caught:
        read(**{"requirement": ("pylock.toml",), **beside})
    assert caught.value.message == (
        "pylock.toml is a lock file: it cannot be combined with other requirements or constraints"
    )


@pytest.mark.parametrize("location", ["pylock.toml", "https://x/pylock.toml"])
def test_a_lock_that_is_not_there(read, location):
    with pytest.raises(UsageError, match=f"^lock file not found: {location}$"):
        read(requirement=(location,))
