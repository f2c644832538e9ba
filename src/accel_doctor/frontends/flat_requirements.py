"""Writes a request as flat requirement files: no nesting, no options, absolute paths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from accel_doctor.model import BuildSettings, InstallRequest, RequirementLine


@dataclass(frozen=True)
class RequirementFiles:
    """The files of one request; None where there is nothing of the kind."""

    requirements: Path
    constraints: Path | None
    build_constraints: Path | None
    overrides: Path | None = None


def write_requirement_files(
    directory: Path,
    request: InstallRequest,
    *,
    per_requirement_options: bool,
    more_constraints: Sequence[str] = (),
) -> RequirementFiles:
    """Write ``request`` into ``directory``.

    ``per_requirement_options`` says whether ``--hash`` and ``--config-settings`` may stand in the lines.
    """

    def text(line: RequirementLine) -> str:
        return _line(line, per_requirement_options)

    constraints = [*map(text, request.constraints), *more_constraints]
    return RequirementFiles(
        requirements=_write(directory / "requirements.txt", map(text, request.requirements)),
        constraints=_write(directory / "constraints.txt", constraints) if constraints else None,
        build_constraints=write_build_constraints(directory, request.build),
        # Asked for on no Python at all, which is how a resolver is told to pass over a package.
        overrides=_write(directory / "overrides.txt", [f'{name} ; python_version < "0"' for name in request.left_out])
        if request.left_out
        else None,
    )


def write_build_constraints(directory: Path, build: BuildSettings) -> Path | None:
    """Write the build constraints into ``directory``; None where there are none."""
    if not build.build_constraints:
        return None
    return _write(directory / "build-constraints.txt", build.build_constraints)


def _line(line: RequirementLine, options: bool) -> str:
    text = f"-e {line.text}" if line.editable else line.text
    if options:
        text += "".join(f" --hash={digest}" for digest in line.hashes if not line.editable)
        text += "".join(f' --config-settings="{setting}"' for setting in line.config_settings)
    return text


def _write(path: Path, lines: Iterable[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
