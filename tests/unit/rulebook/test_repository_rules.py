"""Which packages come from repositories that are not enabled by themselves."""

from __future__ import annotations

import pytest
from books import book_of, load

from accel_doctor.errors import RuleError
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need
from accel_doctor.rulebook import Repository

FEDORA = "schema: 1\nfamily: fedora\nmanager: dnf\nmatches: {ids: [fedora]}\nneeds: {header: {yaml.h: libyaml-devel}}\n"
RHEL = """\
schema: 1
family: rhel
extends: fedora
matches: {ids: [rhel, rocky]}
repositories: {crb: [libyaml-devel, moved-devel], epel: [libsodium-devel]}
needs: {library: {both: [libyaml-devel, libsodium-devel], plain: plain-devel}}
releases:
  "10": {repositories: {base: [moved-devel], crb: [libsodium-devel]}}
"""
ROCKY_9 = Distribution("rocky", "9.4", "", ("rhel", "fedora"))
ROCKY_10 = Distribution("rocky", "10", "", ("rhel", "fedora"))


@pytest.fixture
def book(tmp_path):
    (tmp_path / "fedora.yaml").write_text(FEDORA)
    (tmp_path / "rhel.yaml").write_text(RHEL)
    (tmp_path / "python.yaml").write_text("schema: 1\n")
    return book_of([tmp_path])


@pytest.mark.parametrize(
    ("package", "distribution", "repository"),
    [
        ("libyaml-devel", ROCKY_9, Repository.CRB),
        ("libsodium-devel", ROCKY_9, Repository.EPEL),
        ("plain-devel", ROCKY_9, None),
        ("libyaml-devel", Distribution("fedora", "42"), None),
        ("libyaml-devel", ROCKY_10, Repository.CRB),
        ("libsodium-devel", ROCKY_10, Repository.CRB),
        ("moved-devel", ROCKY_10, None),
    ],
)
def test_a_release_may_say_otherwise(book, package, distribution, repository):
    assert book.repository(package, distribution) is repository


@pytest.mark.parametrize(
    ("need", "source"),
    [
        ("header:yaml.h", "rules/fedora.yaml, from crb"),
        ("library:both", "rules/rhel.yaml, from crb and epel"),
        ("library:plain", "rules/rhel.yaml"),
    ],
)
def test_a_remedy_says_where_its_packages_come_from(book, interpreter, need, source):
    assert book.choice(Need.parse(need), ROCKY_9, interpreter()).source == source


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "repositories: {rpmfusion: [x]}",
            "rules/odd.yaml: repositories.rpmfusion: no such repository: expected one of base, crb, epel, packagehub",
        ),
        (
            "repositories: {crb: [x], epel: [x]}",
            "rules/odd.yaml: repositories.epel: 'x' is also listed under crb",
        ),
        ('releases: {"9": {}}', "rules/odd.yaml: releases.9: has neither 'needs' nor 'repositories'"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, text, complaint):
    (tmp_path / "odd.yaml").write_text(f"schema: 1\nfamily: odd\nmanager: dnf\nmatches: {{ids: [odd]}}\n{text}\n")
    with pytest.raises(RuleError) as caught:
        book_of([tmp_path]).manager(Distribution("odd"))
    assert caught.value.problems == (complaint,)


def test_shipped_repositories_list_only_packages_that_rules_name():
    book = load()
    named: set[str] = set()
    listed: set[str] = set()
    for version in ("7", "8", "9", "10"):
        for rule in book.package_rules(Distribution("rhel", version)).values():
            named.update(rule.packages, *rule.alternatives)
    for family in book.chain("rhel").files:
        for packages in family.repositories.values():
            listed.update(packages)
    assert len(listed) > 200
    assert listed - named == set()
