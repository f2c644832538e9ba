"""Family files: from a need to the packages of one distribution and release."""

import pytest
from books import book_of, load

from accel_doctor.errors import RuleError
from accel_doctor.model.cures import PackageChoice
from accel_doctor.model.machine import Distribution, Origin
from accel_doctor.model.needs import Need
from accel_doctor.system.packages.managers import MANAGERS

DEBIAN = """\
schema: 1
family: debian
manager: apt
matches: {ids: [debian, raspbian]}
search:
  header: "apt-file search {{ ('include/' ~ need.name) | quote }}"
needs:
  compiler: {c: [gcc, libc6-dev]}
  header:
    Python.h: "python{{ python.version }}-dev"
    boost/*: libboost-dev
    boost/python/*: libboost-python-dev
    boost/python/exact.hpp: libexact-dev
    curl/curl.h: {packages: libcurl4-openssl-dev, alternatives: [[libcurl4-gnutls-dev]]}
    old.h: libold-dev
    gone.h: null
    cuda.h: {advice: "enable non-free"}
    shared.h: libdebian-dev
  library: {pcap: libpcap-dev}
  cmake: {BZip2: libbz2-dev, fmt: libfmt-dev, FMT: libother-dev}
  command:
    tool: {packages: [tool, tool-data], unverified: true}
releases:
  "13": {needs: {header: {old.h: null}}}
  sid: {needs: {header: {old.h: libnew-dev}}}
"""
UBUNTU = """\
schema: 1
family: ubuntu
extends: debian
matches: {ids: [ubuntu, linuxmint]}
needs: {header: {shared.h: libubuntu-dev}}
releases: {"24": {needs: {header: {old.h: libnoble-dev}}}}
"""
PYTHON = """\
schema: 1
interpreter_headers:
  needs: [header:Python.h]
  advice:
    uv: "uv python install --reinstall {{ python.full_version }}"
    other: "get {{ python.include }}"
packages:
  psycopg2: {needs: [command:pg_config, compiler:c], sdist_only: true}
  lxml: {needs: [pkgconfig:libxslt]}
"""
SYMPTOMS = """\
schema: 1
advice:
  python-module: {"*": "install {{ need.name }} for Python {{ python.version }}"}
  resource: {memory: "fewer jobs"}
"""
BOOKWORM = Distribution("debian", "12", "bookworm", (), "Debian GNU/Linux 12 (bookworm)")
TRIXIE = Distribution("debian", "13", "trixie")
SID = Distribution("debian", "", "sid")
NOBLE = Distribution("ubuntu", "24.04", "noble", ("debian",))


def write(directory, **files):
    directory.mkdir(exist_ok=True)
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text)
    return directory


@pytest.fixture
def shipped(tmp_path):
    return write(tmp_path / "shipped", debian=DEBIAN, ubuntu=UBUNTU, python=PYTHON, symptoms=SYMPTOMS)


@pytest.fixture
def book(shipped):
    return book_of([shipped])


@pytest.mark.parametrize(
    ("need", "packages"),
    [
        ("compiler:c", ("gcc", "libc6-dev")),
        ("header:Python.h", ("python3.13-dev",)),
        ("header:boost/any.hpp", ("libboost-dev",)),
        ("header:boost/python/list.hpp", ("libboost-python-dev",)),
        ("header:boost/python/exact.hpp", ("libexact-dev",)),
        ("header:old.h", ("libold-dev",)),
        ("cmake:BZip2", ("libbz2-dev",)),
        ("cmake:BZIP2", ("libbz2-dev",)),
        ("cmake:FMT", ("libother-dev",)),
        ("soname:libpcap.so", ("libpcap-dev",)),
    ],
)
def test_packages(book, interpreter, need, packages):
    choice = book.choice(Need.parse(need), BOOKWORM, interpreter())
    assert choice == PackageChoice(Need.parse(need), packages, source="rules/debian.yaml")


def test_alternatives_and_what_could_not_be_checked(book, interpreter):
    curl = book.choice(Need.parse("header:curl/curl.h"), BOOKWORM, interpreter())
    assert (curl.packages, curl.alternatives) == (("libcurl4-openssl-dev",), (("libcurl4-gnutls-dev",),))
    tool = book.choice(Need.parse("command:tool"), BOOKWORM, interpreter())
    assert (tool.packages, tool.source) == (("tool", "tool-data"), "rules/debian.yaml (unverified)")


