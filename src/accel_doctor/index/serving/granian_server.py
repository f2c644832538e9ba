"""Run an application in granian, in this process, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from accel_doctor.errors import UsageError
from accel_doctor.index.serving.http_application import IndexApplication

_BACKLOG = 1024
_HEADERS_TIMEOUT = 30_000  # milliseconds


def serve(application: IndexApplication, host: str, port: int, ready: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; call ``ready`` once connections are accepted. Raises UsageError if they cannot."""
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
    server.on_startup(ready)

    async def until_stopped() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, server.stop)
        await server.serve()

    try:
        asyncio.run(until_stopped())
    except (OSError, RuntimeError) as error:
        raise UsageError(
            f"cannot listen on {host}:{port}: {error}", hint="choose another address with --host and --port"
        ) from error
