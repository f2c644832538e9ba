"""Put the files of a lock into a directory: wheels that were built, and what an index has."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from gzip import GzipFile
from pathlib import Path

from packaging.pylock import Package, Pylock
from packaging.tags import Tag

from accel_doctor.builder.fetch import SourceFetcher
from accel_doctor.errors import RequirementsError, UsageError
from accel_doctor.hashing import sha256_of
from accel_doctor.lockfile import chosen_only
from accel_doctor.model.builds import Source, SourceKind
from accel_doctor.model.requests import IndexSettings, InstallRequest, RequirementLine
from accel_doctor.requirements.specifier import local_project
from accel_doctor.workers import workers

_AT_ONCE = 8
_TIME = 1_577_836_800  # 2020: wheels cannot hold times before 1980
_LEFT_OUT = frozenset({"__pycache__", "node_modules", ".tox", ".nox", ".mypy_cache", ".pytest_cache", ".ruff_cache"})


@dataclass(frozen=True)
class Collector:
    """Collects the files that an interpreter with these tags and markers takes of a lock."""

    tags: Sequence[Tag]
    environment: Mapping[str, str]
    variables: Mapping[str, str]
    index: IndexSettings

    def collect(self, lock: Pylock, directory: Path) -> list[Path]:
        """Return the file of each distribution, in the directory, downloaded or copied; a file that is there already
        and has the right hash stays. Raises RequirementsError, NetworkError, and UsageError if it cannot be written."""
        sources = [_file_of(package) for package in chosen_only(lock, self.tags, self.environment).packages]
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".accel-doctor-", dir=directory) as scratch:
                fetcher = SourceFetcher(Path(scratch), self.variables, lambda name: None)
                with workers(_AT_ONCE, "download") as pool:
                    return list(pool.map(lambda one: self._put(one, fetcher, Path(scratch), directory), sources))
        except OSError as error:
            raise UsageError(f"cannot write to {directory}: {error.strerror}") from error

    def _put(self, source: Source, fetcher: SourceFetcher, scratch: Path, directory: Path) -> Path:
        there = directory / source.location.rpartition("/")[2]
        if source.sha256 and there.is_file() and not there.is_symlink() and sha256_of(there) == source.sha256:
            return there
        found = fetcher.fetch(source, self.index, scratch)
        target = directory / found.name
        if not found.is_relative_to(scratch):  # of the store, which keeps it
            found = Path(shutil.copyfile(found, scratch / found.name))
        found.chmod(0o644)
        found.replace(target)
        return target


def _file_of(package: Package) -> Source:
    part = next(iter(package.wheels or ()), None) or package.sdist or package.archive
    location = (part.path or part.url) if part else None
    if part is None or location is None:
        raise RequirementsError(
            f"{package.name} is no file to download: it is a repository or a directory",
            hint="accel-doctor wheel builds a wheel of it",
        )
    version = str(package.version) if package.version else None
    return Source(package.name, version, SourceKind.SDIST, location, part.hashes.get("sha256"))


def with_projects_archived(request: InstallRequest, work: Path) -> InstallRequest:
    """Return the request with an archive, below ``work``, in place of each directory that it would install: archives
    are built like all sources, directories where they are."""
    return replace(request, requirements=tuple(_archived(line, work) for line in request.requirements))


def _archived(line: RequirementLine, work: Path) -> RequirementLine:
    project = local_project(line)
    if project is None:
        return line
    place = Path(tempfile.mkdtemp(dir=work)) / f"{project.resolve().name or 'project'}.tar.gz"
    with (
        GzipFile(place, "wb", compresslevel=1, mtime=0) as file,
        tarfile.open(fileobj=file, mode="w") as archive,
    ):
        for path in _files_of(project):
            archive.add(path, Path("source") / path.relative_to(project), recursive=False, filter=_the_same_every_time)
    text = line.text.replace(project.as_uri(), place.as_uri()).replace(str(project), str(place))
    return replace(line, text=text, editable=False)


def _the_same_every_time(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return the member without what depends on who made the archive and when: the wheel is kept by its hash."""
    member.mtime, member.uid, member.gid, member.uname, member.gname = _TIME, 0, 0, "", ""
    return member


def _files_of(project: Path) -> Iterator[Path]:
    """Yield what a project consists of: all but virtual environments and what tools leave."""
    for place, names, files in os.walk(project):
        environments = {name for name in names if (Path(place) / name / "pyvenv.cfg").exists()}
        names[:] = sorted(set(names) - environments - _LEFT_OUT)
        yield from (Path(place) / name for name in sorted(files))
        yield from (Path(place) / name for name in names if (Path(place) / name).is_symlink())
