"""The indexes that uv's own variables and files name."""

from __future__ import annotations

import pytest

from accel_doctor.model.requests import FrontendIndexes
from accel_doctor.requirements.uv_configuration import read_uv_indexes


@pytest.fixture
def read(tmp_path):
    (tmp_path / "project/inner").mkdir(parents=True)

    def run(**variables: str) -> FrontendIndexes:
        return read_uv_indexes({"HOME": str(tmp_path / "home"), **variables}, tmp_path / "project/inner")

    return run


def test_variables(read):
    assert read(
        UV_DEFAULT_INDEX="main=https://a/simple",
        UV_INDEX_URL="https://old/simple",
        UV_INDEX="inner=https://me:pw@b/simple https://c/simple?a=b",
        UV_EXTRA_INDEX_URL="https://d/simple https://c/simple?a=b",
        UV_FIND_LINKS="https://e/links,/srv/wheels",
    ) == FrontendIndexes(
        "https://a/simple",
        ("https://me:pw@b/simple", "https://c/simple?a=b", "https://d/simple"),
        ("https://e/links", "/srv/wheels"),
    )


def test_files_the_nearest_first(read, tmp_path):
    (tmp_path / "project/uv.toml").write_text(
        'index-url = "https://b"\nextra-index-url = ["https://c"]\nfind-links = ["https://l"]\n'
    )
    (tmp_path / "project/inner/pyproject.toml").write_text(
        '[[tool.uv.index]]\nname = "my-own"\nurl = "https://a"\ndefault = true\n'
        '[[tool.uv.index]]\nurl = "https://x"\n[tool.uv.pip]\nextra-index-url = ["https://y"]\n'
    )
    (tmp_path / "home/.config/uv").mkdir(parents=True)
    (tmp_path / "home/.config/uv/uv.toml").write_text('[[index]]\nurl = "https://z"\n')
    login = {"UV_INDEX_MY_OWN_USERNAME": "me", "UV_INDEX_MY_OWN_PASSWORD": "p@ss"}
    others = ("https://x", "https://y", "https://c", "https://z")
    assert read(**login) == FrontendIndexes("https://me:p%40ss@a", others, ("https://l",))
    assert read().default == "https://a"
    assert read(UV_DEFAULT_INDEX="https://v").default == "https://v"
    assert read(UV_NO_CONFIG="1") == FrontendIndexes()
    (tmp_path / "mine.toml").write_text('index-url = "https://m"\n')
    assert read(UV_CONFIG_FILE=str(tmp_path / "mine.toml")) == FrontendIndexes("https://m")


@pytest.mark.parametrize(
    "text",
    ["", "index = 3", "index = [1, {}]", "index-url = [1]", "pip = 1", "[[index]]\nurl = 1", "=", "\x00", "tool = 1"],
)
@pytest.mark.parametrize("name", ["uv.toml", "pyproject.toml"])
def test_what_is_malformed_is_left_to_uv(read, tmp_path, name, text):
    (tmp_path / "project" / name).write_text(text)
    assert read() == FrontendIndexes()
