"""``accel-doctor serve token``, ``release`` and ``audit``: who may publish, and what was published."""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from accel_doctor.cli.index_settings import index_directory
from accel_doctor.cli.numbers import amount
from accel_doctor.cli.options import argument, as_command, group, option, show, text_or_json
from accel_doctor.cli.session import started
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.index.serving.audit import Change, changes, moment
from accel_doctor.index.serving.records import Records
from accel_doctor.index.serving.release_changes import DONE, Act, change_release
from accel_doctor.index.serving.tokens import Token, Tokens, is_pattern
from accel_doctor.units import AGE
from accel_doctor.wording import listed, printable

SCHEMA = 1

token = group("token", "Manage the tokens with which packages are published.")
release = group("release", "Yank and delete published releases, and take it back.")


@dataclass(frozen=True)
class DataOptions:
    """Options of all commands on the data of an index."""

    data: str | None = option("--data", metavar="DIR", help="The directory of the index, as for serve.")


@dataclass(frozen=True)
class AddOptions(DataOptions):
    label: str | None = option("--label", metavar="TEXT", help="What the token is for, for the list.")
    read: bool = option("--read", default=False, help="For reading only, from serve --private.")
    expires: float | None = amount("--expires", unit=AGE, help="Until when it is valid: 90d, 12h, 2w. Default: always.")
    projects: tuple[str, ...] = argument("PATTERN...", required=True)


@dataclass(frozen=True)
class ShownOptions(DataOptions):
    form: str = text_or_json()


@dataclass(frozen=True)
class RevokeOptions(DataOptions):
    identifiers: tuple[str, ...] = argument("ID...", required=True)


@dataclass(frozen=True)
class ReleaseOptions(DataOptions):
    reason: str | None = option("--reason", metavar="TEXT", help="Why; pip and uv show it for a yanked release.")
    releases: tuple[str, ...] = argument("NAME==VERSION...", required=True)


@contextmanager
def _records(options: DataOptions) -> Iterator[Records]:
    directory = index_directory(options.data, started())
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    records = Records(directory / "index.sqlite")
    try:
        yield records
    finally:
        records.close()


@as_command("add", AddOptions, parent=token)
def add(options: AddOptions) -> int:
    """Make a token for publishing, and reading, the projects whose names match: acme-*. It is shown once."""
    for pattern in options.projects:
        if not is_pattern(pattern):
            raise UsageError(
                f"{printable(pattern)}: not a pattern of project names", hint="such as acme-* or acme-thing"
            )
    with _records(options) as records:
        made, secret = Tokens(records, time.time).add(
            options.projects,
            printable(options.label or ""),
            options.expires,
            getpass.getuser(),
            publishes=not options.read,
        )
    click.echo(secret)
    click.echo(f"token {made.identifier} may {_may(made)} {listed(made.projects)}; it is not shown again", err=True)
    return ExitCode.DONE


@as_command("list", ShownOptions, parent=token)
def list_tokens(options: ShownOptions) -> int:
    """List the tokens, without their secrets."""
    with _records(options) as records:
        tokens = Tokens(records, time.time).all()
    show(options.form, {"schema": SCHEMA, "tokens": [_document(one) for one in tokens]}, [_line(one) for one in tokens])
    return ExitCode.DONE


@as_command("revoke", RevokeOptions, parent=token)
def revoke(options: RevokeOptions) -> int:
    """Make tokens invalid, at once."""
    with _records(options) as records:
        tokens = Tokens(records, time.time)
        for identifier in options.identifiers:
            if not tokens.revoke(identifier, getpass.getuser()):
                raise UsageError(f"no token {printable(identifier)}", hint="accel-doctor serve token list")
            click.echo(f"revoked {identifier}")
    return ExitCode.DONE


@as_command("yank", ReleaseOptions, parent=release)
def yank(options: ReleaseOptions) -> int:
    """Yank releases: who asks for exactly them still gets them, others do not."""
    return _change(Act.YANK, options)


@as_command("unyank", ReleaseOptions, parent=release)
def unyank(options: ReleaseOptions) -> int:
    """Take back that releases were yanked."""
    return _change(Act.UNYANK, options)


@as_command("delete", ReleaseOptions, parent=release)
def delete(options: ReleaseOptions) -> int:
    """Delete releases: nobody gets them, and their file names cannot be used again."""
    return _change(Act.DELETE, options)


@as_command("restore", ReleaseOptions, parent=release)
def restore(options: ReleaseOptions) -> int:
    """Take back that releases were deleted."""
    return _change(Act.RESTORE, options)


@as_command("audit", ShownOptions)
def audit(options: ShownOptions) -> int:
    """Print who published and changed what, the oldest first."""
    with _records(options) as records:
        found = changes(records)
    lines = [" ".join(filter(None, (one.at, one.who, one.action, one.what, printable(one.why)))) for one in found]
    show(options.form, {"schema": SCHEMA, "changes": [vars(one) for one in found]}, lines)
    return ExitCode.DONE


def _change(act: Act, options: ReleaseOptions) -> int:
    asked = [_release(text) for text in options.releases]
    change = Change(moment(time.time()), getpass.getuser(), act.value, "", printable(options.reason or ""))
    with _records(options) as records:
        for project, version in asked:
            files = change_release(records, act, project, version, change)
            if not files:
                raise UsageError(f"no file of {project} {version} to {act.value}", hint="accel-doctor serve audit")
            click.echo(f"{DONE[act]} {listed(files)}")
    return ExitCode.DONE


def _release(text: str) -> tuple[str, Version]:
    name, _, version = text.partition("==")
    try:
        return canonicalize_name(name, validate=True), Version(version)
    except (InvalidName, InvalidVersion):
        raise UsageError(f"{printable(text)}: not a release", hint="such as acme-thing==1.0") from None


def _document(one: Token) -> dict[str, object]:
    expires = None if one.expires is None else moment(one.expires)
    return {
        "id": one.identifier,
        "label": one.label,
        "projects": list(one.projects),
        "publishes": one.publishes,
        "created": moment(one.created),
        "expires": expires,
    }


def _line(one: Token) -> str:
    end = ""
    if one.expires is not None:
        end = f", {'expired' if one.expires <= time.time() else 'until'} {moment(one.expires)[:10]}"
    return f"{one.identifier}  {_may(one)} {' '.join(one.projects)}{end}{'  ' + one.label if one.label else ''}"


def _may(one: Token) -> str:
    return "publish" if one.publishes else "read"
