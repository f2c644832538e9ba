"""``accel-doctor index``: file indexes, built from a distribution's own lists."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from accel_doctor.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from accel_doctor.fileindex.contents import Collection

# format -> what its files' names contain
_LISTS = {
    "debian": ("Contents", "Sources", "Packages"),
    "rpm": ("primary.xml", "filelists.xml"),
    "arch": (".files",),
    "alpine": ("APKINDEX",),
}
_LARGEST_APKINDEX = 256 << 20  # some hundred times Alpine's own


@click.group("index", context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def command() -> None:
    """Build file indexes: which package of a distribution ships a header, library, command."""


@command.command("build")
@click.option(
    "--from",
    "sources",
    metavar="FILE",
    multiple=True,
    required=True,
    help="A list of the distribution; may be repeated.",
)
@click.option("--format", "kind", type=click.Choice(sorted(_LISTS)), required=True, help="Whose lists these are.")
@click.option("--distro", metavar="ID:VERSION", required=True, help="The release, as its os-release names it.")
@click.option("--output", metavar="FILE", required=True, help="Where the index goes.")
def build(sources: tuple[str, ...], kind: str, distro: str, output: str) -> int:
    """Build the index of one release from its lists.

    debian: Contents-ARCH, Contents-all, Sources, Packages. rpm: primary.xml and filelists.xml, a source repository's
    primary.xml too. arch: core.files, extra.files. alpine: APKINDEX.tar.gz. Compressed or not.
    """
    from accel_doctor.fileindex.contents import Collection
    from accel_doctor.fileindex.indexed import Release
    from accel_doctor.fileindex.writing import index_bytes

    release = Release(*_identifier(distro))
    collection = Collection()
    for source in sources:
        _read(Path(source), kind, collection)
    collection.settle()
    if not collection.files:
        raise UsageError(
            f"no file in {', '.join(sources)} that a build could lack",
            hint="are these lists whole, and of this format?",
        )
    content = index_bytes(collection, release)
    _write(Path(output), content)
    click.echo(f"{output}: {len(collection.files)} file names of {release}, {len(content)} bytes")
    return int(ExitCode.DONE)


def _identifier(distro: str) -> tuple[str, str]:
    import re

    identifier, _, version = distro.partition(":")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", identifier) or not re.fullmatch(r"[A-Za-z0-9._-]*", version):
        raise UsageError(f"--distro {distro}: not ID:VERSION", hint="give what os-release says, such as debian:13")
    return identifier, version


def _read(path: Path, kind: str, collection: Collection) -> None:
    import lzma
    import zlib

    from accel_doctor.fileindex import alpine, arch, debian, rpm

    def text(reader: Callable[[Iterator[str], Collection], None]) -> Callable[[IO[bytes], Collection], None]:
        def read(stream: IO[bytes], into: Collection) -> None:
            lines = io.TextIOWrapper(stream, "utf-8", errors="replace")
            try:
                reader(lines, into)
            finally:
                lines.detach()  # whoever opened the stream closes it

        return read

    readers: dict[str, Callable[[IO[bytes], Collection], None]] = {
        "Contents": text(debian.read_contents),
        "Sources": text(debian.read_sources),
        "Packages": text(debian.read_packages),
        "primary.xml": rpm.read_primary,
        "filelists.xml": rpm.read_filelists,
        ".files": arch.read_files,
        "APKINDEX": _apkindex(text(alpine.read_apkindex)),
    }
    known = next((name for name in _LISTS[kind] if name in path.name), None)
    if known is None:
        raise UsageError(
            f"{path}: not the name of a {kind} list", hint=f"names of these lists contain {' or '.join(_LISTS[kind])}"
        )
    try:
        with _decompressed(path) as stream:
            readers[known](stream, collection)
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def _apkindex(read: Callable[[IO[bytes], Collection], None]) -> Callable[[IO[bytes], Collection], None]:
    import tarfile

    def reader(stream: IO[bytes], collection: Collection) -> None:
        try:
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    content = archive.extractfile(member) if member.name == "APKINDEX" else None
                    if content and member.size <= _LARGEST_APKINDEX:
                        # Whole: before Python 3.12 a member of a stream is no file that can be read as text.
                        read(io.BytesIO(content.read()), collection)
        except tarfile.TarError as error:
            raise ValueError(str(error)) from error

    return reader


@contextmanager
def _decompressed(path: Path) -> Iterator[Any]:  # the five kinds of stream have no type in common
    import bz2
    import gzip
    import lzma

    with path.open("rb") as plain:
        magic = plain.read(6)
        plain.seek(0)
        if magic.startswith(b"\x28\xb5\x2f\xfd"):
            zstd = _zstd(path)
            try:
                with zstd.open(plain) as stream:
                    yield stream
            except zstd.ZstdError as error:
                raise ValueError(str(error)) from error
        elif magic.startswith(b"\x1f\x8b"):
            with gzip.open(plain) as stream:
                yield stream
        elif magic.startswith(b"\xfd7zXZ\x00"):
            with lzma.open(plain) as stream:
                yield stream
        elif magic.startswith(b"BZh"):
            with bz2.open(plain) as stream:
                yield stream
        else:
            yield plain


def _zstd(path: Path) -> Any:
    """Python's module for zstd: its own since 3.14, the same for older ones where it is installed."""
    import importlib

    for name in ("compression.zstd", "backports.zstd"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise UsageError(
        f"{path} is compressed by zstd, which this Python does not read",
        hint=f"run: zstd -d {path}, or: pip install 'accel-doctor[zstd]'",
    )


def _write(path: Path, content: bytes) -> None:
    # Published in one move: a reader never meets half an index.
    try:
        with tempfile.NamedTemporaryFile(dir=path.absolute().parent, prefix=".index-", delete=False) as stream:
            aside = Path(stream.name)
            try:
                stream.write(content)
                stream.flush()
                aside.chmod(0o644)
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"the index cannot be written to {path}: {error.strerror}") from error
