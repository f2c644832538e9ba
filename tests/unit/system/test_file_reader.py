"""Reading requirement files from disk and from the web."""

from __future__ import annotations

import pytest
from level_server import level_server

from accel_doctor.model.requests import Connection
from accel_doctor.requirements.requirement_files import SIZE_LIMIT
from accel_doctor.system.file_reader import FileReader


@pytest.fixture
def reader():
    return FileReader(Connection(retries=0), {})


def test_a_path_and_a_file_url_are_read(reader, tmp_path):
    path = tmp_path / "with space.txt"
    path.write_bytes(b"six\n")
    assert reader.read(str(path)) == b"six\n"
    assert reader.read(path.as_uri()) == b"six\n"
    assert (reader.is_file(str(path)), reader.is_directory(str(path))) == (True, False)


def test_a_file_is_not_read_beyond_its_limit(reader, tmp_path):
    path = tmp_path / "large.txt"
    with path.open("wb") as stream:
        stream.truncate(SIZE_LIMIT + 10)
    assert len(reader.read(str(path))) == SIZE_LIMIT + 1


def test_a_url_is_read_and_trouble_is_an_oserror_without_the_password(reader):
    with level_server() as server:
        server.objects["/r.txt"] = b"six\n"
        assert reader.read(f"{server.url}/r.txt") == b"six\n"
        url = server.url.replace("//", "//me:secret@")
        with pytest.raises(OSError, match=r"^http://\*{4}@127\.0\.0\.1:\d+/none: the server answered 404 Not Found$"):
            reader.read(f"{url}/none")
