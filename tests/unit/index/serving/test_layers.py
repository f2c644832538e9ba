"""Which source answers for a project."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from accel_doctor.index.serving.index_source import Absent, FileRequest, Source, StoredFile, Unavailable
from accel_doctor.index.serving.layers import Claimed, FirstMatch, Nothing
from accel_doctor.model.releases import Listing, ReleaseFile

DOWN = Unavailable("down")
ABSENT = Absent()


@dataclass
class FakeSource(Source):
    """Has what it is given, or nothing but this answer."""

    projects: dict[str, list[str]] = field(default_factory=dict)
    otherwise: Absent | Unavailable = ABSENT
    asked: list[str] = field(default_factory=list)

    async def names(self):
        return frozenset(self.projects)

    async def project(self, name):
        self.asked.append(name)
        if name not in self.projects:
            return self.otherwise
        files = tuple(ReleaseFile(file, f"{id(self)}/{file}", "0" * 64) for file in self.projects[name])
        return Listing(files, revision=f"{id(self)} {self.projects[name]}")

    async def file(self, wanted):
        self.asked.append(wanted.filename)
        has = wanted.filename in self.projects.get(wanted.project, ())
        return StoredFile(wanted.key, Path(str(id(self))), 1) if has else self.otherwise


def listed(source, name):
    answer = asyncio.run(source.project(name))
    return [file.filename for file in answer.files] if isinstance(answer, Listing) else answer


def got(source, project, filename):
    answer = asyncio.run(source.file(FileRequest(project, "0" * 64, filename)))
    return answer.path.name if isinstance(answer, StoredFile) else answer


def test_the_first_source_that_has_a_project_serves_all_of_it():
    first, second = FakeSource({"a": ["a-1.zip"]}), FakeSource({"a": ["a-2.zip"], "b": ["b-1.zip"]})
    both = FirstMatch([first, second])
    assert listed(both, "a") == ["a-1.zip"]
    assert listed(both, "b") == ["b-1.zip"]
    assert listed(both, "c") == Absent()
    assert got(both, "b", "b-1.zip") == str(id(second))
    assert asyncio.run(both.names()) == {"a", "b"}


def test_while_a_source_cannot_say_those_below_are_not_asked():
    second = FakeSource({"a": ["a-99.zip"]})
    both = FirstMatch([FakeSource(otherwise=DOWN), second])
    assert listed(both, "a") == DOWN
    assert got(both, "a", "a-99.zip") == DOWN
    assert second.asked == []


@pytest.mark.parametrize("others", [FakeSource({"acme-thing": ["x"], "acme-other": ["y"]}), FakeSource(otherwise=DOWN)])
def test_own_and_claimed_names_are_never_looked_up_above(others):
    own = FakeSource({"acme-thing": ["acme_thing-1.0.zip"]})
    source = Claimed(own, others, ["acme-*"])
    assert listed(source, "acme-thing") == ["acme_thing-1.0.zip"]
    assert listed(source, "acme-other") == Absent()
    assert got(source, "acme-thing", "acme_thing-1.0.zip") == str(id(own))
    assert got(source, "acme-other", "y") == Absent()
    assert others.asked == []


def test_a_hosted_name_is_claimed_and_others_are_looked_up():
    own, others = FakeSource({"tool": ["tool-1.zip"]}), FakeSource({"tool": ["tool-99.zip"], "lib": ["lib-1.zip"]})
    source = Claimed(own, others, ["acme-*"])
    assert listed(source, "tool") == ["tool-1.zip"]
    assert listed(source, "lib") == ["lib-1.zip"]
    assert got(source, "lib", "lib-1.zip") == str(id(others))
    assert got(source, "tool", "tool-99.zip") == Absent()
    assert asyncio.run(source.names()) == {"tool", "lib"}


def test_nothing_has_nothing():
    assert listed(Nothing(), "a") == got(Nothing(), "a", "a-1.zip") == Absent()
    assert asyncio.run(Nothing().names()) == frozenset()
