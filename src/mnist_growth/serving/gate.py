"""Middleware: limits, the token, metrics, and a fast path for `POST /predict`."""

import asyncio
import hmac
import time
from collections.abc import Callable

import orjson
from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mnist_growth.serving import metrics
from mnist_growth.serving.service import Service

OPEN_PATHS = frozenset({"/", "/health", "/ready", "/docs", "/docs/", "/openapi.json"})
"""Paths that need no token. The files of the pages need none either."""

KNOWN_PATHS = OPEN_PATHS | {"/predict", "/predict/batch", "/explain", "/model", "/model/reload", "/metrics", "/drift"}
_JSON = (b"content-type", b"application/json")
_CLOSE = (b"connection", b"close")
_MAX_DISCARDED = 4  # times the largest body: what is received of a body that is refused
_LARGE_BODIES, _MIN_TOTAL_BYTES = 4, 64_000_000  # all bodies together: bodies of the largest size, at least so much
_TOO_BUSY = (b"retry-after", b"1")


class Gate:
    """Wraps the application.

    - Accepts paths with the prefix of a proxy and with a trailing slash, and answers HEAD like GET, without the body.
    - Rejects bodies that are too large (413), requests beyond the limit (503) and requests without the token (401).
    - Reads the complete body before the application receives it, and aborts requests that take too long (408).
    - Bounds the memory of all bodies together (503); bodies of rejected requests are not kept.
    - Answers valid JSON of `POST /predict` itself, with the same response as the application but without its overhead.
      All other requests reach the application, which also describes what is wrong with them.
    - Asks clients to close their connections while the service is stopping.

    Args:
        app: The application.
        service: The service.
        token: Token that requests must send; None if they need none.
    """

    def __init__(self, app: ASGIApp, service: Service, token: str | None) -> None:
        self._app = app
        self._service = service
        self._authorization = f"Bearer {token}".encode() if token else None
        self._in_progress = 0
        self._kept_bytes = 0  # of the bodies of requests in progress
        self._in_progress_gauge = metrics.IN_PROGRESS
        self._counters: dict[tuple[str, int], Counter] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        response = _Response(send, closing=self._service.stopping, without_body=scope["method"] == "HEAD")
        if scope["path"] not in KNOWN_PATHS or scope["method"] == "HEAD":
            scope = self._as_known(scope)
        config = self._service.config
        self._in_progress += 1
        self._in_progress_gauge.set(self._in_progress)
        body = _Body(self._keep)
        try:
            async with asyncio.timeout(config.timeout_seconds):
                if (rejection := self._rejection(scope)) is None:
                    await self._forward(scope, receive, response, body)
                else:
                    await body.discard(receive, _MAX_DISCARDED * config.max_body_bytes)
                    await response.reject(*rejection)
        except TimeoutError:
            message = f"The request was not complete and answered within {config.timeout_seconds:g} seconds"
            await response.reject(408, message)
        finally:
            self._kept_bytes -= body.size
            self._in_progress -= 1
            self._in_progress_gauge.set(self._in_progress)
            self._count(scope["path"], response.status)
            metrics.LATENCY.observe(time.perf_counter() - started)

    def _as_known(self, scope: Scope) -> Scope:
        """Return a request as the application knows it: without prefix and trailing slash, and GET for HEAD."""
        path, method = scope["path"], scope["method"]
        prefix = self._service.config.root_path
        if path not in KNOWN_PATHS and (path == prefix or path.startswith(f"{prefix}/")):
            path = path[len(prefix) :] or "/"
        if path not in KNOWN_PATHS and path.endswith("/") and path[:-1] in KNOWN_PATHS:
            path = path[:-1]
        return {**scope, "path": path, "method": "GET" if method == "HEAD" else method}

    def _rejection(self, scope: Scope) -> tuple[int, str] | None:
        """Status and message for a request that its headers are enough to reject."""
        config = self._service.config
        authorization = b""
        for name, value in scope["headers"]:
            if name == b"content-length" and int(value) > config.max_body_bytes:
                return 413, f"The body has {int(value):,} bytes; expected at most {config.max_body_bytes:,}"
            if name == b"authorization":
                authorization = value
        path = scope["path"]
        is_open = path in OPEN_PATHS or path.startswith("/page/") or scope["method"] == "OPTIONS"
        if (
            self._authorization is not None
            and not is_open
            and not hmac.compare_digest(authorization, self._authorization)
        ):
            return 401, "The token is missing or wrong: send it in the header Authorization: Bearer ..."
        if self._in_progress > config.max_requests and path not in ("/health", "/ready", "/metrics"):
            return 503, f"{config.max_requests} requests are already in progress: try again in a second"
        return None

    def _keep(self, size: int) -> tuple[int, str] | None:
        """Note that bytes of a body are kept; status and message if they are too many for all bodies together."""
        self._kept_bytes += size
        limit = max(_LARGE_BODIES * self._service.config.max_body_bytes, _MIN_TOTAL_BYTES)
        if self._kept_bytes > limit:
            return 503, f"The bodies of all requests in progress have more than {limit:,} bytes: try again in a second"
        return None

    async def _forward(self, scope: Scope, receive: Receive, response: "_Response", body: "_Body") -> None:
        """Read the body and answer on the fast path or through the application."""
        content = b""
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            limit = self._service.config.max_body_bytes
            read = await body.read(receive, limit)
            if read is None:  # the client has disconnected
                response.status = 499
                return
            if isinstance(read, tuple):
                await body.discard(receive, _MAX_DISCARDED * limit)
                await response.reject(*read)
                return
            content = read
            if scope["path"] == "/predict" and _is_plain_json(scope) and await self._predict(content, response):
                return
        pending = [{"type": "http.request", "body": content, "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        await self._app(scope, replay, response)

    async def _predict(self, body: bytes, response: "_Response") -> bool:
        """Answer a valid request; return False, without a response, if it is not valid."""
        try:
            request = orjson.loads(body)
            if type(request) is not dict or len(request) != 1 or type(text := request.get("image")) is not str:
                return False
            image = await self._service.image(text)
        except ValueError:
            return False
        await response.send(200, orjson.dumps(await self._service.prediction(image)), _JSON)
        return True

    def _count(self, path: str, status: int) -> None:
        if path not in KNOWN_PATHS:
            path = "/page" if path.startswith("/page/") and status == 200 else "other"
        if (counter := self._counters.get((path, status))) is None:
            counter = self._counters[path, status] = metrics.REQUESTS.labels(path, str(status))
        counter.inc()


def _is_plain_json(scope: Scope) -> bool:
    """Whether a request posts JSON that is not compressed, or does not say what it posts."""
    for name, value in scope["headers"]:
        if name == b"content-encoding" or (name == b"content-type" and not value.startswith(b"application/json")):
            return False
    return bool(scope["method"] == "POST")


class _Response:
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
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._closing:
                message = {**message, "headers": [*message["headers"], _CLOSE]}
        elif self._without_body:
            message = {**message, "body": b""}
        await self._send(message)

    async def send(self, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        """Send a complete response."""
        length = (b"content-length", str(len(body)).encode())
        await self({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await self({"type": "http.response.body", "body": body})

    async def reject(self, status: int, message: str) -> None:
        """Send an error message, unless a response has started."""
        if self.status:
            return
        more = {401: [(b"www-authenticate", b"Bearer")], 503: [_TOO_BUSY]}.get(status, [])
        if status in (408, 413):
            self._closing = True
        await self.send(status, orjson.dumps({"detail": message}), _JSON, *more)


class _Body:
    """Receives the body of one request.

    Args:
        keep: Called with the size of each piece that is kept; returns status and message if it must not be.
    """

    def __init__(self, keep: Callable[[int], tuple[int, str] | None]) -> None:
        self._keep = keep
        self._complete = False
        self.size = 0

    async def read(self, receive: Receive, limit: int) -> bytes | tuple[int, str] | None:
        """Return the body, or status and message if it is too large, or None if the client has disconnected."""
        pieces: list[bytes] = []
        while not self._complete:
            if (piece := await self._next(receive)) is None:
                return None
            self.size += len(piece)
            if (refused := self._keep(len(piece))) is not None:
                return refused
            if self.size > limit:
                return 413, f"The body has more than {limit:,} bytes"
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

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
