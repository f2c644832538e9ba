"""Files and URLs that requirements are read from."""

from __future__ import annotations

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
