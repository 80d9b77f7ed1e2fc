"""Load on an HTTP service of this machine: connections that stay open, with one request after the other on each.

Uses one thread and non-blocking sockets, and implements only as much of HTTP as it takes to find the end of an answer,
so that the generator uses little of the machine on which it measures.
"""

import selectors
import socket
import time
from collections import Counter
from dataclasses import dataclass, field

HOST = "127.0.0.1"
TIMEOUT = 60.0  # seconds without any answer after which the measurement ends


@dataclass
class Load:
    """What was measured.

    Attributes:
        latencies: Seconds that each answered request took.
        statuses: Number of answers by status.
        seconds: Duration of the measurement.
    """

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0


def request(path: str, body: bytes) -> bytes:
    """Return a POST request with a JSON body, ready to be sent."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def generate(
    port: int, requests: list[bytes], *, connections: int, seconds: float = float("inf"), count: float = float("inf")
) -> Load:
    """Send requests until the time is over or enough have been sent, and wait for the pending answers.

    Args:
        port: Port of the service.
        requests: Requests that are sent in turn.
        connections: Number of concurrent requests.
        seconds: Duration.
        count: Number of requests.

    Raises:
        OSError: The service closed a connection, or did not answer for a minute.
    """
    load = Load()
    sent = 0
    with selectors.DefaultSelector() as selector:
        started = time.perf_counter()
        end = started + seconds
        for _ in range(int(min(connections, count))):
            connection = _Connection(port)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(requests[sent % len(requests)])
            sent += 1
        while selector.get_map():
            ready = selector.select(TIMEOUT)
            if not ready:
                raise TimeoutError(f"The service on port {port} did not answer for {TIMEOUT:g} seconds.")
            for key, _ in ready:
                connection = key.data
                status = connection.receive()
                if status is None:
                    continue
                now = time.perf_counter()
                load.latencies.append(now - connection.sent_at)
                load.statuses[status] += 1
                if now < end and sent < count:
                    connection.send(requests[sent % len(requests)])
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
        self.sent_at = 0.0

    def send(self, content: bytes) -> None:
        self.sent_at = time.perf_counter()
        self.socket.sendall(content)

    def receive(self) -> int | None:
        """Read what has arrived, and return the status once the answer is complete."""
        piece = self.socket.recv(262_144)
        if not piece:
            raise ConnectionError("The service closed a connection without an answer.")
        self._received += piece
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return None
        lower = head.lower()
        start = lower.find(b"content-length:")
        if start < 0:
            raise ValueError("The service answers in chunks; this generator only reads answers with a length.")
        length = int(lower[start + 15 :].split(b"\r\n", 1)[0])
        if len(body) < length:
            return None
        self._received = b""
        return int(head[9:12])
