"""What every request passes on its way in: limits, the token, and the short way for the question asked most often."""

import asyncio
import hmac
import time

import orjson
from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mnist_growth.serving import metrics
from mnist_growth.serving.service import Service

OPEN_PATHS = frozenset({"/", "/health", "/ready", "/docs", "/openapi.json"})
"""Paths that need no token; neither do the files of the pages."""

_KNOWN_PATHS = OPEN_PATHS | {"/predict", "/predict/batch", "/explain", "/model", "/model/reload", "/metrics", "/drift"}
_JSON = (b"content-type", b"application/json")
_CLOSE = (b"connection", b"close")
_DISCARDED = 16  # times the largest body: so much of a larger one is received
_TOO_BUSY = (b"retry-after", b"1")


class Gate:
    """Wraps the application.

    - Refuses bodies that are too large (413), requests beyond the limit (503) and those without the token (401).
    - Reads the whole body before the application sees it, and gives up when that or the answer takes too long.
    - Answers well-formed questions of ``POST /predict`` itself, as the application would, without its overhead; any
      other goes on to the application, which also says what is wrong with it.
    - Tells clients to close their connections when the service is to stop.

    Args:
        app: The application.
        service: What answers.
        token: That requests have to bring, if any.
    """

    def __init__(self, app: ASGIApp, service: Service, token: str | None) -> None:
        self._app = app
        self._service = service
        self._authorization = f"Bearer {token}".encode() if token else None
        self._in_work = 0
        self._in_work_gauge = metrics.IN_WORK
        self._counters: dict[tuple[str, int], Counter] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        answer = _Answer(send, closing=self._service.stopping)
        config = self._service.config
        self._in_work += 1
        self._in_work_gauge.set(self._in_work)
        try:
            async with asyncio.timeout(config.timeout_seconds):
                if (refusal := self._refusal(scope)) is None:
                    await self._pass(scope, receive, answer)
                else:
                    await _read(receive, config.max_body_bytes)
                    await answer.refuse(*refusal)
        except TimeoutError:
            await answer.refuse(408, f"the request was not complete and answered in {config.timeout_seconds:g} seconds")
        finally:
            self._in_work -= 1
            self._in_work_gauge.set(self._in_work)
            self._count(scope["path"], answer.status)
            metrics.LATENCY.observe(time.perf_counter() - started)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and sentence for a request whose head is enough to refuse it."""
        config = self._service.config
        authorization = b""
        for name, value in scope["headers"]:
            if name == b"content-length" and int(value) > config.max_body_bytes:
                return 413, f"the body has {int(value):,} bytes; expected at most {config.max_body_bytes:,}"
            if name == b"authorization":
                authorization = value
        path = scope["path"]
        is_open = path in OPEN_PATHS or path.startswith("/page/") or scope["method"] == "OPTIONS"
        if (
            self._authorization is not None
            and not is_open
            and not hmac.compare_digest(authorization, self._authorization)
        ):
            return 401, "this needs the service's token, in the header Authorization: Bearer ..."
        if self._in_work > config.max_requests and path not in ("/health", "/ready", "/metrics"):
            return 503, f"{config.max_requests} requests are in work already; try again in a second"
        return None

    async def _pass(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        """Read the body and answer, the short way or through the application."""
        body = b""
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            limit = self._service.config.max_body_bytes
            read = await _read(receive, limit)
            if read is None:  # the client has gone
                answer.status = 499
                return
            if len(read) > limit:
                await answer.refuse(413, f"the body has more than {limit:,} bytes")
                return
            body = read
            if scope["path"] == "/predict" and scope["method"] == "POST" and await self._predict(body, answer):
                return
        pending = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        await self._app(scope, replay, answer)

    async def _predict(self, body: bytes, answer: "_Answer") -> bool:
        """Answer a well-formed question; return whether it was one."""
        try:
            question = orjson.loads(body)
            if type(question) is not dict or len(question) != 1 or type(text := question.get("image")) is not str:
                return False
            sent = await self._service.image(text)
        except ValueError:
            return False
        await answer.send(200, orjson.dumps(await self._service.prediction(sent)), _JSON)
        return True

    def _count(self, path: str, status: int) -> None:
        if path not in _KNOWN_PATHS:
            path = "/page" if path.startswith("/page/") and status == 200 else "other"
        if (counter := self._counters.get((path, status))) is None:
            counter = self._counters[path, status] = metrics.REQUESTS.labels(path, str(status))
        counter.inc()


class _Answer:
    """Sends an answer once, and remembers its status; the application uses it as its ``send``."""

    def __init__(self, send: Send, closing: bool) -> None:
        self._send = send
        self._closing = closing
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._closing:
                message = {**message, "headers": [*message["headers"], _CLOSE]}
        await self._send(message)

    async def send(self, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        """Send a whole answer."""
        length = (b"content-length", str(len(body)).encode())
        await self({"type": "http.response.start", "status": status, "headers": [*headers, length]})
        await self._send({"type": "http.response.body", "body": body})

    async def refuse(self, status: int, sentence: str) -> None:
        """Send a sentence, unless something has been sent already; what follows on this connection is not read."""
        if self.status:
            return
        more = {401: [(b"www-authenticate", b"Bearer")], 503: [_TOO_BUSY]}.get(status, [])
        if status in (408, 413):
            self._closing = True
        await self.send(status, orjson.dumps({"detail": sentence}), _JSON, *more)


async def _read(receive: Receive, limit: int) -> bytes | None:
    """The body; of one beyond the limit, a little more than the limit; None if the client has gone.

    A client that is still sending may not hear an answer, so what is too much is received as well and dropped, until
    that gets too much, too.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        return bytes(message.get("body", b""))
    body, size = bytearray(), 0
    while message["type"] == "http.request":
        piece = message.get("body", b"")
        size += len(piece)
        if len(body) <= limit:
            body += piece
        if size > _DISCARDED * limit or not message.get("more_body"):
            return bytes(body)
        message = await receive()
    return None
