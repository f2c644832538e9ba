"""``accel-doctor index build`` reads the lists that a distribution's own tools write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from integration.conftest import MakeMachine
from integration.machine import Base
from integration.repositories import MAKE_PACMAN_REPOSITORY, PKGBUILDS

from accel_doctor.cli import main
from accel_doctor.errors import ExitCode

MAKERS = ("pacman-package-manager", "makepkg", "binutils", "fakeroot", "libarchive-tools", "zstd")


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])  # pacman 6 and 7
def test_arch(
    suite: str,
    make_machine: MakeMachine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """repo-add's .files database, as an Arch mirror has it beside the packages."""
    arch = make_machine(Base(suite, MAKERS, PKGBUILDS, MAKE_PACMAN_REPOSITORY))
    monkeypatch.setenv("ACCEL_DOCTOR_CONFIG_DIR", str(tmp_path))
    lists = str(arch.path("/srv/repo/demo.files.tar.gz"))
    (tmp_path / "indexes").mkdir()
    output = str(tmp_path / "indexes/arch.index")

    built = main.run(["index", "build", "--format", "arch", "--from", lists, "--distro", "arch", "--output", output])

    assert built == ExitCode.DONE
    assert "arch.index: 12 file names of arch, " in capsys.readouterr().out
    assert main.run(["why", "header:demo.h", "--distro", "arch", "--format", "json"]) == ExitCode.DONE
    told = json.loads(capsys.readouterr().out)["answer"]
    assert (told["packages"], told["confidence"]) == (["demo"], "index")
