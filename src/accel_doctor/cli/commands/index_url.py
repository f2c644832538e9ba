"""``accel-doctor index-url``: the address of an index, for scripts."""

from __future__ import annotations

from dataclasses import dataclass

import click

from accel_doctor.cli.commands.serve import SERVER, checked_index
from accel_doctor.cli.options import argument, as_command, distro_option, option
from accel_doctor.errors import ExitCode
from accel_doctor.index.serving.built import platform_of
from accel_doctor.store.wheels.build_key import distribution_name
from accel_doctor.system.distribution import named_distribution, read_distribution


@dataclass(frozen=True)
class IndexUrlOptions:
    server: str | None = argument("[SERVER]", default=None, required=False)
    distro: str | None = distro_option()
    everywhere: bool = option("--everywhere", default=False, help="Of the index that is good for all distributions.")


@as_command("index-url", IndexUrlOptions)
def command(options: IndexUrlOptions) -> int:
    """Print the address of an index that accel-doctor serves, with the wheels for this machine.

    SERVER is where it runs, without one this machine: http://127.0.0.1:4417. Nobody is asked. For scripts:
    export UV_DEFAULT_INDEX=$(accel-doctor index-url)
    """
    root = checked_index(options.server or SERVER, "SERVER").rstrip("/").removesuffix("/simple")
    if not options.everywhere:
        distribution = named_distribution(options.distro) if options.distro else read_distribution()
        root = f"{root}/{platform_of(distribution_name(distribution))}"
    click.echo(f"{root}/simple/")
    return ExitCode.DONE
