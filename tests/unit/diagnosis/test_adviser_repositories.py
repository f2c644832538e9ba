"""A package that cannot be had since its repository is not enabled."""

from __future__ import annotations

from books import book_of

from accel_doctor.diagnosis import RuleAdviser
from accel_doctor.model.cures import Reason
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere, enabling_commands
from accel_doctor.system.python.platforms import assumed_interpreter

RULES = """\
schema: 1
family: rhel
manager: dnf
matches: {ids: [rocky]}
repositories: {crb: [libyaml-devel]}
needs: {header: {yaml.h: libyaml-devel, plain.h: plain-devel}}
"""
ROCKY = Distribution("rocky", "9", "", (), "Rocky Linux 9")


def advice(tmp_path, need: str) -> str | None:
    (tmp_path / "rhel.yaml").write_text(RULES)
    (tmp_path / "python.yaml").write_text("schema: 1\n")
    adviser = RuleAdviser(
        book_of([tmp_path]),
        ROCKY,
        assumed_interpreter(ROCKY, "3.9"),
        PackageManagerElsewhere(None, ROCKY),
        enabling=lambda repositories: enabling_commands(repositories, ROCKY),
    )
    plan = adviser.plan([Reason(Need.parse(need), "x")])
    assert plan.packages == ()
    return plan.unmet[0].advice


def test_the_command_that_enables_it_is_named_and_not_planned(tmp_path):
    assert advice(tmp_path, "header:yaml.h") == (
        "libyaml-devel would provide it, but Rocky Linux 9 has no such package yet: it is in crb: "
        "enable it as root with: dnf install -y dnf-plugins-core && dnf config-manager --set-enabled crb"
    )


def test_others_are_just_not_offered(tmp_path):
    assert advice(tmp_path, "header:plain.h") == ("plain-devel would provide it, but Rocky Linux 9 has no such package")
