"""Read the libraries and symbol versions that an ELF file needs and defines. Pure: a stream in, facts out.

Files may come from an untrusted wheel, so everything that is counted or followed has a bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

MAGIC = b"\x7fELF"
# The largest real ones: Qt and libstdc++ define some 100 versions, and no file needs more than some 100 libraries.
_MOST_ENTRIES, _MOST_SECTIONS = 2000, 4096
_MOST_LINKS = 500
_WEAK = 0x2  # VER_FLG_WEAK: the loader does without such a version
_LONGEST = 200  # characters of a name
_IDENTITY = 20  # bytes: e_ident, e_type and e_machine are at the same place in all ELF files
_MOST_READS, _MOST_BYTES = 200_000, 256 << 20  # libstdc++, with its many versions, takes 3,000 reads


class ElfFacts(NamedTuple):
    """``needed`` are sonames (or paths), ``required`` the symbol versions needed of each, ``search`` RUNPATH or RPATH.

    ``defined`` are the versions that the file itself defines. All strings are as in the file.
    """

    identity: bytes
    soname: str | None
    needed: tuple[str, ...]
    search: tuple[str, ...]
    required: dict[str, tuple[str, ...]]
    defined: frozenset[str]


class Asked(NamedTuple):
    """One library that files need; ``places`` are the absolute directories of their run paths."""

    soname: str
    versions: tuple[str, ...]
    places: tuple[str, ...]


def libraries_asked_by(files: Mapping[str, ElfFacts]) -> list[Asked]:
    """Return the libraries that these files (by path) need and do not include, sorted by soname."""
    own = {path.rpartition("/")[2] for path in files} | {facts.soname for facts in files.values()}
    versions: dict[str, set[str]] = {}
    places: dict[str, dict[str, None]] = {}
    for facts in files.values():
        for soname in facts.needed:
            if soname not in own and (soname in versions or len(versions) < _MOST_LINKS):
                versions.setdefault(soname, set()).update(facts.required.get(soname, ()))
                outside = [place for place in facts.search if place.startswith("/")]
                places.setdefault(soname, {}).update(dict.fromkeys(outside))
    return [Asked(soname, tuple(sorted(versions[soname])), tuple(places[soname])) for soname in sorted(versions)]


def identity_of(head: bytes) -> bytes | None:
    """Return the class, byte order and machine, which files must share to be loaded together; None if it is not an
    ELF file."""
    if len(head) < _IDENTITY or not head.startswith(MAGIC):
        return None
    return head[4:6] + head[18:20]


def read_elf(stream: BinaryIO) -> ElfFacts | None:
    """Return the facts of the ELF file in ``stream`` (seekable); None if it is broken or not an ELF file: no loader
    accepts that either."""
    stream.seek(0)
    identity = identity_of(stream.read(_IDENTITY))
    if identity is None:
        return None
    from elftools.elf.elffile import ELFFile

    try:
        stream.seek(0)
        return _facts(ELFFile(cast("BinaryIO", _Metered(stream))), identity)
    except Exception:
        # pyelftools raises all kinds of errors for broken bytes: its own, of struct, of Unicode, of indexes.
        return None


class _Metered:
    """A stream with a limit on reads and bytes: forged tables may name one long string a million times."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._reads = self._bytes = 0
        self.seek, self.tell = stream.seek, stream.tell

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self._reads += 1
        self._bytes += len(block)
        if self._reads > _MOST_READS or self._bytes > _MOST_BYTES:
            raise ValueError("too much to read")
        return block


def _facts(file: ELFFile, identity: bytes) -> ElfFacts:
    from elftools.elf.dynamic import DynamicSection
    from elftools.elf.gnuversions import GNUVerDefSection, GNUVerNeedSection

    soname: str | None = None
    needed: list[str] = []
    paths: dict[str, str] = {}
    required: dict[str, tuple[str, ...]] = {}
    defined: frozenset[str] = frozenset()
    if file.num_sections() > _MOST_SECTIONS:
        raise ValueError("too many sections")
    for section in file.iter_sections():
        if isinstance(section, DynamicSection):
            tag: Any  # pyelftools gives it an attribute by the name of its kind
            for tag in islice(section.iter_tags(), _MOST_ENTRIES):
                kind = tag.entry.d_tag
                if kind == "DT_NEEDED":
                    needed.append(tag.needed)
                elif kind == "DT_SONAME":
                    soname = tag.soname
                elif kind in ("DT_RPATH", "DT_RUNPATH"):
                    paths[kind] = tag.rpath if kind == "DT_RPATH" else tag.runpath
        elif isinstance(section, GNUVerNeedSection):
            for version, auxiliaries in islice(section.iter_versions(), _MOST_ENTRIES):
                names = [item.name for item in islice(auxiliaries, _MOST_ENTRIES) if not item["vna_flags"] & _WEAK]
                required[version.name or ""] = tuple(sorted(filter(_proper, names)))
        elif isinstance(section, GNUVerDefSection):
            # The first auxiliary entry of each is the version, the rest are those it inherits from.
            entries = islice(section.iter_versions(), _MOST_ENTRIES)
            defined = frozenset(name.name for _, auxiliaries in entries for name in islice(auxiliaries, 1))
    search = paths.get("DT_RUNPATH", paths.get("DT_RPATH", ""))  # ld.so(8): RPATH counts only without RUNPATH
    return ElfFacts(
        identity,
        soname,
        tuple(dict.fromkeys(filter(_proper, needed))),
        tuple(part for part in search.split(":") if part),
        required,
        defined,
    )


def _proper(name: str) -> bool:
    return 0 < len(name) <= _LONGEST and name.isascii() and name.isprintable() and " " not in name
