"""The command's side of a distributed training: it passes events to a monitor, and signals to the processes."""

import contextlib
import logging
import os
import signal
import threading
import time
from multiprocessing.connection import Client, Connection, Listener, wait
from types import TracebackType
from typing import Any, Self

from mnist_growth.machine import stop_on_request
from mnist_growth.training.monitor import Monitor

logger = logging.getLogger(__name__)

_PAUSE = 0.05  # seconds between two looks for new processes and signals
_AGAIN = 0.5  # seconds until a signal is passed on again: processes that are starting do not receive it
_END_SECONDS = 10.0  # for the processes to end after the command has given up


class Command:
    """Listens to the processes of this machine.

    Args:
        monitor: Receives the events of the process of rank 0.
        key: Proves that a process belongs to this command.
        max_restarts: For the log.
        is_alone: Whether all processes are on this machine.

    Attributes:
        address: Where the processes connect.
        signal: The signal after which the training has stopped; None if it has not.
        failure: An error after which it is useless to start again; None without one.
        out_of_memory: Rank and error of a process that ran out of memory.
    """

    def __init__(self, monitor: Monitor, key: bytes, max_restarts: int, *, is_alone: bool) -> None:
        self._monitor, self._key, self._max_restarts, self._is_alone = monitor, key, max_restarts, is_alone
        self._is_closed = False
        self._listener = Listener(family="AF_UNIX" if hasattr(signal, "SIGHUP") else None, authkey=key)
        self.address = self._listener.address
        self.signal: int | None = None
        self.failure: Exception | None = None
        self.out_of_memory: tuple[int, str] | None = None
        self._connections: dict[Connection, int] = {}  # to the number of the restart in which it was made
        self._pids: dict[int, int] = {}
        self._new: list[Connection] = []
        self._started: set[int] = set()
        self._restarts = 0
        self._lost: set[int] = set()
        threading.Thread(target=self._accept, daemon=True, name="accept-processes").start()

    def __enter__(self) -> Self:
        """Listen."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop listening: processes that start now end at once."""
        self._close()
        for connection in [*self._connections, *self._new]:
            connection.close()

    def serve(self, agent: threading.Thread, start_seconds: float) -> None:
        """Serve the processes until the agent has ended.

        Args:
            agent: Starts and watches the processes.
            start_seconds: Longest time until a process has started. The agent may wait for ever for an answer of a
                program that uses the port of the rendezvous.

        Raises:
            TimeoutError: No process has started in this time.
            KeyboardInterrupt: At a second signal; the processes are killed.
        """
        next_signal, deadline = 0.0, time.monotonic() + start_seconds
        try:
            with stop_on_request() as stop:
                while agent.is_alive():
                    self._serve_once()
                    if not self._started and time.monotonic() > deadline:
                        raise TimeoutError
                    if stop.signal is not None and time.monotonic() >= next_signal:
                        next_signal = time.monotonic() + _AGAIN
                        self.signal = stop.signal
                        for connection in list(self._connections):
                            self._reply(connection, "signal", stop.signal)
                while self._serve_once():
                    pass
        except BaseException:
            self._close()
            self._kill()
            if self._started:
                agent.join(_END_SECONDS)
            raise
        finally:
            self._monitor.finished()

    def describe_lost(self, error: Any) -> str:
        """Return which process was lost, and how.

        Args:
            error: ``ChildFailedError`` of torch, with all processes that did not end normally.
        """
        failures = {rank: failure.exitcode for rank, failure in error.failures.items()}
        culprits = {rank: code for rank, code in failures.items() if rank not in self._lost} or failures
        rank = min(culprits)
        how = f"ended by {signal.Signals(-culprits[rank]).name}" if culprits[rank] < 0 else "which did not answer"
        return f"process {rank} ({how})"

    def _close(self) -> None:
        """Stop listening."""
        if not self._is_closed:
            self._is_closed = True
            with contextlib.suppress(Exception):
                Client(self.address, authkey=self._key).close()  # wakes the thread that listens
            self._listener.close()

    def _accept(self) -> None:
        while not self._is_closed:
            with contextlib.suppress(Exception):  # a process that was killed while it connected
                self._new.append(self._listener.accept())

    def _serve_once(self) -> bool:
        """Receive what processes have sent, and return whether there was anything."""
        while self._new:
            self._connections[self._new.pop()] = -1
        if not self._connections:
            time.sleep(_PAUSE)
            return False
        ready = wait(list(self._connections), _PAUSE)
        for connection in ready:
            assert isinstance(connection, Connection)
            try:
                kind, *values = connection.recv()
            except (EOFError, OSError):
                del self._connections[connection]
                continue
            self._receive(connection, kind, values)
        return bool(ready)

    def _receive(self, connection: Connection, kind: str, values: list[Any]) -> None:
        if kind == "hello":
            self._note_start(connection, *values)
        elif kind == "log":
            name, level, text = values
            logging.getLogger(name).log(level, "%s", text)
        elif kind == "failed":
            self.failure = self.failure or values[0]
            if self._is_alone:  # the others would wait for this process until the time-out
                self._close()
                self._kill()
        elif kind == "stopped":
            self.signal = values[0]
        elif kind in ("lost", "out_of_memory"):
            rank, text = values
            if kind == "out_of_memory":
                self.out_of_memory = rank, text
            logger.debug("Process %d: %s", rank, text)
            if self._connections[connection] == self._restarts:
                self._lost.add(rank)
                self._kill()  # one that hangs would not end otherwise
        elif kind == "should_stop":
            self._reply(connection, "answer", self._monitor.should_stop())
        else:
            getattr(self._monitor, kind)(*values)

    def _note_start(self, connection: Connection, rank: int, pid: int) -> None:
        if rank in self._started:  # the first process of a group that starts again
            self._restarts += 1
            self._started, self._lost, self._pids = set(), set(), {}
            logger.warning(
                "The group of processes has lost one; all start again from the newest checkpoint (restart %d of %d)",
                self._restarts,
                self._max_restarts,
            )
        self._started.add(rank)
        self._connections[connection] = self._restarts
        self._pids[rank] = pid

    def _reply(self, connection: Connection, kind: str, value: Any) -> None:
        with contextlib.suppress(OSError):  # the process has ended
            connection.send((kind, value))

    def _kill(self) -> None:
        for pid in self._pids.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
