"""The Containerfile, and the Dockerfile of docs/how-to/small-image.md, built with buildah and run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest
from integration.images import BASE, Images, images
from integration.machine import UnavailableError
from integration.pages import shown
from paths import ROOT

pytestmark = pytest.mark.long

REQUIREMENTS = "psycopg2==2.9.10\ncracklib==2.9.6\n"
MB = 1_000_000


@pytest.fixture(scope="module")
def store() -> Iterator[Images]:
    directory = Path(mkdtemp(prefix="images-", dir="/var/tmp"))
    try:
        with images(directory) as made:
            yield made
    except UnavailableError as problem:
        pytest.skip(str(problem))


@pytest.fixture
def context(tmp_path: Path) -> Path:
    (tmp_path / "context").mkdir()
    (tmp_path / "context/requirements.txt").write_text(REQUIREMENTS)
    return tmp_path / "context"


def test_the_containerfile(store: Images, context: Path) -> None:
    store.build(ROOT / "Containerfile", ROOT, "--build-arg", f"BASE={BASE}")
    assert store.size("made") - store.size(BASE) < 200 * MB
    said = store.run(
        "made", "sh", "-c",
        "cd /work && accel-doctor install --yes --venv -r requirements.txt"
        " && .venv/bin/python -c 'import psycopg2, cracklib; print(\"imported\")'",
        volumes=[f"{context}:/work"],
    )  # fmt: skip
    assert said.splitlines()[-1] == "imported"


def test_a_small_image(store: Images, context: Path, wheel: Path) -> None:
    (dockerfile,) = shown("small-image.md", "The Dockerfile", "dockerfile")
    file = context.parent / "Dockerfile"
    file.write_text(dockerfile)
    # as if accel-doctor came from PyPI
    (context.parent / "pip.conf").write_text("[global]\nfind-links = /published\n")
    published = ["--volume", f"{wheel.parent}:/published:ro", "--volume", f"{context.parent}/pip.conf:/etc/pip.conf:ro"]
    store.build(file, context, "--build-arg", f"BASE={BASE}", *published)
    names = set(store.run("made", "dpkg-query", "--show", "--showformat=${Package}\\n").split())
    assert {"libpq5", "libcrack2"} <= names
    assert not [name for name in names if name.endswith("-dev") or name in ("gcc", "g++", "cpp", "binutils", "make")]
    store.run("made", "python", "-c", "import psycopg2, cracklib")
    places = "/root/.cache /root/.local /doctor /var/lib/apt/lists /var/cache/apt"
    assert store.run("made", "sh", "-c", f"find {places} -type f -size +0 2>/dev/null || true") == ""
    again = store.build(file, context, "--no-cache", "--build-arg", f"BASE={BASE}", *published)
    assert "+ psycopg2 2.9.10 (from the wheel store)" in again
    assert store.size("made") - store.size(BASE) < 80 * MB
