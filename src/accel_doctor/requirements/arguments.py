"""pip's part of a command line, parsed and not yet interpreted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = bool | int | float | str | tuple[str, ...]


@dataclass(frozen=True)
class ParsedArguments:
    """pip's part of a command line. ``options`` holds what was given, by the keys of the option table."""

    requirements: tuple[str, ...] = ()
    options: Mapping[str, Value] = field(default_factory=dict)
    format_control: tuple[tuple[str, str], ...] = ()  # ("no-binary", "a,b"), ("only-binary", ":all:"), in order
    offline: bool = False

    @property
    def verbosity(self) -> int:
        """Return how much to say: up from 0 with each ``-v``, down with each ``-q``."""
        return int(str(self.options.get("verbose", 0))) - int(str(self.options.get("quiet", 0)))
