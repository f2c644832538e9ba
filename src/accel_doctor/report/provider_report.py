"""Render the packages that provide something: lines for people, and JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accel_doctor.fileindex import Candidate, Ranking
from accel_doctor.model.cures import Confidence, PackageChoice
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Need, NeedKind
from accel_doctor.wording import count

_MOST_SHOWN = 8


@dataclass(frozen=True)
class ProviderAnswer:
    """The packages that meet a need, and what the file index and the package manager list, if queried."""

    need: Need
    distribution: Distribution
    choice: PackageChoice | None
    advice: str | None
    indexed: Ranking | None
    told: Ranking | None


def provider_lines(answer: ProviderAnswer) -> list[str]:
    """Return the answer as lines."""
    choice, indexed, told = answer.choice, answer.indexed, answer.told
    lines = [f"{answer.need} on {answer.distribution}:"]
    if choice and choice.packages:
        certainty = f"{choice.confidence.value}, " if choice.confidence is Confidence.GUESS else ""
        lines.append(f"  {' '.join(choice.packages)} ({certainty}{choice.source})")
        lines += [f"  or {' '.join(names)}" for names in choice.alternatives]
    else:
        lines.append("  no package known")
    if answer.advice:
        lines.append(f"  {answer.advice}")
    if indexed is None:
        lines.append(f"no file index of {answer.distribution}; accel-doctor index build makes one")
    elif indexed.candidates:
        lines += _ranked(f"in the index of {_release(indexed)}", indexed, counted=True)
    else:
        lines.append(f"nothing found in the index of {_release(indexed)}")
        if answer.need.kind is NeedKind.COMMAND:
            lines.append(f"for the Python package of that name: accel-doctor check {answer.need.name}")
    return lines + (_ranked(f"by {told.source}", told) if told and told.candidates else [])


def _release(indexed: Ranking) -> str:
    return indexed.source.removeprefix("index ")


def _ranked(where: str, ranking: Ranking, *, counted: bool = False) -> list[str]:
    lines = [f"found {where}, likeliest first:"]
    lines += [f"  {_described(candidate, counted)}" for candidate in ranking.candidates[:_MOST_SHOWN]]
    if len(ranking.candidates) > _MOST_SHOWN:
        lines.append(f"  and {count(len(ranking.candidates) - _MOST_SHOWN, 'more package')}")
    return lines


def _described(candidate: Candidate, counted: bool) -> str:
    package = candidate.package
    extra = candidate.extra_directories
    facts = [f"{count(package.uses, 'build uses', 'builds use')} it"] if counted else []
    if extra:
        facts.append(f"{count(extra, 'directory', 'directories')} off the search path")
    if candidate.evidence:
        facts.append(f"by {candidate.evidence.name.lower()}")
    if not package.development:
        facts.append("not for development")
    if package.service:
        facts.append("a service")
    place = f"/{candidate.path}" if "/" in candidate.path else candidate.path
    return f"{package.name}  {place}" + (f"  ({', '.join(facts)})" if facts else "")


def provider_document(answer: ProviderAnswer) -> dict[str, Any]:
    """Return the answer as JSON values."""
    choice, indexed, told = answer.choice, answer.indexed, answer.told
    return {
        "schema": 1,
        "need": str(answer.need),
        "distro": {"id": answer.distribution.id, "version": answer.distribution.version},
        "answer": choice
        and {
            "packages": list(choice.packages),
            "confidence": choice.confidence.value,
            "source": choice.source,
            "alternatives": [list(names) for names in choice.alternatives],
            "advice": choice.advice,
        },
        "index": {"release": _release(indexed), **_candidates(indexed, counted=True)} if indexed else None,
        "package_manager": {"source": told.source, **_candidates(told)} if told and told.candidates else None,
    }


def _candidates(ranking: Ranking, *, counted: bool = False) -> dict[str, Any]:
    return {
        "confidence": ranking.confidence.value if ranking.candidates else None,
        "candidates": [
            {
                "package": candidate.package.name,
                "path": candidate.path,
                "evidence": candidate.evidence.name.lower(),
                "extra_directories": candidate.extra_directories,
                "development": candidate.package.development,
                "service": candidate.package.service,
                "uses": candidate.package.uses if counted else None,
            }
            for candidate in ranking.candidates
        ],
    }
