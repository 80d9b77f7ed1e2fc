"""A server that stops without losing a request that a client has sent."""

import asyncio
import contextlib
import ctypes
import select
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn

from mnist_growth.serving.connection import GuardedConnection
from mnist_growth.serving.service import Service

_SETTLE_SECONDS = 0.2  # for handshakes that are under way when no new ones are accepted any more
_HEAD_SECONDS = 2.0  # for the first request of a connection that is already accepted
_TICK = 0.02  # seconds between two looks

# linux/filter.h and asm/socket.h: a program of four instructions that drops TCP segments with the flag SYN.
_SO_ATTACH_FILTER = 26
_DROP_SYN = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


class DrainingServer(uvicorn.Server):
    """Stops in three steps after SIGTERM or SIGINT; a second signal ends all of them.

    1. Answers for `serving.drain_seconds` as before, but asks clients to close their connections.
    2. Takes no new connections; accepts and answers those in the queue of the socket. The kernel resets the connections
       in this queue when the socket is closed, and clients that open a new connection for each request fill it again at
       once, so on Linux a filter drops the attempts to connect. Elsewhere they may be reset in the moment of the close.
    3. Closes the socket and finishes the requests in progress, for at most `serving.timeout_seconds`.

    Args:
        settings: Settings of uvicorn.
        service: The service; it is told that it stops.
    """

    def __init__(self, settings: uvicorn.Config, service: Service) -> None:
        super().__init__(settings)
        self._service = service

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop after the first signal; stop immediately after the second."""
        self.force_exit = self.should_exit
        self._service.stopping = True
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, close the sockets and finish the requests in progress."""
        assert sockets is not None
        await self._wait(lambda: False, self._service.config.drain_seconds)
        if not self.force_exit:
            drop_attempts_to_connect(sockets)
            await self._wait(lambda: False, _SETTLE_SECONDS)
        await self._wait(lambda: not _have_connections(sockets), self._service.config.timeout_seconds)
        for server in self.servers:
            server.close()
        await self._wait(self._has_all_heads, _HEAD_SECONDS)
        await super().shutdown(sockets)

    async def _wait(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait for a condition, at most so long, and not after a second signal."""
        deadline = time.monotonic() + seconds
        while not condition() and not self.force_exit and (left := deadline - time.monotonic()) > 0:
            await asyncio.sleep(min(_TICK, left))

    def _has_all_heads(self) -> bool:
        """Whether no open connection waits for its first request or for the rest of a head: uvicorn closes those."""
        return not any(
            isinstance(connection, GuardedConnection) and connection.is_in_head
            for connection in self.server_state.connections
        )


def _have_connections(sockets: Sequence[socket.socket]) -> bool:
    """Whether connections wait in the queues of listening sockets."""
    return bool(select.select(sockets, [], [], 0)[0])


def drop_attempts_to_connect(sockets: Sequence[socket.socket]) -> None:
    """Make the kernel drop attempts to connect to listening sockets; handshakes under way are completed.

    A client repeats its attempt after a second, and is refused then if the socket is closed. Only Linux can do this, as
    far as the standard library knows; other systems go on as before.

    Args:
        sockets: Listening TCP sockets.
    """
    if sys.platform != "linux":
        return
    instructions = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in _DROP_SYN))
    program = struct.pack("HP", len(_DROP_SYN), ctypes.addressof(instructions))
    for one in sockets:
        with contextlib.suppress(OSError):  # not allowed here: as on other systems
            one.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