def test_known_absent_only_advice_and_unknown(book, interpreter):
    gone = book.choice(Need.parse("header:gone.h"), BOOKWORM, interpreter())
    assert (gone.packages, gone.advice) == ((), None)
    cuda = book.choice(Need.parse("header:cuda.h"), BOOKWORM, interpreter())
    assert (cuda.packages, cuda.advice) == ((), "enable non-free")
    assert book.choice(Need.parse("header:unknown.h"), BOOKWORM, interpreter()) is None


def test_releases_override_by_version_major_version_and_codename(book, interpreter):
    def packages(distribution):
        return book.choice(Need.parse("header:old.h"), distribution, interpreter()).packages

    assert [packages(d) for d in (BOOKWORM, TRIXIE, SID, NOBLE)] == [
        ("libold-dev",),
        (),
        ("libnew-dev",),
        ("libnoble-dev",),
    ]


def test_a_release_goes_by_other_names(tmp_path, interpreter):
    names = 'release_names: {trixie: "13", forky: sid, "14": sid}\nchecked: ["12", sid]\n'
    book = book_of([write(tmp_path / "shipped", debian=DEBIAN + names, python=PYTHON, symptoms=SYMPTOMS)])
    assert book.chain("debian").checked == ("12", "sid")

    def packages(distribution):
        return book.choice(Need.parse("header:old.h"), distribution, interpreter()).packages

    rolling = Distribution("debian", "", "forky", (), "Debian GNU/Linux forky/sid")  # as base-files has it
    for distribution in (rolling, SID, Distribution("debian", "14"), Distribution("debian", "14", "forky")):
        assert packages(distribution) == ("libnew-dev",)
    assert packages(Distribution("debian", "", "trixie")) == ()
    assert packages(BOOKWORM) == ("libold-dev",)


def test_inherited_overrides_are_those_of_the_release_it_was_taken_from(tmp_path, interpreter):
    debian = DEBIAN.replace("releases:", 'releases:\n  "12": {needs: {header: {old.h: libtwelve-dev}}}')
    ubuntu = UBUNTU.replace('{"24": {needs: {header: {old.h: libnoble-dev}}}}', "{}") + (
        'release_names: {noble: "24.04"}\nextends_releases: {"24.04": "13", "22.04": "12"}\n'
    )
    rules = {"debian": debian, "ubuntu": ubuntu, "python": PYTHON, "symptoms": SYMPTOMS}
    book = book_of(
        [write(tmp_path / "shipped", **rules), write(tmp_path / "user", ubuntu="schema: 1\nfamily: ubuntu\n")]
    )
    assert book.chain("ubuntu").extended_releases == {"24.04": "13", "22.04": "12"}

    def packages(distribution):
        return book.choice(Need.parse("header:old.h"), distribution, interpreter()).packages

    assert packages(NOBLE) == ()
    assert packages(Distribution("linuxmint", "22", "noble", ("ubuntu", "debian"))) == ()
    assert packages(Distribution("ubuntu", "22.04", "jammy")) == ("libtwelve-dev",)
    assert packages(Distribution("ubuntu", "13.10", "saucy")) == ("libold-dev",)  # no Debian 13
    assert packages(Distribution("ubuntu", "12.04", "precise")) == ("libold-dev",)
    assert packages(Distribution("debian", "12", "bookworm")) == ("libtwelve-dev",)


def test_an_extending_family_inherits(book, interpreter):
    def packages(need):
        return book.choice(Need.parse(need), NOBLE, interpreter()).packages

    assert packages("header:shared.h") == ("libubuntu-dev",)
    assert packages("compiler:c") == ("gcc", "libc6-dev")


@pytest.mark.parametrize(
    ("distribution", "family"),
    [
        (BOOKWORM, "debian"),
        (Distribution("raspbian", "12"), "debian"),
        (Distribution("linuxmint", "22", "wilma", ("ubuntu", "debian")), "ubuntu"),
        (Distribution("somebuntu", "1", "", ("ubuntu", "debian")), "ubuntu"),
        (Distribution("devuan", "5", "", ("debian",)), "debian"),
        (Distribution("slackware", "15"), None),
        (Distribution("buntu", "1"), None),  # part of a word is no mention
        (Distribution("../debian", "1"), None),
        (Distribution("python", "1"), None),
    ],
)
def test_family_by_id_then_by_likeness(book, distribution, family):
    assert book.family(distribution) == family
    assert book.manager(distribution) == (MANAGERS["apt"] if family else None)


def test_headers_are_the_interpreters_own(book, interpreter):
    need = Need.parse("header:Python.h")
    uv = book.choice(need, BOOKWORM, interpreter(Origin.UV))
    assert (uv.packages, uv.advice) == ((), "uv python install --reinstall 3.13.5")
    pyenv = book.choice(need, BOOKWORM, interpreter(Origin.PYENV, "3.12.1"))
    assert (pyenv.packages, pyenv.advice) == ((), "get /usr/include/python3.12")


