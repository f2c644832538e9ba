"""Pages that promise to be complete, or to quote: errors, variables, messages, and what never happens."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import click
import pytest
from error_messages import CLASSES, messages
from paths import ROOT
from source import TREES

from accel_doctor.cli.main import application

DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


# --- errors ---


@pytest.mark.parametrize("name", CLASSES)
def test_every_error_is_explained_with_its_code_its_next_step_and_all_its_messages(name):
    section = page("reference/errors").partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    code = CLASSES[name].exit_code
    assert f"Exit code {int(code)}, `{code.name.lower().replace('_', '-')}`." in section
    assert "**Next:** " in section
    assert f"<!-- messages of {name}, written by" in section  # tests/unit/cli/test_main.py compares them


def test_messages_and_hints_are_read_from_the_source():
    found = messages()
    assert found["PrivilegeError"]["installing system packages needs root: neither sudo nor doas found"] == [
        "run these commands as root, then run the same command again"
    ]
    assert found["UsageError"]["--python PYTHON: not a version of Python"] == ["give two numbers, such as 3.13"]
    assert "KIND file not found: SHOWN" in found["UsageError"]  # of a class that another module makes from it


# --- messages that are no errors ---


@cache
def texts() -> str:
    """Every text in the source, and in the rules."""
    constants = (
        node.value
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    rules = (path.read_text(encoding="utf-8") for path in (ROOT / "rules").glob("*.yaml"))
    return "\n".join([*constants, *rules])


def quoted() -> list[str]:
    return re.findall(r"^### `(.*)`$", page("troubleshooting"), re.MULTILINE)


@pytest.mark.parametrize("message", quoted())
def test_what_troubleshooting_quotes_is_said(message):
    pieces = [piece.strip(" :,") for piece in re.split(r"\b[A-Z]{4,}\b|, and |: ", message)]
    assert [piece for piece in pieces if piece and piece not in texts()] == []


def test_messages_that_people_look_for_are_there():
    assert len(quoted()) > 25
    for searched in (
        "no known cure",
        "not installed: ",
        "no terminal to ask on",
        "cause unknown",
        "cannot be imported",
    ):
        assert any(searched in message for message in quoted()), searched


# --- variables ---


def read() -> Iterator[str]:
    """Every variable that the source reads, by its whole name."""
    for tree in TREES.values():
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=place, attr="get"), args=[ast.Constant(value=str() as name), *_]
                ):
                    if ast.unparse(place).endswith(("variables", "environ", "environment")):
                        yield name
                case ast.Subscript(value=place, slice=ast.Constant(value=str() as name)):
                    if ast.unparse(place).endswith(("variables", "environ", "environment")):
                        yield name
                case ast.Constant(value=str() as name) if re.fullmatch(r"ACCEL_DOCTOR_[A-Z_]+[A-Z]", name):
                    yield name


def declared() -> Iterator[str]:
    """Every variable of an option."""
    context = click.Context(application)
    pending: list[click.Command] = [application]
    while pending:
        command = pending.pop()
        if isinstance(command, click.Group):
            pending += [command.get_command(context, name) for name in command.list_commands(context)]
        yield from (option.envvar for option in command.params if isinstance(option.envvar, str))


def named(text: str) -> set[str]:
    return set(re.findall(r"`([A-Z][A-Z0-9_]+\*?)`", text))


def test_every_variable_is_on_its_page():
    here = named(page("reference/configuration"))
    families = tuple(name.removesuffix("*") for name in here if name.endswith("*"))
    known = here | named(page("reference/install")) | named(page("reference/env"))
    inner = {"COMP_WORDS", "COMP_CWORD"}  # shells hand them over while they complete
    missing = {name for name in {*read(), *declared()} - known - inner if not name.startswith(families)}
    assert missing == set()


# --- commands ---

SHOWN_AS_MISTAKES = {"instal", "uninstall"}  # pages show what is answered


def commands(text: str) -> set[str]:
    """The command lines of a page, in sentences and at prompts, each as far as it is for accel-doctor."""
    inline = re.findall(r"`(accel-doctor [^`]*)`", text)
    typed = re.findall(r"^\s*\$ (?:[A-Z_]+=\S+ )*(accel-doctor .*)$", text, re.MULTILINE)
    return {re.split(r" [|>&;]|;| -- ", " ".join(line.split()))[0] for line in (*inline, *typed)}


def not_there(line: str) -> list[str]:
    """The command or options of a line that do not exist."""
    context, words = click.Context(application), line.split()[1:]
    command: click.Command = application
    while words and isinstance(command, click.Group) and re.fullmatch(r"[a-z][a-z-]*", words[0]):
        found = command.get_command(context, words[0])
        if not found:
            return [] if words[0] in SHOWN_AS_MISTAKES else [words[0]]
        command, words = found, words[1:]
    options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    given = {word.partition("=")[0].strip("[].,") for word in words if word.startswith("--")}
    return sorted(given - options - {"--help", "--version"})


PAGES = sorted({*DOCS.rglob("*.md")} - {DOCS / "reference/errors.md"})  # which quotes, also what is no command


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_commands_and_options_that_pages_show_exist(path):
    shown = commands(path.read_text(encoding="utf-8"))
    assert {line: wrong for line in shown if (wrong := not_there(line))} == {}


# --- tests that pages name ---


def names_of_tests(text: str) -> list[tuple[str, str]]:
    return re.findall(r"`((?:unit|integration)/[\w/]+\.py)::(test_\w+)`", text)


def test_tests_that_pages_name_exist():
    named_somewhere = {one for path in DOCS.rglob("*.md") for one in names_of_tests(path.read_text(encoding="utf-8"))}
    assert len(named_somewhere) > 40
    for path, name in sorted(named_somewhere):
        assert f"\ndef {name}(" in (ROOT / "tests" / path).read_text(encoding="utf-8"), f"{path}::{name}"


def test_every_promise_names_its_tests():
    promises = page("explanation/never").split("\n- **")[1:]
    assert len(promises) > 12
    assert [promise for promise in promises if not names_of_tests(promise)] == []


# --- the English ---


def sentences(text: str) -> list[str]:
    """The sentences of a page outside of tables and code: links as their text, code as one word."""
    text = re.sub(r"^```.*?^```|<!--.*?-->|^#.*$|^\|.*$", "\n", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"`[^`]*`", "CODE", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text))
    paragraphs = re.split(r"\n\s*\n|\n\s*(?:[-*]|\d+\.) ", text)
    return [one for each in paragraphs for one in re.split(r"(?<=[.!?:])\s+(?=[A-Z*(])", each.strip()) if one]


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.stem)
def test_sentences_are_short(path):
    found = sentences(path.read_text(encoding="utf-8"))
    assert sum(len(one.split()) for one in found) / max(len(found), 1) < 20


# --- README ---


def test_readme_is_two_screens_and_begins_with_the_line_that_installs():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 85
    first = text.partition("```console\n")[2].splitlines()[0]
    assert first.startswith("$ pipx install accel-doctor")
    assert text.index(first) < text.index("\n## ")


def test_what_readme_leads_to_is_there():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)", text)
    assert [link for link in links if not (ROOT / link).is_file()] == []
