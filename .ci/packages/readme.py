"""Make README's links absolute, for PyPI, where no files are beside it; hatchling runs this for each build."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)")


class AbsoluteLinks(MetadataHookInterface):  # type: ignore[misc]  # hatchling is there in builds only
    """Give the distribution its description."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add README to the metadata, its links led to the documentation's address."""
        site = metadata["urls"]["Documentation"]

        def absolute(link: re.Match[str]) -> str:
            path = Path(link[1])
            if path.is_relative_to("docs/images"):
                return f"]({site}_images/{path.name}"
            if path.suffix != ".md":
                return link[0]
            page = path.relative_to("docs") if path.is_relative_to("docs") else Path(path.name.lower())
            return f"]({site}{page.with_suffix('.html')}"

        text = Path(self.root, "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": _LINK.sub(absolute, text)}
