"""A machine whose package manager cannot be driven: no rules name one, or it refuses root."""

from __future__ import annotations

import pytest
from books import book_of

from accel_doctor.cli.machines import driven_package_manager, obstacle, unasked_package_manager
from accel_doctor.errors import ExitCode, PackageManagerError
from accel_doctor.model.machine import Distribution
from accel_doctor.model.plans import Result
from accel_doctor.report.text import verdict
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.process.runner import ProcessRunner

ROOT = Privilege("", terminal=False)
ODD = Distribution("odd", "1")


@pytest.fixture
def rulebook(tmp_path):
    return book_of([tmp_path])


def test_without_rules_nothing_is_installed_and_the_reason_is_given(rulebook, tmp_path):
    manager = driven_package_manager(rulebook, ODD, ProcessRunner({"PATH": ""}), ROOT)
    assert manager.available(["gcc"]) == frozenset()
    assert manager.commands(["gcc", "libpq-dev"]) == ()
    assert not manager.privileged
    assert obstacle(manager) == "no rule file names this machine's package manager"
    with pytest.raises(PackageManagerError):
        manager.install(["gcc"], tmp_path / "log")


def test_the_end_of_such_a_run_says_what_to_do():
    ended = Result(ExitCode.PRIVILEGE, None, (), (), None, ())
    assert verdict(ended, obstacle="Homebrew refuses to run as root") == (
        "system packages are missing, and Homebrew refuses to run as root",
        "run the command above, then run the same accel-doctor command again",
    )


def test_of_a_driven_one_nothing_is_said(tmp_path):
    (tmp_path / "odd.yaml").write_text("schema: 1\nfamily: odd\nmanager: dnf\nmatches: {ids: [odd]}\n")
    book = book_of([tmp_path])
    assert obstacle(driven_package_manager(book, ODD, ProcessRunner({}), ROOT)) is None
    assert unasked_package_manager(book, ODD).commands(["gcc"]) == (("dnf", "install", "-y", "gcc"),)


@pytest.mark.parametrize(("tool", "expected"), [("", "Homebrew refuses to run as root"), ("sudo", None), (None, None)])
def test_homebrew_wants_an_ordinary_user(tmp_path, tool, expected):
    (tmp_path / "odd.yaml").write_text("schema: 1\nfamily: odd\nmanager: brew\nmatches: {ids: [odd]}\n")
    manager = driven_package_manager(book_of([tmp_path]), ODD, ProcessRunner({}), Privilege(tool, terminal=False))
    assert manager.privileged is (expected is None)
    assert obstacle(manager) == expected
