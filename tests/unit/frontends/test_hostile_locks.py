"""What a lock says is a hash, a commit, a URL and a directory inside of a source, and nothing else."""

from __future__ import annotations

import pytest

from accel_doctor.errors import ToolError
from accel_doctor.frontends.lock_files import read_lock

HEAD = 'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "a"\nversion = "1"\n'
SHA256, COMMIT = "a" * 64, "b" * 40


def vcs(url="https://h/r", commit=COMMIT, more=""):
    return f'[packages.vcs]\ntype = "git"\nurl = "{url}"\ncommit-id = "{commit}"\n{more}'


def sdist(url="https://h/a-1.tar.gz", digest=SHA256, algorithm="sha256", kind="sdist", more=""):
    return f'[packages.{kind}]\nurl = "{url}"\n{more}hashes = {{{algorithm} = "{digest}"}}\n'


def read(tmp_path, text):
    (tmp_path / "pylock.toml").write_text(text)
    return read_lock(tmp_path / "pylock.toml")


@pytest.mark.parametrize(
    "package",
    [
        vcs(),
        vcs(commit="c" * 64),
        vcs(url="ssh://git@h/r"),
        vcs(url="git@github.com:o/r.git"),
        vcs(url="file:///srv/r"),
        vcs(more='subdirectory = "packages/a"\nrequested-revision = "v1"\n'),
        sdist(),
        sdist(digest="A" * 128, algorithm="sha512"),
        sdist(url="file:///srv/a-1.tar.gz"),
        sdist(kind="archive", more='subdirectory = "./a"\n'),
    ],
)
def test_an_ordinary_lock_is_read(tmp_path, package):
    assert read(tmp_path, HEAD + package).packages[0].name == "a"


@pytest.mark.parametrize(
    "package",
    [
        vcs(commit="--upload-pack=touch x"),
        vcs(commit="-uX"),
        vcs(commit="main"),
        vcs(commit="b" * 39),
        vcs(commit=COMMIT + "\\n"),
        vcs(url="ext::sh -c x"),
        vcs(url="ext::sh"),
        vcs(url="--upload-pack=x"),
        vcs(url="-oProxyCommand=x:y"),
        vcs(url="ssh://-oProxyCommand=x/y"),
        vcs(more='requested-revision = "--x"\n'),
        *(vcs(more=f'subdirectory = "{path}"\n') for path in ("..", "../..", "a/../../b", "/etc", "a/..")),
        *(sdist(kind="archive", more=f'subdirectory = "{path}"\n') for path in ("../x", "/", "..\\\\x")),
        *(sdist(digest=digest) for digest in ("../../x", "/etc/x", "", "a" * 63, SHA256 + "/..", "~", "a" * 128)),
        sdist(digest="../x", algorithm="sha512"),
        sdist(digest="a" * 64, algorithm='"../x"'),
        sdist(url="ftp://h/a-1.tar.gz"),
    ],
)
def test_what_is_no_hash_commit_url_or_directory_below_is_refused(tmp_path, package):
    with pytest.raises(ToolError, match=r"cannot use the lock .*: a: [a-z-]+: (malformed|leads out of the source): "):
        read(tmp_path, HEAD + package)


@pytest.mark.parametrize("text", ["x = " + "[" * 100_000, "x = " + "{a = " * 100_000, "\0", "x = [", ""])
def test_no_lock_is_too_odd_for_an_error(tmp_path, text):
    with pytest.raises(ToolError, match="cannot use the lock "):
        read(tmp_path, text)
