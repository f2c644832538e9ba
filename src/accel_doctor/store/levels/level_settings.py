"""Which shared levels a run has, and whose signatures it trusts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accel_doctor.interfaces import Notifier
    from accel_doctor.store.levels.shared_level import SharedLevel
    from accel_doctor.store.levels.signing import Signatures


@dataclass(frozen=True)
class LevelSettings:
    """The levels, in order, and the keys."""

    addresses: Sequence[str] = ()
    signing_key: Path | None = None
    trusted_keys: Sequence[Path] = ()
    require_signature: bool = False
    read_only: bool = False

    def opened(
        self, variables: Mapping[str, str], directory: Path, notifier: Notifier
    ) -> tuple[Sequence[SharedLevel], Signatures]:
        """Open the levels, without any request yet, and read the keys. Raise UsageError."""
        from accel_doctor.store.levels.opening import shared_level
        from accel_doctor.store.levels.signing import read_signatures

        signatures = read_signatures(self.signing_key, self.trusted_keys, required=self.require_signature)
        levels = [
            shared_level(address, variables, directory, notifier, read_only=self.read_only)
            for address in self.addresses
        ]
        return levels, signatures
