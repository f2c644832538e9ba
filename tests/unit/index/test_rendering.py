"""Pages that are served: read back by the reader of pages, they say what was put in."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest

from accel_doctor.index.pages import HTML_PAGES, JSON_PAGE, read_listing
from accel_doctor.index.rendering import Form, clean, index_page, key_of, project_page, rendered, url_key
from accel_doctor.model.releases import Listing, ReleaseFile

HASH, META = "a" * 64, "b" * 64
FILES = (
    ReleaseFile(
        "acme_thing-1.0+local.1-py3-none-any.whl",
        "https://up/x.whl",
        HASH,
        '>=3.8,<"4"',
        yanked=True,
        uploaded="2024-05-01T10:00:00.5Z",
        why_yanked='<b>"broken"</b>',
        size=5,
        metadata=META,
        provenance="https://up/x.whl.provenance",
    ),
    ReleaseFile("acme-thing-0.9.tar.gz", "https://up/acme-thing-0.9.tar.gz", size=7, metadata=""),
)
LISTING = Listing(
    FILES,
    status="archived",
    why_status="done & dusted",
    tracks=("https://other/simple/acme-thing/",),
    alternate_locations=("https://third/simple/acme-thing/",),
)
PAGE = "https://here/simple/acme-thing/"
AS_READ = tuple(
    replace(file, url=f"https://here/files/acme-thing/{key_of(file)}/{name}")
    for file, name in zip(FILES, ["acme_thing-1.0%2Blocal.1-py3-none-any.whl", "acme-thing-0.9.tar.gz"], strict=True)
)


def test_a_json_page_says_everything():
    assert read_listing(project_page("acme-thing", LISTING, Form.JSON), JSON_PAGE, PAGE) == replace(
        LISTING, files=AS_READ
    )


def test_an_html_page_says_everything_but_sizes_and_times():
    found = read_listing(project_page("acme-thing", LISTING, Form.HTML), HTML_PAGES[1], PAGE)
    assert found == replace(LISTING, files=tuple(replace(file, size=None, uploaded=None) for file in AS_READ))


def test_a_json_page_has_the_version_of_the_api_that_it_meets():
    page = json.loads(project_page("acme-thing", LISTING, Form.JSON))
    assert page["meta"]["api-version"] == "1.4"
    assert page["versions"] == ["0.9", "1.0+local.1"]
    unsized = replace(LISTING, files=(replace(FILES[0], size=None),))
    assert json.loads(project_page("acme-thing", unsized, Form.JSON))["meta"]["api-version"] == "1.0"


def test_nothing_odd_is_passed_on():
    odd = Listing((replace(FILES[1], uploaded="2024-05-01Tx"),), status="<script>")
    page = json.loads(project_page("acme-thing", odd, Form.JSON))
    assert "upload-time" not in page["files"][0]
    assert "project-status" not in page
    assert b"script" not in project_page("acme-thing", odd, Form.HTML)


def test_a_file_without_a_hash_is_known_by_its_url():
    assert key_of(FILES[0]) == HASH
    assert key_of(FILES[1]) == url_key("https://up/acme-thing-0.9.tar.gz")
    assert key_of(FILES[1]).startswith("at-")


@pytest.mark.parametrize(
    "name",
    [
        "../acme-thing-1.0.tar.gz",
        "acme-thing-1.0/../../x.tar.gz",
        "acme thing-1.0.tar.gz",
        "acme-thing-1.0.tar.gz\r\nX: y",
        "acme-thing-1.0.exe",
        "acme-thing-1.0.tar.gz\0",
        "other-1.0.tar.gz",
        f"acme-thing-{'1' * 300}.tar.gz",
        "",
    ],
)
def test_only_wheels_and_sdists_of_the_project_are_listed(name):
    good = FILES[1]
    assert clean("acme-thing", [ReleaseFile(name, "https://up/x"), good, replace(good, url="again")]) == (good,)


def test_the_same_page_has_the_same_bytes_and_etag():
    page = project_page("acme-thing", LISTING, Form.JSON)
    plain, packed = rendered(page, compressed=False), rendered(page, compressed=True)
    assert packed == rendered(page, compressed=True)
    assert gzip.decompress(packed.content) == plain.content == page
    assert packed.etag != plain.etag


def test_projects_are_listed():
    assert json.loads(index_page({"b", "a"}, Form.JSON))["projects"] == [{"name": "a"}, {"name": "b"}]
    assert b'<a href="a/">a</a><br/>\n<a href="b/">b</a>' in index_page({"b", "a"}, Form.HTML)
