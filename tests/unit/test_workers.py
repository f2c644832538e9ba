"""Threads: waited for, but not after an interrupt."""

from __future__ import annotations

from threading import Event

import pytest

from accel_doctor.workers import workers


def test_the_work_is_done_at_the_end():
    done = []
    with workers(2, "test") as pool:
        for number in range(5):
            pool.submit(done.append, number)
    assert sorted(done) == [0, 1, 2, 3, 4]


def test_an_error_waits_for_what_was_begun_and_queued():
    done, go = [], Event()

    def work(number):
        go.wait(10)
        done.append(number)

    def fail():
        with workers(1, "test") as pool:
            for number in range(3):
                pool.submit(work, number)
            go.set()
            raise ValueError

    with pytest.raises(ValueError, match="^$"):
        fail()
    assert done == [0, 1, 2]


def test_an_interrupt_waits_for_nothing_and_begins_nothing():
    begun, go = [], Event()

    def work(number):
        begun.append(number)
        go.wait(10)

    def interrupted():
        with workers(1, "test") as pool:
            futures.extend(pool.submit(work, number) for number in range(3))
            while not begun:
                pass
            raise KeyboardInterrupt

    futures = []
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not futures[0].done()
    assert [one.cancelled() for one in futures] == [False, True, True]
    go.set()
    assert begun == [0]
