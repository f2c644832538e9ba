"""ELF files read: real ones, made by linked/make.sh, and forged ones."""

from __future__ import annotations

import io
import random
import struct
import sys
from pathlib import Path

import pytest
from paths import LINKED

from accel_doctor.elf import ElfFacts, identity_of, read_elf

AMD64 = b"\x02\x01\x3e\x00"  # 64 bits, little-endian, EM_X86_64


def facts_of(name: str) -> ElfFacts | None:
    return read_elf(io.BytesIO((LINKED / name).read_bytes()))


def test_what_an_extension_module_asks_for():
    assert facts_of("reader.so") == ElfFacts(
        identity=AMD64,
        soname=None,
        needed=("libshelf.so.1", "libown.so.1"),
        search=("$ORIGIN/reader.libs", "/opt/shelf/lib"),
        required={"libshelf.so.1": ("SHELF_1", "SHELF_2")},
        defined=frozenset(),
    )


def test_what_a_library_offers():
    facts = facts_of("libshelf.so.1")
    assert facts is not None
    assert (facts.soname, facts.needed) == ("libshelf.so.1", ())
    assert facts.defined == {"libshelf.so.1", "SHELF_1", "SHELF_2"}
    assert facts_of("old/libshelf.so.1").defined == {"libshelf.so.1", "SHELF_1"}
    assert facts_of("plain.so").defined == frozenset()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no ELF files")
def test_the_interpreter_that_runs_this_is_read_too():
    with Path(sys.executable).open("rb") as stream:
        facts = read_elf(stream)
    assert facts is not None
    assert [name for name in facts.needed if name.startswith(("libc.", "libpython"))]


@pytest.mark.parametrize("text", [b"", b"\x7fELF", b"MZ" + bytes(100), b"\x7fELF" + bytes(500), b"#!/bin/sh\n" * 20])
def test_what_is_no_elf_file_is_nothing(text):
    assert read_elf(io.BytesIO(text)) is None


def test_identity_needs_the_whole_head():
    head = (LINKED / "plain.so").read_bytes()[:20]
    assert identity_of(head) == AMD64
    assert identity_of(head[:19]) is None


@pytest.mark.parametrize("seed", range(40))
def test_broken_files_are_nothing_or_something_and_never_an_error(seed):
    chance = random.Random(seed)
    image = bytearray((LINKED / chance.choice(["reader.so", "libshelf.so.1"])).read_bytes())
    for _ in range(chance.randrange(1, 30)):
        image[chance.randrange(4, len(image))] = chance.randrange(256)
    facts = read_elf(io.BytesIO(bytes(image[: chance.randrange(64, len(image) + 1)])))
    assert facts is None or len(facts.needed) <= 2000


def test_tables_that_lead_in_circles_end():
    image = bytearray((LINKED / "libshelf.so.1").read_bytes())
    # vd_next (at 16 of each Verdef) of all entries leads nowhere, and sh_info says there are four billion of them.
    sections = struct.unpack_from("<Q", image, 0x28)[0]
    count = struct.unpack_from("<H", image, 0x3C)[0]
    for number in range(count):
        header = sections + 64 * number
        if struct.unpack_from("<I", image, header + 4)[0] == 0x6FFFFFFD:  # SHT_GNU_verdef
            struct.pack_into("<I", image, header + 44, 0xFFFFFFFF)
            struct.pack_into("<I", image, struct.unpack_from("<Q", image, header + 24)[0] + 16, 0)
            break
    else:
        pytest.fail("no version definitions in the file")
    facts = read_elf(io.BytesIO(bytes(image)))
    assert facts is None or facts.defined <= {"libshelf.so.1"}


def test_one_endless_name_asked_for_without_end_is_given_up():
    image = bytearray((LINKED / "reader.so").read_bytes())
    sections = struct.unpack_from("<Q", image, 0x28)[0]
    count = struct.unpack_from("<H", image, 0x3C)[0]
    dynamic = next(
        sections + 64 * number
        for number in range(count)
        if struct.unpack_from("<I", image, sections + 64 * number + 4)[0] == 6  # SHT_DYNAMIC
    )
    strings = sections + 64 * struct.unpack_from("<I", image, dynamic + 40)[0]
    tags, names = len(image), len(image) + 16 * 1500
    image += struct.pack("<QQ", 1, 1) * 1500 + b"x" * (4 << 20)
    struct.pack_into("<QQ", image, dynamic + 24, tags, 16 * 1500)
    struct.pack_into("<QQ", image, strings + 24, names, 4 << 20)
    assert read_elf(io.BytesIO(bytes(image))) is None
