"""The command line as a whole, where nothing needs to be installed."""

from __future__ import annotations

import click
import pytest
from tools.manual import DIRECTORY, manuals, roff
from tools.reference import pages

from accel_doctor import __version__
from accel_doctor.cli import main
from accel_doctor.errors import ExitCode, PackageManagerError, PrivilegeError


def test_the_reference_pages_are_those_of_these_commands():
    written = pages()
    assert {path.name for path in written} >= {"check.md", "install.md", "rules-command.md"}
    for path, text in written.items():
        assert path.read_text() == text, "run: python tests/tools/reference.py"


def test_the_manual_pages_are_those_of_these_commands():
    written = manuals()
    assert {path.name for path in written} == {path.name for path in DIRECTORY.glob("*.1")}
    for path, text in written.items():
        assert path.read_text() == text, "run: python tests/tools/manual.py"


@pytest.mark.parametrize(
    ("text", "line"), [("-a 'b' \\c", "\\-a 'b' \\ec"), (".TH", "\\&.TH"), ("'x", "\\&'x"), ("a\n  b", "a b")]
)
def test_nothing_in_a_manual_page_is_a_request_of_roff(text, line):
    assert roff(text) == line


def test_version(capsys):
    assert main.run(["--version"]) == ExitCode.DONE
    assert capsys.readouterr().out == f"accel-doctor {__version__}\n"


def test_help_lists_the_commands(capsys):
    assert main.run(["--help"]) == ExitCode.DONE
    assert "  install     Install requirements, with the system packages" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["install", "--platform", "any", "idna"],
            "error: accel-doctor does not support --platform\n"
            "hint: accel-doctor builds for the machine it runs on: run it on the target\n",
        ),
        (
            ["install", "--requirment", "x"],
            "error: no such option: --requirment\nhint: did you mean --requirement?\n",
        ),
        (
            ["install", "--constr=gone.txt", "idna"],
            "error: constraints file not found: gone.txt\n",
        ),
        (
            ["install", "--plat=any", "idna"],
            "error: accel-doctor does not support --platform\n"
            "hint: accel-doctor builds for the machine it runs on: run it on the target\n",
        ),
        (
            ["install", "--req", "x"],
            "error: ambiguous option: --req (--require-hashes, --require-signature, "
            "--require-venv, --requirement, --requirements-from-script?)\n",
        ),
        (["install", "-f", "https://[", "idna"], "error: https://[: Invalid IPv6 URL\n"),
        (
            ["install"],
            "error: no requirements given\nhint: accel-doctor install NAME, or with a file: -r FILE\n",
        ),
        (
            ["install", "-r", "gone.txt"],
            "error: requirements file not found: gone.txt\n",
        ),
        (
            ["install", "--export", "shell", "idna"],
            "error: --export needs --dry-run\nhint: accel-doctor export writes down what was installed\n",
        ),
        (
            ["install", "--python", "nowhere", "idna"],
            "error: --python nowhere: no such file, directory or command\n"
            "hint: give the path of an interpreter, a command on PATH, or the directory of a virtual environment\n",
        ),
    ],
)
def test_usage_errors_say_what_and_what_instead(somewhere, capsys, arguments, message):
    assert main.run(arguments) == ExitCode.USAGE
    captured = capsys.readouterr()
    assert captured.err == message
    assert captured.out == ""


def test_a_mistake_in_the_configuration_is_an_error_but_help_still_works(somewhere, capsys):
    (somewhere / "accel-doctor.toml").write_text("jbos = 1\n")
    assert main.run(["install", "idna"]) == ExitCode.USAGE
    assert f"error: {somewhere}/accel-doctor.toml: unknown key 'jbos'\n" in capsys.readouterr().err
    assert main.run(["install", "--help"]) == ExitCode.DONE


def test_values_come_from_line_environment_and_file_in_that_order(somewhere, tmp_path, monkeypatch, capsys):
    (tmp_path / "configuration").mkdir(exist_ok=True)
    (tmp_path / "configuration/config.toml").write_text('python = "from-file"\n')
    for variable, arguments, shown in (
        (None, [], "from-file"),
        ("from-environment", [], "from-environment"),
        ("from-environment", ["--python", "from-line"], "from-line"),
    ):
        if variable:
            monkeypatch.setenv("ACCEL_DOCTOR_PYTHON", variable)
        main.run(["install", "idna", *arguments])
        assert f"error: --python {shown}: " in capsys.readouterr().err


def raising(error):
    @click.command()
    def command():
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code", "out", "err"),
    [
        (
            PrivilegeError("no way", commands=[("apt-get", "install", "a b")], hint="ask root"),
            ExitCode.PRIVILEGE,
            "apt-get install 'a b'\n",
            "error: no way\n  as root, run:\nhint: ask root\n",
        ),
        (
            PackageManagerError("E: https://me:secret@host is down", log="/l"),
            ExitCode.PACKAGE_MANAGER,
            "",
            "error: E: https://****@host is down\n  log: /l\n",
        ),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "", "interrupted\n"),
    ],
)
def test_errors_become_words_and_codes(monkeypatch, capsys, error, code, out, err):
    monkeypatch.setattr(main, "application", raising(error))
    assert main.run([]) == code
    captured = capsys.readouterr()
    assert (captured.out, captured.err.lstrip("\n")) == (out, err)
