"""Holds the package names of the Debian and Ubuntu rules against the real package lists of their releases.

    python tests/tools/check_names.py                                      # all releases marked as checked in the rules
    python tests/tools/check_names.py --release 13 --release ubuntu:24.04
    python tests/tools/check_names.py --release 12 --lists 12=Packages.xz  # no network, no apt

For each rule of a release it says which of its packages are not there, unless an alternative is, and what the file
index would answer instead. The lists (main, contrib, non-free; amd64) are fetched, and their signatures verified, by
apt-get into a directory of their own; nothing of this machine's package manager is touched. What an Ubuntu release
inherits is held against the Debian release it was taken from; its own rules, and Ubuntu's own lists, are not looked at.
"""

from __future__ import annotations

import argparse
import gzip
import lzma
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from accel_doctor.fileindex import find_index, rank
from accel_doctor.model.machine import Distribution, Interpreter
from accel_doctor.model.needs import Need
from accel_doctor.rulebook import PackageRule, Rulebook, load
from accel_doctor.system.distribution import named_distribution
from accel_doctor.system.packages.managers import MANAGERS
from accel_doctor.system.python.platforms import assumed_interpreter

MIRROR = "http://deb.debian.org/debian"
SUITES = {"11": "bullseye", "12": "bookworm", "13": "trixie", "sid": "sid"}
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_FIELD = re.compile(r"^(Package|Version|Provides): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Listing:
    """What a release has: names apt-get can install, and the version of its python3."""

    names: frozenset[str]
    python: str


@dataclass(frozen=True)
class Wrong:
    """A rule that names what a release does not have."""

    need: Need | str
    missing: tuple[str, ...]
    instead: str

    def __str__(self) -> str:
        return f"{self.need}: no package {', '.join(self.missing)}{self.instead and f'; {self.instead}'}"


def fetch(release: str, mirror: str, directory: Path) -> list[Path]:
    """The package lists of a Debian release, fetched by apt-get into ``directory``. RuntimeError quotes its failure."""
    suite = SUITES[release]
    components = "main contrib non-free" + (" non-free-firmware" if release != "11" else "")
    for part in ("state/lists/partial", "cache"):
        (directory / part).mkdir(parents=True)
    (directory / "status").touch()
    (directory / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {suite} {components}\n")
    settings = {
        "Dir::Etc::sourcelist": directory / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State": directory / "state",
        "Dir::State::status": directory / "status",
        "Dir::Cache": directory / "cache",
        "APT::Architecture": "amd64",
        "APT::Architectures": "amd64",
        "APT::Sandbox::User": "",
        "APT::Update::Post-Invoke::": "",
        "Acquire::Languages": "none",
        "Acquire::GzipIndexes": "false",
        "Acquire::Retries": "3",
        "Acquire::Check-Valid-Until": "false",  # Debian 11 is no longer updated
        "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    done = subprocess.run(
        ["apt-get", "update", "-q", "--error-on=any", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"apt-get could not fetch the lists of {suite}:\n{done.stdout}")
    return sorted((directory / "state/lists").glob("*_Packages"))


def read_lists(files: Iterable[Path]) -> Listing:
    """The names in Packages files, plain or compressed; one that packages provide counts if a single one does."""
    names: set[str] = set()
    providers: Counter[str] = Counter()
    python = ""
    for file in files:
        opened = {".xz": lzma.open, ".gz": gzip.open}.get(file.suffix, open)
        with opened(file, "rt", encoding="utf-8") as stream:
            for stanza in stream.read().split("\n\n"):
                fields = dict(_FIELD.findall(stanza))
                if "Package" not in fields:
                    continue
                names.add(fields["Package"])
                providers.update({entry.split()[0] for entry in fields.get("Provides", "").split(",") if entry.strip()})
                if fields["Package"] == "python3":
                    python = ".".join(fields["Version"].split(".")[:2])
    if not python:
        raise RuntimeError("the lists have no python3: are these all of a release's main component?")
    return Listing(frozenset(names | {name for name, count in providers.items() if count == 1}), python)


def wrong_names(book: Rulebook, distribution: Distribution, listing: Listing) -> list[Wrong]:
    """The Debian rules for a release of which neither the packages nor an alternative are all in the lists.

    ``pythons`` is one of them: what it says of a release's python3 has to be so.
    """
    interpreter = assumed_interpreter(distribution, listing.python)
    result = []
    said = book.python(distribution)
    if distribution.id == "debian" and said != listing.python:
        result.append(Wrong("pythons", (f"python{said}",), f"python3 is {listing.python}"))
    for (kind, name), rule in book.package_rules(distribution).items():
        if distribution.id != "debian" and rule.source != "rules/debian.yaml":
            continue
        need = Need(kind, name) if "*" not in name else f"{kind.value}:{name}"
        rendered = _rendered(book, need, distribution, interpreter, rule)
        missing = [[name for name in option if name not in listing.names] for option in rendered]
        if missing and all(missing):
            result.append(Wrong(need, tuple(missing[0]), _instead(need, distribution, listing.names)))
    return sorted(result, key=str)


def _rendered(
    book: Rulebook, need: Need | str, distribution: Distribution, interpreter: Interpreter, rule: PackageRule
) -> tuple[tuple[str, ...], ...]:
    # Only exact needs have templates in the shipped rules; what begins a name is written out.
    choice = book.choice(need, distribution, interpreter) if isinstance(need, Need) else None
    packages, alternatives = (choice or rule).packages, (choice or rule).alternatives
    return (packages, *alternatives) if packages else ()


def _instead(need: Need | str, distribution: Distribution, names: Collection[str]) -> str:
    index = find_index(distribution)
    if index is None or not isinstance(need, Need):
        return ""
    found = [candidate for candidate in rank(need, index).candidates if candidate.package.name in names]
    return f"{found[0].package.name} has {found[0].path}" if found else "no package has such a file"


def releases(book: Rulebook, wanted: Sequence[str]) -> list[tuple[Distribution, str]]:
    """The distributions to check, each with the Debian release whose lists it is held against."""
    origins = {
        f"ubuntu:{release}": origin
        for release, origin in book.chain("ubuntu").extended_releases.items()
        if origin in book.chain("debian").checked
    }
    chosen = wanted or [*(f"debian:{release}" for release in book.chain("debian").checked), *origins]
    result = []
    for text in chosen:
        full = text if ":" in text else f"debian:{text}"
        origin = origins.get(full, full.partition(":")[2])
        if origin not in SUITES:
            raise SystemExit(f"{text}: choose from {', '.join([*SUITES, *origins])}")
        result.append((named_distribution(full), origin))
    return result


def main() -> None:
    """The command line; exit code 1 where a name is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", action="append", default=[], help="11, 12, 13, sid or ubuntu:VERSION; repeatable")
    parser.add_argument("--mirror", default=MIRROR, help=f"a Debian mirror (default: {MIRROR})")
    parser.add_argument("--lists", action="append", default=[], metavar="RELEASE=FILE", help="read this; repeatable")
    parser.add_argument("--rules", type=Path, action="append", default=[], help="lay these rules over the shipped ones")
    options = parser.parse_args()
    book = load(options.rules, MANAGERS)
    given: dict[str, list[Path]] = {}
    for text in options.lists:
        release, _, file = text.partition("=")
        given.setdefault(release, []).append(Path(file))
    listings: dict[str, Listing] = {}
    wrong = 0
    for distribution, origin in releases(book, options.release):
        if origin not in listings:
            with TemporaryDirectory(prefix="check-names-") as directory:
                listings[origin] = read_lists(given.get(origin) or fetch(origin, options.mirror, Path(directory)))
        found = wrong_names(book, distribution, listings[origin])
        wrong += len(found)
        label = f"{distribution.id} {distribution.version or distribution.codename}"
        print(f"{label}: {len(book.package_rules(distribution))} rules, {len(found)} wrong")
        for item in found:
            print(f"  {item}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
