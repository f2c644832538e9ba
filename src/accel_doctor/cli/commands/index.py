"""``accel-doctor index``: file indexes, built from a distribution's own lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import click

from accel_doctor.cli.options import as_command, group, option
from accel_doctor.errors import ExitCode, UsageError
from accel_doctor.fileindex.building import LISTS, index_bytes, read_list, write_index
from accel_doctor.fileindex.contents import Collection
from accel_doctor.model.machine import Distribution

command = group("index", "Build file indexes: which package of a distribution ships a header, library or command.")


@dataclass(frozen=True)
class BuildOptions:
    sources: tuple[str, ...] = option(
        "--from", default=(), metavar="FILE", required=True, help="A list of the distribution; repeatable."
    )
    kind: str = option("--format", type=click.Choice(sorted(LISTS)), required=True, help="The format of the lists.")
    distro: str = option(
        "--distro", metavar="ID:VERSION", required=True, help="The release, as its os-release names it."
    )
    output: str = option("--output", metavar="FILE", required=True, help="Where to write the index.")


@as_command("build", BuildOptions, parent=command)
def build(options: BuildOptions) -> int:
    """Build the index of one release from its lists.

    debian: Contents-ARCH, Contents-all, Sources, Packages. rpm: primary.xml and filelists.xml, and the primary.xml of a
    source repository. arch: core.files, extra.files. alpine: APKINDEX.tar.gz. Compressed or not.
    """
    release = _release(options.distro)
    collection = Collection()
    for source in options.sources:
        read_list(Path(source), options.kind, collection)
    collection.settle()
    if not collection.files:
        raise UsageError(
            f"no file that a build could need in {', '.join(options.sources)}",
            hint="check that these lists are complete and in this format",
        )
    content = index_bytes(collection, release)
    write_index(Path(options.output), content)
    click.echo(f"{options.output}: {len(collection.files)} file names of {release}, {len(content)} bytes")
    return int(ExitCode.DONE)


def _release(distro: str) -> Distribution:
    identifier, _, version = distro.partition(":")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", identifier) or not re.fullmatch(r"[A-Za-z0-9._-]*", version):
        raise UsageError(f"--distro {distro}: not ID:VERSION", hint="write it as os-release does, such as debian:13")
    return Distribution(identifier, version)
