"""``accel-doctor docs``: every topic is a page, every page and command a topic."""

from __future__ import annotations

import re
import webbrowser
from importlib.metadata import PackageNotFoundError

import pytest
import tomli
from error_messages import messages
from paths import ROOT

from accel_doctor.cli import documentation, main
from accel_doctor.cli.documentation import TOPICS, page, topics
from accel_doctor.errors import ExitCode

SITE = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Documentation"]
WITHOUT_TOPIC = {"index"}  # the first page of the site


@pytest.fixture
def said(capsys):
    """Run a command line; return its exit code, and what it printed to stdout and stderr."""

    def run(*words: str) -> tuple[int, str, str]:
        code = main.run(words)
        return (code, *capsys.readouterr())

    return run


def test_the_address_is_that_of_the_metadata(said):
    assert SITE.endswith("/")
    assert documentation.site() == SITE, "install accel-doctor again: its metadata is older than pyproject.toml"


@pytest.mark.parametrize(("kind", "names"), TOPICS.items())
def test_the_topics_are_the_pages(kind, names):
    pages = {path.stem for path in (ROOT / "docs" / kind).glob("*.md")}
    assert set(names) == pages - (set() if kind else WITHOUT_TOPIC), "TOPICS in cli/documentation.py"
    assert list(names) == sorted(names)


def test_every_command_is_a_topic():
    for commands in main.COMMANDS.values():
        assert set(commands) <= set(topics())


def test_a_topic_is_in_one_kind_only():
    names = [name for names in TOPICS.values() for name in names]
    assert len(names) == len(set(names))
    assert set(names).isdisjoint(documentation.ELSEWHERE)
    assert all(page(topic) for topic in topics())


def test_the_address_of_a_page(said):
    assert said("docs", "trust") == (ExitCode.DONE, f"{SITE}explanation/trust.html\n", "")
    assert said("docs", "Exit_Codes") == (ExitCode.DONE, f"{SITE}reference/exit-codes.html\n", "")


def test_a_command_has_its_help_beside_it(said):
    assert said("docs", "history") == (
        ExitCode.DONE,
        f"{SITE}reference/export.html\n",
        "without a network: accel-doctor help history, or man accel-doctor-history\n",
    )


def test_without_a_topic_all_are_listed(said):
    code, out, err = said("docs")
    assert (code, err) == (ExitCode.DONE, "")
    listed = [line.split() for line in out.splitlines() if line.startswith("  ")]
    assert [SITE, *(address for _, address in listed)] == re.findall(r"https:\S+", out)
    assert listed == [[name, f"{SITE}{page(name)}.html"] for names in TOPICS.values() for name in names]


@pytest.mark.parametrize(
    ("topic", "hint"),
    [
        ("isntall", "did you mean accel-doctor docs install?"),
        ("shared", "did you mean accel-doctor docs shared-levels?"),
        ("../../etc", "accel-doctor docs lists the topics"),
        ("", "accel-doctor docs lists the topics"),
    ],
)
def test_an_unknown_topic(said, topic, hint):
    assert said("docs", topic) == (ExitCode.USAGE, "", f"error: no such topic: {topic}\nhint: {hint}\n")


@pytest.mark.parametrize("there", [True, False])
def test_a_browser_is_opened_only_if_asked(said, monkeypatch, there):
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or there)
    said("docs", "trust")
    assert opened == []
    code, out, err = said("docs", "--open", "trust")
    assert opened == [f"{SITE}explanation/trust.html"]
    assert out == f"{SITE}explanation/trust.html\n"
    told = "error: no browser found on this machine\nhint: open the address on another one\n"
    assert (code, err) == ((ExitCode.DONE, "") if there else (ExitCode.USAGE, told))


def test_lost_metadata(said, monkeypatch):
    def lost(name: str) -> object:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(documentation, "metadata", lost)
    assert said("docs", "install") == (
        ExitCode.INTERNAL,
        "",
        "error: the address of the documentation is not in this installation's metadata\n"
        "hint: install accel-doctor again\n",
    )


def test_hints_name_topics_and_no_file_that_a_wheel_lacks():
    hints = [hint for texts in messages().values() for found in texts.values() for hint in found]
    named = [topic for hint in hints for topic in re.findall(r"accel-doctor docs ([a-z-]+)", hint)]
    assert len(named) >= 2
    assert [topic for topic in named if page(topic) is None and topic not in ("lists",)] == []
    assert [hint for hint in hints if "docs/" in hint] == []


def test_the_page_shows_what_is_printed(said):
    shown = (
        (ROOT / "docs/reference/command-line.md")
        .read_text()
        .partition("$ accel-doctor docs check\n")[2]
        .partition("```")[0]
    )
    _, out, err = said("docs", "check")
    assert shown == out + err
