"""Entries of the wheel store: written, read back, and refused where they could not be ours."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fakes import provenance

from accel_doctor.model.wheels import Entry, Link
from accel_doctor.store.documents import is_key
from accel_doctor.store.wheels.wheel_entries import LIMIT, entry_from_json, entry_to_json

ENTRY = Entry(
    key="ab" + "0" * 62,
    file="cffi-2.1.1-cp313-cp313-linux_x86_64.whl",
    sha256="c" * 64,
    size=7,
    provenance=provenance(build_requirements=("setuptools==80.9.0",), built_with=("libffi-dev 3.4.8-2",)),
    links=(Link("libffi.so.8", ("LIBFFI_BASE_8.0",), "libffi8"), Link("libc.so.6")),
    signature="ed25519:AAAA",
)


def changed(**fields):
    return json.dumps({**json.loads(entry_to_json(ENTRY)), **fields}).encode()


def test_an_entry_is_read_as_it_was_written():
    assert entry_from_json(entry_to_json(ENTRY)) == ENTRY
    plain = replace(ENTRY, links=(), signature=None, provenance=provenance())
    assert entry_from_json(entry_to_json(plain)) == plain


def test_fields_of_later_versions_are_passed_over():
    assert entry_from_json(changed(colour="blue")) == ENTRY


@pytest.mark.parametrize(
    "fields",
    [
        {"schema": 1},
        {"file": "../../x-1-py3-none-any.whl"},
        {"file": "/etc/x-1-py3-none-any.whl"},
        {"file": "x-1-py3-none-any.whl\n"},
        {"file": "entry.json"},
        {"file": ""},
        {"file": None},
        {"key": "ab"},
        {"key": "../" + "0" * 61},
        {"sha256": "C" * 64},
        {"sha256": 1},
        {"size": -1},
        {"size": True},
        {"size": "7"},
        {"signature": 7},
        {"signature": "a\nb"},
        {"provenance": None},
        {"provenance": {"name": "cffi"}},
        {"provenance": {**json.loads(entry_to_json(ENTRY))["provenance"], "name": "Not Normal"}},
        {"provenance": {**json.loads(entry_to_json(ENTRY))["provenance"], "version": "\x1b[2J"}},
        {"links": {}},
        {"links": ["libc.so.6"]},
        {"links": [{"soname": "libc.so.6", "versions": "GLIBC_2.38"}]},
        {"links": [{"soname": "x" * 3000}]},
        {"links": [{"soname": "libc.so.6"}] * 5001},
    ],
    ids=lambda fields: f"{next(iter(fields))}={str(next(iter(fields.values())))[:30]!r}",
)
def test_what_could_not_be_ours_is_refused(fields):
    with pytest.raises(ValueError, match="."):
        entry_from_json(changed(**fields))


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000, entry_to_json(ENTRY)[:-10], b" " * (LIMIT + 1)],
    ids=lambda content: repr(content[:10]),
)
def test_what_is_no_entry_is_refused(content):
    with pytest.raises(ValueError, match="."):
        entry_from_json(content)


def test_a_key_is_64_hexadecimal_digits():
    assert is_key("0123456789abcdef" * 4)
    assert not is_key("0" * 63)
    assert not is_key("G" * 64)
    assert not is_key("0" * 64 + "\n")
