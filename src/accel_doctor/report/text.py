"""Diagnoses, plans and results as lines of text. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from itertools import groupby

from accel_doctor.errors import ExitCode
from accel_doctor.model.builds import Built
from accel_doctor.model.cures import BuildCure, Confidence, Reason
from accel_doctor.model.machine import Distribution
from accel_doctor.model.needs import Finding
from accel_doctor.model.plans import Case, JournalEntry, Plan, Policy, Result, Simulation, Unmet
from accel_doctor.report.release_text import next_step
from accel_doctor.wording import count, listed, printable, shortened

_EVIDENCE_WIDTH = 160
_MISSING = "system packages are missing"
_LOG = "read the full log"
_AGAIN = "run the same accel-doctor command again"
_MOST_PACKAGES_NAMED = 4
NOTHING_SAID = Policy()


def case_line(case: Case) -> str:
    """Return what failed and the quoted lines that say why; where nothing does, the path of the log."""
    failure = case.failure
    what = f"{failure.package or 'the requirements'}: {failure.step} failed"
    if failure.step == "command":
        what = "the command failed"
    if failure.seconds:
        what += f" after {failure.seconds:.1f} s"
    causes = case.diagnosis.causes
    if not causes:
        summary = shortened(case.diagnosis.summary or "no output", _EVIDENCE_WIDTH)
        return f"{what}: cause unknown: {summary}; log: {failure.log}"
    quotes = []
    for _, group in groupby(causes, key=lambda finding: finding.line):
        first, *others = group
        quotes.append(_quoted(first) + (f" and {len(others)} more" if others else ""))
    return f"{what}: {'; '.join(quotes)}"


def plan_lines(plan: Plan, simulation: Simulation | None, distribution: Distribution) -> list[str]:
    """Return the missing packages and why, other cures, needs without a known cure, the sizes, and the exact
    commands."""
    lines: list[str] = []
    if plan.packages:
        lines.append(f"Missing on {distribution}:")
        width = max(len(package.name) for package in plan.packages)
        for package in plan.packages:
            for position, text in enumerate(_why(package.reasons)):
                lines.append(f"  {package.name if position == 0 else '':<{width}}  {text}")
            if package.confidence is Confidence.INDEX:
                lines.append(f"  {'':<{width}}  not in the rules: named by the {package.source}")
            if not package.confidence.covered_by_yes:
                others = "; ".join(", ".join(names) for names in package.alternatives)
                lines.append(f"  {'':<{width}}  a guess, not covered by --yes" + (f"; or: {others}" if others else ""))
    lines += [*_cure_lines(plan.build_cures), *unmet_lines(plan)]
    if plan.packages:
        lines.append(_size(plan, simulation))
        lines += [f"  {command}" for command in command_lines(plan.commands)]
    return lines


def unmet_lines(plan: Plan) -> list[str]:
    """Return the needs that no cure of the plan satisfies, each with the known advice."""
    lines: list[str] = []
    for heading, group in (
        ("Nothing cures:", plan.final),
        ("No cure is known for:", tuple(unmet for unmet in plan.uncured if not unmet.final)),
    ):
        lines += _unmet_group(heading, group)
    return lines


def _unmet_group(heading: str, group: Sequence[Unmet]) -> list[str]:
    lines = [heading] if group else []
    for unmet in group:
        lines += [f"  {text}" for text in _why((unmet.reason,))]
        if unmet.advice:
            lines.append(f"    {unmet.advice}")
    return lines


def _cure_lines(cures: Sequence[BuildCure]) -> list[str]:
    """Return what is to be changed in builds, then what is to be installed instead or as well; each with why, and what
    it affects."""
    lines: list[str] = []
    of_builds = [cure for cure in cures if cure.changes or cure.from_source]
    others = [cure for cure in cures if cure not in of_builds]
    for heading, group in (
        ("To build again with:", of_builds),
        ("To install instead:", [cure for cure in others if not cure.is_beside]),
        ("To install as well:", [cure for cure in others if cure.is_beside]),
    ):
        lines += [heading] if group else []
        for cure in group:
            user = f"{cure.reason.package or 'the build'}: {listed(cure.texts)}"
            lines.append(f"  {user if cure.changes or cure.from_source else listed(cure.releases)}")
            lines += [f"    {text}" for text in _why((cure.reason,))]
            if cure.affects:
                lines.append(f"    {cure.affects}: not covered by --yes")
    return lines


def command_lines(commands: Iterable[Sequence[str]]) -> list[str]:
    """Return the commands quoted for a shell, one per line."""
    return [shlex.join(command) for command in commands]


def _network_hint(result: Result) -> str:
    if any(case.failure.step == "build" for case in result.cases):
        return "builds have no network: --allow-build-network NAME lets one use it; if it did, check the network"
    return f"check the network, then {_AGAIN}"


_UNIMPORTABLE = "cannot be imported"


def _what_failed(result: Result) -> tuple[str, str]:
    """Return the names of what failed, and the beginning of a sentence about it."""
    failed = ", ".join(dict.fromkeys(case.failure.package or case.failure.step for case in result.cases))
    if result.cases and not any(case.failure.package for case in result.cases):
        return failed, "the requirements cannot be resolved" if failed == "resolve" else f"{failed} failed"
    if failed and all(case.failure.step == "import" for case in result.cases):
        return failed, f"{failed} {_UNIMPORTABLE}"
    return failed, f"{failed} did not build" if failed else "not everything could be built"


def verdict(
    result: Result, policy: Policy = NOTHING_SAID, obstacle: str | None = None, *, asked: bool = False
) -> tuple[str, str | None]:
    """Return the outcome of a failed run in one sentence, and the next step that fits the options given.

    ``obstacle`` is why nothing can be installed, if for a reason other than missing root access; ``asked`` says that
    somebody answered a question.
    """
    failed, what = _what_failed(result)
    match result.code:
        case ExitCode.UNCURED:
            return _uncured(result, policy, failed, what)
        case ExitCode.NOT_IMPORTABLE:
            hint = next_step(result.alternatives, upgraded=policy.upgrade_unbuildable)
            hint = hint or f"{_LOG}; everything else is installed"
            return f"{failed} cannot be imported: no known cure", hint
        case ExitCode.NETWORK if what.endswith(_UNIMPORTABLE):
            return f"{what}: it could not reach the network", f"check the network, then {_AGAIN}"
        case ExitCode.NETWORK:
            return f"{what}: the build could not reach the network", _network_hint(result)
        case ExitCode.CONSENT:
            return unconfirmed(result.plan or Plan(), policy, what, asked=asked)
        case ExitCode.PRIVILEGE if obstacle:
            return f"{_MISSING}, and {obstacle}", f"run the command above, then {_AGAIN}"
        case ExitCode.PRIVILEGE:
            why = "installing them needs root: neither sudo nor doas found"
            return f"{_MISSING}, and {why}", f"run the command above as root, then {_AGAIN}"
        case (
            ExitCode.DONE
            | ExitCode.INTERNAL
            | ExitCode.USAGE
            | ExitCode.PACKAGE_MANAGER
            | ExitCode.REQUIREMENTS
            | ExitCode.CACHE
            | ExitCode.INTERRUPTED
        ):
            return result.code.meaning, None


def unconfirmed(plan: Plan, policy: Policy, what: str, *, asked: bool) -> tuple[str, str]:
    """Return why the cures of ``what`` failed were not applied, and the next step that fits the options given."""
    by_hand = f"run the command above{' as root' if plan.needs_root else ''}"
    if plan.build_cures and not plan.packages:
        answer = "you answered no" if asked else "were not confirmed"
        option = "--yes" if plan.covered_by_yes else "--yes-to-all"
        return f"{what}: cures are known, and {answer}", f"run the same accel-doctor command with {option}"
    if not policy.system:
        return f"{_MISSING}, and --no-system installs none", f"{by_hand}, then {_AGAIN}"
    if policy.yes:
        why = "--yes does not cover all of them"
        return f"{_MISSING}, and {why}", f"{by_hand}, or run the same accel-doctor command with --yes-to-all"
    why = "you answered no" if asked else "installing them was not confirmed"
    return f"{_MISSING}, and {why}", f"{by_hand}, or run the same accel-doctor command with --yes"


def _uncured(result: Result, policy: Policy, failed: str, what: str) -> tuple[str, str]:
    known = next_step(result.alternatives, upgraded=policy.upgrade_unbuildable)
    if result.plan and result.plan.final:
        names = dict.fromkeys(unmet.reason.package or failed for unmet in result.plan.final)
        imported = all(unmet.reason.need.keeps_from_import for unmet in result.plan.final)
        return f"{', '.join(names)} cannot be {'imported' if imported else 'built'} here", known or _LOG
    log = result.cases[0].failure.log if result.cases else "LOG"
    return f"{what}: no known cure", known or f"{_LOG}; accel-doctor rules new {log} writes a rule for it"


def interruption_lines(transactions: Sequence[Plan], logs: str | None) -> list[str]:
    """Return what an interrupted run changed on the machine, and the path of its logs."""
    names = dict.fromkeys(name for plan in transactions for name in plan.names)
    installed = f"system packages installed before that: {', '.join(names)}"
    done = installed if names else "no system packages were installed"
    return [done, *([f"logs: {logs}"] if logs else [])]


def built_line(built: Built) -> str:
    """Return the line for one finished build."""
    if built.reused:
        return f"using the cached wheel of {built.source}"
    return f"built {built.source} in {built.seconds:.1f} s"


def _why(reasons: Sequence[Reason]) -> list[str]:
    """Return one line per need: the need, its package, and the quoted line or other evidence."""
    by_need: dict[str, list[Reason]] = {}
    for reason in reasons:
        by_need.setdefault(str(reason.need), []).append(reason)
    texts = []
    for need, group in by_need.items():
        names = list(dict.fromkeys(reason.package for reason in group if reason.package))
        shown = ", ".join(names[:_MOST_PACKAGES_NAMED])
        if len(names) > _MOST_PACKAGES_NAMED:
            shown += f" and {len(names) - _MOST_PACKAGES_NAMED} more"
        seen = next((reason.finding for reason in group if reason.finding), None)
        evidence = f'"{shortened(seen.evidence, _EVIDENCE_WIDTH)}"' if seen else group[0].why
        if evidence:
            texts.append(f"{need}{f' for {shown}' if shown else ''}: {evidence}")
        else:
            texts.append(f"{need}: {shown or 'the build'} {'needs' if len(names) < 2 else 'need'} it to build")
    return texts


def _quoted(finding: Finding) -> str:
    return f'{finding.need}: "{shortened(finding.evidence, _EVIDENCE_WIDTH)}" (line {finding.line})'


def _size(plan: Plan, simulation: Simulation | None) -> str:
    from rich.filesize import decimal

    text = count(len(plan.packages), "system package")
    if simulation:
        further = len(set(simulation.installs) - set(plan.names))
        text += f" and {count(further, 'dependency', 'dependencies')}" if further else ""
        if simulation.download_bytes is not None:
            text += f", {decimal(simulation.download_bytes)} to download"
        if simulation.disk_bytes is not None:
            text += f", {decimal(simulation.disk_bytes)} on disk"
    return text + ":"


def history_lines(entries: Iterable[JournalEntry]) -> list[str]:
    """Return each treatment: its number, time and command; each package with why it was needed, or that it was removed;
    the commands that were run."""
    lines = []
    for entry in entries:
        lines.append(f"{entry.number}  {entry.time}  {entry.distribution}  {shlex.join(entry.during)}")
        if entry.undoes:
            lines.append(f"  removed, which undoes {listed(list(map(str, entry.undoes)))}: {listed(entry.removed)}")
        width = max((len(package.name) for package in entry.packages), default=0)
        for package in entry.packages:
            for position, reason in enumerate(package.reasons):
                name = package.name if position == 0 else ""
                user = f" for {reason.package}" if reason.package else ""
                lines.append(f'  {name:<{width}}  {reason.need}{user}: "{reason.evidence}"')
        for cure in entry.cures:
            what, user = ", ".join(cure.texts), cure.reason.package or "the build"
            lines.append(f'  {user}: {what}  {cure.reason.need}: "{cure.reason.evidence}"')
        lines += [f"  $ {shlex.join(command)}" for command in entry.commands]
    return [printable(line) for line in lines]
