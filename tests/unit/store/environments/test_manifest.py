"""Manifests may be anybody's: what does not fit is refused before anything is done with it."""

from __future__ import annotations

import json

import pytest

from accel_doctor.model.stored_environments import Pack, StoredEnvironment, StoredFile
from accel_doctor.model.wheels import Link
from accel_doctor.store.environments.manifest import manifest_from_json, manifest_to_json

PIECE = "0123456789abcdef" * 4
STORED = StoredEnvironment(
    key="a" * 64,
    stored_at="2026-01-01T00:00:00+00:00",
    facts={"files": {"requirements.txt": "x"}},
    directories={"": [StoredFile(PIECE, 3, 0, "pyvenv.cfg")], "lib": [StoredFile(PIECE + "x", 3, 0, "ü \udcff")]},
    symlinks={"lib64": "lib", "python": "/usr/bin/python3"},
    relocated=frozenset({"pyvenv.cfg"}),
    packs=(Pack("", "", "b" * 64),),
    links=(Link("libpq.so.5", ("LIBPQ_5",), "libpq5"),),
)


def test_what_was_written_is_read():
    assert manifest_from_json(manifest_to_json(STORED)) == STORED


def test_names_that_no_manifest_can_hold_are_refused_when_writing():
    with pytest.raises(ValueError, match="control characters"):
        manifest_to_json(STORED._replace(directories={"": [StoredFile(PIECE, 3, 0, "a\nb")]}))


ROW = f"{PIECE} 3 0 "


@pytest.mark.parametrize(
    "changes",
    [
        {"directories": {"": [], "../x": []}},
        {"directories": {"": [], "a/b": []}},
        {"directories": {"": [], "/etc": []}},
        {"directories": {"": [], "..": []}},
        {"directories": {"": [], ".": []}},
        {"directories": {"": [], "a": [], "a/..": []}},
        {"directories": {"a": []}},
        {"directories": {"": [ROW + "a/b"]}},
        {"directories": {"": [ROW + ".."]}},
        {"directories": {"": [ROW + "a\nb"]}},
        {"directories": {"": [ROW + "a\0"]}},
        {"directories": {"": [ROW + "a", ROW + "a"]}},
        {"directories": {"": [ROW + "a"], "a": []}},
        {"directories": {"": [f"{PIECE} 3 1 a"]}},
        {"directories": {"": [f"../../etc/passwd{PIECE[16:]} 3 0 a"]}},
        {"directories": {"": [f"{PIECE} -3 0 a"]}},
        {"directories": {"": [5]}},
        {"directories": []},
        {"symlinks": {"lib": "x"}},
        {"symlinks": {"lib/../x": "y"}},
        {"symlinks": {"x/y": "z"}},
        {"symlinks": {"pyvenv.cfg": "z"}},
        {"symlinks": {"x": "../y"}},
        {"symlinks": {"lib/x": "../../y"}},
        {"symlinks": {"lib/x": ""}},
        {"symlinks": {"x": 1}},
        {"packs": [["", "", "../x"]]},
        {"packs": [[]]},
        {"links": [["x"]]},
        {"relocated": [1]},
        {"key": "../x"},
        {"schema": 2},
    ],
    ids=json.dumps,
)
def test_what_leads_out_or_does_not_fit_is_refused(changes):
    fields = json.loads(manifest_to_json(STORED)) | changes
    with pytest.raises(ValueError):  # noqa: PT011
        manifest_from_json(json.dumps(fields).encode())


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b"[]", b"{}", b"\xff"])
def test_what_is_no_manifest_is_refused(content):
    with pytest.raises(ValueError):  # noqa: PT011
        manifest_from_json(content)
