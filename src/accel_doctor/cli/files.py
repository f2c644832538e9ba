"""Files and URLs that requirements are read from."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urlsplit

from accel_doctor.requirements.file_access import SIZE_LIMIT


class RealFiles:
    """Implements :class:`accel_doctor.requirements.file_access.Files` with the disk and the web."""

    def read(self, location: str) -> bytes:
        """The content, at most one byte more than the limit its reader sets; OSError where there is none."""
        scheme = urlsplit(location).scheme
        if scheme in ("http", "https"):
            return _download(location)
        path = unquote(urlsplit(location).path) if scheme == "file" else location
        with Path(path).open("rb") as stream:
            return stream.read(SIZE_LIMIT + 1)

    def is_directory(self, path: str) -> bool:
        """Whether a path is a directory."""
        return Path(path).is_dir()

    def is_file(self, path: str) -> bool:
        """Whether a path is a file."""
        return Path(path).is_file()


class RecordedFiles(RealFiles):
    """The same, and what was found, so that a later run can tell whether it would find it again."""

    def __init__(self) -> None:
        self.contents: dict[str, str | None] = {}  # SHA-256 by location; None where a later run cannot tell at once
        self.kinds: list[tuple[str, str, bool]] = []  # "file" or "directory", a path, the answer
        self.texts: list[str] = []  # as far as names of variables can be read from them

    def read(self, location: str) -> bytes:
        """Like :meth:`RealFiles.read`."""
        content = super().read(location)
        self.contents[location] = None if "://" in location else sha256(content).hexdigest()
        self.texts.append(content.replace(b"\0", b"").decode("ascii", "ignore"))  # UTF-16 too
        return content

    def is_directory(self, path: str) -> bool:
        """Like :meth:`RealFiles.is_directory`."""
        answer = super().is_directory(path)
        self.kinds.append(("directory", path, answer))
        return answer

    def is_file(self, path: str) -> bool:
        """Like :meth:`RealFiles.is_file`."""
        answer = super().is_file(path)
        self.kinds.append(("file", path, answer))
        return answer


def _download(url: str) -> bytes:
    import httpx

    content = b""
    try:
        with httpx.stream("GET", url, follow_redirects=True) as response:
            response.raise_for_status()
            for block in response.iter_bytes():
                content += block
                if len(content) > SIZE_LIMIT:
                    break
    except httpx.HTTPError as error:
        raise OSError(f"{url}: {error or type(error).__name__}") from error
    return content
