"""An upstream with a memory, on an upstream that does what the test wants."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from dataclasses import dataclass, field

import pytest
from index_pages import JSON, page_of

from accel_doctor.http import Page
from accel_doctor.index.rendering import url_key
from accel_doctor.index.serving.cached import CachedSource, Freshness
from accel_doctor.index.serving.cached_files import CachedFiles
from accel_doctor.index.serving.file_store import FileStore
from accel_doctor.index.serving.index_source import Absent, FileRequest, IncompleteError, StoredFile, Unavailable
from accel_doctor.index.serving.records import Records
from accel_doctor.index.serving.upstream import NotModified, Upstream
from accel_doctor.model.releases import Listing
from accel_doctor.store.locks import Leases

WHEEL = b"the bytes of a wheel"
NAME = "acme-1.0-py3-none-any.whl"
KEY = hashlib.sha256(WHEEL).hexdigest()
DOWN = Unavailable("https://up: connection refused")


@dataclass
class FakeUpstream(Upstream):
    name: str = "https://up/simple"
    answer: object = None
    content: object = WHEEL
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    downloads: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    file_gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self):
        self.gate.set()
        self.file_gate.set()
        self.answer = page(("acme-1.0-py3-none-any.whl", WHEEL))

    def page(self, project, etag):
        self.asked.append((project, etag))
        assert self.gate.wait(60)
        return self.answer

    def download(self, url, target, limit, told):
        self.downloads.append(url)
        if not isinstance(self.content, bytes):
            return self.content
        with target.open("wb") as writing:
            writing.write(self.content[:5])
            writing.flush()
            told(5, len(self.content))
            assert self.file_gate.wait(60)
            writing.write(self.content[5:])
        told(len(self.content), len(self.content))
        return hashlib.sha256(self.content).hexdigest()

    def has_host_of(self, url):
        return url.startswith("https://up/")


def page(*files, etag='"1"', max_age=60):
    return Page("https://up/simple/acme/", JSON, page_of("acme", files), etag, max_age)


class Place:
    """A source that can be started again on the same directory, and its clock."""

    def __init__(self, directory):
        self.upstream = FakeUpstream()
        self.now = 1000.0
        self.records = Records(directory / "index.sqlite")
        self.store = FileStore(directory / "files", Leases(directory / "in-use.lock"))
        self.start()

    def start(self, patience=60.0, deadline=60.0, **options):
        files = CachedFiles(self.store, options.pop("limit", None))
        fresh = Freshness(page=600, absent=2, trouble=5, patience=patience, deadline=deadline, grace=100)
        self.source = CachedSource(self.upstream, self.records, files, lambda: self.now, fresh, **options)

    def later(self, seconds):
        self.now += seconds


async def collect(file, got):
    async for block in file.blocks():
        got.append(block)


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    made.records.close()


WANTED = FileRequest("acme", KEY, NAME)


def names(answer):
    assert isinstance(answer, Listing), answer
    return [file.filename for file in answer.files]


def test_a_page_is_asked_for_once_while_it_is_fresh(place):
    async def run():
        first = await place.source.project("acme")
        place.later(59)
        assert await place.source.project("acme") is first
        assert names(first) == [NAME]
        place.upstream.answer = NotModified()
        place.later(2)
        assert await place.source.project("acme") is first
        place.later(59)
        assert await place.source.project("acme") is first
        assert await place.source.names() == {"acme"}

    asyncio.run(run())
    assert place.upstream.asked == [("acme", None), ("acme", '"1"')]


def test_a_new_page_replaces_the_former(place):
    async def run():
        await place.source.project("acme")
        place.later(61)
        place.upstream.answer = page((NAME, WHEEL), ("acme-2.0.tar.gz", b"x"), etag='"2"')
        assert names(await place.source.project("acme")) == [NAME, "acme-2.0.tar.gz"]
        place.start(offline=True)
        assert names(await place.source.project("acme")) == [NAME, "acme-2.0.tar.gz"]

    asyncio.run(run())


def test_many_clients_are_one_request(place):
    async def run():
        place.upstream.gate.clear()
        waiting = [asyncio.create_task(place.source.project("acme")) for _ in range(40)]
        while not place.upstream.asked:
            await asyncio.sleep(0)
        place.upstream.gate.set()
        answers = await asyncio.gather(*waiting)
        assert {id(answer) for answer in answers} == {id(answers[0])}

    asyncio.run(run())
    assert len(place.upstream.asked) == 1


@pytest.mark.parametrize(
    "trouble",
    [DOWN, Absent("not on https://up"), Page("https://up/simple/acme/", "text/plain", b"sorry")],
    ids=["down", "suddenly not found", "no page of an index"],
)
@pytest.mark.parametrize("restarted", [False, True])
def test_what_was_seen_stays_while_the_upstream_fails(place, trouble, restarted):
    async def run():
        await place.source.project("acme")
        place.upstream.answer = trouble
        for _ in range(3):
            place.later(30)
            if restarted:
                place.start()
            assert names(await place.source.project("acme")) == [NAME]
        place.upstream.answer = page((NAME, WHEEL), ("acme-2.0.tar.gz", b"x"), etag='"2"')
        place.later(6)
        assert names(await place.source.project("acme")) == [NAME, "acme-2.0.tar.gz"]

    asyncio.run(run())


def test_a_client_with_a_known_page_does_not_wait_for_an_upstream_that_hangs(place):
    async def run():
        await place.source.project("acme")
        place.start(patience=0.01)
        place.upstream.gate.clear()
        try:
            assert names(await place.source.project("acme")) == [NAME]
            assert names(await place.source.project("acme")) == [NAME]
        finally:
            place.upstream.gate.set()

    asyncio.run(run())
    assert len(place.upstream.asked) == 2


def test_an_upstream_that_never_ends_is_given_up(place):
    async def run():
        place.start(deadline=0.01)
        place.upstream.gate.clear()
        try:
            assert await place.source.project("acme") == Unavailable("https://up/simple: no page within 0.01 s")
        finally:
            place.upstream.gate.set()

    asyncio.run(run())


def test_a_project_is_gone_once_the_upstream_has_said_so_for_a_while(place):
    async def run():
        await place.source.project("acme")
        place.upstream.answer = Absent("not on https://up")
        place.later(61)
        await place.source.project("acme")
        place.later(50)
        place.start()
        assert names(await place.source.project("acme")) == [NAME]
        place.later(51)
        assert await place.source.project("acme") == Absent("not on https://up")
        assert await place.source.names() == frozenset()

    asyncio.run(run())


def test_a_project_that_was_missing_for_a_moment_starts_anew(place):
    async def run():
        await place.source.project("acme")
        for answer in (Absent(), NotModified(), Absent(), NotModified()):
            place.upstream.answer = answer
            place.later(70)
            assert names(await place.source.project("acme")) == [NAME]

    asyncio.run(run())


def test_that_a_project_is_missing_is_soon_forgotten(place):
    async def run():
        found, place.upstream.answer = place.upstream.answer, Absent("not on https://up")
        assert await place.source.project("acme") == Absent("not on https://up")
        place.upstream.answer = found
        place.later(1)
        assert await place.source.project("acme") == Absent("not on https://up")
        place.later(2)
        assert names(await place.source.project("acme")) == [NAME]

    asyncio.run(run())


def test_a_project_never_seen_is_asked_for_again_after_a_failure(place):
    async def run():
        found, place.upstream.answer = place.upstream.answer, DOWN
        assert await place.source.project("acme") == DOWN
        place.upstream.answer = found
        assert names(await place.source.project("acme")) == [NAME]

    asyncio.run(run())


def test_offline_nobody_is_asked(place):
    async def run():
        place.start(offline=True)
        assert await place.source.project("acme") == Absent("not kept here, and this server is offline")
        assert await place.source.file(WANTED) == Absent(f"{NAME} is not among the files of acme")

    asyncio.run(run())
    assert place.upstream.asked == []


def test_a_file_is_handed_on_while_it_is_stored_and_fetched_once(place):
    async def run():
        place.upstream.file_gate.clear()
        file = await place.source.file(WANTED)
        again = await place.source.file(WANTED)
        assert again is file
        assert await file.started() is None
        blocks = file.blocks()
        assert await anext(blocks) == WHEEL[:4]  # one byte is held back
        place.upstream.file_gate.set()
        assert b"".join([block async for block in blocks]) == WHEEL[4:]
        assert b"".join([block async for block in again.blocks()]) == WHEEL
        stored = await place.source.file(WANTED)
        assert isinstance(stored, StoredFile)
        assert (stored.path.read_bytes(), stored.size) == (WHEEL, len(WHEEL))

    asyncio.run(run())
    assert place.upstream.downloads == [f"https://up/packages/{NAME}"]


def test_a_file_with_other_bytes_is_neither_kept_nor_handed_on_whole(place):
    async def run():
        await place.source.project("acme")
        place.upstream.content = b"X" + WHEEL[1:]
        file = await place.source.file(WANTED)
        got: list[bytes] = []
        with pytest.raises(IncompleteError, match="SHA-256 mismatch"):
            await collect(file, got)
        assert len(b"".join(got)) < len(WHEEL)
        assert place.store.find(KEY) is None
        place.upstream.content = WHEEL
        assert b"".join([block async for block in (await place.source.file(WANTED)).blocks()]) == WHEEL

    asyncio.run(run())


@pytest.mark.parametrize("answer", [Absent("not on https://up"), DOWN])
def test_why_a_file_cannot_be_had_is_told_before_it_begins(place, answer):
    async def run():
        await place.source.project("acme")
        place.upstream.content = answer
        file = await place.source.file(WANTED)
        assert await file.started() == answer
        assert await file.stored() == answer

    asyncio.run(run())


def test_a_file_without_a_hash_comes_from_the_host_of_its_page_alone(place):
    html = '<a href="../../p/acme-1.0.zip">x</a><a href="https://10.0.0.1/acme-2.0.zip">x</a>'
    place.upstream.answer = Page("https://up/simple/acme/", "text/html", html.encode())

    async def run():
        near = FileRequest("acme", url_key("https://up/p/acme-1.0.zip"), "acme-1.0.zip")
        assert isinstance(await (await place.source.file(near)).stored(), StoredFile)
        far = FileRequest("acme", url_key("https://10.0.0.1/acme-2.0.zip"), "acme-2.0.zip")
        assert await place.source.file(far) == Unavailable(
            "acme-2.0.zip: without a hash, only files on the host of its index are fetched"
        )

    asyncio.run(run())


def test_metadata_is_fetched_where_the_page_offers_it(place):
    text = b"Metadata-Version: 2.1\n"
    place.upstream.content = text
    described = {"sha256": hashlib.sha256(text).hexdigest()}
    file = {"filename": NAME, "url": f"../../packages/{NAME}", "hashes": {"sha256": KEY}, "core-metadata": described}
    place.upstream.answer = Page("https://up/simple/acme/", JSON, page_of("acme", [], files=[file]))
    wanted = FileRequest("acme", KEY, NAME, metadata=True)

    async def run():
        stored = await (await place.source.file(wanted)).stored()
        assert stored.path.read_bytes() == text
        place.upstream.answer = page((NAME, WHEEL))
        place.later(601)
        await place.source.project("acme")
        assert await place.source.file(wanted) == Absent(f"no metadata beside {NAME}")

    asyncio.run(run())
    assert place.upstream.downloads == [f"https://up/packages/{NAME}.metadata"]


def test_memory_is_bounded_and_the_disk_remembers(place):
    place.source.most_files = 3

    async def run():
        for name in ("acme", "b", "c", "d"):
            await place.source.project(name)
        place.upstream.answer = DOWN
        place.later(1000)
        assert names(await place.source.project("acme")) == [NAME]

    asyncio.run(run())


def test_the_least_recently_used_files_are_evicted(place):
    contents = [bytes([number]) * 100 for number in range(4)]
    place.upstream.answer = page(*((f"acme-{number}.zip", content) for number, content in enumerate(contents)))
    place.start(limit=250)
    keys = [hashlib.sha256(content).hexdigest() for content in contents]

    async def run():
        for number, content in enumerate(contents):
            place.upstream.content = content
            await (await place.source.file(FileRequest("acme", keys[number], f"acme-{number}.zip"))).stored()
            await asyncio.gather(*(task for task in asyncio.all_tasks() if task is not asyncio.current_task()))
            for age, key in enumerate(keys[: number + 1]):  # the first is used again and again
                if stored := place.store.find(key):
                    os.utime(stored.path, (5000 if age == 0 else 1000 + age,) * 2)

    asyncio.run(run())
    assert [place.store.find(key) is not None for key in keys] == [True, False, False, True]