def test_advice_where_no_package_cures(book, interpreter):
    module = book.choice(Need.parse("python-module:numpy"), BOOKWORM, interpreter())
    assert (module.packages, module.advice) == ((), "install numpy for Python 3.13")
    assert book.choice(Need.parse("resource:memory"), BOOKWORM, interpreter()).advice == "fewer jobs"
    assert book.choice(Need.parse("resource:disk"), BOOKWORM, interpreter()) is None


def test_search_hints_are_quoted(book):
    assert book.search_hint(Need.parse("header:a b.h"), NOBLE) == "apt-file search 'include/a b.h'"
    assert book.search_hint(Need.parse("library:x"), NOBLE) is None


def test_python_packages(book):
    assert book.known_needs("psycopg2") == (Need.parse("command:pg_config"), Need.parse("compiler:c"))
    assert (book.is_sdist_only("psycopg2"), book.is_sdist_only("lxml")) == (True, False)
    assert (book.known_needs("unheard-of"), book.is_sdist_only("unheard-of")) == ((), False)


def test_later_directories_override(shipped, tmp_path, interpreter):
    mine = write(
        tmp_path / "mine",
        debian="schema: 1\nfamily: debian\nneeds: {header: {old.h: libmine-dev, more.h: libmore-dev}}\n",
        python="schema: 1\npackages: {lxml: null, mine: {needs: [header:more.h]}}\n",
        void="schema: 1\nfamily: void\nmanager: pacman\nneeds: {header: {x.h: x}}\n",
    )
    book = book_of([shipped, mine, tmp_path / "not there"])
    assert book.choice(Need.parse("header:old.h"), TRIXIE, interpreter()).packages == ("libmine-dev",)
    assert book.choice(Need.parse("header:more.h"), NOBLE, interpreter()) == PackageChoice(
        Need.parse("header:more.h"), ("libmore-dev",), source=str(mine / "debian.yaml")
    )
    assert (book.known_needs("lxml"), book.known_needs("mine")) == ((), (Need.parse("header:more.h"),))
    assert book.choice(Need.parse("header:x.h"), Distribution("void"), interpreter()).packages == ("x",)
    assert book.problems() == ()


def test_files_are_read_only_when_asked_for(shipped):
    (shipped / "ubuntu.yaml").write_text("broken: [")
    (shipped / "symptoms.yaml").write_text("broken: [")
    book = book_of([shipped])
    assert book.package_rule(Need.parse("header:old.h"), BOOKWORM) is not None
    assert book.known_needs("lxml")
    with pytest.raises(RuleError):
        _ = book.symptoms


