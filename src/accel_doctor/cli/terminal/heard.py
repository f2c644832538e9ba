"""Read what a frontend or a package manager does from its output, which may be hostile, while it runs. Pure."""

from __future__ import annotations

import re

from accel_doctor.model.builds import BYTES, Amount
from accel_doctor.system.packages.facts import size_in_bytes
from accel_doctor.wording import count, printable

_LONGEST = 1000  # characters of a line that are looked at
_MOST = 5000  # names that are counted

_SEEN = re.compile(r"(?:DEBUG )?(?:Selecting: |Collecting )([A-Za-z0-9][\w.-]{0,99})")  # uv, pip
_DOWNLOADING = re.compile(r"\s*Downloading (\S{1,200}) \(([\d.]{1,12}) ?([kKMGT])?i?B\)")
_DOWNLOADED = re.compile(r"\s*Downloaded (\S{1,200})")
_BUILDING = re.compile(r"\s*(?:Building|Building wheel for|Preparing metadata for) ([A-Za-z0-9][\w.-]{0,99})\b")
_BUILT = re.compile(r"\s*(?:Built|Created wheel for) ([A-Za-z0-9][\w.-]{0,99})\b")
_NEXT = re.compile(r"(?:Prepared|Installing|Installed) ")  # all downloads have ended

# apt says how much of all it has fetched; then it unpacks every package, and sets it up.
_APT_TOTAL = re.compile(r"(\d{1,5}) upgraded, (\d{1,5}) newly installed")
_APT_FETCHES = re.compile(r"(\d{1,3})% \[\d+ (\S{1,99}) |Get:\d+ \S+ \S+ \S+ (\S{1,99})")
_APT_STEP = re.compile(r"(Unpacking|Setting up) (\S{1,99})")
# dnf, pacman, apk, zypper: "(3/12) Installing gcc", "[ 3/17] Installing gcc", "  Installing : gcc-14   3/17"
_COUNTED = re.compile(
    r"\s*(?:[\[(] *(\d{1,5})/(\d{1,5})[\])] *(.{0,60})|(\w{3,20}) *: (\S{1,60}) .* (\d{1,5})/(\d{1,5})$)"
)


class Heard:
    """The state that the lines heard so far tell."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._sizes: dict[str, int] = {}
        self._downloaded: set[str] = set()
        self._building: dict[str, None] = {}
        self._counted: Amount | None = None
        self._doing = ""
        self._packages_of_apt = 0
        self._apt = {"fetching": 0.0, "unpacking": 0.0, "setting up": 0.0}  # percent

    @property
    def doing(self) -> str:
        """Return what is done now, in a few words."""
        if self._counted or self._doing:
            return self._doing
        if self._building:
            return f"building {', '.join(self._building)}"
        parts = [f"{count(len(self._seen), 'package')} seen"] if self._seen else []
        if names := [name for name in self._sizes if name not in self._downloaded]:
            parts.append(f"downloading {', '.join(names)}")
        return ", ".join(parts)

    @property
    def amount(self) -> Amount | None:
        """Return how far it is, if that is known."""
        is_over = len(self._downloaded) == len(self._sizes)
        if self._counted or self._building or self._seen or is_over:  # pip does not know what it will download yet
            return self._counted
        done = sum(self._sizes[name] for name in self._downloaded)
        return Amount(done, sum(self._sizes.values()), BYTES)

    def hear(self, line: str) -> None:
        """Take the next line."""
        line = printable(line[:_LONGEST].rstrip())
        if found := _SEEN.match(line):
            self._downloaded.update(self._sizes)  # pip downloads one after another, and does not say when it is done
            if len(self._seen) < _MOST:
                self._seen.add(found[1])
        elif found := _DOWNLOADING.match(line):
            if len(self._sizes) < _MOST:
                self._sizes[found[1]] = size_in_bytes(found[2].strip(".") or "0", found[3] or "", 1024)
        elif found := _DOWNLOADED.match(line):
            self._downloaded.update({found[1]} & self._sizes.keys())
        elif found := _BUILT.match(line):
            self._building.pop(found[1], None)
        elif (found := _BUILDING.match(line)) and len(self._building) < _MOST:
            self._building[found[1]] = None
        elif _NEXT.match(line):
            self._downloaded.update(self._sizes)
        self._hear_package_manager(line)

    def _hear_package_manager(self, line: str) -> None:
        if found := _APT_TOTAL.match(line):
            self._packages_of_apt = int(found[1]) + int(found[2])
        elif self._packages_of_apt and (found := _APT_FETCHES.match(line)):
            self._hear_apt("fetching", found[2] or found[3], float(found[1] or self._apt["fetching"]))
        elif self._packages_of_apt and (found := _APT_STEP.match(line)):
            self._apt["fetching"] = 100
            doing = found[1].lower()
            self._hear_apt(doing, found[2], self._apt[doing] + 100 / self._packages_of_apt)
        elif found := _COUNTED.match(line):
            done, total = int(found[1] or found[6]), int(found[2] or found[7])
            if 0 < total >= done:
                self._counted = Amount(done, total)
                self._doing = (found[3] or f"{found[4] or ''} {found[5] or ''}").strip().lower()

    def _hear_apt(self, doing: str, package: str, percent: float) -> None:
        self._apt[doing] = min(100, percent)
        self._counted = Amount(int(sum(self._apt.values()) / len(self._apt) + 0.01), 100, "%")
        self._doing = f"{doing} {package}"
