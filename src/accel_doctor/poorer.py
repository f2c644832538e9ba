"""Treat wheels that are poorer than this machine could build: their builds went on without an extension module.

What they lacked is offered like any other need. Where it is not met, they are used, and said to be poorer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from accel_doctor.model.builds import Built, Failed, Source, Wheel
from accel_doctor.model.cures import BuildCure, Reason
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.model.requests import InstallRequest
from accel_doctor.treatment import Treatment, TreatmentEnded
from accel_doctor.wording import listed

_COMPILER = Need(NeedKind.COMPILER, "c")
FOR_EXTENSIONS = "its extension modules need it"
KEPT = "its cached wheel was built without it, and so without an extension module"


@dataclass
class PoorerWheels:
    """The poorer wheels of one run. ``built`` has the wheels that it uses, and gets those that will do; ``kept`` are
    the poorer ones for which something better was offered."""

    treatment: Treatment
    built: dict[Source, Built]
    kept: dict[Source, Wheel] = field(default_factory=dict)
    _before: dict[Source, tuple[BuildCure, ...]] = field(default_factory=dict)  # cures that the kept ones took
    _settled: set[Source] = field(default_factory=set)  # declined, or nothing to offer
    _told: set[Source] = field(default_factory=set)

    def instead_of(self, source: Source, wheel: Wheel) -> list[Reason] | None:
        """Return the needs to meet before a better wheel is built than a stored one: none if something that it lacked
        is here now. None if the stored one is to be used."""
        if any(self.treatment.prober.present(need) for need in needs_of(wheel)):
            return []
        return self._offered(source, wheel, [Reason(need, source.name, why=KEPT) for need in needs_of(wheel)]) or None

    def foreseen(self, names: Sequence[str], expected: Sequence[Reason], request: InstallRequest) -> list[Reason]:
        """Return the compiler as a need of the distributions of which no wheels are wanted, if it will surely be
        installed for others: built before, they would be built again after it."""
        if not self.treatment.policy.yes or not any(reason.need == _COMPILER for reason in expected):
            return []
        others = {reason.package for reason in expected}
        unwanted = [name for name in names if name in request.no_binary or ":all:" in request.no_binary]
        return [Reason(_COMPILER, name, why=FOR_EXTENSIONS) for name in unwanted if name not in others]

    def among(self, sources: Collection[Source]) -> list[Source]:
        """Return the ``sources`` that were built and whose wheels are poorer."""
        return [source for source in sources if source in self.built and self.built[source].lacks]

    def offered_by(self, sources: Collection[Source]) -> dict[Source, list[Reason]]:
        """Return, of ``sources`` with poorer wheels, the needs that can be met."""
        built = [self.built[source] for source in sources]
        offered = {one.source: self._offered(one.source, one.wheel, one.lacks) for one in built}
        return {source: reasons for source, reasons in offered.items() if reasons}

    def to_meet(self, offered: Mapping[Source, Sequence[Reason]], named: Sequence[Reason]) -> list[Reason]:
        """Return what was offered for poorer wheels, and what sources name: of those of poorer wheels, what can be met
        for those that are built again, and why they cannot be imported."""
        again, poor = {source.name for source in offered}, {source.name for source in self.among(self.built)}
        others = [reason for reason in named if reason.package not in poor or reason.need.keeps_from_import]
        theirs = self.treatment.improvable([reason for reason in named if reason.package in again])
        return [*(reason for reasons in offered.values() for reason in reasons), *others, *theirs]

    def wait(self, held: Sequence[Source]) -> list[Source]:
        """Return those that wait to be built; poorer wheels will do whose extension modules cannot be built here."""
        settled = [one for one in held if one in self.kept and one.name in self.treatment.sources.without_modules]
        for source in settled:
            self._use_kept(source)
        return [one for one in held if one not in settled]

    def settle(self, failures: dict[Source, Failed]) -> None:
        """Take the failures out whose sources have poorer wheels that nothing betters: these will do."""
        for source in [source for source in failures if source in self.kept]:
            reasons = self.treatment.read(failures[source]).reasons
            if not self.treatment.improvable(reasons):
                del failures[source]
                self._use_kept(source)

    def treat(self, failures: Mapping[Source, Failed], expected: Sequence[Reason], others: Sequence[Source]) -> bool:
        """Treat failed builds, and the needs expected of ``others``. Return False if that ended, but all of these have
        poorer wheels, which will do; else raise TreatmentEnded."""
        try:
            self.treatment.treat(list(failures.values()), expected)
        except TreatmentEnded:
            if not all(source in self.kept for source in [*failures, *others]):
                raise
            for source in [*failures, *others]:
                self._use_kept(source)
            return False
        return True

    def fall_back(self, source: Source) -> bool:
        """Use the poorer wheel after all that a better one was built in place of; return whether there is one."""
        poorer, better = self.kept.get(source), self.built[source].wheel
        if poorer is None or poorer == better:
            return False
        self.treatment.reporter.note(
            f"{source}: its new wheel cannot be imported: using the one without an extension module"
        )
        del self.built[source]
        self._use_kept(source)
        return True

    def _use_kept(self, source: Source) -> None:
        self._settled.add(source)
        self.treatment.restore(source.name, self._before[source])
        self.built.setdefault(source, Built(source, self.kept[source], reused=True))

    def tell(self) -> None:
        """Say once which wheels are poorer, and what they lacked."""
        for one in self.built.values():
            if one.wheel.lacks and one.source not in self._told:
                self._told.add(one.source)
                reason = self.treatment.sources.without_modules.get(one.source.name)
                lacks = [reason] if reason else one.lacks
                why = listed(list(dict.fromkeys(map(shown_by, lacks))) or one.wheel.lacks)
                self.treatment.reporter.note(f"{one.source} was built without an extension module: {why}")

    def _offered(self, source: Source, wheel: Wheel, reasons: Sequence[Reason]) -> list[Reason]:
        """Return the needs of a poorer wheel's missing parts if they can be met; no more once that was declined."""
        curable = self.treatment.improvable(reasons) if reasons and source not in self._settled else []
        if curable:
            self.kept[source] = wheel
            self._before[source] = self.treatment.cures_of(source.name)
        elif reasons:
            self._settled.add(source)
            self.treatment.take_back(reasons)
        return curable


def shown_by(reason: Reason) -> str:
    """Return what a build lacked: a need that a package can meet, else what showed it."""
    if reason.need.kind.curable_by_packages:
        return str(reason.need)
    return f'"{reason.finding.evidence}"' if reason.finding else reason.why or str(reason.need)


def needs_of(wheel: Wheel) -> list[Need]:
    """Return the needs that a poorer wheel's build did not find met."""
    return [Need.parse(text) for text in wheel.lacks]
