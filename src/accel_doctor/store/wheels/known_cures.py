"""Remember which cures a build took, so that the next one neither fails first nor asks again.

One small file per build, under the key that it has without cures. The wheel itself is stored under a key that
covers the cures.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from accel_doctor.changes_document import changes_document, changes_from
from accel_doctor.model.cures import NO_CHANGES, BuildChanges
from accel_doctor.model.wheels import BuildKey
from accel_doctor.store.documents import read_document
from accel_doctor.whole_files import replacing

SCHEMA = 1
_FILE = "cures.json"
_LIMIT = 1 << 16  # bytes
_MALFORMED = (ValueError, KeyError, TypeError)


class KnownCures:
    """The cures of builds, in one directory; unreadable ones count as unknown."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def recall(self, key: BuildKey) -> BuildChanges:
        """Return what the build with this key, which is that without cures, took last; no changes if unknown."""
        with suppress(OSError, *_MALFORMED), (self._root / key.exact / _FILE).open("rb") as stream:
            return changes_from(read_document(stream.read(_LIMIT + 1), SCHEMA, _LIMIT))
        return NO_CHANGES

    def remember(self, key: BuildKey, changes: BuildChanges) -> None:
        """Keep what the build with this key took; in a cache that cannot be written, do nothing."""
        place = self._root / key.exact
        with suppress(OSError):
            place.mkdir(parents=True, exist_ok=True)
            with replacing(place / _FILE) as aside:
                aside.write_text(
                    json.dumps({"schema": SCHEMA, **changes_document(changes)}, sort_keys=True), encoding="utf-8"
                )
