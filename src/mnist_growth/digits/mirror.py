"""One mirror, a web address or a folder, and the files that it offers."""

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

_CHUNK_BYTES = 1 << 16
_RETRIES = Retry(
    total=2,
    backoff_factor=0.2,  # seconds
    status_forcelist=(429, 500, 502, 503, 504),
    raise_on_status=False,
    respect_retry_after_header=False,  # a server must not make us sleep longer than the limit allows
)


class MirrorError(Exception):
    """A mirror did not deliver, for the reason given, after `waited` seconds without an answer."""

    def __init__(self, reason: str, waited: float = 0.0) -> None:
        super().__init__(reason)
        self.waited = waited


class NotThereError(MirrorError):
    """The mirror answers, but does not have a file of this name."""


@dataclass(frozen=True)
class Offer:
    """A file that a mirror is about to send: where it is, its bytes and, if known, how many there are."""

    location: str
    chunks: Iterator[bytes]
    size: int | None


def open_mirror(address: str, name: str, seconds: float) -> contextlib.AbstractContextManager[Offer]:
    """Open a file that a mirror offers.

    Args:
        address: http(s) address or folder (`~` allowed).
        name: Name of the file.
        seconds: Time to wait for a web address to answer.

    Raises:
        NotThereError: On entering, the mirror has no such file.
        MirrorError: On entering or while reading, the mirror does not answer, or breaks off.
    """
    if address.startswith(("http://", "https://")):
        return _open_address(address, name, seconds)
    return _open_folder(address, name)


@contextlib.contextmanager
def _open_folder(address: str, name: str) -> Iterator[Offer]:
    """Open a file of a mirror that is a folder."""
    folder = Path(address).expanduser()
    if not folder.is_dir():
        raise MirrorError("no such folder")
    path = folder / name
    if not path.is_file():
        raise NotThereError(f"it has no {name}")
    try:
        file = path.open("rb")
    except OSError as error:
        raise MirrorError(error.strerror or str(error)) from None
    with file:
        yield Offer(str(path), _chunks(lambda: file.read(_CHUNK_BYTES)), path.stat().st_size)


@contextlib.contextmanager
def _open_address(address: str, name: str, seconds: float) -> Iterator[Offer]:
    """Ask a mirror on the web for a file, and wait at most so many seconds for its answer."""
    if seconds <= 0:
        raise MirrorError("not asked, as the time limit was reached")
    url = f"{address.rstrip('/')}/{name}"
    started = time.monotonic()
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=_RETRIES))

        def ask() -> requests.Response:
            # The connection is tried more often than once, hence the smaller part of the time for each.
            timeout = (seconds / 3, seconds)
            # "identity", since a server may otherwise compress, or claim to, what is gzipped already.
            return session.get(url, stream=True, timeout=timeout, headers={"Accept-Encoding": "identity"})

        try:
            response = _within(seconds, ask)
        except (requests.RequestException, urllib3.exceptions.HTTPError, TimeoutError) as error:
            raise MirrorError(_reason(error), time.monotonic() - started) from None
        with response:
            if response.status_code != requests.codes.ok:
                kind = NotThereError if response.status_code in (403, 404, 410) else MirrorError
                raise kind(f"HTTP {response.status_code} for {name}", time.monotonic() - started)
            size = response.headers.get("Content-Length", "")
            body = response.raw
            yield Offer(
                url,
                _chunks(lambda: body.read(_CHUNK_BYTES, decode_content=False)),
                int(size) if size.isdecimal() else None,
            )


def _chunks(read: Callable[[], bytes]) -> Iterator[bytes]:
    """Yield what `read` returns until it returns nothing; its errors are the mirror's, not those of our disk."""
    while True:
        waiting_since = time.monotonic()
        try:
            chunk = read()
        except (OSError, urllib3.exceptions.HTTPError) as error:
            raise MirrorError(_reason(error), time.monotonic() - waiting_since) from None
        if not chunk:
            return
        yield chunk


def _within(seconds: float, ask: Callable[[], requests.Response]) -> requests.Response:
    """Return the response if it comes in time, else raise TimeoutError.

    A thread waits for it, because no timeout of a socket limits how long the name of a host is looked up.
    """
    future: Future[requests.Response] = Future()

    def work() -> None:
        try:
            response = ask()
        except Exception as error:
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
            return
        if future.set_running_or_notify_cancel():
            future.set_result(response)
        else:
            response.close()

    # A daemon: a look-up that hangs must not keep the process from ending.
    threading.Thread(target=work, name="mirror", daemon=True).start()
    try:
        return future.result(timeout=seconds)
    except TimeoutError:
        if future.cancel():
            raise
        return future.result()  # it came at the last moment


def _reason(error: Exception) -> str:
    """Say in a few words why a mirror did not deliver."""
    if isinstance(error, TimeoutError | requests.Timeout | urllib3.exceptions.TimeoutError):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not accepted"
    if isinstance(error, requests.exceptions.InvalidURL):
        return "not a valid address"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return "the connection broke off"
    return getattr(error, "strerror", None) or type(error).__name__
