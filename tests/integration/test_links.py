"""Links to other sites, asked from a real server: what is dead fails, what is out of reach is told."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from paths import ROOT
from tools.links import checked, judged

pytestmark = pytest.mark.long  # needs Sphinx, which README's test command does not install


class Answer(BaseHTTPRequestHandler):
    """``/there`` is there, and nothing else."""

    def do_HEAD(self) -> None:
        self.send_response(200 if self.path == "/there" else 404)
        self.end_headers()

    do_GET = do_HEAD  # noqa: N815  the name that http.server calls

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as running:
        threading.Thread(target=running.serve_forever).start()
        yield running.server_address[1]
        running.shutdown()


def test_dead_links_are_named_and_silent_hosts_told(server, tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    base = f"http://127.0.0.1:{server}"
    pages = tmp_path / "docs"
    pages.mkdir()
    (pages / "conf.py").write_text((ROOT / "docs/conf.py").read_text().replace('"furo"', '"basic"'))
    (pages / "_static").mkdir()
    links = (f"{base}/there", f"{base}/gone", "http://nowhere.invalid/page")
    (pages / "index.md").write_text("# Links\n\n" + "\n".join(f"- [one]({link})" for link in links))
    dead, silent, working = judged(checked(pages, tmp_path / "scratch"))
    assert [line.partition(": 404")[0] for line in dead] == [f"index.md:4: {base}/gone"]
    assert silent == Counter({"nowhere.invalid": 1})
    assert working == 1
