"""What a command was started with: environment, working directory, terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.system.python.target import Surroundings as TargetSurroundings


@dataclass(frozen=True)
class Terminal:
    """What is on the other side of stdin and stderr."""

    interactive: bool  # somebody can answer
    live: bool  # lines can be redrawn
    colour: bool
    verbosity: int = 0  # -q counts down, -v up, as in pip


@dataclass(frozen=True)
class Surrounding:
    """What this process was started with, read once."""

    environment: Mapping[str, str]
    directory: Path
    terminal: Terminal
    command_line: tuple[str, ...]

    @property
    def home(self) -> Path:
        """The user's home directory."""
        return Path(self.environment.get("HOME") or "~").expanduser()

    @property
    def target(self) -> TargetSurroundings:
        """What decides which environment is installed into."""
        return TargetSurroundings(
            environment=self.environment,
            directory=self.directory,
            own_executable=Path(sys.executable),
            own_prefix=Path(sys.prefix),
            own_base_prefix=Path(sys.base_prefix),
        )

    @classmethod
    def read(cls, verbosity: int = 0) -> Surrounding:
        """This process's environment, working directory and terminal."""
        environment = dict(os.environ)
        # CI services attach terminals that nobody sits at; TERM=dumb cannot redraw.
        in_ci = environment.get("CI", "").lower() not in {"", "0", "false"}
        dumb = environment.get("TERM", "dumb") == "dumb"
        shown = sys.stderr.isatty()
        terminal = Terminal(
            interactive=sys.stdin.isatty() and shown and not in_ci,
            live=shown and not in_ci and not dumb,
            colour=shown and not dumb and not environment.get("NO_COLOR"),
            verbosity=verbosity,
        )
        return cls(environment, Path.cwd(), terminal, ("accel-doctor", *sys.argv[1:]))
