"""Tell what our streams are connected to: a person, a screen that can be redrawn, colors, the log of a CI service."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from accel_doctor.cli.colors import in_color, is_on

Service = Literal["github", "gitlab"]  # their logs fold groups of lines
_SERVICES: Mapping[Service, str] = {"github": "GITHUB_ACTIONS", "gitlab": "GITLAB_CI"}


@dataclass(frozen=True)
class Terminal:
    """The terminal, or lack of one, that stdin and stderr are connected to."""

    interactive: bool  # a person can answer
    live: bool  # lines can be redrawn
    color: bool
    verbosity: int = 0  # -q counts down, -v up, as in pip
    service: Service | None = None  # that keeps the log

    @classmethod
    def of(cls, variables: Mapping[str, str], verbosity: int = 0) -> Terminal:
        """Return the terminal that this process's streams are connected to."""
        # CI services attach terminals without a user; TERM=dumb cannot redraw.
        in_ci = is_on(variables, "CI")
        dumb = variables.get("TERM", "dumb") == "dumb"
        shown = sys.stderr.isatty()
        return cls(
            interactive=sys.stdin.isatty() and shown and not in_ci,
            live=shown and not in_ci and not dumb,
            color=in_color(variables),
            verbosity=verbosity,
            service=next((name for name, variable in _SERVICES.items() if is_on(variables, variable)), None),
        )

    @property
    def size(self) -> os.terminal_size | None:
        """Return how large the screen is; None where lines are not for a screen, or it does not say."""
        try:
            size = os.get_terminal_size(sys.stderr.fileno())
        except (OSError, ValueError):
            return None
        return size if size.columns and size.lines else None

    @property
    def columns(self) -> int | None:
        """Return how wide the screen is; None as for :attr:`size`."""
        return self.size.columns if self.size else None
