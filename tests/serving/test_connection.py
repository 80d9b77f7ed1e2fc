"""Limits of the head of a request, on real connections."""

import functools
import socket
import time
from collections.abc import Iterator

import pytest
from served import Source, listening

import configured
from mnist_growth.serving.app import create_app
from mnist_growth.serving.connection import MAX_HEAD_BYTES, MAX_HEADERS, GuardedConnection
from mnist_growth.serving.service import Service

SECONDS = 0.5  # for a head


@pytest.fixture(scope="module")
def port(trained) -> Iterator[int]:
    app = create_app(Service(Source(trained), configured.serving()))
    with listening(app, http=functools.partial(GuardedConnection, head_seconds=SECONDS)) as port:
        yield port


def answer(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """What the service sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
        except ConnectionError:
            pass  # closed while sending
        received = b""
        try:
            while piece := connection.recv(65536):
                received += piece
        except ConnectionError:
            pass
        return received


def get(*headers: bytes) -> bytes:
    return b"\r\n".join([b"GET /health HTTP/1.1", b"Host: x", b"Connection: close", *headers, b"", b""])


def test_a_head_within_the_limits_is_answered(port):
    most = [b"X-%d: y" % number for number in range(MAX_HEADERS - 2)]
    assert answer(port, get(*most)).startswith(b"HTTP/1.1 200 ")
    assert answer(port, get(b"X: " + b"y" * (MAX_HEAD_BYTES - 1000))).startswith(b"HTTP/1.1 200 ")


def test_too_many_headers_are_refused(port):
    more = [b"X-%d: y" % number for number in range(MAX_HEADERS - 1)]
    refused = answer(port, get(*more))
    assert refused.startswith(b"HTTP/1.1 431 ")
    assert b"Expected at most 100 headers" in refused


def test_a_head_that_does_not_end_is_refused_when_it_gets_too_large(port):
    endless = [b"GET /health HTTP/1.1\r\nX: ", *[b"y" * 8192] * 20]
    received = answer(port, *endless, pause=0.005)
    assert received.startswith(b"HTTP/1.1 431 ")


def test_a_head_that_does_not_come_is_not_waited_for(port):
    started = time.monotonic()
    slow = answer(port, b"GET /health HTTP/1.1\r\n", *[b"X: y\r\n"] * 40, pause=0.05)
    assert b"HTTP/1.1 408 " in slow
    assert answer(port) == b""
    assert time.monotonic() - started < 8


def test_a_second_request_on_a_connection_has_the_same_time(port):
    first = get().replace(b"Connection: close\r\n", b"")
    received = answer(port, first, b"GET /health HTTP/1.1\r\n", pause=0.1)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in received


def test_an_invalid_request_is_a_bad_request_as_before(port, caplog):
    assert answer(port, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")
