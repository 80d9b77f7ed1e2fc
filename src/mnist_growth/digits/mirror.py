"""Read files from a mirror, which is a web address or a folder."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from mnist_growth.credentials import without_credentials

_CHUNK_BYTES = 1 << 16
_RETRIES = Retry(
    total=2,
    backoff_factor=0.2,  # seconds
    status_forcelist=(429, 500, 502, 503, 504),
    raise_on_status=False,
    respect_retry_after_header=False,  # a server could request a delay longer than the time limit
)


class MirrorError(Exception):
    """A mirror failed.

    Args:
        reason: Why it failed, as a phrase.
        waited: Time in seconds spent waiting for a response.
    """

    def __init__(self, reason: str, waited: float = 0.0) -> None:
        super().__init__(reason)
        self.waited = waited


class NotFoundError(MirrorError):
    """The mirror responds, but does not have the file."""


@dataclass(frozen=True)
class RemoteFile:
    """An open file of a mirror.

    Attributes:
        location: Its path or URL, without credentials.
        chunks: Its content.
        size: Its size in bytes, or None if unknown.
    """

    location: str
    chunks: Iterator[bytes]
    size: int | None


def open_mirror(address: str, name: str, seconds: float) -> contextlib.AbstractContextManager[RemoteFile]:
    """Open a file of a mirror.

    Args:
        address: http(s) address or folder (`~` allowed).
        name: Name of the file.
        seconds: Time to wait for the response of a web address.

    Raises:
        NotFoundError: The mirror does not have the file; raised on entering the context.
        MirrorError: The mirror does not respond, or the connection is lost while reading.
    """
    if address.startswith(("http://", "https://")):
        return _open_address(address, name, seconds)
    return _open_folder(address, name)


@contextlib.contextmanager
def _open_folder(address: str, name: str) -> Iterator[RemoteFile]:
    """Open a file of a mirror that is a folder."""
    folder = Path(address).expanduser()
    if not folder.is_dir():
        raise MirrorError("the folder does not exist")
    path = folder / name
    if not path.is_file():
        raise NotFoundError(f"{name} not found")
    try:
        file = path.open("rb")
    except OSError as error:
        raise MirrorError(error.strerror or str(error)) from None
    with file:
        yield RemoteFile(str(path), _chunks(lambda: file.read(_CHUNK_BYTES)), path.stat().st_size)


@contextlib.contextmanager
def _open_address(address: str, name: str, seconds: float) -> Iterator[RemoteFile]:
    """Open a file of a mirror at a web address, waiting at most `seconds` for the response."""
    if seconds <= 0:
        raise MirrorError("skipped, as the time limit was reached")
    url = f"{address.rstrip('/')}/{name}"
    started = time.monotonic()
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=_RETRIES))

        def request() -> requests.Response:
            # The connection is retried, so each attempt gets only a part of the time.
            timeout = (seconds / 3, seconds)
            # "identity": otherwise a server may compress the gzipped file again, or declare it as an encoded response.
            return session.get(url, stream=True, timeout=timeout, headers={"Accept-Encoding": "identity"})

        try:
            response = _with_time_limit(seconds, request)
        except (requests.RequestException, urllib3.exceptions.HTTPError, TimeoutError) as error:
            raise MirrorError(_reason(error), time.monotonic() - started) from None
        with response:
            if response.status_code != requests.codes.ok:
                kind = NotFoundError if response.status_code in (403, 404, 410) else MirrorError
                raise kind(f"HTTP {response.status_code} for {name}", time.monotonic() - started)
            size = response.headers.get("Content-Length", "")
            body = response.raw
            yield RemoteFile(
                without_credentials(url),
                _chunks(lambda: body.read(_CHUNK_BYTES, decode_content=False)),
                int(size) if size.isdecimal() else None,
            )


def _chunks(read: Callable[[], bytes]) -> Iterator[bytes]:
    """Yield the chunks that `read` returns until it returns none; raise its errors as MirrorError."""
    while True:
        waiting_since = time.monotonic()
        try:
            chunk = read()
        except (OSError, urllib3.exceptions.HTTPError) as error:
            raise MirrorError(_reason(error), time.monotonic() - waiting_since) from None
        if not chunk:
            return
        yield chunk


def _with_time_limit(seconds: float, request: Callable[[], requests.Response]) -> requests.Response:
    """Return the response, or raise TimeoutError if it takes too long.

    The request runs in a thread, because socket timeouts do not limit DNS lookups.
    """
    future: Future[requests.Response] = Future()

    def run() -> None:
        try:
            response = request()
        except Exception as error:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
            return
        if future.set_running_or_notify_cancel():
            future.set_result(response)
        else:
            response.close()

    # A daemon thread, so that a hanging DNS lookup does not prevent the process from exiting.
    threading.Thread(target=run, name="mirror", daemon=True).start()
    try:
        return future.result(timeout=seconds)
    except TimeoutError:
        if future.cancel():
            raise
        return future.result()  # the response arrived after the timeout, but before the cancellation


def _reason(error: Exception) -> str:
    """Return a short reason for the failure of a mirror."""
    if isinstance(error, TimeoutError | requests.Timeout | urllib3.exceptions.TimeoutError):
        return "no response within the time limit"
    if isinstance(error, requests.exceptions.SSLError):
        return "invalid certificate"
    if isinstance(error, requests.exceptions.InvalidURL):
        return "invalid address"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return "the connection was lost"
    return getattr(error, "strerror", None) or type(error).__name__
