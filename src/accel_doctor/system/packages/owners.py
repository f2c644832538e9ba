"""What the package manager's own database says of installed system packages: whose a file is, and their versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from accel_doctor.interfaces import Runner
from accel_doctor.system.packages.transactions import ENGLISH

_TIMEOUT = 30.0
_DPKG = re.compile(r"^([a-z0-9][a-z0-9.+-]*)(?::[a-z0-9-]+)?(?:, [^:/]+(?::[a-z0-9-]+)?)*: (/.+)$", re.MULTILINE)
_APK = re.compile(r" is owned by (\S+)-[^-\s]+-r[0-9]+$", re.MULTILINE)
_RPM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


def file_owners(files: Sequence[Path], manager: str, runner: Runner) -> Mapping[Path, str]:
    """The packages that ``files`` belong to, their real files that is; those that belong to none are left out.

    ``manager`` is the name that rules know it by: ``apt``, ``dnf``, ``zypper``, ``pacman``, ``apk``; of any other
    nothing is known.
    """
    ask = _ASK.get(manager)
    real = {file: file.resolve() for file in files}
    plain = sorted({path for path in real.values() if not re.search(r"[*?\[\]\\\n]", str(path))})
    if ask is None or not plain:
        return {}
    owners = ask(plain, runner)
    return {file: owners[path] for file, path in real.items() if path in owners}


def installed_versions(names: Sequence[str], manager: str, runner: Runner) -> tuple[str, ...]:
    """These packages with their versions, ``libpq-dev 17.6-0+deb13u1``, sorted; without one where it is not told."""
    ask = _VERSIONS.get(manager)
    if ask is None or not names:
        return tuple(sorted(names))
    told = dict(line.split()[:2] for line in _capture(runner, *ask, *names).splitlines() if len(line.split()) == 2)
    return tuple(sorted(f"{name} {told[name]}" if name in told else name for name in names))


def _dpkg(files: Sequence[Path], runner: Runner) -> Mapping[Path, str]:
    # /lib is a link to /usr/lib, and a package may have been unpacked by either name (https://wiki.debian.org/UsrMerge).
    aliases = {Path("/", *file.parts[2:]): file for file in files if file.parts[1:2] == ("usr",)}
    done = _capture(runner, "dpkg-query", "-S", "--", *map(str, [*files, *aliases]))
    found = {Path(path): package for package, path in _DPKG.findall(done)}
    return {aliases.get(path, path): package for path, package in found.items()}


def _one_by_one(command: Sequence[str], name_in: Callable[[str], str | None]) -> _Ask:
    def ask(files: Sequence[Path], runner: Runner) -> Mapping[Path, str]:
        answers = {file: name_in(_capture(runner, *command, str(file))) for file in files}
        return {file: name for file, name in answers.items() if name}

    return ask


def _capture(runner: Runner, *argv: str) -> str:
    done = runner.capture(argv, environment=ENGLISH, timeout=_TIMEOUT)
    return done.output


def _bare(output: str) -> str | None:
    """A name alone on its line: a sentence about a file without an owner has spaces in it."""
    name = output.strip()
    return name if _RPM.fullmatch(name) else None


def _apk_name(output: str) -> str | None:
    found = _APK.search(output)
    return found[1] if found else None


_Ask = Callable[[Sequence[Path], Runner], Mapping[Path, str]]
_rpm = _one_by_one(("rpm", "-qf", "--queryformat", "%{NAME}\n", "--"), _bare)
_ASK: Mapping[str, _Ask] = {
    "apt": _dpkg,
    "dnf": _rpm,
    "zypper": _rpm,
    "pacman": _one_by_one(("pacman", "-Qqo", "--"), _bare),
    "apk": _one_by_one(("apk", "info", "--who-owns"), _apk_name),
}
_RPM_VERSIONS = ("rpm", "-q", "--queryformat", "%{NAME} %{VERSION}-%{RELEASE}\n", "--")
_VERSIONS: Mapping[str, Sequence[str]] = {
    "apt": ("dpkg-query", "-W", "-f", "${Package} ${Version}\n", "--"),
    "dnf": _RPM_VERSIONS,
    "zypper": _RPM_VERSIONS,
    "pacman": ("pacman", "-Q", "--"),
}
