"""Many tasks in several processes that stay alive, so that libraries are loaded and a GPU is prepared only once."""

import contextlib
import multiprocessing
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any, TypeVar

Task = TypeVar("Task")

PRELOADED = ("benchmarks.common.training", "mnist_growth.studies")
"""Imported once by the server that the processes are forked from; none of them may touch the GPU."""

BROKEN = "CUDA error"
"""What an error says after which a process cannot use the GPU any more."""


@dataclass(frozen=True)
class Failure:
    """An error, instead of the result of a task.

    Attributes:
        reason: In one line.
        trace: Where it was raised; empty if the process of the task has ended.
    """

    reason: str
    trace: str = ""


@dataclass
class _Worker:
    process: Any
    channel: "connection.Connection[Any, Any]"
    task: Any = None

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.join()
        self.channel.close()


def run_tasks(
    function: Callable[[Task, Any], Any],
    tasks: Iterable[Task | None],
    shared: Any,
    processes: int,
    deadline: float = float("inf"),
    preloaded: Sequence[str] = PRELOADED,
) -> Iterator[tuple[Task, Any]]:
    """Call a function for each task, and yield each task with its result, or a ``Failure``, as soon as it has ended.

    A process that has ended, or that has lost its GPU, is replaced; the others go on.

    Args:
        function: Of a module, called with a task and ``shared``.
        tasks: Taken one by one, when a process is free: a later one may depend on the results before it. None says that
            the next one depends on a task that is running.
        shared: Given to every process once.
        processes: Number of tasks at the same time.
        deadline: Value of ``time.monotonic()`` at which all that is not done is given up.
        preloaded: Modules that are imported before the processes are forked, on Linux.
    """
    chosen: Any = multiprocessing.get_context()
    if "forkserver" in multiprocessing.get_all_start_methods():
        chosen = multiprocessing.get_context("forkserver")
        chosen.set_forkserver_preload(list(preloaded))
    waiting, idle, busy = iter(tasks), list[_Worker](), list[_Worker]()
    try:
        while True:
            while len(busy) < processes and (task := next(waiting, None)) is not None:
                worker = idle.pop() if idle else _started(chosen, function, shared)
                busy.append(worker)
                worker.task = task
                with contextlib.suppress(OSError):  # a process that has ended is noticed below
                    worker.channel.send(task)
            if not busy:
                return
            ready = connection.wait(
                [worker.channel for worker in busy], max(0.0, min(deadline - time.monotonic(), 1e6))
            )
            if not ready:
                return
            for worker in [worker for worker in busy if worker.channel in ready]:
                result = _received(worker)
                busy.remove(worker)
                is_lost = isinstance(result, Failure) and (not result.trace or BROKEN in result.reason)
                if is_lost:
                    worker.end()
                else:
                    idle.append(worker)
                yield worker.task, result
    finally:
        for worker in (*idle, *busy):
            worker.end()


def _started(chosen: Any, function: Callable[[Any, Any], Any], shared: Any) -> _Worker:
    ours, theirs = chosen.Pipe()
    process = chosen.Process(target=_work, args=(function, shared, theirs), name="tasks", daemon=True)
    process.start()
    theirs.close()  # so that the end of the process ends the channel
    return _Worker(process, ours)


def _received(worker: _Worker) -> Any:
    try:
        return worker.channel.recv()
    except (EOFError, OSError):
        worker.process.join()
        return Failure(f"its process ended with exit code {worker.process.exitcode}")


def _work(
    function: Callable[[Any, Any], Any], shared: Any, channel: "connection.Connection[Any, Any]"
) -> None:  # pragma: no cover - another process
    """Do tasks until the other side of the channel is closed."""
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        while True:
            task = channel.recv()
            try:
                result = function(task, shared)
            except Exception as error:
                result = Failure(" ".join(f"{type(error).__name__}: {error}".split()), traceback.format_exc())
            channel.send(result)
