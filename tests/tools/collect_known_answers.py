"""Collects what builds of Debian's Python sources look for, and which of their build dependencies has it.

    python tests/tools/collect_known_answers.py --archive URL --suite trixie --index FILE --output FILE

A source says what it needs: ``#include <x.h>``, ``dependency('x')``, ``libraries=['x']``, ``find_package(X)``, the name
of a tool. Debian's maintainers say, in Build-Depends, where it comes from. An answer is a build dependency that has
a file of that name; what the source ships itself, or what none of its build dependencies has, is left out. The file
index serves to tell what packages have, not to choose among them.
"""

from __future__ import annotations

import argparse
import io
import json
import lzma
import re
import sys
import tarfile
import urllib.request
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from accel_doctor.fileindex.index_file import FileIndex
from accel_doctor.fileindex.ranking import Evidence, rank
from accel_doctor.model.needs import Need, NeedKind

LARGEST_SOURCE = 3_000_000
LARGEST_FILE = 400_000
CODE = (".c", ".cc", ".cpp", ".cxx", ".h", ".hpp", ".pyx", ".pxd", ".i")
BUILD = ("setup.py", "meson.build", "CMakeLists.txt", "pyproject.toml", "configure.ac", "setup.cfg", "build.py")
PATTERNS = {
    NeedKind.HEADER: [
        re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([\w./+-]+)[>"]', re.MULTILINE),
        re.compile(r'cdef extern from ["\']<?([\w./+-]+)>?["\']'),
    ],
    NeedKind.PKGCONFIG: [
        re.compile(r"dependency\(\s*['\"]([\w.+-]+)['\"]"),
        re.compile(r"pkg[-_]?config[^\n]{0,60}?['\" ]([\w.+-]+)['\"]\)?", re.IGNORECASE),
        re.compile(r"PKG_CHECK_MODULES\([^,]+,\s*\[?([\w.+-]+)"),
    ],
    NeedKind.LIBRARY: [
        re.compile(r"libraries\s*=\s*\[\s*['\"]([\w.+-]+)['\"]"),
        re.compile(r"find_library\(\s*['\"]([\w.+-]+)['\"]"),
        re.compile(r"AC_CHECK_LIB\(\[?([\w.+-]+)"),
        re.compile(r"['\"]-l([\w.+-]+)['\"]"),
    ],
    NeedKind.CMAKE: [re.compile(r"find_package\(\s*([\w.+-]+)", re.IGNORECASE)],
    NeedKind.COMMAND: [
        re.compile(r"['\"]([a-z][a-z0-9]*(?:[-_][a-z0-9]+)*[-_]config)['\"]"),
        re.compile(r"find_program\(\s*['\"]([\w.+-]+)['\"]"),
        re.compile(r"(?:call|run|Popen|check_output|which)\(\s*\[?['\"]([a-z][\w.+-]*)['\"]"),
    ],
}
# In every build's root already, or the interpreter's own, which rules answer.
GIVEN = re.compile(
    r"libc6-dev|linux-libc-dev|python3.*|libpython3.*|dpkg-dev|debhelper|dh-.*|gcc.*|g\+\+.*|libgcc.*|libstdc.*"
)


def sources(text: str) -> list[tuple[str, str, int, set[str]]]:
    """Name, path of the upstream archive, its size, and the build dependencies of each Python source."""
    result = []
    for stanza in text.split("\n\n"):
        fields = dict(re.findall(r"^([\w-]+):((?:.*(?:\n[ \t].*)*))", stanza, re.MULTILINE))
        listed = ",".join(fields.get(key, "") for key in ("Build-Depends", "Build-Depends-Arch", "Build-Depends-Indep"))
        depends = set(re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]+)", listed))
        if not depends & {"python3-dev", "python3-all-dev", "libpython3-dev", "libpython3-all-dev"}:
            continue
        native = {name for name in depends if not GIVEN.fullmatch(name)}
        archives = re.findall(
            r"^ [0-9a-f]{64} (\d+) (\S+\.orig\.tar\.\S+)$", fields.get("Checksums-Sha256", ""), re.MULTILINE
        )
        archives = [(size, name) for size, name in archives if not name.endswith(".asc")]
        if archives and any(name.endswith("-dev") for name in native):
            size, name = archives[0]
            result.append((fields["Package"].strip(), f"{fields['Directory'].strip()}/{name}", int(size), native))
    return result


