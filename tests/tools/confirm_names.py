"""Holds the package names of the Ubuntu rules against lists of names that others keep per release.

    python tests/tools/confirm_names.py --rosdep DIR --r-rules DIR [--release 24.04 ...]

``--rosdep`` is a checkout of https://github.com/ros/rosdistro (``rosdep/base.yaml``, ``rosdep/python.yaml``),
``--r-rules`` one of https://github.com/rstudio/r-system-requirements (``rules/*.json``). For each release it says how
many of the names that rules give there are in these lists, and which are in them for Debian only.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from accel_doctor.cli.machines import load_rules
from accel_doctor.system.distribution import named_distribution

CODENAMES = {"20.04": "focal", "22.04": "jammy", "24.04": "noble", "25.10": "questing", "26.04": "resolute"}


def rosdep(directory: Path, release: str) -> Iterator[tuple[set[str], set[str]]]:
    """Yield, per key of rosdep's, the names for any Debian release, and those for this Ubuntu release."""
    for file in ("base.yaml", "python.yaml"):
        keys = yaml.safe_load((directory / "rosdep" / file).read_text("utf-8"))
        for systems in keys.values():
            if isinstance(systems, dict):
                debian, ubuntu = systems.get("debian"), systems.get("ubuntu")
                of_debian = debian.values() if isinstance(debian, dict) else [debian]
                if isinstance(ubuntu, dict):
                    ubuntu = ubuntu.get(CODENAMES[release], ubuntu.get("*"))
                yield {name for entry in of_debian for name in _names(entry)}, _names(ubuntu)


def _names(entry: Any) -> set[str]:
    if isinstance(entry, dict):
        entry = entry.get("packages")
    return {name for name in entry if isinstance(name, str)} if isinstance(entry, list) else set()


def r_rules(directory: Path, release: str) -> Iterator[tuple[set[str], set[str]]]:
    """Yield, per rule of r-system-requirements, the names for any Debian release, and those for this Ubuntu release."""
    for file in sorted((directory / "rules").glob("*.json")):
        names: dict[str, set[str]] = {"debian": set(), "ubuntu": set()}
        for dependency in json.loads(file.read_text("utf-8"))["dependencies"]:
            for constraint in dependency["constraints"]:
                system = constraint.get("distribution")
                if system == "debian" or (system == "ubuntu" and release in constraint.get("versions", [release])):
                    names[system].update(dependency["packages"])
        yield names["debian"], names["ubuntu"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rosdep", type=Path, required=True)
    parser.add_argument("--r-rules", type=Path, required=True)
    parser.add_argument("--release", action="append", choices=CODENAMES)
    options = parser.parse_args()
    book = load_rules()
    for release in options.release or CODENAMES:
        rules = book.package_rules(named_distribution(f"ubuntu:{release}")).values()
        used = {name for rule in rules for option in (rule.packages, *rule.alternatives) for name in option}
        pairs = [*rosdep(options.rosdep, release), *r_rules(options.r_rules, release)]
        listed = set().union(*(ubuntu for _, ubuntu in pairs))
        print(f"ubuntu {release}: {len(used & listed)} of {len(used)} names are listed")
        doubtful = {name: sorted(ubuntu) for debian, ubuntu in pairs for name in (debian & used) - listed}
        for name, instead in sorted(doubtful.items()):
            print(f"  {name}: instead {', '.join(instead) or 'nothing'}")


if __name__ == "__main__":
    main()
