"""Fetch source archives, check their hashes, and keep them by hash."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from accel_doctor.errors import NetworkError, RequirementsError, ToolError
from accel_doctor.hashing import sha256_of
from accel_doctor.interfaces import Reporter, Runner
from accel_doctor.model.builds import BYTES, Amount, Source
from accel_doctor.model.processes import Completed
from accel_doctor.model.requests import IndexSettings
from accel_doctor.urls import local_path, redacted

# https://git-scm.com/docs/git#Documentation/git.txt-codeGITTERMINALPROMPTcode: never wait for a password
_GIT_VARIABLES = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "LANGUAGE": ""}
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+-]{0,250}")
_ARCHIVE_LIMIT = 4 << 30  # bytes; far above any real archive


class SourceFetcher:
    """Fetch sdists into ``<root>/<sha256>/<file name>``, once each."""

    def __init__(self, root: Path, variables: Mapping[str, str], hold: Callable[[str], object]) -> None:
        """Keep archives below ``root``; ``hold`` protects the source with a given hash from eviction."""
        self._root = root
        self._variables = variables
        self._hold = hold

    def fetch(self, source: Source, index: IndexSettings, scratch: Path, reporter: Reporter | None = None) -> Path:
        """Return the path of an sdist's archive, with its hash verified; report how far its download is.

        Raises NetworkError if the download fails, RequirementsError if the hash differs from the lock.
        """
        local = local_path(source.location)
        if local is not None:
            return _checked_local(source, local)
        name = _file_name(source.location)
        kept = self._root / source.sha256 / name if source.sha256 else None
        if source.sha256:
            self._hold(source.sha256)
        if kept and _is_whole(kept, source):
            with suppress(OSError):  # owned by another user
                os.utime(kept)  # time of last use, for eviction
            return kept
        if index.offline:
            raise NetworkError(
                f"{source}: {source.location} is not in the cache, and --offline forbids fetching it",
                hint="run once without --offline, or put the file into a --find-links directory",
            )
        if kept:
            with suppress(OSError):  # disk full or permission denied: do without the cached copy
                return self._download(source, index, kept, reporter)
        return self._download(source, index, scratch / name, reporter)

    def _download(self, source: Source, index: IndexSettings, target: Path, reporter: Reporter | None) -> Path:
        from accel_doctor.http import HttpClient, HttpError, TooLargeError

        def told(done: int, total: int | None) -> None:
            if reporter:
                reporter.build_progress(source, Amount(done, total or source.size, BYTES))

        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            HttpClient(index, self._variables, index.logins) as client,
            tempfile.TemporaryDirectory(dir=target.parent) as scratch,
        ):
            aside = Path(scratch) / target.name
            try:
                _check(source, client.download(source.location, aside, _ARCHIVE_LIMIT, told))
            except TooLargeError as error:
                raise RequirementsError(f"{source}: {redacted(source.location)} is {error}") from None
            except HttpError as error:
                raise NetworkError(
                    f"{source}: cannot fetch {redacted(source.location)}: {error}",
                    hint="check the network, the proxy and the index settings, then run the command again",
                ) from error
            aside.replace(target)
        return target


def _is_whole(kept: Path, source: Source) -> bool:
    # The file had this hash when it was stored, but disks corrupt data: build only from the locked bytes.
    try:
        return kept.is_file() and sha256_of(kept) == source.sha256
    except OSError:
        return False


def _checked_local(source: Source, path: Path) -> Path:
    if not path.is_file():
        raise RequirementsError(f"{source}: no such file: {path}")
    if source.sha256:
        _check(source, sha256_of(path))
    return path


def _check(source: Source, found: str) -> None:
    if source.sha256 and found != source.sha256:
        raise RequirementsError(
            f"{source}: SHA-256 mismatch for {source.location}: expected {source.sha256}, got {found}",
            hint="the file changed after it was locked: find out why before you install it",
        )


def _file_name(location: str) -> str:
    # The name comes from an index and may be anything: never let it lead out of the directory.
    name = unquote(urlsplit(location).path).replace("\\", "/").rpartition("/")[2]
    if not name or name in {".", ".."} or "\0" in name:
        raise RequirementsError(f"no file name in {location}")
    return name


def check_out(source: Source, directory: Path, runner: Runner) -> Path:
    """Check out a git source at its locked commit, submodules included, and return the working tree.

    Raises RequirementsError for another VCS or a missing commit, NetworkError if the repository is unreachable,
    ToolError if git is not found.
    """
    if source.vcs != "git" or not source.commit:
        raise RequirementsError(
            f"{source}: sources from {source.vcs or 'no VCS'} cannot be built separately",
            hint="use git, or an archive of the release",
        )

    def git(*arguments: str) -> Completed:
        return runner.capture(["git", "-C", str(directory), *arguments], environment=_GIT_VARIABLES)

    directory.mkdir(parents=True)
    _expect(source, git("init", "--quiet"))
    _expect(source, git("remote", "add", "origin", "--", source.location))
    # With history and tags, from which backends take versions.
    # Servers may refuse a bare commit id (uploadpack.allowReachableSHA1InWant), so ask for it and fall back to all.
    if git("fetch", "--quiet", "--tags", "--end-of-options", "origin", source.commit).returncode:
        _expect(source, git("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*"))
    _expect(source, git("checkout", "--quiet", "--detach", source.commit))
    _expect(source, git("submodule", "--quiet", "update", "--init", "--recursive"))
    tree = directory / (source.subdirectory or "")
    if not tree.resolve().is_relative_to(directory.resolve()):  # a symlink in the repository
        raise RequirementsError(f"{source}: its subdirectory {source.subdirectory} leads out of the repository")
    return tree


def with_commit(source: Source, runner: Runner) -> Source:
    """Return a git source with the commit that its revision (a branch before a tag, as in uv) means now.

    Raises RequirementsError, NetworkError and ToolError like :func:`check_out`.
    """
    asked = source.revision or "HEAD"
    if not _REVISION.fullmatch(asked):
        raise RequirementsError(f"{source}: not the name of a revision: {asked}")
    done = runner.capture(["git", "ls-remote", "--", source.location], environment=_GIT_VARIABLES)
    _expect(source, done)
    refs = {name: commit for commit, _, name in (line.partition("\t") for line in done.output.splitlines())}
    names = (f"refs/heads/{asked}", f"refs/tags/{asked}^{{}}", f"refs/tags/{asked}", asked)
    commit = next((refs[name] for name in names if name in refs), asked)
    return replace(source, commit=commit)


def head_of(tree: Path, runner: Runner) -> str:
    """Return the commit that a working tree is at."""
    return runner.capture(["git", "-C", str(tree), "rev-parse", "HEAD"], environment=_GIT_VARIABLES).output.strip()


def _expect(source: Source, done: Completed) -> None:
    if done.returncode == 0:
        return
    if done.returncode == 127:
        raise ToolError(f"{source}: git not found", hint="install git, then run the same command again")
    words = done.stderr.strip() or f"git ended with {done.returncode}"
    if "Could not resolve host" in words or "unable to access" in words or "Could not read from remote" in words:
        raise NetworkError(f"{source}: {words}", hint="check that the repository can be reached from here")
    raise RequirementsError(f"{source}: {words}")
