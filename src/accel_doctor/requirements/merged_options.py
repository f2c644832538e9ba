"""pip's options from the argument line and the configuration, merged as pip merges them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from accel_doctor.errors import UsageError
from accel_doctor.model.machine import Invocation
from accel_doctor.requirements.pip_configuration import Configuration
from accel_doctor.requirements.pip_option_table import FLAGS, PIP_OPTIONS, Kind, ParsedArguments, PipOption


class MergedOptions:
    """One value per option of the table, by key. Options that can be repeated add up; others replace one another."""

    def __init__(self, arguments: ParsedArguments, configuration: Configuration, invocation: Invocation) -> None:
        """Merge both sources. Raises UsageError, in pip's words, for an invalid value."""
        self._values: dict[str, Any] = {}
        for option in PIP_OPTIONS:
            value = _merged(option, arguments.options.get(option.key), configuration)
            if not value and not any(map(invocation.variables.get, option.settled)):
                value = next(filter(None, map(invocation.variables.get, option.fallback)), value)
            if option.choices and value is not None and value not in option.choices:
                listed = ", ".join(map(repr, option.choices))
                raise UsageError(f"option --{option.key}: invalid choice: {value!r} (choose from {listed})")
            if option.kind is Kind.PATH and value is not None:
                value = Path(invocation.absolute(value))
            self._values[option.key] = value

    def on(self, key: str) -> bool:
        """Return whether a flag is set."""
        return bool(self._values[key])

    def many(self, key: str) -> tuple[str, ...]:
        """Return the values of an option that can be repeated."""
        values: tuple[str, ...] = self._values[key]
        return values

    def set(self, option: PipOption, value: str) -> None:
        """Apply an option of a requirement file, which overrides the others; ``value`` is empty for a flag."""
        if option.kind in FLAGS:
            self._values[option.key] = True
        elif isinstance(self._values[option.key], tuple):
            self._values[option.key] = (*self._values[option.key], value)
        else:
            self._values[option.key] = value

    def replace(self, key: str, values: tuple[str, ...]) -> None:
        """Set all values of an option that can be repeated."""
        self._values[key] = values

    def fields_of(self, noun: type[Any]) -> Mapping[str, Any]:
        """Return the fields of ``noun``, a dataclass of the model, that options set; the others keep their defaults."""
        return {
            option.field: tuple(dict.fromkeys(value)) if option.kind is Kind.MANY else value
            for option in PIP_OPTIONS
            if option.field
            and option.field in noun.__dataclass_fields__
            and (value := self._values[option.key]) is not None
        }


def _merged(option: PipOption, given: Any, configuration: Configuration) -> Any:
    key = option.key
    match option.kind:
        case Kind.FLAG:
            return given or configuration.flag(key) or False
        case Kind.INVERTED:  # https://github.com/pypa/pip/issues/5735
            return given or configuration.flag(key) is False
        case Kind.PRESENT:
            return given or configuration.flag(key) is not None
        case Kind.SWITCH:
            # Also inverted: pip stores the value of "no-compile" as that of "compile".
            stored = configuration.flag((option.off or "").removeprefix("--"))
            return next((value for value in (given, stored, configuration.flag(key)) if value is not None), None)
        case Kind.COUNT:
            return given or 0
        case Kind.TEXT | Kind.PATH:
            return given or configuration.text(key)
        case Kind.NUMBER | Kind.WHOLE:
            number = configuration.number(key) if given is None else given
            return number if number is None or option.kind is Kind.NUMBER else int(number)
        case Kind.MANY:
            return (*configuration.words(key), *(given or ()))
        case Kind.SETTING:
            configured = configuration.text(key)
            return (*([configured] if configured else []), *(given or ()))
        case Kind.FORMATS:
            return None  # see Gathering: applied in the order given


def settle(options: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the resulting names of no-binary and of only-binary, sorted, after applying ``(option, value)`` in order.

    As in pip: a value is a list with commas; ``:all:`` clears both lists and stands for everything; ``:none:``
    empties the list it is given to; a name leaves the one list when it enters the other.
    """
    lists: dict[str, set[str]] = {"no-binary": set(), "only-binary": set()}
    for option, value in options:
        if value.startswith("-"):
            raise UsageError("--no-binary / --only-binary option requires 1 argument.")
        target = lists[option]
        other = lists["only-binary" if option == "no-binary" else "no-binary"]
        names = [part.strip() for part in value.split(",")]
        if ":all:" in names:
            other.clear()
            target.clear()
            target.add(":all:")
            names = names[len(names) - names[::-1].index(":all:") :]
            if ":none:" not in names:
                continue  # ":all:" already covers it
        for name in filter(None, names):
            if name == ":none:":
                target.clear()
            else:
                normalized = canonicalize_name(name)
                other.discard(normalized)
                target.add(normalized)
    return tuple(sorted(lists["no-binary"])), tuple(sorted(lists["only-binary"]))
