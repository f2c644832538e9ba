"""The tool that holds Ubuntu's names against lists of others."""

from __future__ import annotations

from pathlib import Path

from tools.confirm_names import r_rules, rosdep


def test_names_by_release_in_rosdep_s_lists(tmp_path: Path) -> None:
    (tmp_path / "rosdep").mkdir()
    (tmp_path / "rosdep/base.yaml").write_text(
        "x: {debian: {buster: [libx1-dev], '*': [libx-dev]}, ubuntu: {focal: [libx1-dev], '*': [libx-dev]}}\n"
        "y: {debian: [y], ubuntu: {pip: {packages: [y]}}}\n"
    )
    (tmp_path / "rosdep/python.yaml").write_text("{}\n")
    assert list(rosdep(tmp_path, "20.04")) == [({"libx1-dev", "libx-dev"}, {"libx1-dev"}), ({"y"}, set())]
    assert next(rosdep(tmp_path, "24.04")) == ({"libx1-dev", "libx-dev"}, {"libx-dev"})


def test_names_by_release_in_r_s_rules(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/x.json").write_text(
        '{"dependencies": [{"packages": ["libx-dev"], "constraints": [{"distribution": "debian"},'
        ' {"distribution": "ubuntu", "versions": ["22.04"]}]}]}'
    )
    assert list(r_rules(tmp_path, "22.04")) == [({"libx-dev"}, {"libx-dev"})]
    assert list(r_rules(tmp_path, "24.04")) == [({"libx-dev"}, set())]
