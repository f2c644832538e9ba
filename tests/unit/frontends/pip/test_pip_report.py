"""pip's installation report as a lock."""

from __future__ import annotations

import json

import pytest

from accel_doctor.errors import ToolError
from accel_doctor.frontends.pip.pip_report import lock_from_report

HASHES = {"hashes": {"sha256": "ab"}}


def item(
    url: str, *, direct: bool = False, name: str = "My_X", version: str = "1.0", **info: object
) -> dict[str, object]:
    download_info = {"url": url, **(info or {"archive_info": HASHES})}
    return {"download_info": download_info, "is_direct": direct, "metadata": {"name": name, "version": version}}


def packages(*items: dict[str, object]) -> list[dict[str, object]]:
    report = {"version": "1", "pip_version": "26.3", "install": list(items)}
    return [dict(package) for package in lock_from_report(json.dumps(report)).to_dict().get("packages", [])]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            item("https://h/My_X-1.0.tar.bz2"),
            {"version": "1.0", "archive": {"url": "https://h/My_X-1.0.tar.bz2", "hashes": {"sha256": "ab"}}},
        ),
        (
            item("https://h/my_x-1.0-py3-none-any.whl"),
            {
                "version": "1.0",
                "wheels": [
                    {
                        "name": "my_x-1.0-py3-none-any.whl",
                        "url": "https://h/my_x-1.0-py3-none-any.whl",
                        "hashes": {"sha256": "ab"},
                    }
                ],
            },
        ),
        (
            item("file:///w/a%20b/my_x-1.0.tar.gz"),
            {
                "version": "1.0",
                "sdist": {"name": "my_x-1.0.tar.gz", "path": "/w/a b/my_x-1.0.tar.gz", "hashes": {"sha256": "ab"}},
            },
        ),
        (
            item("https://h/x.zip", direct=True, archive_info=HASHES, subdirectory="sub"),
            {
                "version": "1.0",
                "archive": {"url": "https://h/x.zip", "hashes": {"sha256": "ab"}, "subdirectory": "sub"},
            },
        ),
        (
            item("https://h/x.git", vcs_info={"vcs": "git", "commit_id": "ab", "requested_revision": "main"}),
            {
                "version": "1.0",
                "vcs": {
                    "type": "git",
                    "url": "https://h/x.git",
                    "requested-revision": "main",
                    "commit-id": "ab",
                },
            },
        ),
        (
            item("file:///w/x", direct=True, dir_info={"editable": True}),
            {"directory": {"path": "/w/x", "editable": True}},
        ),
        (item("file:///w/x", direct=True, dir_info={}), {"directory": {"path": "/w/x"}}),
    ],
)
def test_each_kind_of_distribution(given, expected):
    assert packages(given) == [{"name": "my-x", **expected}]


def test_nothing_to_install_is_an_empty_lock():
    assert packages() == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot read pip's installation report: JSONDecodeError"),
        ('{"version": "1"}', "cannot read pip's installation report: KeyError('install')"),
        ('{"version": "2"}', "unknown version of pip's installation report: 2 (expected 1)"),
    ],
)
def test_what_is_no_report(text, message):
    with pytest.raises(ToolError) as caught:
        lock_from_report(text)
    assert caught.value.message.startswith(message)
