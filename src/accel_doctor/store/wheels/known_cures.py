"""Remember which cures a build took, so that the next one neither fails first nor asks again.

One small file per build, under the key that it has without cures. The wheel itself is stored under a key that
covers the cures.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from accel_doctor.model.cures import NO_CHANGES, BuildChanges, SourceStep
from accel_doctor.model.wheels import BuildKey
from accel_doctor.store.documents import items, read_document, table, text
from accel_doctor.whole_files import replacing

SCHEMA = 1
_FILE = "cures.json"
_LIMIT = 1 << 16  # bytes
_MOST = 50
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


class KnownCures:
    """The cures of builds, in one directory; unreadable ones count as unknown."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def recall(self, key: BuildKey) -> BuildChanges:
        """Return what the build with this key, which is that without cures, took last; no changes if unknown."""
        with suppress(OSError, ValueError), (self._root / key.exact / _FILE).open("rb") as stream:
            return _changes(read_document(stream.read(_LIMIT + 1), SCHEMA, _LIMIT))
        return NO_CHANGES

    def remember(self, key: BuildKey, changes: BuildChanges) -> None:
        """Keep what the build with this key took; in a cache that cannot be written, do nothing."""
        place = self._root / key.exact
        with suppress(OSError):
            place.mkdir(parents=True, exist_ok=True)
            with replacing(place / _FILE) as aside:
                aside.write_text(json.dumps({"schema": SCHEMA, **asdict(changes)}, sort_keys=True), encoding="utf-8")


def _changes(fields: dict[str, Any]) -> BuildChanges:
    variables = [table(dict([pair]), "variables") for pair in items(fields.get("variables"), "variables", _MOST)]
    return BuildChanges(
        constraints=_requirements(fields, "constraints"),
        requirements=_requirements(fields, "requirements"),
        variables=tuple(
            (text(name, "variables", _VARIABLE), text(value, name)) for one in variables for name, value in one.items()
        ),
        steps=tuple(SourceStep(step) for step in items(fields.get("steps"), "steps", _MOST)),
    )


def _requirements(fields: dict[str, Any], name: str) -> tuple[str, ...]:
    found = tuple(text(line, name) for line in items(fields.get(name), name, _MOST))
    for line in found:
        try:
            Requirement(line)
        except InvalidRequirement as error:
            raise ValueError(f"{name}: {error}") from error
    return found
