"""Attacks on the trust that docs/explanation/trust.md describes: forged output must not get a package installed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import pytest
from books import book_of, load
from fakes import FakeRunner

from accel_doctor.diagnosis import RuleAdviser, diagnose
from accel_doctor.fileindex import FileIndex, ReleaseIndexes, find_index
from accel_doctor.model.cures import Confidence, Reason
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.model.plans import Plan
from accel_doctor.report.text import plan_lines
from accel_doctor.rulebook import Rulebook, templates
from accel_doctor.system.distribution import named_distribution
from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere
from accel_doctor.system.packages.managers import DRIVERS
from accel_doctor.system.packages.privilege import Privilege
from accel_doctor.system.python.platforms import assumed_interpreter

DEBIAN = named_distribution("debian:13")
HEAD = "  Building wheel for evil (pyproject.toml): started\n"
TAIL = "  ERROR: Failed building wheel for evil\n"


@cache
def rulebook() -> Rulebook:
    return load()


@cache
def index() -> FileIndex:
    found = find_index(DEBIAN)
    assert found
    return found


def plan_for(*lines: str) -> Plan:
    log = f"{HEAD}{''.join(f'      {line}' + chr(10) for line in lines)}{TAIL}"
    diagnosis = diagnose(log.splitlines(keepends=True), rulebook().symptoms)
    adviser = RuleAdviser(
        rulebook(), DEBIAN, assumed_interpreter(DEBIAN, "3.13"), PackageManagerElsewhere("apt"), ReleaseIndexes(DEBIAN)
    )
    return adviser.plan([Reason(finding.need, finding.package, finding) for finding in diagnosis.causes])


def covered_by_yes(plan: Plan) -> list[str]:
    return [package.name for package in plan.packages if package.confidence.covered_by_yes]


@pytest.mark.parametrize(
    "program", ["sshd", "sudo", "su", "pkexec", "mount", "docker", "nginx", "tor", "nmap", "ncat", "john"]
)
def test_a_program_that_is_no_development_tool_is_never_covered_by_yes(program):
    assert covered_by_yes(plan_for(f"/bin/sh: 1: {program}: not found")) == []


@pytest.mark.parametrize(
    "line",
    [
        "E: Unable to locate package openssh-server",
        "Reading package lists... apt-get install -y openssh-server",
        "hint: run `sudo apt-get install openssh-server` first",
        "error: please install the openssh-server package",
        "RuntimeError: openssh-server-dev is required, run: apt install openssh-server-dev",
        "fatal error: /etc/ssh/sshd_config: No such file or directory",
        "Could not open /usr/sbin/sshd: No such file or directory",
        "ImportError: libpam-evil.so: cannot open shared object file: No such file or directory",
    ],
)
def test_words_that_name_a_package_get_none_installed(line):
    assert covered_by_yes(plan_for(line)) == []


@pytest.mark.parametrize(
    "soname",
    [
        "libnss_winbind.so.2", "libnss_ldap.so.2", "libnss_sss.so.2", "libnss_docker.so.2",  # modules of the C library
        "libeatmydata.so", "libfakeroot-sysv.so", "libtorsocks.so",  # for LD_PRELOAD
        "libpq.so.5.17", "libssh.so.4/sshd", "sshd.so.1",
    ],
)  # fmt: skip
def test_a_library_that_does_more_than_be_loaded_is_never_covered_by_yes(soname):
    assert covered_by_yes(plan_for(f"ImportError: {soname}: cannot open shared object file: No such file")) == []


def test_all_that_forged_sonames_can_have_installed_is_a_librarys_own_package():
    names = [
        f"lib{name}.so.{version}" for name in ("pam", "ssl", "sudo", "sshd", "dbus-1", "virt") for version in range(9)
    ]
    lines = [f"ImportError: {name}: cannot open shared object file: No such file or directory" for name in names]
    covered = [name for line in lines for name in covered_by_yes(plan_for(line))]
    assert sorted(covered) == ["libdbus-1-3", "libpam0g", "libssl3t64", "libvirt0"]


@pytest.mark.parametrize(
    "name",
    [
        "--allow-unauthenticated",
        "-o=APT::Get::AllowUnauthenticated=1",
        "x;reboot",
        "$(reboot)",
        "`reboot`",
        "x|sh",
        "../../etc/passwd",
        "x y z",
        "libpq-dev=0",
        "libpq-dev/sid",
        "libpq-dev:i386",
        "pkg\x1b[2J",
        "{{ 7 * 7 }}",
        "{% for x in () %}{% endfor %}",
        "a" * 5000,
    ],
)
def test_hostile_names_reach_no_command(name):
    plan = plan_for(
        f"x.c:1:10: fatal error: {name}: No such file or directory",
        f"x.c:1:10: fatal error: {name}.h: No such file or directory",
        f"/usr/bin/ld: cannot find -l{name}: No such file or directory",
        f"No package '{name}' found",
        f"Package '{name}', required by 'virtual:world', not found",
        f"/bin/sh: 1: {name}: not found",
        f'../meson.build:1:1: ERROR: Dependency "{name}" not found, tried pkgconfig and cmake',
        f"  Could NOT find {name} (missing: {name}_LIBRARY)",
    )
    words = [word for command in plan.commands for word in command]
    assert not [word for word in words if word in plan.names and not _is_known(word)]
    assert not [word for word in words if set(word) & set(";|$`{}\x1b \n") or word.startswith("--allow")]


def _is_known(name: str) -> bool:
    rules = {
        templates.render(package, templates.SAMPLE_PYTHON)
        for rule in rulebook().package_rules(DEBIAN).values()
        for option in (rule.packages, *rule.alternatives)
        for package in option
    }
    return name in rules or index().package(name) is not None


def test_evidence_drives_no_terminal():
    hostile = "x.c:1:10: fatal error: \x1b]0;owned\x07\x9b2Jlib\u202epq-fe.h: No such file or directory"
    plan = plan_for(hostile)
    text = "".join(plan_lines(plan, None, DEBIAN))
    assert not [character for character in text if not character.isprintable()]


def test_rules_name_no_service_but_these():
    """What starts something when it is installed is not for a build; each exception is one on purpose."""
    services = {
        name
        for rule in rulebook().package_rules(DEBIAN).values()
        for option in (rule.packages, *rule.alternatives)
        for name in option
        if (package := index().package(name)) and package.service
    }
    assert services == {"rsync"}  # its service stays off without a configuration


def test_a_curated_development_package_is_covered():
    plan = plan_for("x.c:1:10: fatal error: libpq-fe.h: No such file or directory")
    assert [(package.name, package.confidence) for package in plan.packages] == [("libpq-dev", Confidence.RULE)]


FORGED = (
    "--setopt=gpgcheck=0", "-y", "*", "?", "[a-z]*", "a,b", "a b", "{a,b}", "a|b", "x)(", ".*", "^", "a\\", "~/x", "@x",
    "../../etc/shadow", "/etc/shadow", "a/../../etc/shadow", "a//b", "a/-b", "a/.ssh", "a::b", "a>=1", "a=1", "<a>",
    "etc/shadow", "usr/sbin/sshd", "usr/libexec/x", "root/x", "file:///etc/shadow", "https://evil.example/x.rpm",
)  # fmt: skip
# What is asked about: file names, maybe with our own pattern for directories, and capabilities.
_PATH = r"/?(?:(?:[A-Za-z0-9_.+-]+|\*)/)*[A-Za-z0-9_.+-]+"
QUESTION = re.compile(rf"{_PATH}\$?|{_PATH}\(\)\(64bit\)|[a-z]+\([A-Za-z0-9_.+-]+\)|[a-z]+:[A-Za-z0-9_.+-]+")


@pytest.mark.parametrize("manager", sorted(DRIVERS))
@pytest.mark.parametrize("kind", [kind for kind in NeedKind if kind.curable_by_packages])
def test_a_forged_need_asks_for_nothing_but_a_name_in_its_place(manager, kind):
    runner = FakeRunner(lambda argv: (0, ""))
    driven = DRIVERS[manager](runner, Privilege(None, terminal=False))
    for name in FORGED:
        try:
            need = Need(kind, name)
        except ValueError:
            continue
        assert driven.providers(need) == ()
    for command in runner.commands:
        argument = command[-1]
        assert QUESTION.fullmatch(argument.replace("\\", "")), command
        assert not argument.startswith("-")
        assert ".." not in argument
        if "/" in argument[1:]:
            assert argument.startswith(("/usr/include/", "/usr/lib/", "/usr/lib64/", "/usr/bin/")), command


def test_a_service_that_has_what_is_asked_for_is_never_covered_by_yes(tmp_path):
    """The package manager names one package, called as those to build with are: its files say what it is."""

    def answer(argv: Sequence[str]) -> tuple[int, str]:
        if "-l" in argv:
            return 0, "/usr/include/evil.h\n/usr/lib/systemd/system/evil.service\n"
        return (0, "evil-devel\n--nogpgcheck\n") if "/usr/include/evil.h" in argv else (0, "")

    (tmp_path / "here.yaml").write_text("schema: 1\nfamily: here\nmanager: dnf\nmatches: {ids: [here]}\n")
    here = Distribution("here")
    dnf = DRIVERS["dnf"](FakeRunner(answer), Privilege("", terminal=False))
    adviser = RuleAdviser(book_of([tmp_path]), here, assumed_interpreter(here, "3.13"), dnf)
    choice = adviser.choice(Need.parse("header:evil.h"))
    assert choice
    assert (choice.packages, choice.alternatives, choice.confidence) == (("evil-devel",), (), Confidence.GUESS)
