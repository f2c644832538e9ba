"""The rules that are shipped: usable, tried on their own samples, and not slow on hostile logs."""

from collections import Counter

import pytest
from backtracking import MOST_WORK, Pattern, hostile_lines
from books import load

from accel_doctor.diagnosis import RuleAdviser, diagnose, sample_problems
from accel_doctor.diagnosis.cleaning import MAXIMUM_LENGTH
from accel_doctor.diagnosis.translations import in_english
from accel_doctor.fileindex import ReleaseIndexes
from accel_doctor.model.cures import Confidence
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.rulebook import shipped_rules
from accel_doctor.rulebook.authoring.formatting import formatted
from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere

BOOK = load()
SYMPTOMS = BOOK.symptoms
DEBIANS = (Distribution("debian", "12", "bookworm"), Distribution("debian", "13", "trixie"))


def test_they_are_found_and_usable():
    assert (shipped_rules() / "symptoms.yaml").is_file()
    assert BOOK.problems() == ()


@pytest.mark.parametrize("path", sorted(shipped_rules().glob("*.yaml")), ids=lambda path: path.name)
def test_they_are_in_order(path):
    text = path.read_text("utf-8")
    assert formatted(text) == text, "run: accel-doctor rules lint --fix"


@pytest.mark.parametrize("symptom", SYMPTOMS, ids=lambda symptom: symptom.id)
def test_samples(symptom):
    assert symptom.match, "a symptom needs a sample that it matches"
    assert symptom.miss, "a symptom needs a near miss"
    assert sample_problems(symptom, SYMPTOMS) == ()


def test_every_pattern_of_a_symptom_can_match_within_its_texts():
    # A pattern whose lines contain none of the symptom's texts never gets a chance: every sample shows one that does.
    for symptom in SYMPTOMS:
        for sample in symptom.match:
            joined = " ".join(sample.log.split())
            english = "\n".join(map(in_english, sample.log.splitlines()))
            shown = (sample.log, joined, english)
            assert any(text in form for text in symptom.contains for form in shown), symptom.id


@pytest.mark.parametrize("symptom", SYMPTOMS, ids=lambda symptom: symptom.id)
def test_hostile_lines_take_little_work(symptom):
    """No line that a hostile sdist may print costs more than a bound, counted in characters looked at.

    A clock would measure the machine as well, and fail on a busy one. RE2, which is linear, says nothing of Python's
    engine, which backtracks; so what that does is counted (tests/support/backtracking.py) on three short lines, of
    which each is twice as long as the one before, and its growth is followed up to the longest line that is read.
    """
    patterns = [Pattern(pattern.pattern) for pattern in symptom.patterns]
    dear = [
        (texts[0][:60], work)
        for texts in hostile_lines(symptom.contains)
        for pattern in patterns
        if (work := pattern.work(texts, MAXIMUM_LENGTH)) > MOST_WORK
    ]
    assert dear == []


@pytest.mark.parametrize("distribution", DEBIANS, ids=str)
def test_every_need_a_symptom_can_show_by_name_has_a_remedy(distribution):
    # What rules themselves name must not end in "no rule names a package".
    needs = {need for symptom in SYMPTOMS for need in symptom.needs}
    needs |= {need for symptom in SYMPTOMS for named in symptom.names.values() for need in named}
    unknown = [
        str(need)
        for need in sorted(needs)
        if need.kind.curable_by_packages and BOOK.package_rule(need, distribution) is None
    ]
    assert unknown == []


@pytest.mark.parametrize(
    ("distribution", "without"),
    [
        # PyGObject needs GLib 2.80 since its version 3.52.
        (DEBIANS[0], {"pkgconfig:girepository-2.0"}),
        (DEBIANS[1], set()),
    ],
    ids=str,
)
def test_every_need_of_a_python_package_is_answered_for_sure(distribution, without, interpreter):
    manager = PackageManagerElsewhere(None, distribution)
    adviser = RuleAdviser(BOOK, distribution, interpreter(), manager, ReleaseIndexes(distribution))
    unanswered = set()
    for need in {need for package in BOOK.python_packages for need in package.needs}:
        choice = adviser.choice(need)
        if choice is None or not choice.packages or choice.confidence is Confidence.GUESS:
            unanswered.add(str(need))
    assert unanswered == without


