"""Read Debian's lists: ``Contents-<arch>`` and ``Contents-all`` (paths with sections and packages), ``Sources``
(build dependencies), ``Packages`` (dependencies).

https://wiki.debian.org/DebianRepository/Format describes them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from accel_doctor.fileindex.contents import Collection

# Sections of development packages (https://www.debian.org/doc/debian-policy/ch-archive.html#sections);
# programs from others (admin, net, web, ...) may do more than support a build.
DEVELOPMENT_SECTIONS = frozenset({
    "devel", "fortran", "golang", "haskell", "interpreters", "java", "javascript", "libdevel", "lisp", "ocaml",
    "perl", "php", "python", "ruby", "rust", "vcs",
})  # fmt: skip
_STARTS = ("usr/include/", "usr/bin/", "bin/", "usr/sbin/", "sbin/", "lib/", "lib64/", "etc/")
_MARKS = (".pc", ".cmake", "/include/", "/lib", "systemd/system/", "dbus-1/")
_BUILD_FIELD = re.compile(r"Build-Depends(?:-Arch|-Indep)?:(.*)")
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")


def read_contents(lines: Iterable[str], collection: Collection) -> None:
    """Add the files of a Contents list: a path, white space, then ``[area/]section/package`` with commas between."""
    for line in lines:
        # Eight million lines, most of them documentation: cheap tests come first.
        if not line.startswith(_STARTS) and not (
            line.startswith(("usr/lib", "usr/share/")) and any(mark in line for mark in _MARKS)
        ):
            continue
        try:
            path, listed = line.rsplit(None, 1)
        except ValueError:
            continue
        packages = []
        for entry in listed.split(","):
            section, _, name = entry.rpartition("/")
            if _NAME.fullmatch(name):
                packages.append(name)
                if section.rpartition("/")[2] in DEVELOPMENT_SECTIONS:
                    collection.development.add(name)
        collection.add(path, packages)


def read_sources(lines: Iterable[str], collection: Collection) -> None:
    """Count, in a Sources list, how many source packages name each package in a Build-Depends field.

    Of alternatives only the first counts: Debian's build machines install that one.
    """
    named: set[str] = set()
    within = False
    for line in lines:
        if not line.strip():
            collection.use(named)
            named, within = set(), False
            continue
        if line[0] in " \t":
            text = line if within else ""
        else:
            match = _BUILD_FIELD.match(line)
            within, text = match is not None, match[1] if match else ""
        for alternatives in text.split(","):
            name = _NAME.match(alternatives.strip())
            if name:
                named.add(name[0])
    collection.use(named)


def read_packages(lines: Iterable[str], collection: Collection) -> None:
    """Record, from a Packages list, the dependencies of each package (of alternatives the first)."""
    name = ""
    for line in lines:
        if line.startswith("Package: "):
            name = line[len("Package: ") :].strip()
        elif line.startswith("Depends: "):
            found = (_NAME.match(part.strip()) for part in line[len("Depends: ") :].split(","))
            collection.depends[name] = tuple(match[0] for match in found if match)
