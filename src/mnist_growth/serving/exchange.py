"""The response to a request, and the body of the request, piece by piece."""

from collections.abc import Callable

import orjson
from starlette.types import Message, Receive, Send

JSON = (b"content-type", b"application/json")
_CLOSE = (b"connection", b"close")
_TOO_BUSY = (b"retry-after", b"1")


class Response:
    """Sends one response and stores its status; the application uses it as `send`.

    Args:
        send: Sends a message to the client.
        closing: Whether to ask the client to close the connection.
        without_body: Whether the request was HEAD, whose response has only the headers.
    """

    def __init__(self, send: Send, closing: bool, without_body: bool) -> None:
        self._send = send
        self._closing = closing
        self._without_body = without_body
        self.status = 0

    async def __call__(self, message: Message) -> None:
        """Pass a message of the application on to the client."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._closing:
                message = {**message, "headers": [*message["headers"], _CLOSE]}
        elif self._without_body:
            message = {**message, "body": b""}
        await self._send(message)

    async def send(self, status: int, body: bytes, *headers: tuple[bytes, bytes], is_last: bool = True) -> None:
        """Send a complete response; unless ``is_last``, an empty piece of the body follows later."""
        length = (b"content-length", str(len(body)).encode())
        await self({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await self({"type": "http.response.body", "body": body, "more_body": not is_last})

    async def reject(self, status: int, message: str, *, is_last: bool = True) -> None:
        """Send an error message, unless a response has started.

        Args:
            status: Status code.
            message: What is wrong.
            is_last: Whether the response ends with it.
        """
        if self.status:
            return
        more = {401: [(b"www-authenticate", b"Bearer")], 503: [_TOO_BUSY]}.get(status, [])
        if status in (401, 408, 413):  # the rest of the body may never come
            self._closing = True
        await self.send(status, orjson.dumps({"detail": message}), JSON, *more, is_last=is_last)


class Body:
    """Receives the body of one request.

    Args:
        keep: Called with the size of each piece, and that of the body so far; returns status and message if the piece
            must not be kept. A negative size says that so much is no longer kept.
    """

    def __init__(self, keep: Callable[[int, int], tuple[int, str] | None]) -> None:
        self._keep = keep
        self._complete = False
        self._size = 0

    async def read(self, receive: Receive, limit: int) -> bytes | tuple[int, str] | None:
        """Return the body, or status and message if it is too large, or None if the client has disconnected."""
        pieces: list[bytes] = []
        while not self._complete:
            if (piece := await self._next(receive)) is None:
                return None
            self._size += len(piece)
            refused = self._keep(len(piece), self._size)
            if refused is None and self._size > limit:
                refused = 413, f"The body has more than {limit:,} bytes"
            if refused is not None:
                self.drop()
                return refused
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def drop(self) -> None:
        """Note that nothing of the body is kept any more."""
        self._keep(-self._size, 0)
        self._size = 0

    async def discard(self, receive: Receive, limit: int) -> None:
        """Receive the rest of the body without keeping it: a client that is still sending may not read a response."""
        size = 0
        while not self._complete and size <= limit:
            if (piece := await self._next(receive)) is None:
                return
            size += len(piece)

    async def _next(self, receive: Receive) -> bytes | None:
        message = await receive()
        if message["type"] != "http.request":
            self._complete = True
            return None
        self._complete = not message.get("more_body")
        return bytes(message.get("body", b""))
