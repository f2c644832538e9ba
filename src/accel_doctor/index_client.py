"""Ask the user's package indexes and find-links locations for the files of a project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from accel_doctor.errors import NetworkError
from accel_doctor.index.pages import ACCEPTED, HTML_PAGES, file_at, is_archive, project_of, read_page
from accel_doctor.interfaces import PackageIndex
from accel_doctor.model.releases import Project, ReleaseFile
from accel_doctor.model.requests import IndexSettings
from accel_doctor.urls import local_path, redacted

PYPI = "https://pypi.org/simple"
_PAGE_LIMIT = 64 << 20  # bytes; PyPI's largest pages have 10 MB


class IndexClient(PackageIndex):
    """Read pages of the Simple API over HTTP or from disk; each project once per run."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._known: dict[tuple[str, IndexSettings], Project] = {}

    def project(self, name: str, index: IndexSettings) -> Project:
        name = canonicalize_name(name)
        if (name, index) not in self._known:
            self._known[name, index] = project_of(name, self._files(name, index))
        return self._known[name, index]

    def _files(self, name: str, index: IndexSettings) -> Iterator[ReleaseFile]:
        for location in index.find_links:
            yield from self._linked(location, index)
        if not index.no_index:
            default = index.index_url or index.of_frontend.default or PYPI
            for url in (*index.extra_index_urls, *index.of_frontend.others, default):
                yield from self._page(f"{url.rstrip('/')}/{name}/", index)

    def _linked(self, location: str, index: IndexSettings) -> Iterator[ReleaseFile]:
        """Yield the files in a directory, on a page, or the one archive that ``location`` is."""
        path = local_path(location)
        if is_archive(location.partition("#")[0]):
            yield file_at(location)
        elif path and path.is_dir():
            yield from (ReleaseFile(file.name, str(file)) for file in sorted(path.iterdir()) if is_archive(file.name))
        else:
            yield from self._page(path.absolute().as_uri() if path else location, index)

    def _page(self, url: str, index: IndexSettings) -> tuple[ReleaseFile, ...]:
        path = local_path(url)
        try:
            if path:
                return _local_page(path)
            return () if index.offline else self._remote_page(url, index)
        except (OSError, ValueError) as error:
            raise NetworkError(f"cannot read {redacted(url)}: {error}") from error

    def _remote_page(self, url: str, index: IndexSettings) -> tuple[ReleaseFile, ...]:
        from accel_doctor.http import HttpClient, HttpError

        with HttpClient(index, self._variables, index.logins) as client:
            try:
                page = client.read_page(url, _PAGE_LIMIT, ACCEPTED)
            except HttpError as error:
                if error.status == 404:  # not on this index
                    return ()
                raise NetworkError(
                    f"cannot read {redacted(url)}: {error}",
                    hint="check the network, the proxy and the index settings, then run the command again",
                ) from error
        return read_page(page.content, page.content_type, page.url)


def _local_page(path: Path) -> tuple[ReleaseFile, ...]:
    file = path / "index.html" if path.is_dir() else path
    if not file.is_file():
        return ()
    with file.open("rb") as stream:
        content = stream.read(_PAGE_LIMIT + 1)
    if len(content) > _PAGE_LIMIT:
        raise ValueError(f"larger than {_PAGE_LIMIT} bytes")
    return read_page(content, HTML_PAGES[1], f"{file.parent.absolute().as_uri()}/")
