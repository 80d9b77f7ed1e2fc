"""The connection between the command and the processes that train for it."""

import logging
import os
import signal
import threading
import time
from multiprocessing.connection import Client, Connection
from typing import Any

from mnist_growth.training.history import EpochRecord, GrowthEvent

BATCH_SECONDS = 0.1  # between two messages about batches


class CommandLink:
    """Connection of one process to the command that has started it.

    The process ends when the command does, by whatever means.

    Args:
        address: Where the command listens.
        key: Proves that this process belongs to the command.
        rank: Number of this process.

    Raises:
        OSError: The command does not listen any more.
    """

    def __init__(self, address: Any, key: bytes, rank: int) -> None:
        self._connection: Connection = Client(address, authkey=key)
        self._lock = threading.Lock()
        self._answers: list[bool] = []
        self._answered = threading.Condition()
        self.send("hello", rank, os.getpid())
        threading.Thread(target=self._receive, daemon=True, name="command-link").start()

    def send(self, kind: str, *values: Any) -> None:
        """Send a message."""
        with self._lock:
            self._connection.send((kind, *values))

    def ask(self, kind: str) -> bool:
        """Send a message, and return the answer."""
        with self._answered:
            self.send(kind)
            self._answered.wait_for(lambda: bool(self._answers))
            return self._answers.pop()

    def _receive(self) -> None:
        """Receive answers, and signals that the command has received."""
        while True:
            try:
                kind, value = self._connection.recv()
            except (EOFError, OSError):
                os._exit(1)  # the command has ended; nobody else would end this process
            if kind == "signal":
                os.kill(os.getpid(), value)
            else:
                with self._answered:
                    self._answers.append(value)
                    self._answered.notify()


class LinkMonitor:
    """Sends the events of a training to the command.

    Args:
        link: To the command.
        run_id: Id of the tracked run.
    """

    def __init__(self, link: CommandLink, run_id: str) -> None:
        self.run_id = run_id
        self._link = link
        self._next_batch = 0.0

    def started(self, epochs_done: int, epochs: int, batches_per_epoch: int) -> None:
        """Send the event."""
        self._link.send("started", epochs_done, epochs, batches_per_epoch)

    def batch(self, batches_done: int) -> None:
        """Send the event, but not more often than a terminal can show."""
        now = time.monotonic()
        if now >= self._next_batch:
            self._next_batch = now + BATCH_SECONDS
            self._link.send("batch", batches_done)

    def grew(self, event: GrowthEvent) -> None:
        """Send the event."""
        self._link.send("grew", event)

    def epoch(self, record: EpochRecord) -> None:
        """Send the event."""
        self._link.send("epoch", record)

    def shrank(self, epoch: int, size: int, reason: str) -> None:
        """Send the event."""
        self._link.send("shrank", epoch, size, reason)

    def should_stop(self) -> bool:
        """Ask the command."""
        return self._link.ask("should_stop")

    def finished(self) -> None:
        """Do nothing: the command notices the end itself, also that of a process that was killed."""


class LinkHandler(logging.Handler):
    """Sends log records to the command, which has the log.

    Args:
        link: To the command.
    """

    def __init__(self, link: CommandLink) -> None:
        super().__init__()
        self._link = link

    def emit(self, record: logging.LogRecord) -> None:
        """Send a record."""
        self._link.send("log", record.name, record.levelno, record.getMessage())


def ignore_signals() -> None:
    """Leave it to the command to pass signals on, which a terminal may send to all processes at the same time."""
    os.setpgrp()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
