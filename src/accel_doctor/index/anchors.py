"""Collect the links on an HTML page, and what its head says."""

from __future__ import annotations

from html.parser import HTMLParser


class Anchors(HTMLParser):
    """Collect the attributes of all links, the base of relative ones, and the values of ``meta`` by name."""

    def __init__(self) -> None:
        super().__init__()
        self.base: str | None = None
        self.found: list[dict[str, str]] = []
        self.said: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in attributes:
            self.found.append(attributes)
        elif tag == "base" and self.base is None:
            self.base = attributes.get("href")
        elif tag == "meta" and "name" in attributes:
            self.said.setdefault(attributes["name"], []).append(attributes.get("content", ""))


def anchors_of(page: str) -> Anchors:
    """Return the links of an HTML page, as far as it can be read."""
    anchors = Anchors()
    anchors.feed(page)
    return anchors
