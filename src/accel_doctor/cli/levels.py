"""Shared levels as they are configured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accel_doctor.cli.pip_accel import pip_accel_level

if TYPE_CHECKING:
    from accel_doctor.store.levels.shared_level import SharedLevel
    from accel_doctor.store.levels.signing import Signatures


@dataclass(frozen=True)
class LevelSettings:
    """Which levels, in order, and which signatures."""

    addresses: Sequence[str] = ()
    signing_key: Path | None = None
    trusted_keys: Sequence[Path] = ()
    require_signature: bool = False
    read_only: bool = False

    def opened(
        self, environment: Mapping[str, str], directory: Path, warn: Callable[[str], None]
    ) -> tuple[list[SharedLevel], Signatures]:
        """The levels, of which nothing is asked yet, and the keys, read. Raises UsageError."""
        from accel_doctor.store.levels.opening import shared_level
        from accel_doctor.store.levels.signing import read_signatures

        signatures = read_signatures(self.signing_key, self.trusted_keys, required=self.require_signature)
        levels = [
            shared_level(address, environment, directory, warn, read_only=self.read_only) for address in self.addresses
        ]
        return levels, signatures


def level_settings(values: Mapping[str, Any], environment: Mapping[str, str], *, offline: bool) -> LevelSettings:
    """What options say, or, without ``--level``, pip-accel's variables; no levels at all where a run is offline. A
    rehearsal (``--dry-run``) reads them only."""
    addresses = tuple(values["level"]) or tuple(filter(None, [pip_accel_level(environment)]))
    if offline or not addresses:
        return LevelSettings()
    return LevelSettings(
        addresses,
        Path(values["signing_key"]) if values["signing_key"] else None,
        tuple(map(Path, values["trusted_key"])),
        values["require_signature"],
        read_only=values["dry_run"],
    )
