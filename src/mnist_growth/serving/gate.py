"""Middleware: limits, the token, metrics, and a fast path for `POST /predict`."""

import asyncio
import contextlib
import time

import orjson
from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mnist_growth.serving import metrics
from mnist_growth.serving.exchange import JSON, Body, Response
from mnist_growth.serving.service import Service
from mnist_growth.serving.token import Authorization

OPEN_PATHS = frozenset({"/", "/health", "/ready", "/docs", "/docs/", "/openapi.json"})
"""Paths that need no token. The files of the pages need none either."""

KNOWN_PATHS = OPEN_PATHS | {"/predict", "/predict/batch", "/explain", "/model", "/model/reload", "/metrics", "/drift"}
_MAX_DISCARDED = 4  # times the largest body: what is received of a body that is refused
_DISCARD_SECONDS = 2.0  # how long that is received
_LARGE_BODIES, _MIN_TOTAL_BYTES = 4, 64_000_000  # all bodies together: bodies of the largest size, at least so much
_SMALL_BYTES = 65_536  # of a body that is kept in any case: bodies of photographs must not keep digits out


class Gate:
    """Wraps the application.

    - Accepts paths with the prefix of a proxy and with a trailing slash, and answers HEAD like GET, without the body.
    - Rejects requests without the token (401), bodies that are too large (413) and requests beyond the limit (503) as
      soon as their head is complete; the first two take none of the capacity for other requests.
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
        self._authorization = Authorization(token)
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
        response = Response(send, closing=self._service.stopping, without_body=scope["method"] == "HEAD")
        if scope["path"] not in KNOWN_PATHS or scope["method"] == "HEAD":
            scope = self._as_known(scope)
        try:
            if (rejection := self._rejection(scope)) is None:
                await self._answer(scope, receive, response)
            else:
                await self._reject(receive, response, *rejection)
        finally:
            self._count(scope["path"], response.status)
            metrics.LATENCY.observe(time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, response: Response) -> None:
        """Answer a request that the head is not enough to reject."""
        seconds = self._service.config.timeout_seconds
        self._in_progress += 1
        self._in_progress_gauge.set(self._in_progress)
        body = Body(self._keep)
        try:
            async with asyncio.timeout(seconds):
                await self._forward(scope, receive, response, body)
        except TimeoutError:
            await response.reject(408, f"The request was not complete and answered within {seconds:g} seconds")
        finally:
            body.drop()
            self._in_progress -= 1
            self._in_progress_gauge.set(self._in_progress)

    async def _reject(self, receive: Receive, response: Response, status: int, message: str) -> None:
        """Reject a request at once; then receive its body for a while, as a client that sends may not read yet."""
        await response.reject(status, message, is_last=False)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DISCARD_SECONDS):
                await Body(self._keep).discard(receive, _MAX_DISCARDED * self._service.config.max_body_bytes)
        await response({"type": "http.response.body", "body": b""})

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
        config, path = self._service.config, scope["path"]
        authorization, length = b"", 0
        for name, value in scope["headers"]:
            if name == b"content-length":
                length = int(value)
            elif name == b"authorization":
                authorization = value
        is_open = path in OPEN_PATHS or path.startswith("/page/") or scope["method"] == "OPTIONS"
        if not is_open and not self._authorization.accepts(authorization):
            return 401, "The token is missing or wrong: send it in the header Authorization: Bearer ..."
        if length > config.max_body_bytes:
            return 413, f"The body has {length:,} bytes; expected at most {config.max_body_bytes:,}"
        if self._in_progress >= config.max_requests and path not in ("/health", "/ready", "/metrics"):
            return 503, f"{config.max_requests} requests are already in progress: try again in a second"
        return None

    def _keep(self, size: int, total: int) -> tuple[int, str] | None:
        """Note that more bytes of a body are kept; status and message if all bodies together become too large.

        Args:
            size: Number of bytes; negative if they are no longer kept.
            total: Number of bytes of this body that are kept then.
        """
        self._kept_bytes += size
        limit = max(_LARGE_BODIES * self._service.config.max_body_bytes, _MIN_TOTAL_BYTES)
        if size > 0 and total > _SMALL_BYTES and self._kept_bytes > limit:
            return 503, f"The bodies of all requests in progress have more than {limit:,} bytes: try again in a second"
        return None

    async def _forward(self, scope: Scope, receive: Receive, response: Response, body: Body) -> None:
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

    async def _predict(self, body: bytes, response: Response) -> bool:
        """Answer a valid request; return False, without a response, if it is not valid."""
        try:
            request = orjson.loads(body)
            if type(request) is not dict or len(request) != 1 or type(text := request.get("image")) is not str:
                return False
            image = await self._service.image(text)
        except ValueError:
            return False
        await response.send(200, orjson.dumps(await self._service.prediction(image)), JSON)
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
