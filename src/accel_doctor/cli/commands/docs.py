"""``accel-doctor docs``."""

from __future__ import annotations

import webbrowser
from dataclasses import dataclass

import click

from accel_doctor.cli import main
from accel_doctor.cli.documentation import TOPICS, page, site, topics
from accel_doctor.cli.help_text import closest
from accel_doctor.cli.options import argument, as_command, note, option
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.wording import either


@dataclass(frozen=True)
class DocsOptions:
    topic: str | None = argument("[TOPIC]", default=None, required=False)
    browser: bool = option("--open", default=False, help="Open the page in a browser as well.")


@as_command("docs", DocsOptions)
def command(options: DocsOptions) -> int:
    """Print the address of a page of the documentation; without a topic, list the topics.

    A topic is a command, or the name of a page: install, trust, exit-codes.
    """
    address = site()
    if options.topic is not None:
        address += f"{_page_of(options.topic)}.html"
    click.echo(address)
    if options.topic is None:
        _list_topics(address)
    elif _is_command(options.topic):
        note(f"without a network: accel-doctor help {options.topic}, or man accel-doctor-{options.topic}")
    if options.browser and not webbrowser.open(address):
        raise UsageError("no browser found on this machine", hint="open the address on another one")
    return ExitCode.DONE


def _page_of(topic: str) -> str:
    """Return the path of a topic's page. Raise UsageError, with what was likely meant, if there is none."""
    known = topic.lower().removesuffix(".md").replace("_", "-")
    if found := page(known):
        return found
    near = closest(known, topics()) or [one for one in topics() if len(known) > 2 and known in one]
    meant = [near] if isinstance(near, str) else near
    hint = f"did you mean {either([f'accel-doctor docs {one}' for one in meant])}?" if meant else None
    raise UsageError(f"no such topic: {topic}", hint=hint or "accel-doctor docs lists the topics")


def _list_topics(address: str) -> None:
    width = max(map(len, topics()))
    for kind, names in TOPICS.items():
        click.echo(f"\n{kind}:" if kind else "")
        for name in names:
            click.echo(f"  {name:{width}}  {address}{page(name)}.html")


def _is_command(topic: str) -> bool:
    return any(topic in commands for commands in main.COMMANDS.values())
