"""What is removed of what a run installed: only that, only what nothing needs, never what was there before."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from fakes import FakeReporter

from accel_doctor.errors import PackageManagerError, UsageError
from accel_doctor.journal import Journal, in_effect, journal_entry, removal_entry
from accel_doctor.model.cures import Confidence, Reason, SystemPackage
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.model.plans import JournalEntry, Plan
from accel_doctor.model.removals import PackageRemoval
from accel_doctor.report.removal_text import removal_lines
from accel_doctor.report.text import history_lines
from accel_doctor.system.packages.managers import MANAGERS
from accel_doctor.undoing import chosen, plan_removal, removed_before

DEBIAN = Distribution("debian", "13", "trixie", (), "Debian GNU/Linux 13 (trixie)")


def entry(number: int, names: Sequence[str], new: Sequence[str] | None, run: str = "") -> JournalEntry:
    packages = [
        SystemPackage(name, (Reason(Need.parse("header:x.h"), "psycopg2", why="x.h"),), Confidence.RULE, "rules")
        for name in names
    ]
    plan = Plan(tuple(packages), commands=(("apt-get", "install", *names),), new=None if new is None else tuple(new))
    return replace(journal_entry(plan, DEBIAN, "apt", ["accel-doctor", "install"], run, "me"), number=number)


@dataclass
class FakeRemover:
    """Packages, and what each needs: removing one takes along what needs it."""

    needs: Mapping[str, Sequence[str]]
    wanted: Sequence[str] = ()
    removed: list[str] = field(default_factory=list)

    def inventory(self) -> frozenset[str]:
        return frozenset(self.needs) - frozenset(self.removed)

    def explicit(self) -> frozenset[str]:
        return frozenset(self.wanted)

    def real(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset(names)

    def simulate(self, names: Sequence[str]) -> frozenset[str]:
        gone = set(names)
        while more := {one for one, needed in self.needs.items() if gone & set(needed)} - gone:
            gone |= more
        return frozenset(gone)

    def needed(self, free: frozenset[str]) -> Mapping[str, Sequence[str]]:
        others = {name: sorted(self.simulate([name]) - free) for name in free}
        return {name: some for name, some in others.items() if some}

    def refuse_more(self, wanted: frozenset[str]) -> None:
        if more := self.simulate(sorted(wanted)) - wanted:
            raise PackageManagerError(f"refused: {more}")

    def sizes(self, names: Sequence[str]) -> Mapping[str, int]:
        return dict.fromkeys(names, 1000)

    def commands(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        return (("apt-get", "remove", *names),)

    def remove(self, names: Sequence[str]) -> None:
        self.removed += names


INSTALLED = {
    "bash": (), "libc6": (), "libpq-dev": ("libpq5", "libssl-dev"), "libpq5": ("libc6", "libldap"), "libldap": (),
    "libssl-dev": (), "gcc": ("binutils",), "binutils": (),
}  # fmt: skip
RUN = entry(1, ["libpq-dev", "gcc"], ["binutils", "gcc", "libldap", "libpq-dev", "libpq5", "libssl-dev"])


def test_what_the_run_installed_goes_and_what_was_there_stays():
    removal = plan_removal([RUN], (), {}, FakeRemover(INSTALLED, ["libpq-dev", "gcc", "bash"]))
    assert removal.packages == RUN.new
    assert (removal.kept, removal.gone) == ({}, ())
    assert removal.commands == (("apt-get", "remove", *RUN.new),)


def test_what_wheels_are_linked_with_stays_with_what_that_needs():
    needed = {"libpq5": "psycopg2 2.9.10 in the wheel store is linked with its libpq.so.5", "bash": "x"}
    removal = plan_removal([RUN], (), needed, FakeRemover(INSTALLED))
    assert removal.packages == ("binutils", "gcc", "libpq-dev", "libssl-dev")
    assert removal.kept == {"libpq5": needed["libpq5"], "libldap": "needed by libpq5"}


def test_what_others_need_stays():
    installed = {**INSTALLED, "make": ("gcc",), "perl": ("gcc",), "g++": ("gcc",), "tcc": ("gcc",), "z": ("gcc",)}
    removal = plan_removal([RUN], (), {}, FakeRemover(installed))
    assert removal.packages == ("libldap", "libpq-dev", "libpq5", "libssl-dev")
    assert removal.kept == {
        "gcc": "needed by g++, make, perl and 2 others",
        "binutils": "needed by g++, make, perl and 2 others",
    }


def test_what_was_marked_as_wanted_since_stays():
    removal = plan_removal([RUN], (), {}, FakeRemover(INSTALLED, ["libpq-dev", "gcc", "libssl-dev"]))
    assert removal.kept == {"libssl-dev": "marked as manually installed since"}
    assert "libssl-dev" not in removal.packages


def test_what_is_needed_by_either_of_two_is_refused():
    class EitherOf(FakeRemover):
        def simulate(self, names: Sequence[str]) -> frozenset[str]:
            return frozenset(names) | ({"bash"} if {"gcc", "libpq5"} <= set(names) else set())

    with pytest.raises(PackageManagerError):
        plan_removal([RUN], (), {}, EitherOf(INSTALLED))


def test_without_knowledge_of_what_came_along_only_what_was_asked_for_goes():
    removal = plan_removal([entry(1, ["libpq-dev", "gcc"], None)], (), {}, FakeRemover(INSTALLED))
    assert removal.packages == ("gcc", "libpq-dev")
    assert removal.along_unknown


def test_what_was_removed_before_is_not_removed_again_though_it_is_back():
    undo = replace(removal_entry(PackageRemoval((1,), ("gcc",)), entry(0, (), None)), number=2)
    before = removed_before([RUN, undo], [1])
    assert before == {"gcc": undo.time}
    removal = plan_removal([RUN], before, {}, FakeRemover(INSTALLED))
    assert "gcc" not in removal.packages


def test_the_last_run_is_chosen_with_all_that_it_installed():
    runs = [entry(1, ["a"], ["a"], "r1"), entry(2, ["b"], ["b"], "r2"), entry(4, ["c"], ["c"], "r2")]
    assert [one.number for one in chosen(runs, ())] == [2, 4]
    assert [one.number for one in chosen(runs, (4, 1))] == [1, 4]
    undo = replace(removal_entry(PackageRemoval((2, 4), ("b", "c")), entry(0, (), None)), number=5)
    assert [one.number for one in chosen([*runs, undo], ())] == [1]
    for numbers, told in (((3, 5), "3 and 5: no such number of a run that installed system packages"),):
        with pytest.raises(UsageError) as caught:
            chosen([*runs, undo], numbers)
        assert caught.value.message == told
    with pytest.raises(UsageError) as caught:
        chosen([undo], ())
    assert caught.value.message == "nothing to undo: no system packages were installed here, or all of that was undone"


def test_the_journal_keeps_what_was_new_and_what_was_removed(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl", FakeReporter())
    journal.append(replace(RUN, run="20260131-235959-4711"))
    journal.append(
        removal_entry(PackageRemoval((1,), ("gcc",), commands=(("apt-get", "remove", "gcc"),)), entry(0, (), None))
    )
    first, second = journal.read(MANAGERS)
    assert (first.number, first.run, first.machine, first.new) == (1, "20260131-235959-4711", "me", RUN.new)
    assert (second.number, second.removed, second.undoes) == (2, ("gcc",), (1,))
    assert "number" not in json.loads((tmp_path / "journal.jsonl").read_text().splitlines()[0])
    assert history_lines([second])[1] == "  removed, which undoes 1: gcc"
    assert [package.name for one in in_effect([first, second]) for package in one.packages] == ["libpq-dev"]


@pytest.mark.parametrize(
    "damage",
    [
        {"new": ["-o", "APT::Get::Purge=1"]}, {"new": ["gcc-"]}, {"new": ["gcc/sid"]}, {"new": "gcc"}, {"new": [None]},
        {"removed": ["*"]}, {"undoes": ["x"]}, {"undoes": 3}, {"manager": "no such"}, {"machine": "\x1b[2J"},
    ],
    ids=str,
)  # fmt: skip
def test_a_line_with_names_that_are_none_is_left_out(tmp_path, damage):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, FakeReporter())
    journal.append(RUN)
    journal.append(RUN)
    whole, spoiled = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps({**json.loads(spoiled), **damage}), whole, ""]))
    assert [one.number for one in journal.read(MANAGERS) if one.new] == [2]


def test_the_plan_as_text():
    needed = {"libpq5": "psycopg2 2.9.10 in the wheel store is linked with its libpq.so.5"}
    remover = FakeRemover({**INSTALLED, "libssl-dev": ()})
    del remover.needs["binutils"]  # type: ignore[attr-defined]
    removal = plan_removal([RUN], (), needed, remover)
    assert removal_lines(removal, [RUN]) == [
        f"undo 1: {RUN.time}  accel-doctor install",
        "These were installed by it, and nothing else needs them:",
        "  gcc         1.0 kB",
        "  libpq-dev   1.0 kB",
        "  libssl-dev  1.0 kB",
        "Kept:",
        "  libldap  needed by libpq5",
        "  libpq5   psycopg2 2.9.10 in the wheel store is linked with its libpq.so.5",
        "Not installed any more: binutils",
        "Removes 3 packages, frees 3.0 kB",
    ]
