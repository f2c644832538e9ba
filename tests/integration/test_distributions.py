"""What PyPI is given, besides what ``nox -s package`` checks: README as it is shown there, and the sdist by itself."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
import zipfile
from pathlib import Path

import tomli
import uv
from paths import ROOT

SITE = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Documentation"]


def test_readme_leads_to_the_site(wheel: Path) -> None:
    """Each link of the description is absolute, and what is on the site has its page or its picture there."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith("dist-info/METADATA"))
        description = archive.read(metadata).decode().partition("\n\n")[2]
    links = [link for link in re.findall(r"\]\(([^)\s]+)", description) if not link.startswith("#")]
    assert [link for link in links if not link.startswith("https://")] == []
    ours = [link.removeprefix(SITE).partition("#")[0] for link in links if link.startswith(SITE)]
    pages = {page for page in ours if not page.startswith("_images/")} - {""}
    assert pages
    assert [page for page in pages if not (ROOT / "docs" / page).with_suffix(".md").is_file()] == []
    shown = "".join(path.read_text() for path in (ROOT / "docs").rglob("*.md"))
    assert [image for image in ours if image.startswith("_images/") and image.removeprefix("_") not in shown] == []


def test_readme_installs_as_the_page_does_which_is_tried_on_fresh_machines() -> None:
    """As tests/integration/test_got_in_one_line.py tries the page."""
    page = (ROOT / "docs/installation.md").read_text()
    begins = ("pipx", "uv", "curl", "python3 accel", "accel-doctor")
    lines = re.findall(r"^\$ (.+?)(?: +#.*)?$", (ROOT / "README.md").read_text(), re.MULTILINE)
    installing = [line for line in lines if line.startswith(begins)]
    assert "pipx install accel-doctor" in installing
    assert [line for line in installing if f"$ {line}\n" not in page] == []


def test_the_sdist_alone_installs_and_makes_itself_again(tmp_path: Path) -> None:
    """In a directory that is no checkout, nothing is missing: neither for the wheel, nor for the next sdist."""
    build = [uv.find_uv_bin(), "build", "--quiet", "--sdist", "--out-dir"]
    subprocess.run([*build, tmp_path, ROOT], check=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    venv = tmp_path / "venv"
    subprocess.run([uv.find_uv_bin(), "venv", "--quiet", venv], check=True)
    install = [uv.find_uv_bin(), "pip", "install", "--quiet", "--python", venv, sdist]
    subprocess.run(install, check=True, cwd=tmp_path, env=variables)
    doctor = venv / "bin/accel-doctor"
    told = subprocess.run([doctor, "why", "header:zbar.h", "--distro", "debian:12"], stdout=subprocess.PIPE, check=True)
    assert b"libzbar-dev" in told.stdout
    assert (venv / "share/man/man1/accel-doctor.1").is_file()
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
        names = set(archive.getnames())
    (tree,) = (tmp_path / "unpacked").iterdir()
    subprocess.run([*build, tmp_path / "again", tree], check=True, env=variables)
    with tarfile.open(next((tmp_path / "again").glob("*.tar.gz"))) as archive:
        assert set(archive.getnames()) == names
