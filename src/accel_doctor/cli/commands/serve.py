"""``accel-doctor serve``: a package index on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from accel_doctor.cli.commands import serve_packages
from accel_doctor.cli.configuration import cache_directory
from accel_doctor.cli.help_text import HelpedGroup
from accel_doctor.cli.index_settings import ServerSettings, index_directory
from accel_doctor.cli.numbers import amount
from accel_doctor.cli.options import CacheOptions, ConfiguredCommand, as_command, note, option
from accel_doctor.cli.session import started
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.index_client import PYPI
from accel_doctor.model.requests import Connection
from accel_doctor.units import AGE, SIZE
from accel_doctor.urls import redacted

_PORT = 4417
SERVER = f"http://127.0.0.1:{_PORT}"
_TIMEOUT = 10.0  # seconds without a byte: clients of the server are waiting, with timeouts of their own
_RETRIES = 1


@dataclass(frozen=True)
class ServeOptions(CacheOptions):
    host: str = option("--host", default="127.0.0.1", metavar="ADDRESS", help="Listen on this address.")
    port: int = option(
        "--port", default=_PORT, metavar="PORT", type=click.IntRange(1, 65535), help="Listen on this port."
    )
    data: str | None = option("--data", metavar="DIR", help="Keep pages and files in this directory.")
    upstream: tuple[str, ...] = option(
        "--upstream",
        default=(),
        metavar="URL",
        help="Get from this index what is not here; the first that has it counts.",
    )
    claim: tuple[str, ...] = option(
        "--claim", default=(), metavar="PATTERN", help="Never look up these names in an upstream: acme-*."
    )
    only: tuple[str, ...] = option(
        "--only", default=(), metavar="PATTERN", help="Look up no other names than these in upstreams."
    )
    min_age: float | None = amount("--min-age", unit=AGE, help="Hide files of upstreams that are younger: 7d.")
    deny: tuple[str, ...] = option(
        "--deny", default=(), metavar="RELEASE|SHA256", help="Hide a release (name==version) or a file of upstreams."
    )
    private: bool = option("--private", default=False, help="Ask for a token before anything is read.")
    max_upload: float = amount(
        "--max-upload", unit=SIZE, default="2GB", help="Refuse uploads of files larger than this: 500MB, 4GB."
    )
    offline: bool = option("--offline", default=False, help="Never ask an upstream.")
    max_size: int | None = amount(
        "--max-size", unit=SIZE, help="Evict the least recently used files of upstreams beyond this size: 20GB."
    )
    by_client: bool = option(
        "--by-client", default=False, help="At /simple/, offer the built wheels for the distribution that clients tell."
    )
    access_log: bool = option("--access-log", default=False, help="Print a line of JSON for each answer.")
    cert: str | None = option("--cert", metavar="FILE", help="Trust these certificates of upstreams.")
    client_cert: str | None = option("--client-cert", metavar="FILE", help="Show this certificate to upstreams.")
    proxy: str | None = option("--proxy", metavar="URL", help="Reach upstreams through this proxy.")
    trusted_host: tuple[str, ...] = option(
        "--trusted-host", default=(), metavar="HOST", help="Do not verify the certificate of this host."
    )
    timeout: float = option(
        "--timeout",
        default=_TIMEOUT,
        metavar="SECONDS",
        type=click.FloatRange(0, min_open=True),
        help="Seconds to wait for an upstream.",
    )


class _ServeGroup(ConfiguredCommand, HelpedGroup):
    """Serve, unless one of the subcommands is named."""

    def __init__(self, name: str, **settings: Any) -> None:
        super().__init__(name, invoke_without_command=True, **settings)


@as_command("serve", ServeOptions, cls=_ServeGroup)
def command(options: ServeOptions) -> int:
    """Serve a package index that keeps what it gets from upstreams, for pip, uv and all that install with them.

    It needs no configuration: it listens on this machine alone, and its upstream is PyPI. What was installed through it
    once can be installed again while the upstream is down, after a restart too.
    """
    if inner := click.get_current_context().invoked_subcommand:
        _expect_no_options(inner)
        return ExitCode.DONE
    serve = _loaded("accel_doctor.index.serving.granian_server:serve")
    assembled_index = _loaded("accel_doctor.cli.index_servers:assembled_index")
    invocation = started()
    settings = ServerSettings(
        data=index_directory(options.data, invocation),
        upstreams=[checked_index(url, "--upstream") for url in options.upstream],
        claims=options.claim,
        only=options.only,
        min_age=options.min_age or 0.0,
        denied=options.deny,
        offline=options.offline,
        most_bytes=options.max_size,
        private=options.private,
        max_upload=int(options.max_upload),
        by_client=options.by_client,
        access_log=options.access_log,
        cache=cache_directory(options.cache_dir, invocation.variables, invocation.directory),
        connection=Connection(
            cert=Path(options.cert) if options.cert else None,
            client_cert=Path(options.client_cert) if options.client_cert else None,
            proxy=options.proxy,
            trusted_hosts=options.trusted_host,
            timeout=options.timeout,
            retries=_RETRIES,
        ),
    )
    with assembled_index(settings, invocation.variables, note) as application:
        serve(application, options.host, options.port, lambda: _tell(options, settings))
    return ExitCode.DONE


def _expect_no_options(inner: str) -> None:
    """Raise UsageError for options of serve before a subcommand, which does not read them."""
    context = click.get_current_context()
    for each in context.command.params:
        given = context.get_parameter_source(each.name or "") is ParameterSource.COMMANDLINE
        if given and each.name != "color":
            raise UsageError(f"{each.opts[0]} before {inner}", hint=f"name it after accel-doctor serve {inner} …")


def _tell(options: ServeOptions, settings: ServerSettings) -> None:
    """Print what to tell clients, ready to be pasted."""
    host = f"[{options.host}]" if ":" in options.host else options.host
    url = f"http://{host}:{options.port}/simple/"
    origin = "none, offline" if settings.offline else ", ".join(map(redacted, settings.upstreams or (PYPI,)))
    click.echo(f"serving {url}  (data: {settings.data}, upstream: {origin})")
    click.echo(f"  pip: pip config set global.index-url {url}   or PIP_INDEX_URL={url}")
    click.echo(f"  uv:  UV_DEFAULT_INDEX={url}")
    if not options.private and options.host not in ("127.0.0.1", "::1", "localhost"):
        note("anyone who reaches this address can install from it; pip wants --trusted-host without TLS")


def checked_index(url: str, what: str) -> str:
    """Return the URL of an index. Raises UsageError for anything else."""
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and not parts.query and not parts.fragment:
            return url
    except ValueError:
        pass
    raise UsageError(f"{what} {redacted(url)}: not the URL of a package index", hint=f"such as {PYPI}")


def _loaded(name: str) -> Any:
    """Return a function that serves. Raises UsageError where the libraries for it are missing."""
    try:
        return EntryPoint("serve", name, "").load()
    except ImportError as error:
        package = (error.name or "granian").partition(".")[0].replace("_", "-")
        raise UsageError(
            f"{package} is not installed", hint="install 'accel-doctor[server]' with pipx, uv tool or pip"
        ) from error


assert isinstance(command, _ServeGroup)  # noqa: S101
for _each in (serve_packages.token, serve_packages.release, serve_packages.audit):
    command.add_command(_each)
