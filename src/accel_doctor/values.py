"""Named tuples, declared as ``typing.NamedTuple`` has it.

Importing ``typing`` takes a third as long as all of a look-up in a file index, and brings ``re`` with it; what a
look-up imports does without both. Type checkers see the original.
"""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False  # type checkers take it for true, by its name
if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:

    class _Declared(type):
        def __new__(cls, name, bases, namespace):
            fields = tuple(namespace["__annotations__"])
            defaults = [namespace.pop(field) for field in fields if field in namespace]
            own = {key: value for key, value in namespace.items() if key != "__annotations__"}
            return type(name, (namedtuple(name, fields, defaults=defaults),), {"__slots__": (), **own})

    NamedTuple = type.__new__(_Declared, "NamedTuple", (), {})
