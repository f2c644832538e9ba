"""Writes what ``docs/reference`` says of options from the commands themselves: ``python tests/tools/reference.py``.

``install.md`` whole; of other pages what stands between ``<!-- options of COMMAND, ... -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import click

from accel_doctor.cli.commands.install import command
from accel_doctor.cli.configuration import KEYS, NOT_FOR_PROJECTS
from accel_doctor.cli.main import application
from accel_doctor.requirements.unsupported_options import HARMLESS, INSTEAD

DIRECTORY = Path(__file__).resolve().parents[2] / "docs/reference"
_TABLE = re.compile(
    r"(?P<head><!-- options of (?P<command>[a-z ]+), [^>]*-->\n)(?P<table>.*?)(?P<end><!-- end -->)", re.DOTALL
)

HEAD = """# `accel-doctor install`

<!-- written by tests/tools/reference.py -->

```
accel-doctor install [OPTION]... [REQUIREMENT]...
```

Requirements are names with versions, URLs, repositories, paths of projects and archives. pip's configuration is read as
pip reads it (`PIP_*`, `/etc/pip.conf`, the user's and the environment's `pip.conf`); under the uv frontend `UV_*` stays
in force and wins over it.

## Where it installs

In this order: `--python`; the active virtual environment; the active conda environment; `./.venv`; the environment
accel-doctor itself is in. There is no other default, and an externally managed interpreter is refused as pip refuses
it.

## Locks, and what is remembered

`-r pylock.toml` (or `pylock.NAME.toml`, PEP 751) installs a lock as it is; nothing else is asked for beside it. What is
installed already in the locked version stays.

Requirements that pin everything they bring in (each release by `==`, a URL by its hash, a repository by its whole
commit) leave nothing to resolve anew: their lock is remembered in the cache, and what was installed once is installed
again without a question to the network. It is resolved anew for another interpreter, index, option, variable (`UV_*`,
`PIP_*`), configuration file or version of uv, where something else is installed in the environment, and with
`--upgrade`, `--no-cache-dir`, `--user` or `--prefix`. A lock that can no longer be installed is forgotten.

With `--offline` such requirements need no network at all, as long as the frontend's cache and accel-doctor's are there.
pip has no offline mode: with it, `--offline` needs `--find-links`.
"""

CONFIGURATION = """
## Own options

Each is also an environment variable, and a key of the same name in a TOML file: `/etc/accel-doctor/config.toml`, the
user's `accel-doctor/config.toml` under `$XDG_CONFIG_HOME` (or `~/.config`), the project's `accel-doctor.toml` or
`[tool.accel-doctor]` in `pyproject.toml`. The command line wins over the environment, that over the project, that over
the user, that over `/etc`. Not read from a project's files: {not_for_projects}.
"""


def pages() -> dict[Path, str]:
    """Every page that has something written here, whole."""
    result = {path: _TABLE.sub(_with_table, path.read_text()) for path in sorted(DIRECTORY.glob("*.md"))}
    return {path: text for path, text in result.items() if _TABLE.search(text)} | {
        DIRECTORY / "install.md": f"{_install()}\n"
    }


def _with_table(found: re.Match[str]) -> str:
    context = click.Context(application)
    chosen: click.Command = application
    for name in found["command"].split():
        assert isinstance(chosen, click.Group)
        chosen = chosen.get_command(context, name) or application
    names = {option.name for option in chosen.params}
    # What a command has of pip's argument line, as install has it, is described there.
    pip = {option.name for option in command.params if not option.envvar}
    shared = pip if "requirement" in names else set()
    rows = [
        _row(option, context, variable=False)
        for option in chosen.params
        if isinstance(option, click.Option) and not option.hidden and option.name not in shared
    ]
    return found["head"] + _table(("option", "meaning"), rows) + "\n" + found["end"]


def _install() -> str:
    """The page of ``install``."""
    context = click.Context(command, info_name="install", **command.context_settings)
    own, pip = [], []
    for option in command.get_params(context):
        if not isinstance(option, click.Option) or option.hidden or option.name == "help":
            continue
        row = _row(option, context)
        (own if option.envvar else pip).append(row)
    unlisted = {key for key in KEYS if f"--{key}" not in "".join(own)}
    if unlisted:
        raise ValueError(f"configuration keys without an option: {unlisted}")
    protected = ", ".join(f"`{key}`" for key in sorted(NOT_FOR_PROJECTS))
    parts = [
        HEAD,
        CONFIGURATION.format(not_for_projects=protected),
        _table(("option", "variable", "meaning"), own),
        "\n## pip's options\n",
        _table(("option", "meaning"), pip),
        "\nAccepted without effect: " + ", ".join(f"`{name}`" for name in sorted(HARMLESS)) + ".\n",
        "\n## What pip has and accel-doctor has not\n",
        _table(("option", "instead"), [f"| `{name}` | {text} |" for name, text in sorted(INSTEAD.items())]),
    ]
    return "\n".join(parts)


def _row(option: click.Option, context: click.Context, variable: bool = True) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    metavar = "" if option.is_flag or option.count else f" `{option.make_metavar(context)}`".replace("|", "\\|")
    shown = f" `{option.envvar}` |" if option.envvar and variable else ""
    return f"| {names}{metavar} |{shown} {option.help} |"


def _table(head: tuple[str, ...], rows: list[str]) -> str:
    return "\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *rows])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    for path, text in pages().items():
        path.write_text(text)
