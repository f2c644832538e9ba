"""The distribution that is installed on."""

from __future__ import annotations

from typing import NamedTuple


class Distribution(NamedTuple):
    """A distribution as os-release names it (os-release(5)); ``like`` is ID_LIKE, nearest first."""

    id: str
    version: str = ""  # VERSION_ID: "12", "24.04", "41"; empty for rolling releases
    codename: str = ""
    like: tuple[str, ...] = ()
    pretty_name: str = ""

    def __str__(self) -> str:
        return self.pretty_name or f"{self.id} {self.version}".strip()
