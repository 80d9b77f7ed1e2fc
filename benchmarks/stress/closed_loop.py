"""Clients in a closed loop: each sends its next request as soon as the answer to the last one is there."""

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, field

HOST = "127.0.0.1"
_CONNECT_SECONDS = 15.0


@dataclass
class Answers:
    """What the clients received.

    Attributes:
        statuses: Number of answers by status.
        lost: Requests that were sent on an open connection, and not answered; by the error.
        refused: Clients that could not connect any more.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    refused: int = 0


class Clients:
    """Clients that keep their connection until the service closes it, open another one then, and end when refused.

    Args:
        port: Port of the service on this machine.
        request: The request that all of them send.
    """

    def __init__(self, port: int, request: bytes) -> None:
        self._port, self._request = port, request
        self.answers = Answers()
        self.stop = False

    async def run(self, count: int) -> None:
        """Run clients until they are refused, or `stop` is set."""
        await asyncio.gather(*(self._run_one() for _ in range(count)))

    async def _run_one(self) -> None:
        while not self.stop:
            try:
                async with asyncio.timeout(_CONNECT_SECONDS):
                    reader, writer = await asyncio.open_connection(HOST, self._port)
            except (ConnectionRefusedError, TimeoutError):
                self.answers.refused += 1
                return
            await self._ask_over(reader, writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _ask_over(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not self.stop:
            try:
                writer.write(self._request)
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
            except (OSError, EOFError) as error:
                self.answers.lost[type(error).__name__] += 1
                return
            self.answers.statuses[int(head.split()[1])] += 1
            if b"connection: close" in head:
                return
