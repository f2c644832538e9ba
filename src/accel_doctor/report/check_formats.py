"""Render the foresight of ``check`` in the formats that CI services read. Pure.

Names and texts come from requirement files, which may be hostile: nothing of them can end a workflow command or an
element.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from accel_doctor import __version__
from accel_doctor.report.check_findings import Finding, ForesightReport, Place, findings
from accel_doctor.report.check_report import foresight_document, foresight_lines
from accel_doctor.wording import printable

_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BASELINE = "in the baseline"


def text(report: ForesightReport) -> str:
    """Return what people read."""
    return "\n".join(foresight_lines(report))


def as_json(report: ForesightReport) -> str:
    """Return the document of docs/reference/check.schema.json."""
    return json.dumps(foresight_document(report), indent=2)


# --- GitHub's workflow commands ---------------------------------------------------------------------------


def github(report: ForesightReport) -> str:
    """Return one workflow command per distribution that lacks something, as GitHub shows ten in a step.

    Escaped as GitHub's own toolkit does it (actions/toolkit, packages/core/src/command.ts).
    """
    new = _by_package(finding for finding in findings(report) if not finding.known)
    return "\n".join(_command("error" if report.strict else "notice", found) for found in new.values())


def _command(level: str, found: list[Finding]) -> str:
    place = found[0].place
    properties = {"title": f"accel-doctor check: {found[0].title}"}
    if place:
        properties |= {"file": place.file} | ({"line": str(place.line)} if place.line else {})
    shown = ",".join(f"{key}={_escaped(value, '%:,')}" for key, value in properties.items())
    return f"::{level} {shown}::{_escaped('; '.join(map(_sentence, found)), '%')}"


def _escaped(value: str, special: str) -> str:
    for character in special:  # % first
        value = value.replace(character, f"%{ord(character):02X}")
    return printable(value)  # the ends of lines too


def _sentence(finding: Finding) -> str:
    verb = "links" if finding.linked else "needs"
    subject = f"the cached wheel of {finding.package}" if finding.linked else finding.package
    return f"{subject} {verb} {finding.need}: {finding.state}"


# --- SARIF 2.1.0 -----------------------------------------------------------------------------------------


def sarif(report: ForesightReport) -> str:
    """Return a SARIF log: one result per need that is not met, suppressed if the baseline has it."""
    found = findings(report)
    rules = list(dict.fromkeys(map(_rule, found)))
    driver = {
        "name": "accel-doctor",
        "version": __version__,
        "rules": [
            {
                "id": rule,
                "shortDescription": {"text": f"A {rule.partition('-')[2]} that a build needs is missing"},
                "help": {"text": "accel-doctor install --yes installs the system packages that builds need."},
            }
            for rule in rules
        ],
    }
    level = "error" if report.strict else "note"
    results = [_result(finding, level, rules.index(_rule(finding))) for finding in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(finding: Finding) -> str:
    return f"missing-{finding.need.partition(':')[0]}"


def _result(finding: Finding, level: str, rule: int) -> dict[str, Any]:
    result = {
        "ruleId": _rule(finding),
        "ruleIndex": rule,
        "level": level,
        "message": {"text": printable(_sentence(finding))},
        "partialFingerprints": {"packageAndNeed/v1": printable(f"{finding.package} {finding.need}")},
        "locations": [_location(finding.place)] if finding.place else [],
    }
    if finding.known:
        result["suppressions"] = [{"kind": "external", "justification": _BASELINE}]
    return result


def _location(place: Place) -> dict[str, Any]:
    absolute = place.file.startswith("/")
    path = quote(place.file, errors="replace")
    artifact = {"uri": f"file://{path}"} if absolute else {"uri": path, "uriBaseId": "%SRCROOT%"}
    region = {"region": {"startLine": place.line}} if place.line else {}
    return {"physicalLocation": {"artifactLocation": artifact, **region}}


# --- JUnit XML -------------------------------------------------------------------------------------------


def junit(report: ForesightReport) -> str:
    """Return JUnit XML with one test case per distribution, as GitLab and Jenkins read it."""
    found = _by_package(findings(report))
    suite = ElementTree.Element("testsuite", name="accel-doctor check")
    for build in report.foresight.builds:
        title = f"{build.name} {build.version}" if build.version else build.name
        case = ElementTree.SubElement(suite, "testcase", classname="accel-doctor.check", name=printable(title))
        if place := report.place_of(build.name):
            case.set("file", printable(place.file))
            if place.line:
                case.set("line", str(place.line))
        _outcome(case, found.get(build.name, []), place, strict=report.strict)
    outcomes = {outcome: len(suite.findall(f"testcase/{outcome}")) for outcome in ("failure", "skipped")}
    counts = {"tests": len(suite), "failures": outcomes["failure"], "errors": 0, "skipped": outcomes["skipped"]}
    for name, number in counts.items():
        suite.set(name, str(number))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}'


def _outcome(case: ElementTree.Element, found: list[Finding], place: Place | None, *, strict: bool) -> None:
    new = [finding for finding in found if not finding.known]
    if new:
        where = [str(place)] if place else []
        said = "\n".join(map(printable, [*where, *map(_sentence, new)]))
        attributes = {"type": "missing", "message": printable(_sentence(new[0]))} if strict else {}
        ElementTree.SubElement(case, "failure" if strict else "system-out", attributes).text = said
    elif found:
        ElementTree.SubElement(case, "skipped", message=_BASELINE)


def _by_package(found: Iterable[Finding]) -> dict[str, list[Finding]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in found:
        grouped.setdefault(finding.package, []).append(finding)
    return grouped


FORMATS: Mapping[str, Callable[[ForesightReport], str]] = {
    "text": text,
    "json": as_json,
    "github": github,
    "sarif": sarif,
    "junit": junit,
}
