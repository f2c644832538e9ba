"""Run an application in granian, in this process, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from accel_doctor.errors import UsageError
from accel_doctor.index.serving.operations import Operated

_BACKLOG = 1024
_HEADERS_TIMEOUT = 30_000  # milliseconds
_PAUSE = 0.01  # seconds
_GRACE = 5.0  # seconds for what is being answered when the server is told to stop


def serve(application: Operated, host: str, port: int, ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; call ``ready`` once connections are accepted. Raises UsageError if they cannot."""
    _check_free(host, port)
    server = Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        backlog=_BACKLOG,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADERS_TIMEOUT),
        log_enabled=False,
    )

    async def until_stopped() -> None:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        serving = asyncio.create_task(server.serve())
        for number in (signal.SIGINT, signal.SIGTERM):
            # add_signal_handler loses a signal while the pipe that wakes the loop is full, as it is under load.
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopping.set))
        while not serving.done() and not await _accepts(host, port):
            await asyncio.sleep(_PAUSE)
        if not serving.done():
            ready()
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait({serving}, timeout=_GRACE)
        loop.set_exception_handler(lambda *_: None)  # whoever is still waited for is left alone
        stopped.cancel()

    asyncio.run(until_stopped())


def _check_free(host: str, port: int) -> None:
    """Refuse an address on which another process listens: granian would share it with one of its kind."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        # create_server adds words of its own; errors of getaddrinfo have negative numbers.
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        raise UsageError(
            f"cannot listen on {host}:{port}: {reason}",
            hint="choose another address with --host and --port",
        ) from error


async def _accepts(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True
