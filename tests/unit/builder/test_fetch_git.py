"""Git sources at one commit, from real repositories."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import pytest

from accel_doctor.builder.fetch import check_out, head_of, with_commit
from accel_doctor.errors import RequirementsError, ToolError
from accel_doctor.model.builds import Source, SourceKind
from accel_doctor.system.process.runner import ProcessRunner

GIT = shutil.which("git")
needs_git = pytest.mark.skipif(GIT is None, reason="git is not installed")
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    **{f"GIT_{who}_{what}": "t" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


@pytest.fixture
def repository(tmp_path):
    """Two commits; returns the repository and the first one's id."""
    path = tmp_path / "origin"

    def git(*arguments: str) -> str:
        command = [GIT, "-C", path, *arguments]
        done = subprocess.run(command, env=ENVIRONMENT, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    path.mkdir()
    git("init", "--quiet")
    (path / "python").mkdir()
    (path / "python" / "version").write_text("1")
    git("add", ".")
    git("commit", "--quiet", "-m", "one")
    first = git("rev-parse", "HEAD")
    (path / "python" / "version").write_text("2")
    git("commit", "--quiet", "-am", "two")
    return path, first


def source(location, commit, **more):
    return Source("odd", None, SourceKind.VCS, str(location), commit=commit, vcs=more.pop("vcs", "git"), **more)


@needs_git
def test_the_tree_is_that_of_the_commit_and_the_subdirectory_is_respected(repository, tmp_path):
    path, first = repository
    tree = check_out(source(path, first, subdirectory="python"), tmp_path / "tree", ProcessRunner(ENVIRONMENT))
    assert tree == tmp_path / "tree" / "python"
    assert (tree / "version").read_text() == "1"


@needs_git
def test_backends_find_the_tags_that_versions_come_from(repository, tmp_path):
    path, first = repository
    for command in (["tag", "v1.2", first], ["rev-parse", "HEAD"]):
        done = subprocess.run(
            [str(GIT), "-C", path, *command], env=ENVIRONMENT, check=True, capture_output=True, text=True
        )
    tree = check_out(source(path, done.stdout.strip()), tmp_path / "tree", ProcessRunner(ENVIRONMENT))
    described = subprocess.run(
        [str(GIT), "-C", tree, "describe", "--tags"], env=ENVIRONMENT, check=True, capture_output=True, text=True
    )
    assert described.stdout.startswith("v1.2-1-g")


@needs_git
def test_a_commit_that_is_not_there_quotes_git(repository, tmp_path):
    path, _ = repository
    with pytest.raises(RequirementsError, match=r"^odd: fatal: "):
        check_out(source(path, "0" * 40), tmp_path / "tree", ProcessRunner(ENVIRONMENT))


def test_another_vcs_is_refused_by_name(tmp_path):
    with pytest.raises(RequirementsError, match="^odd: sources from hg cannot be built separately$"):
        check_out(source("/x", "1", vcs="hg"), tmp_path / "tree", ProcessRunner(ENVIRONMENT))


def test_a_machine_without_git_says_so(tmp_path):
    with pytest.raises(ToolError, match="^odd: git not found$"):
        check_out(source("/x", "1" * 40), tmp_path / "tree", ProcessRunner({"PATH": str(tmp_path)}))


@needs_git
@pytest.mark.parametrize("revision", [None, "v1", "heads-and-tags", "abbreviated"])
def test_a_revision_becomes_a_commit(repository, tmp_path, revision):
    path, first = repository
    runner = ProcessRunner(ENVIRONMENT)

    def git(*arguments: str) -> str:
        return runner.capture([str(GIT), "-C", str(path), *arguments]).output.strip()

    git("tag", "-a", "v1", "-m", "one", first)
    git("tag", "heads-and-tags", first)
    git("branch", "heads-and-tags")
    last = git("rev-parse", "HEAD")
    asked = replace(source(path, None), revision=first[:10] if revision == "abbreviated" else revision)
    found = with_commit(asked, runner)
    check_out(found, tmp_path / "tree", runner)
    assert head_of(tmp_path / "tree", runner) == (last if revision in (None, "heads-and-tags") else first)


@needs_git
@pytest.mark.parametrize("revision", ["--upload-pack=touch /tmp/x", "a b", "a\nb", "^x"])
def test_what_is_no_revision_is_refused(repository, revision):
    with pytest.raises(RequirementsError, match="not the name of a revision"):
        with_commit(replace(source(repository[0], None), revision=revision), ProcessRunner(ENVIRONMENT))
