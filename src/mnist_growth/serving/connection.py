"""A connection of the service, with limits for the head of a request."""

from asyncio import TimerHandle, Transport
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

MAX_HEAD_BYTES = 32_768
MAX_HEADERS = 100


class GuardedConnection(HttpToolsProtocol):
    """Refuses a head that is too large or has too many headers, and closes a connection whose head does not come.

    Without it a client can hold memory and connections before the application sees a request.

    Args:
        head_seconds: Time from the connection, or the first byte of a later request, to the end of the head.
        more: Arguments of uvicorn's connection.
    """

    def __init__(self, *, head_seconds: float, **more: Any) -> None:
        super().__init__(**more)
        self._head_seconds = head_seconds
        self._timer: TimerHandle | None = None
        self._is_in_head = True
        self._has_bytes = False
        self._is_too_large = False
        self._head_bytes = self._header_count = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Wait for the first head."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse some bytes, and count those of a head that is still incomplete."""
        self._has_bytes = True
        super().data_received(data)
        if self._is_in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._is_too_large = True
                self.send_400_response("")

    @property
    def is_in_head(self) -> bool:
        """Whether the first request, or the rest of the head of a later one, has not been received."""
        return self._is_in_head

    def on_message_begin(self) -> None:
        """Wait for the head of a request that has begun."""
        super().on_message_begin()
        self._is_in_head = True
        self._head_bytes = self._header_count = 0
        if self._timer is None:
            self._wait_for_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header.

        Raises:
            ValueError: There are too many; the parser passes it on as an invalid request.
        """
        self._header_count += 1
        if self._header_count > MAX_HEADERS:
            self._is_too_large = True
            raise ValueError("Too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the application answer."""
        self._is_in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse a head that is invalid or too large, and close the connection."""
        if not self._is_too_large:
            super().send_400_response(msg)
            return
        self._refuse(431, f"Expected at most {MAX_HEADERS} headers of {MAX_HEAD_BYTES:,} bytes together")

    def _wait_for_head(self) -> None:
        self._timer = self.loop.call_later(self._head_seconds, self._end_waiting)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end_waiting(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._has_bytes:
            self._refuse(408, f"The head of the request was not complete within {self._head_seconds:g} seconds")
        else:  # a browser opens connections in advance
            self.transport.close()

    def _refuse(self, status: int, message: str) -> None:
        body = orjson.dumps({"detail": message})
        head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
        self.transport.write(STATUS_LINE[status] + head + body)
        self.transport.close()
