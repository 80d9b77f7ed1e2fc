"""The supervisor of workers, with workers that are no processes."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

import configured
from mnist_growth.serving import supervisor
from mnist_growth.serving.server import bind
from mnist_growth.serving.supervisor import Supervisor, shared_metrics


class Process:
    """A process that runs until it is told to end."""

    def __init__(self, pid: int) -> None:
        self.pid, self.exitcode = pid, None
        self.sentinel, self._end = os.pipe()

    def is_alive(self) -> bool:
        return self.exitcode is None

    def end(self, code: int) -> None:
        if self.exitcode is None:
            self.exitcode = code
            os.close(self._end)

    def kill(self) -> None:
        self.end(-signal.SIGKILL)

    def join(self) -> None:
        if self.sentinel >= 0:
            os.close(self.sentinel)
            self.sentinel = -1


class Worker:
    """A worker that begins in the state that the test has set."""

    started: ClassVar[list["Worker"]] = []
    begin: Callable[["Worker"], None]

    def __init__(self, *_: Any) -> None:
        self.process = Process(1_000_000 + len(self.started))
        self.is_ready, self.silent, self.signals, self.reloads = True, 0.0, [], 0
        self.started.append(self)
        type(self).begin(self)

    def silent_seconds(self) -> float:
        return self.silent

    def reload(self) -> None:
        self.reloads += 1

    def forward_reload(self) -> None:
        pass

    def signal(self, number: int) -> None:
        self.signals.append(number)
        self.process.end(0)


@pytest.fixture
def supervise(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[Worker]]]:
    """Runs a supervisor whose workers begin in some state."""
    monkeypatch.setattr(supervisor, "Worker", Worker)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def run(begin: Callable[[Worker], None], **limits: float) -> list[Worker]:
        Worker.started, Worker.begin = [], begin
        config = configured.serving(workers=2, **{"max_restarts": 3, **limits})
        with bind("127.0.0.1", 0) as listener, shared_metrics():
            listener.listen()
            Supervisor(lambda: None, config, None, listener).run()  # type: ignore[arg-type]
        return Worker.started

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


def test_a_worker_that_is_not_ready_in_time_is_replaced_a_few_times(supervise, caplog) -> None:
    def slow(worker: Worker) -> None:
        worker.is_ready, worker.silent = False, 7.5

    with pytest.raises(ChildProcessError, match=r"more than 3 times in 300 seconds .* was not ready within 7 seconds"):
        supervise(slow, start_seconds=7)
    assert len(Worker.started) == 2 + 3
    assert [worker.process.is_alive() for worker in Worker.started] == [False] * 5
    assert caplog.messages[0].startswith(
        "Replaced worker 1000000, which was not ready within 7 seconds (if the machine"
    )


def test_a_worker_that_is_ready_in_time_or_still_starting_is_kept(supervise) -> None:
    def begin(worker: Worker) -> None:
        worker.is_ready = len(Worker.started) == 1
        worker.silent = 7.5 if worker.is_ready else 6.5
        if len(Worker.started) == 2:
            threading.Timer(0.3, send, [signal.SIGTERM]).start()

    first, second = supervise(begin, start_seconds=7)
    assert first.signals == second.signals == [signal.SIGTERM]


def test_a_worker_that_hangs_is_replaced(supervise) -> None:
    def begin(worker: Worker) -> None:
        worker.silent = 61.0 if len(Worker.started) == 1 else 0.0
        if len(Worker.started) == 3:
            send(signal.SIGTERM)

    first, second, third = supervise(begin)
    assert (first.process.exitcode, first.signals) == (-signal.SIGKILL, [])
    assert second.signals == third.signals == [signal.SIGTERM]


def test_the_gauges_of_a_worker_that_was_killed_are_removed_and_its_counters_stay(supervise, caplog) -> None:
    left: list[set[str]] = []

    def begin(worker: Worker) -> None:
        folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
        if len(Worker.started) == 1:
            for name in ("gauge_livesum", "gauge_livemax", "counter"):
                (folder / f"{name}_{worker.process.pid}.db").touch()
            worker.process.kill()
        if len(Worker.started) == 3:
            left.append({path.name for path in folder.iterdir()})
            send(signal.SIGTERM)

    supervise(begin)
    assert left == [{"counter_1000000.db"}]
    assert "Replaced worker 1000000, which was ended by SIGKILL" in caplog.messages


def test_replacements_long_ago_do_not_count(supervise) -> None:
    def begin(worker: Worker) -> None:
        if len(Worker.started) > 8:
            send(signal.SIGTERM)
        else:
            worker.process.end(3)

    assert len(supervise(begin, restart_seconds=1e-9)) >= 9


def test_a_request_to_reload_reaches_all_workers(supervise) -> None:
    def begin(_worker: Worker) -> None:
        if len(Worker.started) == 2:
            send(signal.SIGHUP)
            send(signal.SIGTERM)

    assert [worker.reloads for worker in supervise(begin)] == [1, 1]
