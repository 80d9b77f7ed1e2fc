"""Load on an HTTP service of this machine: connections that stay open, one question after the other on each.

One thread and non-blocking sockets, and no more of HTTP than it takes to find the end of an answer, so that the
generator takes little of the machine that it measures on.
"""

import selectors
import socket
import time
from collections import Counter
from dataclasses import dataclass, field

HOST = "127.0.0.1"
_TIMEOUT = 60.0  # seconds without any answer after which the service is given up


@dataclass
class Load:
    """What came of it: seconds that each answered request took, number of answers by status, and seconds in all."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0


def request(path: str, body: bytes) -> bytes:
    """A POST of JSON, ready to be sent."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def generate(
    port: int, requests: list[bytes], *, connections: int, seconds: float = float("inf"), count: float = float("inf")
) -> Load:
    """Ask until the time is over or enough has been asked; what is under way then is waited for.

    Args:
        port: Of the service.
        requests: That are sent, in turn.
        connections: Number of requests under way at a time.
        seconds: How long to go on asking.
        count: How often to ask.

    Raises:
        OSError: The service closes a connection, or does not answer for a minute.
    """
    load = Load()
    sent = 0
    with selectors.DefaultSelector() as selector:
        started = time.perf_counter()
        end = started + seconds
        for _ in range(int(min(connections, count))):
            connection = _Connection(port)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.ask(requests[sent % len(requests)])
            sent += 1
        while selector.get_map():
            ready = selector.select(_TIMEOUT)
            if not ready:
                raise TimeoutError(f"the service on port {port} has not answered for {_TIMEOUT:g} seconds")
            for key, _ in ready:
                connection = key.data
                status = connection.answer()
                if status is None:
                    continue
                now = time.perf_counter()
                load.latencies.append(now - connection.asked)
                load.statuses[status] += 1
                if now < end and sent < count:
                    connection.ask(requests[sent % len(requests)])
                    sent += 1
                else:
                    selector.unregister(connection.socket)
                    connection.socket.close()
        load.seconds = time.perf_counter() - started
    return load


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self.asked = 0.0

    def ask(self, content: bytes) -> None:
        self.asked = time.perf_counter()
        self.socket.sendall(content)

    def answer(self) -> int | None:
        """Status of the answer once all of it has come."""
        piece = self.socket.recv(262_144)
        if not piece:
            raise ConnectionError("the service has closed a connection without an answer")
        self._received += piece
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return None
        lower = head.lower()
        start = lower.find(b"content-length:")
        if start < 0:
            raise ValueError("the service answers in chunks, which this generator does not read")
        length = int(lower[start + 15 :].split(b"\r\n", 1)[0])
        if len(body) < length:
            return None
        self._received = b""
        return int(head[9:12])