def needs(archive: bytes) -> set[Need]:
    """What the files of a source say they need, without what the source has itself."""
    found: set[tuple[NeedKind, str]] = set()
    own: set[str] = set()
    with tarfile.open(fileobj=io.BytesIO(archive)) as source:
        for member in source:
            name = member.name.rpartition("/")[2]
            own.add(name)
            if not member.isfile() or member.size > LARGEST_FILE or not (name.endswith(CODE) or name in BUILD):
                continue
            extracted = source.extractfile(member)
            text = extracted.read().decode("utf-8", "replace") if extracted else ""
            for kind, patterns in PATTERNS.items():
                if (kind is NeedKind.HEADER) == name.endswith(CODE):
                    found.update((kind, match) for pattern in patterns for match in pattern.findall(text))
    result = set()
    for kind, name in found:
        base = name.rpartition("/")[2]
        if base in own or f"{base}.in" in own or f"{base}.pc.in" in own or f"lib{base}.a" in own:
            continue
        try:
            result.add(Need(kind, name))
        except ValueError:
            continue
    return result


def having_it(need: Need, index: FileIndex) -> set[str]:
    """The packages that have it; none where every machine that can build has it anyway."""
    candidates = [item for item in rank(need, index).candidates if item.evidence is not Evidence.MENTION]
    if any(GIVEN.fullmatch(item.package.name) and item.extra_directories <= 2 for item in candidates):
        return set()
    return {item.package.name for item in candidates}


def at_most(rows: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The rows, no more than ``most`` for the same kind and answers: Qt alone has a thousand headers."""
    taken: Counter[tuple[str, str]] = Counter()
    result = []
    for row in rows:
        key = (row["need"].partition(":")[0], ",".join(row["answers"]))
        taken[key] += 1
        if taken[key] <= most:
            result.append(row)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", required=True, help="root of a Debian archive (where dists/ and pool/ are)")
    parser.add_argument("--suite", default="trixie")
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args()

    def fetch(path: str) -> bytes:
        with urllib.request.urlopen(f"{options.archive.rstrip('/')}/{path}", timeout=60) as answer:
            content: bytes = answer.read()
            return content

    listed = lzma.decompress(fetch(f"dists/{options.suite}/main/source/Sources.xz")).decode("utf-8", "replace")
    chosen = [source for source in sources(listed) if source[2] <= LARGEST_SOURCE]
    index = FileIndex.open(options.index)
    answers: dict[str, set[str]] = defaultdict(set)
    seen: dict[str, set[str]] = defaultdict(set)

    def read(source: tuple[str, str, int, set[str]]) -> tuple[str, set[str], set[Need]]:
        name, path, _, depends = source
        try:
            return name, depends, needs(fetch(path))
        except (OSError, tarfile.TarError, lzma.LZMAError, EOFError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            return name, depends, set()

    with ThreadPoolExecutor(4) as pool:
        for name, depends, wanted in pool.map(read, chosen):
            for need in wanted:
                having = having_it(need, index) & depends
                if having:
                    answers[str(need)] |= having
                    seen[str(need)].add(name)
    every = [
        {"need": need, "answers": sorted(answers[need]), "sources": sorted(seen[need])[:3]} for need in sorted(answers)
    ]
    rows = at_most(every, 4)
    lines = ",\n".join(json.dumps(row) for row in rows)
    options.output.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{len(chosen)} sources, {len(rows)} needs", file=sys.stderr)


if __name__ == "__main__":
    main()
