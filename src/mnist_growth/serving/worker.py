"""A worker process of the service: its start, its signs of life, and its end."""

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from multiprocessing import sharedctypes
from typing import Any

from mnist_growth.serving.config import ServingConfig
from mnist_growth.serving.model import ModelSource
from mnist_growth.serving.process import answer

logger = logging.getLogger(__name__)

FAILED = 3
"""Exit code of a worker that could not load the network; it has logged the reason."""

_BEAT_SECONDS = 1.0
_SPAWN = multiprocessing.get_context("spawn")


class Worker:
    """A worker process as its supervisor sees it.

    The worker counts seconds in shared memory from the moment on in which it accepts connections. It does so in its
    event loop: a worker that no longer answers no longer counts.

    Args:
        source: Loads the network.
        config: Parameters of the service.
        token: Token that requests must send; None if they need none.
        listener: Listening socket, shared by all workers.
    """

    def __init__(self, source: ModelSource, config: ServingConfig, token: str | None, listener: socket.socket) -> None:
        self._beats = _SPAWN.RawValue("L", 0)
        self._counted = 0
        self._counted_at = time.monotonic()
        self._is_reload_due = False
        self.process = _SPAWN.Process(target=_run, args=(source, config, token, listener, self._beats), name="worker")
        self.process.start()

    @property
    def is_ready(self) -> bool:
        """Whether the worker has accepted connections."""
        return bool(self._beats.value)

    def silent_seconds(self) -> float:
        """Return the time since the start or the last sign of life."""
        now = time.monotonic()
        if self._beats.value != self._counted:
            self._counted, self._counted_at = self._beats.value, now
        return now - self._counted_at

    def reload(self) -> None:
        """Make the worker load the network again; if it is still starting, as soon as it is ready."""
        self._is_reload_due = True
        self.forward_reload()

    def forward_reload(self) -> None:
        """Send a reload that is due to a worker that has become ready; before, the signal would end it."""
        if self._is_reload_due and self.is_ready:
            self._is_reload_due = False
            self.signal(signal.SIGHUP)

    def signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.process.is_alive() and self.process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.process.pid, number)


def _run(
    source: ModelSource,
    config: ServingConfig,
    token: str | None,
    listener: socket.socket,
    beats: "sharedctypes.Synchronized[int]",
) -> None:
    """Answer requests in a new process until SIGTERM, or until the supervisor has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the supervisor sends SIGTERM
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    threading.Thread(target=_stop_with_supervisor, daemon=True, name="supervisor-watch").start()

    def beat() -> None:
        beats.value += 1
        asyncio.get_running_loop().call_later(_BEAT_SECONDS, beat)

    try:
        answer(source, config, token, listener, started=beat, reload_all=_reload_all)
    except (ValueError, OSError) as error:
        logger.error("A worker could not load the network: %s", error)
        sys.exit(FAILED)


def _stop_with_supervisor() -> None:
    """Wait until the supervisor has ended, by whatever means, and stop then: nobody else would stop this worker."""
    supervisor: Any = multiprocessing.parent_process()
    supervisor.join()
    logger.error("The main process of the service has ended: this worker stops, too")
    os.kill(os.getpid(), signal.SIGTERM)


def _reload_all() -> None:
    """Ask the supervisor to make all workers load the network again."""
    os.kill(os.getppid(), signal.SIGHUP)
