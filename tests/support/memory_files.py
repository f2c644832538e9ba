"""Files and URLs that are held in memory."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class MemoryFiles:
    """Files and URLs in a dictionary."""

    content: dict[str, bytes] = field(default_factory=dict)

    def add(self, location: str, text: str) -> str:
        self.content[location] = text.encode()
        return location

    def read(self, location: str) -> bytes:
        if location not in self.content:
            raise FileNotFoundError(2, "No such file or directory", location)
        return self.content[location]

    def is_directory(self, path: str) -> bool:
        return any(location.startswith(f"{path}/") for location in self.content)

    def is_file(self, path: str) -> bool:
        return path in self.content
