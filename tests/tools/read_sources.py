# ruff: noqa: E402  the modules of the tests are not installed
"""Measures what is read from sources against recorded cases: packages named before any build, and those too many.

    python tests/tools/read_sources.py --keep DIRECTORY [--verbose] [CASE …]

For each case below ``tests/data/cases`` the sdist is fetched, its files are read, and the plan of what they name is
compared with what the recorded builds needed in all their rounds, on the same distribution.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request
from collections import Counter
from pathlib import Path
from urllib.parse import urljoin

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = map(str, (TESTS, TESTS / "support", TESTS / "unit"))

from books import load
from fakes import FakeCatalogue
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from paths import CASES
from test_recorded_cases import BROUGHT, EQUIVALENT, SUITES  # type: ignore[import-not-found]

from accel_doctor.builder.source_trees import read_tree
from accel_doctor.diagnosis import RuleAdviser
from accel_doctor.diagnosis.sources.source_reading import read_source
from accel_doctor.diagnosis.sources.source_reasons import source_reasons
from accel_doctor.errors import RequirementsError
from accel_doctor.fileindex import ReleaseIndexes
from accel_doctor.model.cures import Confidence, Reason
from accel_doctor.model.needs import NeedKind
from accel_doctor.system.python.platforms import assumed_interpreter

# A Debian interpreter's headers depend on them.
BROUGHT = {**BROUGHT, "python3-dev": {"zlib1g-dev", "libexpat1-dev", "libpython3.11-dev", "libpython3.13-dev"}}
BASE = {"gcc", "libc6-dev", "g++", "build-essential", "make", "python3-dev", "pkg-config"}


def sdist(index: str, name: str, version: str, keep: Path) -> Path | None:
    """Fetch the sdist of a release, once."""
    kept = sorted(keep.glob(f"{name}-{version}--*"))
    if kept:
        return kept[0]
    url = f"{index.rstrip('/')}/{canonicalize_name(name)}/"
    asked = urllib.request.Request(url, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        files = json.load(answer)["files"]
    ends = tuple(f"-{version}{end}" for end in (".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz"))
    for file in files:
        if file["filename"].endswith(ends):
            path = keep / f"{name}-{version}--{file['filename']}"
            urllib.request.urlretrieve(urljoin(url, file["url"]), path)
            return path
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index-url", default="https://pypi.org/simple")
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("case", nargs="*")
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    book = load()
    total: Counter[str] = Counter()
    for path in sorted(CASES.glob("*/case.json")):
        case = json.loads(path.read_text())
        requirement = Requirement(case["requirement"])
        pinned = next((one.version for one in requirement.specifier if one.operator == "=="), None)
        wanted = not options.case or case["id"] in options.case
        if (
            not case["verified"]
            or not pinned
            or not wanted
            or any({"fails", "incurable"} & {*step} for step in case["steps"])
        ):
            continue
        archive = sdist(options.index_url, requirement.name, pinned, options.keep)
        if archive is None:
            total["no sdist"] += 1
            continue
        distribution = SUITES[case["suite"]]
        python = tuple(map(int, case["built_and_python"][-1].split(".")[:2]))
        try:
            tree = read_tree(archive, python)
            reading = read_source(tree, book.aliases)
        except RequirementsError as error:
            print(f"{case['id']}: {error}")
            total["unreadable"] += 1
            continue
        interpreter = assumed_interpreter(distribution, ".".join(map(str, python)))
        given = set(case.get("given", ()))
        for name in case.get("given", ()):
            given |= EQUIVALENT.get(name, set()) | BROUGHT.get(name, set())
        catalogue = FakeCatalogue(frozenset(given))
        adviser = RuleAdviser(book, distribution, interpreter, catalogue, ReleaseIndexes(distribution))
        reasons = [Reason(need, requirement.name, why=mention.why) for need, mention in reading.needs.items()]
        reasons += [Reason(need, requirement.name) for reason in reasons for need in adviser.companions(reason.need)]
        plan = adviser.plan(
            [reason for reason in dict.fromkeys(reasons) if reason.need.kind is not NeedKind.PYTHON_MODULE]
        )
        named = {package.name: package for package in plan.packages if package.confidence is not Confidence.GUESS}
        cures = {name for step in case["steps"] for name in step["cure"]}
        fine = set(cures)
        for name in cures | {other for others in case.get("also", {}).values() for other in others}:
            fine |= {name} | EQUIVALENT.get(name, set()) | BROUGHT.get(name, set())
        for name, others in EQUIVALENT.items():
            fine |= {name} if others & cures else set()
        for name, others in case.get("also", {}).items():
            fine |= {name, *others} if name in cures or set(others) & cures else set()
        extras = {name for name in named if name not in fine and not BROUGHT.get(name, set()) & cures}
        first = set(case["steps"][0]["cure"])
        reached = {name for one in named for name in ({one} | EQUIVALENT.get(one, set()) | BROUGHT.get(one, set()))}
        reached |= {name for name, others in EQUIVALENT.items() if others & reached}
        for name, others in case.get("also", {}).items():
            if set(others) & reached:
                reached.add(name)
        later = cures - first
        total["cases"] += 1
        total["extras"] += len(extras)
        total["later"] += len(later)
        total["later named"] += len(later & reached)
        total["native"] += len(cures - BASE)
        total["native named"] += len((cures - BASE) & reached)
        total["complete"] += cures <= reached
        if options.verbose:
            print(f"{case['id']}: missing {sorted(cures - reached)} extras {sorted(extras)}")
            for name in sorted(extras):
                print(*(f"    {name}: {reason.need} {reason.evidence}" for reason in named[name].reasons), sep="\n")
            for reason in source_reasons(tree, requirement.name, book):
                if reason.need.kind is NeedKind.BUILD_CONSTRAINT:
                    print(f"    {reason.need} {reason.evidence}")
    print(dict(total))


if __name__ == "__main__":
    main()
