"""Know the pages of the documentation: which topics there are, and at which address each is."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, metadata

from accel_doctor.errors import ToolError

# Kind of page, which is its directory -> names of pages, which are the topics. "" are those that are in none.
TOPICS: dict[str, tuple[str, ...]] = {
    "": ("changelog", "contributing", "faq", "features", "installation", "security", "troubleshooting"),
    "tutorial": ("first-run", "first-session"),
    "how-to": (
        *(
            "add-a-rule",
            "ci",
            "ci-environments",
            "jupyter",
            "projects",
            "provision",
            "publish-private-packages",
            "run-an-index",
            "run-any-command",
            "share-wheels",
            "small-image",
        ),
        "tox-and-nox",
    ),
    "reference": (
        *("cache", "check", "command-line", "config", "configuration", "cures", "diagnose", "env", "errors"),
        *("exit-codes", "export", "glossary", "index", "install", "package-managers", "repair", "report"),
        *("requirement-files", "rules", "rules-command", "run", "self-check", "serve", "shared-levels"),
        *("surroundings", "sync"),
        *("terminal", "undo", "wheel", "wheel-store", "why"),
    ),
    "explanation": (
        "accuracy",
        "architecture",
        "comparison",
        "decisions",
        "never",
        "reading-sources",
        "speed",
        "trust",
    ),
}
# Commands that are described on the page of another topic.
ELSEWHERE = {
    "completion": "command-line",
    "docs": "command-line",
    "download": "wheel",
    "help": "command-line",
    "history": "export",
    "index-url": "serve",
}


def site() -> str:
    """Return the address of the documentation, which pyproject.toml has. Raise ToolError if it was lost."""
    try:
        urls: list[str] = metadata("accel-doctor").get_all("Project-URL") or []
    except PackageNotFoundError:
        urls = []
    for label, _, address in (url.partition(", ") for url in urls):
        if label == "Documentation":
            return address
    raise ToolError(
        "the address of the documentation is not in this installation's metadata", hint="install accel-doctor again"
    )


def topics() -> Sequence[str]:
    """Return all topics, sorted."""
    return sorted({*ELSEWHERE, *(name for names in TOPICS.values() for name in names)})


def page(topic: str) -> str | None:
    """Return the path of a topic's page below the address of the site, without its suffix; None if there is none."""
    name = ELSEWHERE.get(topic, topic)
    return next((f"{kind}/{name}".lstrip("/") for kind, names in TOPICS.items() if name in names), None)
