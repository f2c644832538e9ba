"""pip's configuration files and variables."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory_files import MemoryFiles

from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Invocation
from accel_doctor.requirements.pip_configuration import Configuration, configuration_files, read_configuration

HOME, PREFIX = Path("/home/me"), Path("/v")


def read(content: dict[str, str], **variables: str) -> Configuration:
    files = MemoryFiles({path: text.encode() for path, text in content.items()})
    return read_configuration(Invocation({"HOME": str(HOME), **variables}, Path("/w")), PREFIX, files)


def test_the_files_weakest_first():
    assert [str(path) for path in configuration_files({}, HOME, PREFIX)] == [
        "/etc/xdg/pip/pip.conf",
        "/etc/pip.conf",
        "/home/me/.pip/pip.conf",
        "/home/me/.config/pip/pip.conf",
        "/v/pip.conf",
    ]


def test_xdg_variables_move_them():
    environment = {"XDG_CONFIG_DIRS": "/a:/b", "XDG_CONFIG_HOME": "/c"}
    assert [str(path) for path in configuration_files(environment, HOME, PREFIX)] == [
        "/a/pip/pip.conf",
        "/b/pip/pip.conf",
        "/etc/pip.conf",
        "/home/me/.pip/pip.conf",
        "/c/pip/pip.conf",
        "/v/pip.conf",
    ]


def test_pip_config_file_stands_in_for_the_users_own(tmp_path):
    named = tmp_path / "pip.conf"
    named.touch()
    paths = list(configuration_files({"PIP_CONFIG_FILE": str(named)}, HOME, PREFIX))
    assert paths == [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf"), Path("/v/pip.conf"), named]


def test_pip_config_file_devnull_switches_files_off():
    configuration = read({"/etc/pip.conf": "[global]\npre = yes\n"}, PIP_CONFIG_FILE="/dev/null", PIP_TIMEOUT="3")
    assert set(configuration.settings) == {"timeout"}


def test_later_files_win_section_by_section_and_variables_over_all():
    configuration = read(
        {
            "/etc/pip.conf": "[install]\nindex-url = install-in-etc\n[global]\nproxy = etc\ncert = etc\n",
            "/home/me/.config/pip/pip.conf": "[global]\nindex-url = user\nproxy = user\ncert = user\n",
            "/v/pip.conf": "[global]\nproxy = venv\n[download]\nproxy = other-command\n",
        },
        PIP_CERT="variable",
    )
    assert configuration.text("index-url") == "install-in-etc"
    assert configuration.text("proxy") == "venv"
    assert configuration.text("cert") == "variable"
    assert configuration.settings["index-url"].source == "/etc/pip.conf [install]"
    assert configuration.settings["cert"].source == "PIP_CERT"


def test_an_empty_value_sets_nothing():
    configuration = read({"/etc/pip.conf": "[global]\nproxy = etc\nfind-links =\n"}, PIP_PROXY="")
    assert configuration.text("proxy") == "etc"
    assert configuration.words("find-links") == ()


def test_several_values_are_split_at_blanks_and_line_ends():
    configuration = read({"/etc/pip.conf": "[global]\nextra-index-url =\n  https://a\n  https://b https://c\n"})
    assert configuration.words("extra-index-url") == ("https://a", "https://b", "https://c")


def test_spellings_of_keys():
    configuration = read({"/etc/pip.conf": "[global]\n--No_Index = on\npypi-url = x\n"}, PIP_DEFAULT_TIMEOUT="180")
    assert configuration.flag("no-index") is True
    assert configuration.text("index-url") == "x"
    assert configuration.number("timeout") == 180.0


def test_a_flag_that_is_none():
    configuration = read({"/v/pip.conf": "[install]\nno-index = maybe\n"})
    with pytest.raises(UsageError) as caught:
        configuration.flag("no-index")
    assert caught.value.message == (
        "/v/pip.conf [install]: maybe is not a valid value for no-index option, please specify a boolean value like "
        "yes/no, true/false or 1/0 instead."
    )


def test_a_number_that_is_none():
    with pytest.raises(UsageError, match=r"^PIP_TIMEOUT: invalid number for timeout: 'soon'$"):
        read({}, PIP_TIMEOUT="soon").number("timeout")


def test_a_file_that_is_no_configuration():
    with pytest.raises(
        UsageError, match=r"^Configuration file could not be loaded\.\nFile contains no section headers"
    ):
        read({"/etc/pip.conf": "index-url = x\n"})


def test_a_percent_sign_is_only_that():
    assert read({"/etc/pip.conf": "[global]\nproxy = http://a%40b@h\n"}).text("proxy") == "http://a%40b@h"


def test_without_some_keys():
    configuration = read({}, PIP_PROXY="p", PIP_CERT="c").without({"proxy"})
    assert set(configuration.settings) == {"cert"}


def test_what_is_left_to_pip():
    configuration = read(
        {"/etc/pip.conf": "[global]\ncache-dir = /c\nproxy = p\nlog = /l\n"}, PIP_USE_FEATURE="fast-deps"
    )
    assert configuration.left_to_pip == {"PIP_CACHE_DIR": "/c", "PIP_USE_FEATURE": "fast-deps"}
