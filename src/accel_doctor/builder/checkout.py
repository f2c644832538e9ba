"""VCS sources brought to this machine at one commit."""

from __future__ import annotations

from pathlib import Path

from accel_doctor.errors import NetworkError, RequirementsError, ToolError
from accel_doctor.interfaces import Completed, Runner
from accel_doctor.model import Source

# https://git-scm.com/docs/git#Documentation/git.txt-codeGITTERMINALPROMPTcode: never wait for a password
_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "LANGUAGE": ""}


def check_out(source: Source, directory: Path, runner: Runner) -> Path:
    """The working tree of a git source at its locked commit, submodules included.

    Raises RequirementsError for another VCS or a commit that is not there, NetworkError where the repository does
    not answer, ToolError where git is missing.
    """
    if source.vcs != "git" or not source.commit:
        raise RequirementsError(
            f"{source}: sources from {source.vcs or 'no VCS'} cannot be built one by one",
            hint="use git, or an archive of the release",
        )

    def git(*arguments: str) -> Completed:
        return runner.capture(["git", "-C", str(directory), *arguments], environment=_ENVIRONMENT)

    directory.mkdir(parents=True)
    _expect(source, git("init", "--quiet"))
    _expect(source, git("remote", "add", "origin", "--", source.location))
    # Servers may refuse a bare commit id (uploadpack.allowReachableSHA1InWant), so ask for it and fall back to all.
    if git("fetch", "--quiet", "--depth=1", "origin", source.commit).returncode:
        _expect(source, git("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*"))
    _expect(source, git("checkout", "--quiet", "--detach", source.commit))
    _expect(source, git("submodule", "--quiet", "update", "--init", "--recursive"))
    return directory / source.subdirectory if source.subdirectory else directory


def _expect(source: Source, done: Completed) -> None:
    if done.returncode == 0:
        return
    if done.returncode == 127:
        raise ToolError(f"{source}: git is not on PATH", hint="install git, then run the same command again")
    words = done.stderr.strip() or f"git ended with {done.returncode}"
    if "Could not resolve host" in words or "unable to access" in words or "Could not read from remote" in words:
        raise NetworkError(f"{source}: {words}", hint="check that the repository can be reached from here")
    raise RequirementsError(f"{source}: {words}")
