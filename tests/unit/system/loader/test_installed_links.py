"""What the extension modules of installed distributions link."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from paths import LINKED

from accel_doctor.system.loader.installed_links import installed_links


@pytest.fixture
def site(tmp_path):
    def install(name: str, tag: str, *files: str) -> None:
        metadata = tmp_path / f"{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "WHEEL").write_text(f"Wheel-Version: 1.0\nTag: {tag}\n")
        (metadata / "RECORD").write_text("".join(f"{name}/{file},sha256=x,1\n" for file in ("__init__.py", *files)))
        (tmp_path / name).mkdir()
        for file in files:
            shutil.copy(LINKED / file, tmp_path / name / file)

    return install


def test_each_distribution_has_its_own_links_without_what_the_environment_has(site, tmp_path):
    site("linking", "cp313-cp313-linux_x86_64", "reader.so")
    site("plain", "py3-none-any")
    (found,) = installed_links([tmp_path])
    assert (found.metadata, found.built_here) == ("linking-1.0.dist-info", True)
    assert "libshelf.so.1" in {link.soname for link in found.links}
    site("shelf", "cp313-cp313-manylinux_2_28_x86_64", "libshelf.so.1")
    linking, shelf = installed_links([tmp_path])
    assert "libshelf.so.1" not in {link.soname for link in linking.links}
    assert not shelf.built_here


def test_what_cannot_be_read_links_nothing(tmp_path):
    (tmp_path / "broken-1.0.dist-info").mkdir()
    assert installed_links([tmp_path, Path("/nowhere")]) == []