def family_problems(tmp_path, text):
    with pytest.raises(RuleError) as caught:
        book_of([write(tmp_path / "rules", debian=DEBIAN, mine=text)]).manager(Distribution("mine"))
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("manager: apt", "rules/mine.yaml: 'family' is missing"),
        ("family: other\nmanager: apt", "rules/mine.yaml: family: expected 'mine', like the name of the file"),
        ("family: mine", "rules/mine.yaml: 'manager' is missing, and there is no 'extends'"),
        (
            "family: mine\nextends: debian\npythons: {'1': three}",
            "rules/mine.yaml: pythons.1: expected a Python version such as 3.13, got 'three'",
        ),
        (
            "family: mine\nextends: debian\nfrozen: {'1': spring}",
            "rules/mine.yaml: frozen.1: expected a day such as 2023-02-12, got 'spring'",
        ),
        (
            "family: mine\nmanager: yum",
            "rules/mine.yaml: manager: expected one of apk, apt, brew, dnf, microdnf, pacman, zypper, got 'yum'",
        ),
        ("family: mine\nextends: nobody", "rules/mine.yaml: extends 'nobody', but there is no nobody.yaml"),
        ("family: mine\nextends: mine", "rules/mine.yaml: extends itself: mine -> mine"),
        ("family: mine\nextends: debian\nneeds: {hat: {x: y}}",
         "rules/mine.yaml: needs.hat: 'hat' is not a kind of need: expected one of header, library, pkgconfig, cmake, "
         "command, compiler, file, soname, python-module, build-constraint, resource, network"),
        ("family: mine\nextends: debian\nneeds: {network: {x: y}}",
         "rules/mine.yaml: needs.network: packages cannot meet needs of kind 'network': put advice into symptoms.yaml"),
        ("family: mine\nextends: debian\nneeds: {header: {'a*b.h': y1}}",
         "rules/mine.yaml: needs.header.a*b.h: '*' is allowed only at the end"),
        ("family: mine\nextends: debian\nneeds: {header: {a.h: Libfoo}}",
         "rules/mine.yaml: needs.header.a.h: 'Libfoo' is not a package name for apt"),
        ("family: mine\nextends: debian\nneeds: {header: {a.h: -oAPT::x=y}}",
         "rules/mine.yaml: needs.header.a.h: '-oAPT::x=y' is not a package name for apt"),
        ("family: mine\nmanager: apt\nneeds: {header: {a.h: 'pkgconfig(x)'}}",
         "rules/mine.yaml: needs.header.a.h: 'pkgconfig(x)' is not a package name for apt"),
        ("family: mine\nmanager: apt\nneeds: {header: {a.h: []}}",
         "rules/mine.yaml: needs.header.a.h: names no package: write null for what is known to be absent"),
        ("family: mine\nmanager: apt\nneeds: {header: {a.h: {alternatives: [[xx]]}}}",
         "rules/mine.yaml: needs.header.a.h: has 'alternatives' but no 'packages'"),
        ("family: mine\nmanager: apt\nneeds: {header: {a.h: 'py{{ python.versoin }}'}}",
         "rules/mine.yaml: needs.header.a.h: 'py{{ python.versoin }}': template: 'dict object' has no attribute"),
        ("family: mine\nmanager: apt\nneeds: {header: {a.h: \"x{{ ''.__class__.__mro__ }}\"}}",
         "rules/mine.yaml: needs.header.a.h: \"x{{ ''.__class__.__mro__ }}\": template: access to attribute"),
        ("family: mine\nmanager: apt\nneeds: {header: {a.h: 'py{{ python'}}",
         "rules/mine.yaml: needs.header.a.h: 'py{{ python': template: unexpected end of template"),
        ("family: mine\nmanager: apt\nreleases: {12: {needs: {}}}",
         "rules/mine.yaml: releases: key '12' is not a string: quote it"),
    ],
)  # fmt: skip
def test_complaints_about_a_family(tmp_path, text, problem):
    problems = family_problems(tmp_path, "schema: 1\n" + text + "\n")
    assert any(found.startswith(problem) for found in problems), problems


PYTHONS = """\
schema: 1
family: pyful
manager: apk
matches: {ids: [pyful, pyfork]}
release_names: {edge: "2"}
pythons: {"1": "3.11", "1.5": "3.12", "2": "3.13"}
"""


@pytest.mark.parametrize(
    ("distribution", "version"),
    [
        (Distribution("pyful", "1.4"), "3.11"),
        (Distribution("pyful", "1.5"), "3.12"),
        (Distribution("pyfork", "2.0"), "3.13"),
        (Distribution("pyful", "", "edge"), "3.13"),
        (Distribution("pyful", "3"), None),
        (Distribution("other", "1"), None),
        (Distribution("rolling"), "3.14"),
        (Distribution("child", "1"), None),  # its releases are not the parent's
    ],
)
def test_a_releases_own_python(tmp_path, distribution, version):
    rolling = "schema: 1\nfamily: rolling\nmanager: pacman\npythons: {'*': '3.14'}\n"
    child = "schema: 1\nfamily: child\nextends: pyful\n"
    assert book_of([write(tmp_path, pyful=PYTHONS, rolling=rolling, child=child)]).python(distribution) == version


def test_a_rendered_name_is_checked_too(shipped, interpreter):
    book = book_of([shipped])
    with pytest.raises(RuleError) as caught:
        book.choice(Need.parse("header:Python.h"), BOOKWORM, interpreter(version="3. 13"))
    assert caught.value.problems == (
        "rules/debian.yaml: header:Python.h: 'python3. 13-dev' is not a package name for apt",
    )


def test_package_names_must_be_normalized(tmp_path):
    with pytest.raises(RuleError) as caught:
        book_of([write(tmp_path / "r", python="schema: 1\npackages: {PyYAML: {needs: []}}\n")]).known_needs("x")
    assert caught.value.problems == ("rules/python.yaml: packages.PyYAML: write the normalized name: pyyaml",)


def test_since_when_a_release_takes_no_newer_libraries():
    days = {"debian 12": "2023-02-12", "ubuntu 24.04": "2024-02-29", "ubuntu 23.04": "2023-02-12", "debian sid": None}
    assert {name: load().frozen(Distribution(*name.split())) for name in days} == days
    assert load().frozen(Distribution("linuxmint", "22", base="noble")) == "2024-02-29"
