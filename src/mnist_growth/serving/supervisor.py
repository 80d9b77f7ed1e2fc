"""The main process of a service with several workers: starts, watches, replaces and stops them."""

import contextlib
import logging
import os
import signal
import socket
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from multiprocessing import connection

from mnist_growth.serving.config import ServingConfig
from mnist_growth.serving.model import ModelSource
from mnist_growth.serving.worker import FAILED, Worker

logger = logging.getLogger(__name__)

_SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_MAX_SILENCE = 60.0  # seconds until a worker whose event loop no longer runs is replaced
_TICK = 0.2  # seconds between two looks at signals and signs of life
_KILL_SECONDS = 5.0  # beyond the time for which a worker may drain and finish requests


@contextlib.contextmanager
def shared_metrics() -> Iterator[None]:
    """Let the workers write their metrics to a temporary folder, which they read together."""
    with tempfile.TemporaryDirectory(prefix="mnist-growth-metrics-") as folder:
        os.environ[_SHARED_METRICS] = folder  # the workers read it when they import the Prometheus client
        try:
            yield
        finally:
            os.environ.pop(_SHARED_METRICS)


class Supervisor:
    """Keeps `serving.workers` workers running, and forwards SIGHUP and stop signals to them.

    A worker is replaced if it ends, is not ready within `serving.start_seconds`, or hangs. More than
    `serving.max_restarts` of that within `serving.restart_seconds` end the service: they would go on for ever.

    Args:
        source: Loads the network.
        config: Parameters of the service.
        token: Token that requests must send; None if they need none.
        listener: Listening socket; it is closed when the service stops.
    """

    def __init__(self, source: ModelSource, config: ServingConfig, token: str | None, listener: socket.socket) -> None:
        self._source, self._config, self._token, self._listener = source, config, token, listener
        self._workers: list[Worker] = []
        self._signals: deque[int] = deque()
        self._restarts: deque[float] = deque()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda number, _frame: self._signals.append(number))

    def run(self) -> None:
        """Start the workers and watch them until a signal stops the service.

        Raises:
            ChildProcessError: Workers had to be replaced too often.
        """
        try:
            for _ in range(self._config.workers):
                self._workers.append(self._start())
            while not self._handle_signals():
                connection.wait([worker.process.sentinel for worker in self._workers], _TICK)
                for number, worker in enumerate(self._workers):
                    if (problem := _problem(worker, self._config.start_seconds)) is not None:
                        self._workers[number] = self._replaced(worker, problem)
        finally:
            self._stop()

    def _start(self) -> Worker:
        return Worker(self._source, self._config, self._token, self._listener)

    def _handle_signals(self) -> bool:
        """Forward requests to reload; return whether the service has to stop."""
        while self._signals:
            if self._signals.popleft() in (signal.SIGINT, signal.SIGTERM):
                return True
            for worker in self._workers:
                worker.reload()
        for worker in self._workers:
            worker.forward_reload()
        return False

    def _replaced(self, worker: Worker, problem: str) -> Worker:
        """Return a new worker in the place of one that has a problem.

        Raises:
            ChildProcessError: Workers had to be replaced too often.
        """
        self._end(worker)
        now = time.monotonic()
        while self._restarts and now - self._restarts[0] > self._config.restart_seconds:
            self._restarts.popleft()
        if len(self._restarts) >= self._config.max_restarts:
            raise ChildProcessError(
                f"The service stops, because workers had to be replaced more than {self._config.max_restarts} times "
                f"in {self._config.restart_seconds:g} seconds (serving.max_restarts); the last one {problem}"
            )
        self._restarts.append(now)
        logger.warning("Replaced worker %s, which %s", worker.process.pid, problem)
        return self._start()

    @staticmethod
    def _end(worker: Worker) -> None:
        """Make sure that a worker has ended, and remove its share of gauges such as the requests in progress."""
        from prometheus_client.multiprocess import mark_process_dead

        worker.process.kill()
        worker.process.join()
        mark_process_dead(worker.process.pid)  # type: ignore[no-untyped-call]

    def _stop(self) -> None:
        """Stop the workers: they answer what clients have sent. A second signal stops them immediately."""
        self._listener.close()  # now it is closed as soon as the workers have closed it
        for worker in self._workers:
            worker.signal(signal.SIGTERM)
        patience = self._config.drain_seconds + 2 * self._config.timeout_seconds + _KILL_SECONDS
        deadline = time.monotonic() + patience
        while (running := [worker for worker in self._workers if worker.process.is_alive()]) and (
            time.monotonic() < deadline
        ):
            connection.wait([worker.process.sentinel for worker in running], _TICK)
            while self._signals:
                if self._signals.popleft() in (signal.SIGINT, signal.SIGTERM):
                    for worker in running:
                        worker.signal(signal.SIGTERM)
        for worker in running:
            logger.error("Worker %s did not stop within %.0f seconds: it was killed", worker.process.pid, patience)
        for worker in self._workers:
            self._end(worker)


def _problem(worker: Worker, start_seconds: float) -> str | None:
    """Say why a worker has to be replaced; None if it works."""
    if not worker.process.is_alive():
        return _end_of(worker.process.exitcode)
    silent = worker.silent_seconds()
    if not worker.is_ready and silent > start_seconds:
        return (
            f"was not ready within {start_seconds:g} seconds (if the machine is busy, start fewer workers or increase "
            "serving.start_seconds)"
        )
    if worker.is_ready and silent > _MAX_SILENCE:
        return f"did nothing for {silent:.0f} seconds"
    return None


def _end_of(code: int | None) -> str:
    """Say how a worker has ended."""
    if code == FAILED:
        return "could not load the network"
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
