"""What is remembered of the cures that builds took."""

import json

import pytest

from accel_doctor.model.cures import NO_CHANGES, BuildChanges, SourceStep
from accel_doctor.model.wheels import BuildKey
from accel_doctor.store.wheels.known_cures import KnownCures

KEY = BuildKey("1" * 64, "2" * 64)
CHANGES = BuildChanges(
    ("setuptools<58",), ("numpy",), (("CFLAGS", "-fcommon"),), steps=(SourceStep.REGENERATE_CYTHON,)
)  # fmt: skip


def test_what_was_remembered_is_recalled(tmp_path):
    KnownCures(tmp_path).remember(KEY, CHANGES)
    assert KnownCures(tmp_path).recall(KEY) == CHANGES
    assert KnownCures(tmp_path).recall(BuildKey("3" * 64, "2" * 64)) == NO_CHANGES


def test_the_latest_counts(tmp_path):
    memory = KnownCures(tmp_path)
    memory.remember(KEY, CHANGES)
    memory.remember(KEY, BuildChanges(("a<1",)))
    assert memory.recall(KEY) == BuildChanges(("a<1",))


@pytest.mark.parametrize(
    "field",
    [
        {"schema": 2},
        {"constraints": ["-r /etc/passwd"]},
        {"constraints": ["a @ https://example.org/a.zip"]},
        {"requirements": [1]},
        {"requirements": None},
        {"variables": {"a b": "c"}},
        {"variables": {"A": "\x1b[2J"}},
        {"variables": ["ab c"]},
        {"jobs": "many"},
        {"steps": ["rm"]},
        {"constraints": ["a<1"] * 20_000},
    ],
)
def test_what_we_would_not_have_written_is_unknown(tmp_path, field):
    KnownCures(tmp_path).remember(KEY, CHANGES)
    (file,) = tmp_path.rglob("*.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), **field}))
    assert KnownCures(tmp_path).recall(KEY) == NO_CHANGES


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    memory = KnownCures(tmp_path / "file")
    memory.remember(KEY, CHANGES)
    assert memory.recall(KEY) == NO_CHANGES
