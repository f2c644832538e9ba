"""Pages of package indexes, shortened from pypi.org's and a devpi's."""

from __future__ import annotations

import json

import pytest

from accel_doctor.index.pages import HTML_PAGES, JSON_PAGE, project_of, read_page, sdist_of
from accel_doctor.model.builds import Source, SourceKind
from accel_doctor.model.releases import ReleaseFile

URL = "https://pypi.org/simple/iniconfig/"
SDIST = "d7a1b0a5f9d2e9a5b5a1d8d9c6d3c2b1a09f8e7d6c5b4a392817060504030201"
WHEEL = "0" * 63 + "1"

AS_JSON = {
    "meta": {"_last-serial": 24888689, "api-version": "1.4"},
    "name": "iniconfig",
    "files": [
        {
            "filename": "iniconfig-2.0.0.tar.gz",
            "hashes": {"sha256": SDIST},
            "requires-python": ">=3.7",
            "url": "https://files.pythonhosted.org/packages/d7/iniconfig-2.0.0.tar.gz",
            "yanked": False,
        },
        {
            "filename": "iniconfig-2.0.0-py3-none-any.whl",
            "hashes": {"sha256": WHEEL},
            "requires-python": None,
            "url": "../../packages/ef/iniconfig-2.0.0-py3-none-any.whl",
            "yanked": "broken",
        },
    ],
}
AS_HTML = f"""<!DOCTYPE html>
<html><head><meta name="pypi:repository-version" content="1.4"><title>Links for iniconfig</title></head>
<body><h1>Links for iniconfig</h1>
<a href="https://files.pythonhosted.org/packages/d7/iniconfig-2.0.0.tar.gz#sha256={SDIST}"
   data-requires-python="&gt;=3.7">iniconfig-2.0.0.tar.gz</a><br/>
<a href="../../packages/ef/iniconfig-2.0.0-py3-none-any.whl#sha256={WHEEL}" data-yanked="broken">wheel</a>
<a href="https://example.org/home">home page</a>
</body></html>"""
FILES = (
    ReleaseFile(
        "iniconfig-2.0.0.tar.gz",
        "https://files.pythonhosted.org/packages/d7/iniconfig-2.0.0.tar.gz",
        SDIST,
        ">=3.7",
    ),
    ReleaseFile(
        "iniconfig-2.0.0-py3-none-any.whl",
        "https://pypi.org/packages/ef/iniconfig-2.0.0-py3-none-any.whl",
        WHEEL,
        yanked=True,
        why_yanked="broken",
    ),
)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (json.dumps(AS_JSON), JSON_PAGE),
        (json.dumps(AS_JSON), "application/json; charset=utf-8"),
        *((AS_HTML, kind) for kind in HTML_PAGES),
        (AS_HTML, "Text/HTML; charset=UTF-8"),
    ],
)
def test_json_and_html_say_the_same(content, kind):
    assert read_page(content.encode(), kind, URL) == FILES


def test_the_day_of_a_release_is_that_of_its_first_file():
    times = {"x-1.tar.gz": "2023-02-12T10:00:00Z", "x-1-py3-none-any.whl": "2023-02-11T10:00:00.5Z", "x-2.zip": "now"}
    files = [{"filename": name, "url": name, "upload-time": time} for name, time in times.items()]
    page = json.dumps({"meta": {"api-version": "1.1"}, "files": [*files, {"filename": "x-3.zip", "url": "x"}]})
    made = project_of("x", read_page(page.encode(), JSON_PAGE, URL))
    assert [(str(release.version), release.day) for release in made.releases] == [
        ("3", None), ("2", None), ("1", "2023-02-11"),
    ]  # fmt: skip


def test_a_page_may_have_a_base():
    page = b'<base href="https://files.example/x/"><a href="a-1.0.zip#sha256=no">a</a><a href="http://[/a-2.zip">'
    assert read_page(page, "text/html", URL) == (ReleaseFile("a-1.0.zip", "https://files.example/x/a-1.0.zip"),)


@pytest.mark.parametrize(
    ("content", "kind", "why"),
    [
        ("[]", JSON_PAGE, "not a page of the Simple API"),
        ("{", JSON_PAGE, "Expecting property name"),
        ("[" * 100_000, JSON_PAGE, "not a page of the Simple API"),
        ('{"meta": {"api-version": "2.0"}, "files": []}', JSON_PAGE, r"unknown version 2\.0 of the Simple API"),
        ('{"meta": {"api-version": "1.0"}, "files": [{"filename": "a"}]}', JSON_PAGE, "not a page of the Simple API"),
        ("", "image/png", "image/png is not a page of a package index"),
        ("", "", "no content type is not a page"),
    ],
)
def test_other_content_is_refused(content, kind, why):
    with pytest.raises(ValueError, match=why):
        read_page(content.encode(), kind, URL)


def test_a_remote_page_cannot_name_files_of_this_machine():
    page = b'<a href="file:///etc/a-1.0.zip">a</a><a href="ftp://example.org/a-1.0.zip">a</a>'
    assert read_page(page, "text/html", URL) == ()
    assert [file.url for file in read_page(page, "text/html", "file:///srv/simple/a/")] == ["file:///etc/a-1.0.zip"]


def test_releases_newest_first_with_the_files_that_belong_to_them():
    names = [
        "zope.interface-5.5.2.tar.gz",
        "zope_interface-8.0-cp313-cp313-musllinux_1_2_x86_64.whl",
        "zope-interface-8.0.tar.gz",
        "zope.interface-8.0rc1.tar.bz2",
        "zope.interface-2005-old.tar.gz",
        "zope.interface.extra-9.0.tar.gz",
        "zope.interface-4.0.win32-py2.6.exe",
        "zope.interface-4.0.whl",
        "zope.interface-8.0.tar.gz.asc",
    ]
    project = project_of("zope-interface", [ReleaseFile(name, f"https://i/{name}") for name in names])
    assert [(str(release.version), [file.filename for file in release.files]) for release in project.releases] == [
        ("8.0", ["zope_interface-8.0-cp313-cp313-musllinux_1_2_x86_64.whl", "zope-interface-8.0.tar.gz"]),
        ("8.0rc1", ["zope.interface-8.0rc1.tar.bz2"]),
        ("5.5.2", ["zope.interface-5.5.2.tar.gz"]),
    ]


def test_of_two_files_with_one_name_the_first_counts():
    files = [ReleaseFile("a-1.zip", "https://first/a-1.zip"), ReleaseFile("a-1.zip", "https://second/a-1.zip")]
    assert project_of("a", files).releases[0].files == (files[0],)


def test_the_sdist_of_a_version_is_a_source_to_build():
    project = project_of("iniconfig", FILES)
    expected = Source("iniconfig", "2.0", SourceKind.SDIST, FILES[0].url, sha256=SDIST)
    assert sdist_of(project, "2.0") == expected
    assert sdist_of(project, "2.1") is None
    assert sdist_of(project, "not a version") is None


def test_of_several_sdists_the_one_that_frontends_accept():
    names = ["a-1.tar.bz2", "a-1.zip", "a-1.tar.gz"]
    project = project_of("a", [ReleaseFile(name, f"https://i/{name}") for name in names])
    source = sdist_of(project, "1")
    assert source is not None
    assert source.location == "https://i/a-1.tar.gz"
