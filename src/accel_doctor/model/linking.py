"""What the loader of a machine cannot give to a wheel."""

from __future__ import annotations

from dataclasses import dataclass

from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.model.wheels import Link


@dataclass(frozen=True)
class UnmetLink:
    """A link that the loader here cannot meet: the library is missing, or it lacks ``versions``."""

    link: Link
    versions: tuple[str, ...] = ()

    @property
    def need(self) -> Need | None:
        """The need that a system package may meet; None where the library is there and too old, or has a path."""
        if self.versions or "/" in self.link.soname:
            return None
        try:
            return Need(NeedKind.SONAME, self.link.soname)
        except ValueError:
            return None

    def __str__(self) -> str:
        if self.versions:
            return f"{self.link.soname} here has no {', '.join(self.versions)}"
        return f"{self.link.soname} is not on this machine"
