"""Mounts of a process's own: which sockets are covered."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from accel_doctor.system.process import own_mounts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts of one's own are Linux's")


def test_a_socket_that_is_gone_meanwhile_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    covered: list[str] = []

    def mount(source: str, target: str, *rest: object) -> None:
        if target == "/gone":
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        covered.append(target)

    monkeypatch.setattr(own_mounts, "_mount", mount)
    monkeypatch.setattr(own_mounts, "_sockets", lambda: iter(["/gone", "/there"]))
    own_mounts._cover_sockets(["/run/user/1/tmp"])
    assert covered == ["/there"]
    own_mounts._cover_sockets(["/usr", "/running"])
    assert covered == ["/there", *(["/run"] if Path("/run").is_dir() else []), "/there"]


@pytest.mark.parametrize("step", ["_set", "_cover_shared_memory"])
def test_where_a_mount_is_refused_none_is_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step: str) -> None:
    def refuse(*arguments: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    before = Path("/proc/self/mountinfo").read_text(), Path("/proc/self/ns/mnt").readlink()
    monkeypatch.setattr(own_mounts, step, refuse)
    assert not own_mounts.own_mounts([], [str(tmp_path)], network=False)
    assert (Path("/proc/self/mountinfo").read_text(), Path("/proc/self/ns/mnt").readlink()) == before