@pytest.mark.parametrize("distribution", DEBIANS, ids=str)
@pytest.mark.parametrize(
    ("header", "package"),
    [
        ("speex/speex_echo.h", "libspeexdsp-dev"),
        ("SDL2/SDL_image.h", "libsdl2-image-dev"),
        ("X11/extensions/Xcomposite.h", "libxcomposite-dev"),
        ("xcb/xcb_icccm.h", "libxcb-icccm4-dev"),
        ("cdio/iso9660.h", "libiso9660-dev"),
        ("dbus/dbus-glib.h", "libdbus-glib-1-dev"),
        ("gst/video/video.h", "libgstreamer-plugins-base1.0-dev"),
        ("boost/mpi.hpp", "libboost-dev"),
        ("opencv2/core.hpp", "libopencv-dev"),
        ("openssl/sha.h", "libssl-dev"),
    ],
)
def test_a_pattern_gives_way_to_what_a_package_certainly_has(distribution, header, package, interpreter):
    manager = PackageManagerElsewhere(None, distribution)
    adviser = RuleAdviser(BOOK, distribution, interpreter(), manager, ReleaseIndexes(distribution))
    choice = adviser.choice(Need.parse(f"header:{header}"))
    assert choice
    assert choice.packages == (package,)


def test_needs_without_packages_have_advice(interpreter):
    needs = {need for symptom in SYMPTOMS for need in symptom.needs if not need.kind.curable_by_packages}
    assert needs
    assert [str(need) for need in sorted(needs) if not BOOK.advice(need, interpreter())] == []
    anything = [Need(kind, "anything") for kind in NeedKind if not kind.curable_by_packages]
    assert [
        str(need) for need in anything if need.kind is not NeedKind.RESOURCE and not BOOK.advice(need, interpreter())
    ] == []


@pytest.mark.parametrize("distribution", [*DEBIANS, *map(Distribution, BOOK.families())], ids=str)
def test_a_compiler_and_headers_everywhere(distribution, interpreter):
    for text in ("compiler:c", "compiler:c++", "compiler:fortran", "compiler:rust", "header:Python.h", "command:make"):
        choice = BOOK.choice(Need.parse(text), distribution, interpreter())
        assert choice is not None, f"{distribution} has nothing for {text}"
        assert choice.packages or choice.advice, text


def test_no_two_families_serve_one_distribution():
    served = Counter(
        identifier
        for name in BOOK.families()
        for identifier in {identifier for family in BOOK.chain(name).own for identifier in family.ids}
    )
    assert [identifier for identifier, count in served.items() if count > 1] == []


def test_python_packages_that_compile_need_headers():
    kinds = Counter(need for package in BOOK.python_packages for need in package.needs)
    assert len(BOOK.python_packages) >= 400
    assert sum(not package.unverified for package in BOOK.python_packages) >= 300
    assert kinds[Need.parse("header:Python.h")] > 100
    assert BOOK.is_sdist_only("psycopg2")
    assert not BOOK.is_sdist_only("lxml")


def test_build_backends_noise_shows_nothing():
    log = """\
running build_ext
building 'x' extension
x86_64-linux-gnu-gcc -Werror=format-security -O2 -c x.c -o x.o
x.c:3:5: warning: implicit declaration of function 'y'
copying x/errors.py -> build/lib/x
checking for gcc... gcc
-- Found ZLIB: /usr/lib/libz.so
Successfully built x
"""
    assert diagnose(log.splitlines(), SYMPTOMS).findings == ()
