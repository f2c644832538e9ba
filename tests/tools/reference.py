"""Writes what ``docs/reference`` says of options from the commands themselves: ``python tests/tools/reference.py``.

``install.md`` whole; of other pages what stands between ``<!-- options of COMMAND, ... -->`` and ``<!-- end -->``, the
same for ``messages of ERROR`` and ``keys of the configuration``.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from error_messages import listed

from accel_doctor.cli.commands.install import command
from accel_doctor.cli.configuration import KEYS, NOT_FOR_PROJECTS
from accel_doctor.cli.main import application
from accel_doctor.requirements.unsupported_options import HARMLESS, INSTEAD, OF_UV

DIRECTORY = Path(__file__).resolve().parents[2] / "docs/reference"
_TABLE = re.compile(
    r"(?P<head><!-- (?P<what>options|messages|keys) of (?P<name>[\w -]+), [^>]*-->\n)"
    r"(?P<table>.*?)(?P<end><!-- end -->)",
    re.DOTALL,
)

VALUES = {bool: "true or false", str: "a string", list: "a list of strings", int: "a whole number"}

HEAD = """# `accel-doctor install`

<!-- written by tests/tools/reference.py -->

```
accel-doctor install [OPTION]... [REQUIREMENT]...
```

A requirement is a name with versions, a URL, a repository, or the path of a project or archive. pip's configuration
applies as it does to pip: `PIP_*`, `/etc/pip.conf`, and the `pip.conf` of the user and of the environment. With the uv
frontend, `UV_*` applies too and wins over pip's configuration. [Requirement files](requirement-files.md) mean what
they mean to pip.

A project is installed by its directory: `.`, `-e .`, `-e '.[dev]'`. `--group NAME` installs a dependency group of the
`pyproject.toml` here (PEP 735), without the project, and `--group DIR/pyproject.toml:NAME` another project's.
`--script FILE` installs what a script says that it needs (PEP 723); pip calls it `--requirements-from-script`. It is
refused for another Python than the script requires, and where the script has a `[tool.uv]`, which changes what is
installed and is only uv's to read: `accel-doctor run -- uv run FILE`.

uv refuses old archive formats of sdists (`.tar.bz2`, `.tar.xz`, `.tgz`); unless you ask for it with `--frontend uv`,
pip resolves and builds what needs them.

Options for connections (`--cert`, `--client-cert`, `--proxy`, `--trusted-host`, `--timeout`, `--retries`) hold for
everything that is fetched: `-r https://…`, source archives, and what uv or pip downloads. So does the netrc file.

## Where it installs

In this order: `--python`; the active virtual environment; the active conda environment; `./.venv`. If there is none, it
offers to make `./.venv`; `--venv` makes it without asking. An externally managed interpreter is refused, as pip
refuses it.

The environment that accel-doctor runs from is passed over, and so are those that `uv tool`, `uvx` and `pipx` make for
tools: only `--python` installs there. `env sync` and `env restore` refuse to replace the one accel-doctor runs from.
What goes to `--target` or `--prefix` needs no environment: the `python3` on PATH resolves and builds it.

## What it says at the end

One line for each distribution, then their number: `+ flask 3.1.0` was installed, `~ numpy 2.3 → 2.4` replaced
(`~ six 1.17.0`: by the same version), `- six 1.17.0` removed. Behind it stands `(built here)` or
`(from the wheel store)`. With `--dry-run` it is what would be done: `(to be built)`, and how much would be downloaded
if no cache had any of it. `-q` leaves the last line, `-qq` only errors.

## Files that environments share

Where the file system cannot clone files (ext4, for example), uv links them from its cache. All environments then share
them: an edit in place is in every environment that exists. A new one gets the wheel's own files: what is newer than the
rest of its distribution is compared with its hash in `RECORD`, you are told, and the wheel is unpacked again. An edit
whose author also set the time back is not noticed.

