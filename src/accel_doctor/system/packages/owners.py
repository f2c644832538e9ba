"""What the package manager's own database says of installed system packages: whose a file is, and their versions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from accel_doctor.interfaces import Runner
from accel_doctor.system.packages.managers import MANAGERS
from accel_doctor.system.packages.outputs import ENGLISH

_TIMEOUT = 30.0  # seconds


def file_owners(files: Sequence[Path], manager: str, runner: Runner) -> Mapping[Path, str]:
    """Return the packages that ``files``, or the real files behind links, belong to; leave out those without one.

    ``manager`` is the name that rules know it by; of one that cannot be asked nothing is known.
    """
    facts = MANAGERS.get(manager)
    real = {file: file.resolve() for file in files}
    plain = sorted({path for path in real.values() if not re.search(r"[*?\[\]\\\n]", str(path))})
    if facts is None or facts.owner_query is None or not plain:
        return {}
    owners = facts.owner_query.owners(plain, lambda argv: _capture(runner, argv))
    return {file: owners[path] for file, path in real.items() if path in owners}


def installed_versions(names: Sequence[str], manager: str, runner: Runner) -> tuple[str, ...]:
    """Return these packages with their versions, ``libpq-dev 17.6-0+deb13u1``, sorted; alone where none is told."""
    facts = MANAGERS.get(manager)
    if facts is None or not facts.version_query or not names:
        return tuple(sorted(names))
    rows = [line.split() for line in _capture(runner, [*facts.version_query, *names]).splitlines()]
    told = dict(row for row in rows if len(row) == 2)
    return tuple(sorted(f"{name} {told[name]}" if name in told else name for name in names))


def _capture(runner: Runner, argv: Sequence[str]) -> str:
    return runner.capture(argv, environment=ENGLISH, timeout=_TIMEOUT).output
