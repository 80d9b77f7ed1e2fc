"""What a command is doing, shown while it takes time.

In a terminal the last line names the steps in progress, with the time that they have taken so far. Elsewhere, as in a
log file, only a step that takes long is logged, and again at long intervals.
"""

import logging
import math
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, TypeVar

import rich
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

logger = logging.getLogger(__name__)

LONG = 2.0
"""Seconds after which a step is logged where there is no terminal."""

AGAIN = 30.0
"""Seconds after which it is logged again."""

_SPINNER = "-\\|/"
_Item = TypeVar("_Item")


@dataclass
class _Step:
    """Something that is being done.

    Attributes:
        name: What it is.
        began: Time of its start in seconds.
        log_at: Time at which it is logged next.
        done: Number of items that are done.
        total: Number of items; 0 if there are none to count.
    """

    name: str
    began: float
    log_at: float
    done: int = 0
    total: int = 0

    def text(self, now: float) -> str:
        """The step with its counts and its seconds."""
        counts = f"{self.done:,} of {self.total:,}, " if self.total else ""
        return f"{self.name} ({counts}{now - self.began:.0f} s)"


class Progress:
    """The steps in progress, at most one in each thread."""

    def __init__(self) -> None:
        self._steps: dict[int, _Step] = {}
        self._live: Live | None = None
        self._redirected: list[tuple[logging.StreamHandler[Any], IO[str]]] = []
        self._closed = threading.Event()
        self._closed.set()

    def open(self, console: Console | None = None) -> None:
        """Start to show the steps."""
        self._steps.clear()
        self._closed.clear()
        console = console or rich.get_console()
        if console.is_terminal and not console.is_dumb_terminal:
            self._redirect_log(console)
            self._live = Live(console=console, get_renderable=self._lines, transient=True, refresh_per_second=4)
            self._live.start()
        else:
            threading.Thread(target=self._log_long_steps, name="progress", daemon=True).start()

    def close(self) -> None:
        """Show nothing any more."""
        self._closed.set()
        self._steps.clear()
        if self._live is not None:
            self._live.stop()
            self._live = None
        while self._redirected:
            handler, stream = self._redirected.pop()
            handler.setStream(stream)

    def begin(self, name: str, *, logged: bool = True) -> None:
        """Begin a step of this thread, which ends the one before; it is shown in a terminal only unless ``logged``."""
        if not self._closed.is_set():
            now = time.monotonic()
            self._steps[threading.get_ident()] = _Step(name, now, now + LONG if logged else math.inf)

    def end(self) -> None:
        """End the step of this thread."""
        self._steps.pop(threading.get_ident(), None)

    def count(self, done: int, total: int) -> None:
        """Set how much of the step of this thread is done."""
        step = self._steps.get(threading.get_ident())
        if step is not None:
            step.done, step.total = done, total

    def _lines(self) -> RenderableType:
        """One line for each step."""
        now = time.monotonic()
        spinner = _SPINNER[int(4 * now) % len(_SPINNER)]
        steps = list(self._steps.values())
        return Group(*(Text(f"{spinner} {step.text(now)}", no_wrap=True, overflow="crop") for step in steps))

    def _log_long_steps(self) -> None:
        """Log steps that take long, until they are not shown any more."""
        while not self._closed.wait(LONG / 4):
            now = time.monotonic()
            for step in list(self._steps.values()):
                if now >= step.log_at:
                    logger.info("%s ...", step.name if now < step.began + AGAIN else step.text(now))
                    step.log_at = now + AGAIN

    def _redirect_log(self, console: Console) -> None:
        """Let the messages of the log appear above the last line."""
        for handler in {*logging.getLogger().handlers, *logging.getLogger("mnist_growth").handlers}:
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stdout:
                self._redirected.append((handler, handler.stream))
                handler.setStream(_Above(console))


class _Above:
    """A stream that writes above the last line of the terminal; long lines are not wrapped."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def write(self, text: str) -> None:
        """Write complete lines."""
        self.console.print(Text(text), end="", soft_wrap=True)

    def flush(self) -> None:
        """Do nothing: the console writes at once."""


_progress = Progress()  # there is one terminal
begin, end, close = _progress.begin, _progress.end, _progress.close


@contextmanager
def shown(name: str) -> Iterator[None]:
    """Show the steps of a command while the context is active.

    Args:
        name: The first step. It is not logged: a command that has no other step may print an answer for a script.
    """
    _progress.open()
    _progress.begin(name, logged=False)
    try:
        yield
    finally:
        close()


def track(items: Iterable[_Item], total: int, size: int = 1) -> Iterator[_Item]:
    """Yield items, and count them in the step of this thread.

    Args:
        items: What is worked on.
        total: The number that is counted up to.
        size: What each item counts, such as the images of a chunk.
    """
    for number, item in enumerate(items):
        _progress.count(min(number * size, total), total)
        yield item
    _progress.count(total, total)
