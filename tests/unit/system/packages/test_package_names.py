"""The grammar of package names: rules, the journal and the drivers all ask the one value of a package manager."""

from __future__ import annotations

import pytest

from accel_doctor.errors import PackageManagerError
from accel_doctor.system.packages.elsewhere import PackageManagerElsewhere
from accel_doctor.system.packages.managers import DRIVERS, MANAGERS
from accel_doctor.system.packages.privilege import Privilege

RPM = ["gcc-c++", "pkgconfig(libpq)", "cmake(Qt5)", "SDL2-devel", "libstdc++", "x_y", "java-1.8.0-openjdk"]
TAKEN = {
    "apk": ["postgresql-dev", "so", "g++", "gtk+3.0-dev", ".build-deps"[1:]],
    "apt": ["libpq-dev", "g++", "lib3ds-1-3", "0ad", "minisat+", "libgtk-3-dev", "libstdc++6"],
    "brew": ["libpq", "python@3.12", "openssl@3", "gtk+", "c-ares", "x265"],
    "dnf": RPM,
    "microdnf": RPM,
    "pacman": ["gtk3", "postgresql-libs", "libsigc++", "lib32-glibc", "r", "@x"],
    "zypper": RPM,
}
# What at least one of them reads as an option, a removal, a version, an architecture, a group, a repository, a pattern,
# a file or several names.
NEVER = [
    *("", "-", "-y", "--purge", "libfoo-", "libfoo--", "+libfoo/sid", "~libfoo", "!libfoo", "libfoo.", ".libfoo"),
    *("libfoo=1.2", "libfoo<1.2", "libfoo>=1", "libfoo~1.2", "libfoo~", "libfoo^", "^libfoo", "libfoo$", "libfoo/sid"),
    *("libfoo:i386", "core:libfoo", "pc:libfoo", "core/libfoo", "user/tap/libfoo", "/usr/bin/x", "./x.deb", "@core x"),
    *("libfoo*", "libfoo?", "lib[f]oo", "libfoo|x", "a b", "libfoo\n", "libfoo\0", "$(reboot)", "x;reboot", "libfóo"),
    *("pkgconfig(", "a(b", "a)b", "a(b)(c)", "?name(x)", "~nfoo"),
]
REFUSED = {
    "apk": ["libfoo@edge", "libfoo.apk", "a.apk.x", "pkgconfig(libfoo)"],
    "apt": ["x", "Lib", "_x", "libfoo_1", "+x", "@group", "pkgconfig(libfoo)"],
    "brew": ["libfoo.rb", "libfoo.json", "Libfoo", "@group", "libfoo@", "pkgconfig(libfoo)"],
    "dnf": ["@group", "libfoo@x", "+libfoo"],
    "microdnf": ["@group", "libfoo@x", "+libfoo"],
    "pacman": ["Libfoo", "pkgconfig(libfoo)"],
    "zypper": ["@group", "libfoo@x", "+libfoo"],
}


@pytest.mark.parametrize("manager", sorted(MANAGERS))
def test_names_of_packages_are_taken_and_nothing_else(manager: str) -> None:
    facts = MANAGERS[manager]
    assert [name for name in TAKEN[manager] if not facts.accepts(name)] == []
    assert [name for name in (*NEVER, *REFUSED[manager]) if facts.accepts(name)] == []
    assert facts.accepts("a" * 200)
    assert not facts.accepts("a" * 201)


@pytest.mark.parametrize("manager", sorted(MANAGERS))
@pytest.mark.parametrize("name", ["libfoo-", "--purge", "libfoo=1.2"])
def test_no_command_is_made_with_anything_else(scripted, manager: str, name: str) -> None:
    driven = DRIVERS[manager](scripted, Privilege("", terminal=False))
    for package_manager in (driven, PackageManagerElsewhere(manager)):
        with pytest.raises(PackageManagerError) as caught:
            package_manager.commands(["gcc", name])
        assert caught.value.message == f"not a package name for {manager}: {name!r}"
