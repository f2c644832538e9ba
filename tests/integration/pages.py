"""What the how-to pages show, taken out of them and carried out on a machine."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from integration.machine import Machine
from paths import ROOT

_SECTION = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)


def shown(page: str, section: str, language: str) -> list[str]:
    """The blocks of a language in one section of a page under docs/how-to, as they are written; "" is its beginning."""
    text = (ROOT / "docs/how-to" / page).read_text()
    parts = _SECTION.split(text)
    sections = {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}
    return re.findall(rf"^```{language}\n(.*?)^```$", sections[section], re.MULTILINE | re.DOTALL)


def typed(block: str) -> list[list[str]]:
    """The commands of a console block, as words."""
    return [shlex.split(line.removeprefix("$ ")) for line in block.splitlines() if line.startswith("$ ")]


def build(dockerfile: str, where: Machine, context: Mapping[str, Path | str] | None = None) -> str:
    """Carry out the instructions of a Dockerfile in a machine that stands for its image, from ``/``; their output.

    ``context`` has what COPY finds beside the Dockerfile: trees and files by path, or text.
    """
    output = ""
    for line in dockerfile.replace("\\\n", "").splitlines():
        instruction, _, rest = line.partition(" ")
        match instruction:
            case "RUN":
                output += where.must("sh", "-c", f"cd / && {rest}", timeout=600)
            case "COPY":
                name, target = rest.split()
                found = (context or {})[name]
                inside = f"/{name}" if target == "." else target
                if isinstance(found, Path):
                    where.copy_in(found, inside)
                else:
                    where.write(inside, found)
            case "" | "#" | "FROM":  # the machine is what FROM names
                pass
            case _:
                raise ValueError(f"not known here: {line}")
    return output
