"""Find the crates that a source's Rust code asks for, which are fetched before its build, as build requirements are."""

from __future__ import annotations

from pathlib import Path

_DEEPEST = 4  # directories
_MOST = 5


def manifests(tree: Path) -> list[Path]:
    """Return the ``Cargo.toml`` files of a source whose crates a build may need: those that have a lock beside them,
    or else the one nearest to the top."""
    found = sorted(
        (path for depth in range(_DEEPEST) for path in tree.glob("*/" * depth + "Cargo.toml") if path.is_file()),
        key=lambda path: len(path.parts),
    )
    locked = [path for path in found if path.with_name("Cargo.lock").is_file()]
    return (locked or found[:1])[:_MOST]
