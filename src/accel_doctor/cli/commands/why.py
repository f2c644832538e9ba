"""``accel-doctor why``: who provides something, how that is known, what else was considered."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from accel_doctor.cli.machines import interpreter_assumed, package_manager_of
from accel_doctor.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from accel_doctor.fileindex import Candidate, Ranking
    from accel_doctor.model import Distribution, Need, PackageChoice

_MOST_SHOWN = 8
_INCLUDE_ROOT = re.compile(r"/?usr/include/(?:[a-z0-9_]+-linux-[a-z0-9]+/)?")


@click.command(
    "why",
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 110,
        "ignore_unknown_options": True,  # -lpq is a FILE
    },
)
@click.argument("wanted", metavar="NEED|FILE")
@click.option("--distro", metavar="ID[:VERSION]", help="Answer for this distribution instead of this machine's.")
@click.option("--format", "output", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("--rules", multiple=True, metavar="DIR", help="Lay this directory of rules over the shipped ones.")
def command(wanted: str, distro: str | None, output: str, rules: tuple[str, ...]) -> int:
    """Say which package provides something, how that is known, and what else was considered.

    NEED is written kind:name, as in header:libpq-fe.h or command:pg_config. A FILE says its kind by its name:
    libpq-fe.h, libpq.so, -lpq, libpq.pc, FooConfig.cmake, /usr/bin/pg_config.
    """
    from accel_doctor.cli.configuration import rule_directories, user_directory
    from accel_doctor.cli.rulebooks import load_rules
    from accel_doctor.diagnosis import RuleAdviser
    from accel_doctor.fileindex import find_index, rank
    from accel_doctor.model import Reason
    from accel_doctor.system.distribution import named_distribution, read_distribution

    need = need_of(wanted)
    distribution = named_distribution(distro) if distro else read_distribution()
    own = user_directory(os.environ)
    rulebook = load_rules(rule_directories(rules, os.environ))
    # Only names such as python3.13-dev depend on it; the distribution asked about may be another machine's.
    interpreter = interpreter_assumed(distribution, rulebook, None)
    index = find_index(distribution, [own / "indexes"])
    package_manager = package_manager_of(rulebook, distribution, elsewhere=distro is not None)
    adviser = RuleAdviser(rulebook, distribution, interpreter, package_manager, lambda: index)
    choice = adviser.choice(need)
    answer = _Answer(
        need,
        distribution,
        choice,
        advice=choice.advice if choice else adviser.plan([Reason(need, None)]).unmet[0].advice,
        indexed=rank(need, index) if index else None,
        told=adviser.told.get(need),
    )
    click.echo(json.dumps(_document(answer), indent=2) if output == "json" else "\n".join(_lines(answer)))
    return int(ExitCode.DONE if choice and choice.packages else ExitCode.UNCURED)


@dataclass(frozen=True)
class _Answer:
    """A need with the packages that meet it, and what an index and the package manager say where they were asked."""

    need: Need
    distribution: Distribution
    choice: PackageChoice | None
    advice: str | None
    indexed: Ranking | None
    told: Ranking | None


def need_of(text: str) -> Need:
    """The need that ``kind:name``, a file's name or a linker option writes. UsageError for what is none."""
    from accel_doctor.model import Need

    try:
        return Need.parse(text if re.match(r"[a-z-]+:", text) else _need_of_file(text))
    except ValueError as error:
        raise UsageError(f"{text}: {error}", hint="write kind:name, such as header:libpq-fe.h") from error


def _need_of_file(text: str) -> str:
    base = text.rpartition("/")[2]
    if text.startswith("-l"):
        return f"library:{text[2:]}"
    if library := re.fullmatch(r"lib(.+)\.(?:so|a)", base):
        return f"library:{library[1]}"
    if re.fullmatch(r"lib.+\.so\.[0-9.]+", base):
        return f"soname:{base}"
    if base.endswith(".pc"):
        return f"pkgconfig:{base[:-3]}"
    if cmake := re.fullmatch(r"(?:Find(.+)|(.+?)(?:Config|-config))\.cmake", base):
        return f"cmake:{cmake[1] or cmake[2]}"
    if _INCLUDE_ROOT.match(text) or re.search(r"\.(?:h|hh|hpp|hxx|H)$", base):
        return f"header:{_INCLUDE_ROOT.sub('', text)}"
    if "/" not in text or re.fullmatch(r"/?(?:usr/)?s?bin/[^/]+", text):
        return f"command:{base}"
    return f"file:{text.lstrip('/')}"


def _lines(answer: _Answer) -> list[str]:
    from accel_doctor.model import Confidence

    choice, indexed, told = answer.choice, answer.indexed, answer.told
    lines = [f"{answer.need} on {answer.distribution}:"]
    if choice and choice.packages:
        certainty = f"{choice.confidence.value}, " if choice.confidence is Confidence.GUESS else ""
        lines.append(f"  {' '.join(choice.packages)} ({certainty}{choice.source})")
        lines += [f"  or {' '.join(names)}" for names in choice.alternatives]
    else:
        lines.append("  no package is known for it")
    if answer.advice:
        lines.append(f"  {answer.advice}")
    if indexed is None:
        lines.append(f"there is no file index of {answer.distribution}; docs/reference/index.md says how to build one")
    elif indexed.candidates:
        lines += _ranked(f"files in the index of {_release(indexed)}", indexed, counted=True)
    else:
        lines.append(f"no file in the index of {_release(indexed)} meets it")
    return lines + (_ranked(f"what {told.source} tells", told) if told and told.candidates else [])


def _release(indexed: Ranking) -> str:
    return indexed.source.removeprefix("index ")


def _ranked(heading: str, ranking: Ranking, *, counted: bool = False) -> list[str]:
    lines = [f"{heading}, the likeliest first:"]
    lines += [f"  {_described(candidate, counted)}" for candidate in ranking.candidates[:_MOST_SHOWN]]
    if len(ranking.candidates) > _MOST_SHOWN:
        lines.append(f"  and {len(ranking.candidates) - _MOST_SHOWN} more packages")
    return lines


def _described(candidate: Candidate, counted: bool) -> str:
    package = candidate.package
    extra = candidate.extra_directories
    facts = [f"{package.uses} {'build uses' if package.uses == 1 else 'builds use'} it"] if counted else []
    if extra:
        facts.append(f"{extra} {'directory' if extra == 1 else 'directories'} off the search path")
    if candidate.evidence:
        facts.append(f"by {candidate.evidence.name.lower()}")
    facts += [
        word
        for word, holds in (("not for development", not package.development), ("a service", package.service))
        if holds
    ]
    place = f"/{candidate.path}" if "/" in candidate.path else candidate.path
    return f"{package.name}  {place}" + (f"  ({', '.join(facts)})" if facts else "")


def _document(answer: _Answer) -> dict[str, Any]:
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