With `UV_LINK_MODE=copy` nothing is shared, at the price of copying. It holds for
[stored environments](env.md#what-a-restored-environment-is) too. pip always copies.

## Lock files, and locks that are remembered

`-r pylock.toml` (or `pylock.NAME.toml`, PEP 751) installs a lock file as it is; it cannot be combined with other
requirements. Packages that are already installed in the locked version stay.

Some requirements leave nothing to resolve: every package they bring in is pinned, a release by `==`, a URL by its hash,
a repository by a full commit. Their lock is remembered in the cache, so the next installation asks the network nothing.
It is resolved again when something has changed: the interpreter, the index, an option, a variable (`UV_*`, `PIP_*`), a
configuration file, the version of uv, or what is installed. `--upgrade`, `--no-cache-dir`, `--user` and `--prefix`
resolve again, too. A lock that can no longer be installed is forgotten.

With `--offline` such requirements need no network, as long as the caches of the frontend and of accel-doctor are there.
pip has no offline mode: with `--frontend pip`, `--offline` needs `--find-links`.
"""

IMPORTS = """
## What is imported

Before a run is done, the target interpreter imports what was built here, and what was asked for and is new in the
environment; of a lock file, all that is new. `--verify` imports everything, what was installed before too, and so
repairs an environment. `--no-verify` imports nothing. What was built or locked before is imported once, and again when
libraries were installed or removed.

Each distribution is imported in a process of its own, outside any project directory, for two minutes at most: its
top-level packages and modules, but not those that distributions leave there by mistake (`tests`, `docs`, `setup`).

| what fails | then |
|---|---|
| shared libraries are missing, also ones opened by name | all their packages are offered, and the import tried again |
| code of Python 2, because the build skipped 2to3 | it is built again with `setuptools<58`, where that can work |
| a missing module or symbol, a crash, any other exception | it cannot be imported: [exit code 10](exit-codes.md) |
| a module that wants settings: a display, a variable, credentials, Django's settings | it counts as imported |
| a module that wants the network, which imports do not have | it counts as imported |
| a second module that wants another distribution, while the main one works | it is told, and counts as imported |
| the function behind the command with the distribution's name; half of all if none has it | it cannot be imported |
| the functions behind other commands | they are told, and it counts as imported |
"""

ALTERNATIVES = """
## Releases that cannot be built

Where nothing cures a build, the index is asked what there is instead, and one line says it:

```console
$ accel-doctor install numba==0.53.0
...
newest numba with wheels for Python 3.11: 0.68.1, nearest to 0.53.0: 0.57.0; 0.53.0 has wheels for Python 3.6 to 3.9
```

Another line names the project that took the place of a dead one (`sklearn`: scikit-learn), or the module that Python
itself has (`backports.zoneinfo`: zoneinfo). The same holds for a pin that the resolver refuses.

With `--upgrade-unbuildable`, the nearest release with a wheel, or a newer one, is installed. It is part of the same
question as the system packages. Your own pins give way for it; hashes, lock files and `--no-binary` do not.

### Another release

A release may be written for newer libraries than the distribution has: no package has its `.pc` file or header, or the
library lacks a function. Where your versions allow it, the newest release from before the distribution took no newer
libraries is then part of the question, without any option: PyGObject 3.42 on Debian 12. `--yes` does not cover it,
`--yes-to-all` does.

An old release may also leave a dependency open whose current release no longer has what it imports (Flask 1.1 and
Jinja2 3.1). If your versions allow it, an older release of that dependency is part of the question in the same way: the
one that the rules name, or the newest from the time of what imports it.
"""

CONFIGURATION = """
## Own options

Each option is also an environment variable, and a key of the same name in these TOML files. The first that has it wins:
the command line; the environment; the project's `accel-doctor.toml` or `[tool.accel-doctor]` in its `pyproject.toml`;
the user's `accel-doctor/config.toml` under `$XDG_CONFIG_HOME` (or `~/.config`); `/etc/accel-doctor/config.toml`. A
project's files cannot set {not_for_projects}. [`accel-doctor config`](config.md) shows and changes them.
"""


def pages() -> dict[Path, str]:
    """Every page that has something written here, whole."""
    result = {path: _TABLE.sub(_with_table, path.read_text()) for path in sorted(DIRECTORY.glob("*.md"))}
    return {path: text for path, text in result.items() if _TABLE.search(text)} | {
        DIRECTORY / "install.md": f"{_install()}\n"
    }


def _with_table(found: re.Match[str]) -> str:
    tables = {"options": _options, "messages": listed, "keys": _keys}
    return found["head"] + tables[found["what"]](found["name"]) + "\n" + found["end"]


def _keys(_: str) -> str:
    """Every key of the configuration, with its type and its variable."""
    context = click.Context(command, info_name="install", **command.context_settings)
    options = {name.removeprefix("--"): option for option in command.get_params(context) for name in option.opts}
    rows = []
    for key, kind in sorted(KEYS.items()):
        option = options[key]
        assert isinstance(option, click.Option)
        project = "no" if key in NOT_FOR_PROJECTS else "yes"
        rows.append(f"| `{key}`, `{option.envvar}` | {VALUES[kind]} | {project} | {option.help} |")
    return _table(("key, variable", "value", "in a project's file", "meaning"), rows)


def _options(command_line: str) -> str:
    """The options of a command that are its own."""
    context = click.Context(application)
    chosen: click.Command = application
    for name in command_line.split():
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
    return _table(("option", "meaning"), rows)


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
        IMPORTS,
        ALTERNATIVES,
        CONFIGURATION.format(not_for_projects=protected),
        _table(("option", "variable", "meaning"), own),
        "\n## pip's options\n",
        _table(("option", "meaning"), pip),
        "\nAccepted and ignored: " + ", ".join(f"`{name}`" for name in sorted(HARMLESS)) + ".\n",
        "\n## Options of pip that accel-doctor does not support\n",
        _table(("option", "instead"), [f"| `{name}` | {text} |" for name, text in sorted(INSTEAD.items())]),
        "\n## Options of uv that have another name here\n",
        _table(("option", "instead"), [f"| `{name}` | {text} |" for name, text in sorted(OF_UV.items())]),
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
