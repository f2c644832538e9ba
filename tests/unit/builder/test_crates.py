"""The crates that a build needs."""

import pytest

from accel_doctor.builder.crates import manifests


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["setup.py"], []),
        (["Cargo.toml"], ["Cargo.toml"]),
        (["Cargo.toml", "crates/a/Cargo.toml"], ["Cargo.toml"]),
        (["tests/Cargo.toml", "src/rust/Cargo.toml", "src/rust/Cargo.lock"], ["src/rust/Cargo.toml"]),
        (["Cargo.toml", "Cargo.lock", "b/Cargo.toml", "b/Cargo.lock"], ["Cargo.toml", "b/Cargo.toml"]),
        (["a/b/c/d/e/Cargo.toml"], []),
    ],
)
def test_manifests_with_a_lock_come_first_else_the_top_one(tmp_path, files, expected):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [str(path.relative_to(tmp_path)) for path in manifests(tmp_path)] == expected


def test_there_are_not_too_many(tmp_path):
    for number in range(9):
        (tmp_path / str(number)).mkdir()
        for name in ("Cargo.toml", "Cargo.lock"):
            (tmp_path / str(number) / name).touch()
    assert len(manifests(tmp_path)) == 5
