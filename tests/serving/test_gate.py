"""Limits: of the body, of the time, of the number of requests, and the token."""

import asyncio
import gzip
import json
from collections.abc import Callable

import orjson
import pytest
from fastapi.testclient import TestClient
from served import Source
from starlette.types import Message

import configured
from mnist_growth.serving import gate
from mnist_growth.serving.app import create_app
from mnist_growth.serving.service import Service

Make = Callable[..., TestClient]


def test_a_body_beyond_the_limit_is_refused(client_of: Make) -> None:
    client = client_of(max_body_bytes=2000)
    body = json.dumps({"image": "A" * 2000})
    response = client.post("/predict", content=body)
    assert (response.status_code, response.json()["detail"]) == (
        413,
        f"The body has {len(body):,} bytes; expected at most 2,000",
    )


def test_a_body_of_unknown_length_is_refused_when_it_gets_too_long(client_of: Make) -> None:
    client = client_of(max_body_bytes=2000)
    response = client.post("/predict", content=(b" " * 100 for _ in range(30)))
    assert (response.status_code, response.json()["detail"]) == (413, "The body has more than 2,000 bytes")


@pytest.mark.parametrize("path", ["/predict", "/predict/batch", "/explain", "/model/reload"])
def test_without_the_token_nothing_is_answered(client_of: Make, path: str) -> None:
    client = client_of(token="secret")
    wrong = ["Bearer wrong", "secret", "Bearer secrets", "Bearer secret ,", "Bearer secre", "Bearer"]
    for headers in ({}, *({"Authorization": authorization} for authorization in wrong)):
        response = client.post(path, json={"image": "AAAA"}, headers=headers)
        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("path", ["/model", "/metrics", "/no-such-page"])
def test_the_token_guards_what_can_be_read(client_of: Make, path: str) -> None:
    client = client_of(token="secret")
    assert client.get(path).status_code == 401
    assert client.get(path, headers={"Authorization": "Bearer secret"}).status_code in (200, 404)


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/docs", "/openapi.json", "/page/page.js"])
def test_the_page_and_the_state_need_no_token(client_of: Make, path: str) -> None:
    assert client_of(token="secret").get(path).status_code == 200


class Question:
    """A request to an application, piece by piece, and its answer."""

    def __init__(self, *pieces: bytes, complete: bool = True, encoding: bytes | None = None) -> None:
        self.pieces = list(pieces)
        self.headers_sent = [(b"content-type", b"application/json")]
        self.headers_sent += [(b"content-encoding", encoding)] if encoding else []
        self.complete = complete
        self.sent: list[Message] = []

    async def ask(self, app, path: str = "/predict", method: str = "POST") -> int:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": self.headers_sent,
            "http_version": "1.1",
            "scheme": "http",
            "server": ("127.0.0.1", 80),
            "client": ("127.0.0.1", 1),
        }
        await app(scope, self.receive, self.send)
        return self.sent[0]["status"]

    async def receive(self) -> Message:
        if not self.pieces:
            await asyncio.sleep(3600)
        body = self.pieces.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(self.pieces) or not self.complete}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])


def test_a_body_that_does_not_come_is_not_waited_for(source: Source) -> None:
    app = create_app(Service(source, configured.serving(timeout_seconds=0.05)))
    question = Question(b'{"image"', complete=False)
    assert asyncio.run(question.ask(app)) == 408
    assert question.headers[b"connection"] == b"close"


def test_requests_beyond_the_limit_are_told_to_come_again(source: Source, texts: list[str]) -> None:
    async def ask() -> tuple[list[int], Question]:
        app = create_app(Service(source, configured.serving(max_requests=2, timeout_seconds=5)))
        valid = orjson.dumps({"image": texts[0]})
        slow = [asyncio.create_task(Question(b"{", complete=False).ask(app))]
        await asyncio.sleep(0.01)
        statuses = [await Question(valid).ask(app)]  # the second one in progress
        slow.append(asyncio.create_task(Question(b"{", complete=False).ask(app)))
        await asyncio.sleep(0.01)
        third = Question(valid)
        statuses += [await third.ask(app), await Question(b"").ask(app, "/health", "GET")]
        for task in slow:
            task.cancel()
        await asyncio.wait(slow)
        return [*statuses, await Question(valid).ask(app)], third

    statuses, third = asyncio.run(ask())
    assert statuses == [200, 503, 200, 200]
    assert third.headers[b"retry-after"] == b"1"


