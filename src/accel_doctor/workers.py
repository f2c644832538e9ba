"""Work in several threads, for which an interrupt does not wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor


@contextmanager
def workers(number: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """Yield a pool of threads, and wait at the end until all work is done.

    An interrupt neither waits nor begins what is queued: the threads end with the program.
    """
    from concurrent.futures import ThreadPoolExecutor  # most runs need none

    pool = ThreadPoolExecutor(max_workers=number, thread_name_prefix=name)
    try:
        yield pool
    except Exception:
        pool.shutdown()
        raise
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
