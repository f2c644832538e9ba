"""The cells of docs/how-to/jupyter.md, in a real kernel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest
from integration.wheel_sources import make_sdist
from paths import ROOT

PAGE = ROOT / "docs/how-to/jupyter.md"

pytestmark = pytest.mark.long


def test_the_cells_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_sdist(tmp_path, "fruit")
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", str(tmp_path / "kernel")], check=True)
    python = tmp_path / "kernel/bin/python"
    subprocess.run([*uv, "pip", "install", "-q", "--python", str(python), "ipykernel"], check=True)
    specification = tmp_path / "share/kernels/own"
    specification.mkdir(parents=True)
    specification.joinpath("kernel.json").write_text(
        f'{{"argv": ["{python}", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"],'
        ' "display_name": "own", "language": "python"}'
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    monkeypatch.setenv("BUILDS_COUNTED_IN", str(tmp_path / "builds"))
    monkeypatch.setenv("ACCEL_DOCTOR_SANDBOX", "off")
    monkeypatch.setenv("ACCEL_DOCTOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    first, second, *_ = re.findall(r"^```text\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    cells = [first, "import fruit; print(fruit.__file__)", second]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell.replace("psycopg2", "fruit")) for cell in cells]
    )

    nbclient.NotebookClient(notebook, timeout=120, kernel_name="own").execute(cwd=str(tmp_path))

    installed, imported, again = [
        "".join(output.get("text", "") for output in cell["outputs"]) for cell in notebook.cells
    ]
    assert "+ fruit 1.0 (built here)" in installed
    assert imported.startswith(str(tmp_path / "kernel"))
    assert again.rstrip().endswith("exit code 0")
