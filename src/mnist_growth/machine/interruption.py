"""Handling of SIGINT (Ctrl-C), SIGTERM, and SIGHUP, which a terminal sends when it is closed."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import NoReturn


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP was received; handled like Ctrl-C, with another exit code.

    Args:
        number: The signal.
    """

    def __init__(self, number: int = signal.SIGTERM) -> None:
        super().__init__()
        self.signal = number


def stop_reason(interruption: KeyboardInterrupt) -> str:
    """Return a description of the signal that stopped the process."""
    name = signal.Signals(interruption.signal).name if isinstance(interruption, Terminated) else "Ctrl-C"
    return f"stopped by {name}"


def exit_code(interruption: KeyboardInterrupt) -> int:
    """Return the exit code of a process that a signal stopped, as a shell gives it: 128 and the signal."""
    return 128 + (interruption.signal if isinstance(interruption, Terminated) else signal.SIGINT)


def _stopping_signals() -> list[signal.Signals]:
    """Return the signals that stop a command; SIGHUP does not if it is ignored, as by nohup and by a service."""
    stopping = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        stopping.append(signal.SIGHUP)
    return stopping


class StopRequest:
    """Whether a signal has requested a stop."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def raise_if_requested(self) -> None:
        """Raise the exception of the signal if one was received.

        Raises:
            KeyboardInterrupt: After SIGINT.
            Terminated: After SIGTERM or SIGHUP.
        """
        if self.signal is not None:
            raise_for_signal(self.signal)


@contextlib.contextmanager
def stop_on_request() -> Iterator[StopRequest]:
    """Record the first SIGINT, SIGTERM or SIGHUP as a request, for code that checks at which point it can stop.

    The original handlers handle a second signal, which stops the process immediately. Only the main thread receives
    signals; in other threads there are no requests.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in _stopping_signals()}

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


def raise_for_signal(number: int, _frame: FrameType | None = None) -> NoReturn:
    """Raise the exception of a signal; can also be used as a signal handler."""
    raise KeyboardInterrupt if number == signal.SIGINT else Terminated(number)


_received: list[int] = []
"""Signals that the handlers of `raise_on_signals` have received."""


@contextlib.contextmanager
def raise_on_signals() -> Iterator[None]:
    """Raise the exception of SIGINT, SIGTERM or SIGHUP immediately, and again if other code replaced it.

    For example, an import can replace the KeyboardInterrupt of a signal with another error. The handlers remain
    installed afterwards, so that the code that follows can be stopped too.

    Raises:
        KeyboardInterrupt: After SIGINT.
        Terminated: After SIGTERM or SIGHUP.
    """
    _received.clear()

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        _received.append(number)
        raise_for_signal(number)

    for signal_number in _stopping_signals():
        signal.signal(signal_number, stop)
    try:
        yield
    except Exception:
        raise_if_signalled()
        raise


def raise_if_signalled() -> None:
    """Raise the exception of the last signal that `raise_on_signals` received, for code that handles errors.

    Raises:
        KeyboardInterrupt: After SIGINT.
        Terminated: After SIGTERM or SIGHUP.
    """
    if _received:
        raise_for_signal(_received[-1])


def exit_on_signals() -> None:
    """End the process immediately on SIGINT, SIGTERM and SIGHUP, with the exit code that a shell uses for them."""

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        os._exit(128 + number)

    for signal_number in _stopping_signals():
        signal.signal(signal_number, leave)
