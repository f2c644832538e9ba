"""Says pip's options to a frontend, as the option table has it: arguments and environment variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from accel_doctor.errors import UsageError
from accel_doctor.model import BuildSettings, IndexSettings, InstallRequest
from accel_doctor.requirements.pip_option_table import PIP_OPTIONS, Argument, Part, PipOption, Refused, Variables

Name = Literal["uv", "pip"]
Settings = InstallRequest | IndexSettings | BuildSettings


def as_arguments(frontend: Name, settings: Settings, *parts: Part) -> list[str]:
    """Return the arguments for what ``settings`` hold of ``parts``; what has its default value is not said.

    Raises UsageError for what the frontend cannot do.
    """
    words: list[str] = []
    for option, value in _asked_for(settings, parts):
        telling = getattr(option, frontend)
        if isinstance(telling, Refused):
            raise UsageError(f"{frontend} does not support --{option.key}", hint=telling.hint)
        if isinstance(telling, Argument):
            words += _argument(telling, value)
    return words


def as_variables(frontend: Name, settings: Settings, *parts: Part) -> dict[str, str]:
    """Return the environment variables for what the frontend has no argument for."""
    said: dict[str, str] = {}
    for option, value in _asked_for(settings, parts):
        telling = getattr(option, frontend)
        if isinstance(telling, Variables):
            said |= dict.fromkeys(telling.names, str(max(1, round(value)) if telling.whole else value))
    return said


def _asked_for(settings: Settings, parts: tuple[Part, ...]) -> Iterator[tuple[PipOption, Any]]:
    for option in PIP_OPTIONS:
        if option.part in parts and option.field is not None:
            value = getattr(settings, option.field)
            if value != type(settings).__dataclass_fields__[option.field].default:
                yield option, value


def _argument(telling: Argument, value: Any) -> list[str]:
    if value is False:
        return [telling.off] if telling.off else []
    if value is True:
        return list(telling.words)
    values = value if isinstance(value, tuple) else (value,)
    if telling.translated is not None:
        values = tuple(telling.translated[one] for one in values if one in telling.translated)
    if telling.joined:
        values = (",".join(values),)
    return [word for one in values for word in (*telling.words, str(one))]
