"""Read requirement files as pip itself does: a program, run in a process of its own, since pip has no such interface.

Standard input: JSON, the texts of files; each is read as ``case.txt`` in the working directory. Standard output: JSON,
for each what pip makes of it, or pip's error.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def main() -> None:
    """Answer for every text on standard input."""
    logging.disable(logging.CRITICAL)
    json.dump([_reading(text) for text in json.load(sys.stdin)], sys.stdout)


def _reading(text: str) -> dict[str, Any]:
    from pip._internal.exceptions import PipError
    from pip._internal.index.collector import LinkCollector
    from pip._internal.index.package_finder import PackageFinder
    from pip._internal.models.format_control import FormatControl
    from pip._internal.models.release_control import ReleaseControl
    from pip._internal.models.search_scope import SearchScope
    from pip._internal.models.selection_prefs import SelectionPreferences
    from pip._internal.network.session import PipSession
    from pip._internal.req.req_file import parse_requirements

    session = PipSession()
    scope = SearchScope.create(find_links=[], index_urls=[], no_index=False)
    controls = FormatControl(set(), set()), ReleaseControl(set(), set())
    preferences = SelectionPreferences(allow_yanked=True, format_control=controls[0], release_control=controls[1])
    finder = PackageFinder.create(link_collector=LinkCollector(session, scope), selection_prefs=preferences)
    options = SimpleNamespace(require_hashes=False, no_require_hashes=False, features_enabled=[])
    Path("case.txt").write_text(text, encoding="utf-8", newline="")
    try:
        lines = [
            line
            for parsed in parse_requirements("case.txt", session, finder, options)  # type: ignore[arg-type]
            for line in _line(parsed)
        ]
    except (PipError, ValueError, AssertionError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {
        "lines": lines,
        "index": finder.index_urls,
        "no_index": finder.search_scope.no_index,
        "find_links": finder.find_links,
        "no_binary": sorted(finder.format_control.no_binary),
        "only_binary": sorted(finder.format_control.only_binary),
        "pre": bool(finder.release_control and finder.release_control.all_releases),
        "prefer_binary": finder.prefer_binary,
        "trusted": [f"{host}:{port}" if port else host for host, port in session.pip_trusted_origins],
        "require_hashes": bool(options.require_hashes),
    }


def _line(parsed: Any) -> Iterator[dict[str, Any]]:
    from pip._internal.exceptions import InstallationError
    from pip._internal.req.constructors import install_req_from_parsed_requirement
    from pip._internal.req.req_install import check_invalid_constraint_type
    from pip._vendor.packaging.utils import canonicalize_name

    options = parsed.options or {}
    made = install_req_from_parsed_requirement(parsed, user_supplied=True)
    if parsed.constraint and (problem := check_invalid_constraint_type(made)):
        raise InstallationError(problem)
    yield {
        "name": made.name and canonicalize_name(made.name),
        "versions": sorted(map(str, made.req.specifier)) if made.req and not made.link else [],
        "extras": sorted(made.extras or (made.req.extras if made.req else ())),
        "marker": str(made.markers) if made.markers else None,
        "url": made.link.url if made.link else None,
        "editable": made.editable,
        "constraint": parsed.constraint,
        "hashes": sorted(f"{kind}:{one}" for kind, all_ in options.get("hashes", {}).items() for one in all_),
        "settings": options.get("config_settings", {}),
    }


if __name__ == "__main__":
    main()
