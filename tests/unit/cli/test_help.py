"""Help by groups, at any width, and what was meant by a command that does not exist."""

from __future__ import annotations

import re

import click
import pytest

from accel_doctor.cli import main
from accel_doctor.cli.commands.install import command as install
from accel_doctor.cli.help_text import ELSEWHERE, OF_PIP, OPTION_GROUPS, OTHER, GroupContext, grouped
from accel_doctor.errors import ExitCode


@pytest.fixture
def said(capsys, monkeypatch, tmp_path):
    """Run a command line in an empty directory; return its exit code, and all that it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, columns: int = 80) -> tuple[int, str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        code = main.run(words)
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


def test_the_help_has_the_commands_by_groups_three_examples_and_the_pages(said):
    _, text = said("--help")
    headings = re.findall(r"^(\w.*):$", text, re.MULTILINE)
    assert headings == [*main.COMMANDS, "Output", "Options", "Examples"]
    lines = [line.strip() for line in text.split("\nExamples:\n")[1].splitlines()]
    assert [line for line in lines if line.startswith("accel-doctor ")] == [*main.EXAMPLES]
    assert len(main.EXAMPLES) == 3
    assert text.endswith("Documentation: accel-doctor docs, accel-doctor docs TOPIC\n")


@pytest.mark.parametrize("example", main.EXAMPLES)
def test_the_examples_can_be_parsed(example, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path))
    context = main.application.make_context("accel-doctor", example.split()[1:])
    with context:
        name, command, rest = main.application.resolve_command(context, context._protected_args + context.args)
        command.make_context(name, rest, parent=context)


def test_the_options_of_a_command_are_in_groups(said):
    _, text = said("install", "--help")
    headings = re.findall(r"^(\w.*):$", text, re.MULTILINE)
    assert headings == [*OPTION_GROUPS, OTHER]
    assert "  -h, --help" in text.partition(f"\n{OTHER}:\n")[2]
    consent = text.partition("\nConsent:\n")[2].partition("\n\n")[0]
    assert re.findall(r"^  (--\S+)", consent, re.MULTILINE) == ["--yes", "--yes-to-all", "--no-system", "--dry-run"]


@pytest.mark.parametrize("words", ["install", "env", "env sync", "completion"])
def test_the_last_line_of_a_command_s_help_is_its_topic(said, words):
    topic = words.split()[0]
    assert said(*words.split(), "--help")[1].endswith(f"\n\nDocumentation: accel-doctor docs {topic}\n")


def test_every_option_of_install_has_a_group_and_every_name_in_a_group_exists():
    assert OTHER not in grouped(install.params)
    named = {name for names in OPTION_GROUPS.values() for name in names}
    assert named == {option.name for command in all_commands() for option in command.params} & named


def all_commands():
    context = click.Context(main.application)
    pending: list[click.Command] = [main.application]
    while pending:
        command = pending.pop()
        yield command
        if isinstance(command, click.Group):
            pending += [command.get_command(context, name) for name in command.list_commands(context)]


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("words", [["--help"], ["install", "--help"], ["env", "--help"]], ids=" ".join)
def test_help_fits_the_terminal(said, columns, words):
    _, text = said(*words, columns=columns)
    loose = re.compile(r"https?://|\S{25,}|, --|\[.*\|")  # an address, names and choices of an option are not broken
    assert [line for line in text.splitlines() if len(line) > columns and not loose.search(line)] == []
    assert max(map(len, text.splitlines())) <= 110
    assert "..." not in text.replace("Ansible, ...", "").replace("]...", "")


@pytest.mark.parametrize(("variable", "styled"), [("always", True), ("never", False)])
def test_headings_stand_out_where_output_is_colored(monkeypatch, variable, styled):
    monkeypatch.setenv("ACCEL_DOCTOR_COLOR", variable)
    context = GroupContext(main.application, info_name="accel-doctor")
    assert ("\x1b[1mInstall:\x1b[0m\n" in context.get_help()) is styled
    assert ("\x1b" in context.get_help()) is styled


def test_help_of_a_command_is_that_of_its_option(said):
    for words in ([], ["install"], ["env"], ["env", "sync"]):
        assert said("help", *words) == said(*words, "--help")
    assert said("help", "env", "synk") == said("env", "synk")


@pytest.mark.parametrize(
    ("words", "error", "hint"),
    [
        (["instal"], "accel-doctor instal", "did you mean accel-doctor install?"),
        (["INSTALL"], "accel-doctor INSTALL", "did you mean accel-doctor install?"),
        (
            ["list"],
            "accel-doctor list",
            "use uv pip list or python -m pip list; "
            "did you mean accel-doctor cache list, accel-doctor env list or accel-doctor history?",
        ),
        (["hlep"], "accel-doctor hlep", "did you mean accel-doctor help?"),
        (["env", "synk"], "accel-doctor env synk", "did you mean accel-doctor env sync?"),
        (["dev.txt"], "accel-doctor dev.txt", "did you mean accel-doctor install -r dev.txt?"),
        (["sh"], "accel-doctor sh", "did you mean accel-doctor run -- sh?"),
        (["gone.txt"], "accel-doctor gone.txt", "accel-doctor --help lists the commands"),
        (["env", "zzz"], "accel-doctor env zzz", "accel-doctor env --help lists the commands"),
    ],
)
def test_a_command_that_does_not_exist_suggests_what_was_meant(said, tmp_path, words, error, hint):
    (tmp_path / "dev.txt").touch()
    assert said(*words) == (ExitCode.USAGE, f"error: no such command: {error}\nhint: {hint}\n")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("uninstall -y six", "use uv pip uninstall -y six or python -m pip uninstall -y six"),
        ("pip uninstall six", "use uv pip uninstall six or python -m pip uninstall six"),
        ("freeze", "use uv pip freeze or python -m pip freeze; did you mean accel-doctor export?"),
        (
            "show a;b",
            "use uv pip show 'a;b' or python -m pip show 'a;b'; did you mean accel-doctor why or "
            "accel-doctor rules show?",
        ),
        ("hash six.whl", "use python -m pip hash six.whl"),
        ("inspect", "use python -m pip inspect"),
        ("index versions six", "use python -m pip index versions six"),
        ("lock six", "use uv pip compile six or python -m pip lock six"),
        ("compile dev.in", "use uv pip compile dev.in"),
        ("tree", "use uv pip tree"),
        ("cache purge", "use accel-doctor cache clear"),
    ],
)
def test_a_command_of_pip_answers_with_what_to_use(said, monkeypatch, words, hint):
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    code, text = said(*words.split())
    assert (code, text.splitlines()[1:]) == (ExitCode.USAGE, [f"hint: {hint}"])


def test_the_interpreter_of_the_environment_here_is_named(said, monkeypatch, tmp_path):
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").touch()
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    monkeypatch.setenv("VIRTUAL_ENV", "/srv/env")
    assert "or python -m pip list;" in said("list")[1]
    monkeypatch.delenv("VIRTUAL_ENV")
    assert "or .venv/bin/python -m pip list;" in said("list")[1]


def test_every_command_of_pip_that_is_answered_is_no_command_of_ours():
    assert set(OF_PIP) & {name for commands in main.COMMANDS.values() for name in commands} == set()


def test_every_suggestion_exists():
    for suggestions in ELSEWHERE.values():
        for suggestion in set(suggestions) - {"--version"}:
            context, words = click.Context(main.application, info_name="accel-doctor"), suggestion.split()
            while words and isinstance(context.command, click.Group):
                name, command, words = context.command.resolve_command(context, words)
                context = click.Context(command, info_name=name, parent=context)
            assert not isinstance(context.command, click.Group), suggestion


def test_usage_errors_are_in_our_words(said):
    assert said("-r", "requirements.txt") == (
        ExitCode.USAGE,
        "error: no such option: -r\nhint: options come after a command, as in: accel-doctor install -r\n",
    )
    assert said("why") == (
        ExitCode.USAGE,
        "error: missing argument 'NEED|FILE'\nhint: accel-doctor why --help shows what it takes\n",
    )


def test_no_words_at_all_show_the_help(said):
    code, text = said()
    assert (code, text) == (ExitCode.USAGE, said("--help")[1])


def test_the_version_has_a_short_option(said):
    assert said("-V") == said("--version")
