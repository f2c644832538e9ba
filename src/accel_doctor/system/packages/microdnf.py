"""Red Hat's minimal images: microdnf, which replaces dnf there.

Output formats are those of microdnf 3.10.2 with libdnf 0.74.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from accel_doctor.model.plans import Simulation
from accel_doctor.system.packages.dnf import DNF
from accel_doctor.system.packages.facts import ManagerFacts, Trouble, locked, quoted, size_in_bytes, unreachable
from accel_doctor.system.packages.rpm import RPM_NAMES, RPM_OWNERS, RPM_VERSIONS, RpmDriver, rehearsed, tally

_SECTION = re.compile(r"^([A-Z][a-z]+): *$")
_ROW = re.compile(r"^ (?P<replacing>  replacing )?(?P<name>\S+)-[^-\s]+-[^-\s]+(?:\s|$)")
_SIZE = re.compile(r"\s([\d.]+)\s([kMGT]?)(?:B|bytes)$")

_UNKNOWN = re.compile(r"^error: No package matches '")
_LOCKED = re.compile(r"^error: .* already locked by ")
_NETWORK = re.compile(r"Curl error|Cannot download|Could not resolve host")
_UNSIGNED = re.compile(r"^error: package .* cannot be verified")
_ERROR = re.compile(r"^error: |^ Problem|^  - ")

MICRODNF = ManagerFacts(
    "microdnf",
    RPM_NAMES,
    (("microdnf", "install", "-y"),),
    _ERROR,
    (
        locked(_LOCKED),
        # before an unknown name, which an unreachable repository causes
        unreachable(_NETWORK, "check the network, the proxy and the repositories in /etc/yum.repos.d"),
        Trouble(
            _UNKNOWN,
            "check which repositories are enabled with microdnf repolist --all: -devel packages may be in CRB or EPEL",
            quote=_ERROR,
        ),
        Trouble(
            _UNSIGNED,
            "microdnf does not trust a package: import its repository's key with rpm --import",
            quote=_ERROR,
        ),
    ),
    owner_query=RPM_OWNERS,
    version_query=RPM_VERSIONS,
    downloads_to="/var/cache/yum",
    stand_in_for=DNF.name,
    cleanup="microdnf clean all",
)


class Microdnf(RpmDriver):
    """Drive microdnf."""

    facts = MICRODNF
    _no_weak_dependencies = "--setopt=install_weak_deps=0"
    _not_root = re.compile(
        r"^error: failed to obtain lock .*Permission denied|^error: Failed to create: ", re.MULTILINE
    )

    def available(self, names: Sequence[str]) -> frozenset[str]:
        """Return the ``names`` that a repository provides; all if no repository can be read."""
        checked = MICRODNF.checked(names)
        if not checked or not self._unknown(checked):
            return frozenset(checked)
        return frozenset(name for name in checked if not self._unknown([name]))

    def _unknown(self, names: Sequence[str]) -> bool:
        """Return whether microdnf reports that nothing matches one of them; it stops at the first."""
        said = self.ask(*self._command(names, rehearse=True)).stderr
        return quoted(said, _UNKNOWN) is not None and quoted(said, _NETWORK) is None

    def _transaction(self, output: str) -> Simulation | None:
        if not rehearsed(output):
            return None
        section, package, size = "", "", 0
        rows: list[tuple[str, str]] = []
        for line in output.partition("Transaction Summary:")[0].splitlines():
            if found := _SECTION.match(line):
                section = found[1]
            elif (row := _ROW.match(line)) and row["replacing"]:
                if row["name"] != package:  # the old version of a package is listed like this too
                    rows.append(("Removing", row["name"]))
            elif row:
                package = row["name"]
                rows.append((section, package))
                if section in ("Installing", "Upgrading", "Reinstalling") and (found := _SIZE.search(line)):
                    size += size_in_bytes(found[1], found[2], 1000)
        return tally(rows, size)
