"""Run the system's own tools: found in a fixed list of directories, not on a PATH that an environment may lead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.interfaces import Runner
from accel_doctor.model.processes import Completed

# Where distributions install package managers and sudo; NixOS its setuid programs. Homebrew never runs as root.
SYSTEM_PATH = ":".join((
    "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/run/wrappers/bin",
    "/opt/homebrew/bin", "/usr/local/bin", "/home/linuxbrew/.linuxbrew/bin",
))  # fmt: skip


@dataclass(frozen=True)
class SystemTools(Runner):
    """Run commands with ``runner``; they are found, and find others, on ``path``."""

    runner: Runner
    path: str = SYSTEM_PATH

    def capture(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        stdin: str | None = None,
        timeout: float | None = None,
    ) -> Completed:
        return self.runner.capture(
            argv, environment=self._with_path(environment), directory=directory, stdin=stdin, timeout=timeout
        )

    def record(
        self,
        argv: Sequence[str],
        log: Path,
        *,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Completed:
        return self.runner.record(
            argv,
            log,
            environment=self._with_path(environment),
            directory=directory,
            on_line=on_line,
        )

    def converse(self, argv: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None) -> Completed:
        return self.runner.converse(argv, log, environment=self._with_path(environment))

    def _with_path(self, environment: Mapping[str, str] | None) -> dict[str, str]:
        return {**(environment or {}), "PATH": self.path}
