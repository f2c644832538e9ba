"""``--no-binary`` and ``--only-binary``: one setting per package, the later option wins."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.utils import canonicalize_name

from accel_doctor.errors import UsageError


def settle(options: Iterable[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of no-binary and of only-binary that remain, sorted, after ``(option, value)`` in order.

    As in pip: a value is a list with commas; ``:all:`` clears both lists and stands for everything; ``:none:``
    empties the list it is given to; a name leaves the one list when it enters the other.
    """
    lists: dict[str, set[str]] = {"no-binary": set(), "only-binary": set()}
    for option, value in options:
        if not value or value.startswith("-"):
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
                continue  # everything is covered already
        for name in filter(None, names):
            if name == ":none:":
                target.clear()
            else:
                normalized = canonicalize_name(name)
                other.discard(normalized)
                target.add(normalized)
    return tuple(sorted(lists["no-binary"])), tuple(sorted(lists["only-binary"]))
