"""Pass a request to a frontend, as arguments, environment variables and flat requirement files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from accel_doctor.errors import UsageError
from accel_doctor.model.requests import BuildSettings, IndexSettings, InstallRequest, RequirementLine
from accel_doctor.requirements.pip_option_table import PIP_OPTIONS, Kind, Part, PipOption, Refused
from accel_doctor.requirements.specifier import pointing_to
from accel_doctor.urls import redacted

Name = Literal["uv", "pip"]
Settings = InstallRequest | IndexSettings | BuildSettings


def as_arguments(frontend: Name, settings: Settings, *parts: Part) -> list[str]:
    """Return the arguments for the options of ``parts`` in ``settings``; default values are omitted.

    Raises UsageError for options that the frontend does not support.
    """
    words: list[str] = []
    for option, value in _asked_for(settings, parts):
        told = option.uv if frontend == "uv" else f"--{option.key}"
        if isinstance(told, Refused):
            raise UsageError(f"{frontend} does not support --{option.key}", hint=told.hint)
        if value is False:
            told = option.off if frontend == "pip" else None
        if not isinstance(told, str):
            continue
        if isinstance(value, bool):
            words.append(told)
        elif isinstance(value, tuple) and not (frontend == "pip" and option.kind is Kind.FORMATS):
            words += [word for one in value for word in (told, one)]
        else:
            words += [told, ",".join(value) if isinstance(value, tuple) else str(value)]
    return words


def as_uv_variables(settings: Settings, *parts: Part) -> dict[str, str]:
    """Return the environment variables for settings that uv has no arguments for."""
    said: dict[str, str] = {}
    for option, value in _asked_for(settings, parts):
        if isinstance(option.uv, tuple):
            whole = max(1, round(value)) if option.kind is Kind.NUMBER else value  # seconds
            said |= dict.fromkeys(option.uv, str(whole))
    return said


def secret_urls(index: IndexSettings, default: str, others: str) -> dict[str, str]:
    """Return the variables, by these names, for the indexes whose URLs hold a password: arguments can be read by every
    process of a machine, also by builds."""
    said = {default: index.index_url} if index.index_url and _is_secret(index.index_url) else {}
    return said | ({others: " ".join(index.extra_index_urls)} if any(map(_is_secret, index.extra_index_urls)) else {})


def without_secret_urls(index: IndexSettings) -> IndexSettings:
    """Return what may be told by arguments."""
    said = secret_urls(index, "index_url", "extra_index_urls")
    return replace(
        index,
        index_url=None if "index_url" in said else index.index_url,
        extra_index_urls=() if "extra_index_urls" in said else index.extra_index_urls,
    )


def _is_secret(url: str) -> bool:
    return redacted(url) != url


def build_arguments(frontend: Name, build: BuildSettings, directory: Path) -> list[str]:
    """Return the arguments that affect how a source is built; write constraints to ``directory``."""
    name = "--build-constraint" if frontend == "pip" else "--build-constraints"
    return [*as_arguments(frontend, build, Part.BUILD), *given(name, _build_constraints(build, directory))]


def required_arguments(frontend: Name, requirements: Sequence[str], build: BuildSettings, directory: Path) -> list[str]:
    """Return the arguments that install a build's requirements, within its constraints; both are written to
    ``directory``."""
    plural = "" if frontend == "pip" else "s"
    asked = _written(directory / "build-requirements.txt", sorted(requirements))
    bounds = _build_constraints(build, directory)
    return [f"--requirement{plural}", str(asked), *given(f"--constraint{plural}", bounds)]


def _build_constraints(build: BuildSettings, directory: Path) -> Path | None:
    lines = (*build.build_constraints, *build.changes.constraints)
    return _written_if_any(directory / "build-constraints.txt", lines)


def given(name: str, value: object | None) -> list[str]:
    """Return an argument and its value; empty if the value is not set."""
    return [] if value is None else [name, str(value)]


def with_built(request: InstallRequest) -> InstallRequest:
    """Return the request whose resolution takes the metadata of ``request.built`` from their wheels."""
    names = tuple(source.name for source in request.built)
    direct = request.direct
    lines = tuple(
        pointing_to(line, direct[line].name, request.built[direct[line]]) if line in direct else line
        for line in request.requirements
    )
    links = tuple(dict.fromkeys(str(wheel.path.parent) for wheel in request.built.values()))
    return replace(
        request,
        requirements=lines,
        index=replace(request.index, find_links=(*request.index.find_links, *links)),
        no_binary=tuple(name for name in request.no_binary if name not in names),
        only_binary=(*request.only_binary, *(names if ":all:" in request.no_binary else ())),
    )


def without_isolation(request: InstallRequest) -> InstallRequest:
    """Return the request without environments for build backends, unless the frontend may run these."""
    return request if request.runs_backends else replace(request, build=replace(request.build, no_build_isolation=True))


def verbosity_arguments(verbosity: int) -> list[str]:
    """Return ``--verbose`` as often as requested, at most three times."""
    return ["--verbose"] * min(max(verbosity, 0), 3)


def _asked_for(settings: Settings, parts: tuple[Part, ...]) -> Iterator[tuple[PipOption, Any]]:
    for option in PIP_OPTIONS:
        if option.part in parts and option.field is not None:
            value = getattr(settings, option.field)
            if value != type(settings).__dataclass_fields__[option.field].default:
                yield option, value


@dataclass(frozen=True)
class RequirementFiles:
    """The files of one request; None if there is no content."""

    requirements: Path
    constraints: Path | None
    overrides: Path | None


def write_requirement_files(
    directory: Path,
    request: InstallRequest,
    *,
    per_requirement_options: bool,
    more_constraints: Sequence[str] = (),
) -> RequirementFiles:
    """Write ``request`` into ``directory``, flat: no nesting, absolute paths.

    ``per_requirement_options`` says whether lines may contain ``--hash`` and ``--config-settings``.
    """
    requirements, constraints = (
        [_line(line, per_requirement_options) for line in lines]
        for lines in (request.requirements, request.constraints)
    )
    return RequirementFiles(
        requirements=_written(directory / "requirements.txt", requirements),
        constraints=_written_if_any(directory / "constraints.txt", [*constraints, *more_constraints]),
        # An override that applies to no Python version makes a resolver skip a package.
        overrides=_written_if_any(
            directory / "overrides.txt", [f'{name} ; python_version < "0"' for name in request.left_out]
        ),
    )


def _line(line: RequirementLine, options: bool) -> str:
    text = f"-e {line.text}" if line.editable else line.text
    if options:
        text += "".join(f" --hash={digest}" for digest in line.hashes if not line.editable)
        text += "".join(f' --config-settings="{setting}"' for setting in line.config_settings)
    return text


def _written_if_any(path: Path, lines: Sequence[str]) -> Path | None:
    return _written(path, lines) if lines else None


def _written(path: Path, lines: Sequence[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
