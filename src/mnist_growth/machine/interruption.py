"""Stopping in good order when SIGINT (Ctrl-C) or SIGTERM asks for it."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn


class Terminated(KeyboardInterrupt):
    """SIGTERM came: handled like Ctrl-C, but told apart by the exit code."""


def stop_reason(interruption: KeyboardInterrupt) -> str:
    """Say which signal stopped the work."""
    return "stopped by SIGTERM" if isinstance(interruption, Terminated) else "stopped by Ctrl-C"


class StopRequest:
    """Whether a signal has asked the work to stop."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def raise_if_made(self) -> None:
        """Stop here if a signal has come.

        Raises:
            KeyboardInterrupt: after SIGINT.
            Terminated: after SIGTERM.
        """
        if self.signal is not None:
            raise_for(self.signal)


@contextlib.contextmanager
def stop_on_request() -> Iterator[StopRequest]:
    """Let the first SIGINT or SIGTERM only make a request, for work that stops by itself in a good place.

    A second signal is handled as it was before: it stops at once. Outside the main thread, which alone receives
    signals, no request is ever made.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, _frame: FrameType | None) -> None:
        request.signal = number
        restore()

    for number in before:
        signal.signal(number, note)
    try:
        yield request
    finally:
        restore()


def raise_for(number: int, _frame: FrameType | None = None) -> NoReturn:
    """Raise what a signal stands for; also usable as a signal handler."""
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


@contextlib.contextmanager
def raise_on_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM stop the work at once, and come out as what they stand for whatever becomes of them.

    In the middle of an import, for example, the KeyboardInterrupt of a signal can come out as another error. The
    handlers stay afterwards: what is left to do then can be stopped as well.

    Raises:
        KeyboardInterrupt: after SIGINT.
        Terminated: after SIGTERM.
    """
    came: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        came.append(number)
        raise_for(number)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except Exception:
        if came:
            raise_for(came[-1])
        raise


def leave_on_signals() -> None:
    """From now on SIGINT and SIGTERM end the process at once, with the code that a shell gives for them."""

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        os._exit(128 + number)

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