def test_all_bodies_together_obey_a_limit(source: Source, texts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_MIN_TOTAL_BYTES", 0)
    monkeypatch.setattr(gate, "_SMALL_BYTES", 0)

    async def ask() -> tuple[list[int], Question]:
        app = create_app(Service(source, configured.serving(max_body_bytes=1000, timeout_seconds=5)))
        valid = orjson.dumps({"image": texts[0]})
        slow = [asyncio.create_task(Question(b" " * 990, complete=False).ask(app)) for _ in range(4)]
        await asyncio.sleep(0.01)
        refused = Question(valid)
        statuses = [await refused.ask(app), await Question(b"").ask(app, "/health", "GET")]
        slow.pop().cancel()
        await asyncio.sleep(0.01)
        statuses += [await Question(valid).ask(app), await Question(valid).ask(app)]
        for task in slow:
            task.cancel()
        await asyncio.wait(slow)
        return statuses, refused

    statuses, refused = asyncio.run(ask())
    assert statuses == [503, 200, 200, 200]
    assert refused.headers[b"retry-after"] == b"1"
    assert b"more than 4,000 bytes: try again" in refused.sent[1]["body"]


@pytest.mark.parametrize(("path", "name"), [("/predict", "image"), ("/explain", "image"), ("/predict/batch", "images")])
def test_few_requests_hold_a_decompressed_body_at_a_time(
    source: Source, texts: list[str], path: str, name: str
) -> None:
    service = Service(source, configured.serving())
    held: list[int] = [0]
    original = getattr(service, name)

    async def decode(encoded: object) -> object:
        held.append(held[-1] + 1)
        await asyncio.sleep(0.005)
        held.append(held[-1] - 1)
        return await original(encoded)

    setattr(service, name, decode)
    content = gzip.compress(orjson.dumps({name: texts[0] if name == "image" else texts[:2]}))

    async def ask() -> list[int]:
        app = create_app(service)
        return await asyncio.gather(*(Question(content, encoding=b"gzip").ask(app, path) for _ in range(12)))

    assert asyncio.run(ask()) == [200] * 12
    assert 1 < max(held) <= 4


def test_the_body_of_a_refused_request_is_not_kept(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    monkeypatch.setattr(gate.Gate, "_keep", lambda _self, size, _total: kept.append(size))
    app = create_app(Service(source, configured.serving()), token="secret")
    question = Question(b"{", b" " * 1000, b"}")
    assert asyncio.run(question.ask(app)) == 401
    assert (kept, question.pieces) == ([], [])


def test_a_refused_body_leaves_its_room_and_digits_always_have_room(
    source: Source, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "_MIN_TOTAL_BYTES", 0)
    digit = Question(orjson.dumps({"image": texts[0]}))

    async def ask() -> int:
        app = create_app(Service(source, configured.serving(max_body_bytes=100_000, timeout_seconds=5)))
        held = [asyncio.create_task(Question(b" " * 99_990, complete=False).ask(app)) for _ in range(4)]
        await asyncio.sleep(0.01)
        refused = asyncio.create_task(Question(b" " * 90_000, complete=False).ask(app))
        await asyncio.sleep(0.01)
        assert app._kept_bytes == 4 * 99_990  # type: ignore[attr-defined]
        status = await digit.ask(app)
        for task in (refused, *held):
            task.cancel()
        await asyncio.wait([refused, *held])
        assert app._kept_bytes == 0  # type: ignore[attr-defined]
        return status

    assert asyncio.run(ask()) == 200


def test_a_request_is_refused_before_its_body_comes(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that announces too much, or has no token, is not waited for."""
    monkeypatch.setattr(gate, "_DISCARD_SECONDS", 0.01)
    app = create_app(Service(source, configured.serving(max_body_bytes=1000)), token="secret")
    stranger, friend = Question(b"{", complete=False), Question(b"{", complete=False)
    friend.headers_sent += [(b"authorization", b"bearer secret"), (b"content-length", b"1001")]

    async def ask() -> list[int]:
        async with asyncio.timeout(5):
            return [await stranger.ask(app), await friend.ask(app)]

    assert asyncio.run(ask()) == [401, 413]
    for question in (stranger, friend):
        assert question.headers[b"connection"] == b"close"
        assert [message.get("more_body") for message in question.sent] == [None, True, None]


def test_requests_without_the_token_take_no_capacity(source: Source, texts: list[str]) -> None:
    async def ask() -> int:
        app = create_app(Service(source, configured.serving(max_requests=1)), token="secret")
        strangers = [asyncio.create_task(Question(b"{", complete=False).ask(app)) for _ in range(5)]
        await asyncio.sleep(0.01)
        friend = Question(orjson.dumps({"image": texts[0]}))
        friend.headers_sent.append((b"authorization", b"Bearer secret"))
        status = await friend.ask(app)
        for task in strangers:
            task.cancel()
        await asyncio.wait(strangers)
        return status

    assert asyncio.run(ask()) == 200


def test_a_service_that_stops_says_so_and_goes_on_answering(client_of: Make, texts: list[str]) -> None:
    client = client_of()
    assert client.get("/ready").json() == {"status": "ready"}
    client.service.stopping = True  # type: ignore[attr-defined]
    response = client.post("/predict", json={"image": texts[0]})
    assert (response.status_code, response.headers["connection"]) == (200, "close")
    ready = client.get("/ready")
    assert (ready.status_code, ready.json()) == (503, {"status": "stopping"})
