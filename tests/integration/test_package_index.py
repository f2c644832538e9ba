"""The index client against PyPI."""

from __future__ import annotations

import os

from accel_doctor.index.pages import sdist_of
from accel_doctor.index_client import IndexClient
from accel_doctor.model.requests import IndexSettings


def test_pypi_lists_the_files_of_a_project():
    project = IndexClient(os.environ).project("zope.interface", IndexSettings())
    assert len(project.releases) > 50
    source = sdist_of(project, "5.5.2")
    assert source is not None
    assert source.location.endswith("/zope.interface-5.5.2.tar.gz")
    assert source.sha256 == "bfee1f3ff62143819499e348f5b8a7f3aa0259f9aca5e0ddae7391d059dce671"
