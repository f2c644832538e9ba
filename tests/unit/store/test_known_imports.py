"""What is remembered of imports."""

import pytest

from accel_doctor.store.known_imports import KnownImports

FACTS = {"python": "3.13.5", "libraries": "1"}
CONTENT = ["idna-3.dist-info", "yaml-6.dist-info"]


def test_what_was_imported_is_known_in_any_order(tmp_path):
    KnownImports(tmp_path, FACTS).add(["yaml", "idna"], CONTENT)
    assert KnownImports(tmp_path, FACTS).has(["idna", "yaml"], CONTENT[::-1])


@pytest.mark.parametrize(
    ("names", "content", "facts"),
    [
        (["idna"], CONTENT, FACTS),
        (["idna", "yaml"], ["idna-3.dist-info", "yaml-7.dist-info"], FACTS),
        (["idna", "yaml"], CONTENT, {**FACTS, "libraries": "2"}),
    ],
)
def test_anything_else_is_not(tmp_path, names, content, facts):
    KnownImports(tmp_path, FACTS).add(["idna", "yaml"], CONTENT)
    assert not KnownImports(tmp_path, facts).has(names, content)


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    memory = KnownImports(tmp_path / "file", FACTS)
    memory.add(["idna"], CONTENT)
    assert not memory.has(["idna"], CONTENT)
