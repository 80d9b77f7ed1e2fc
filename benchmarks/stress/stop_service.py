"""Stop the service while clients in a closed loop ask and connect again, and kill its processes.

Clients that are told to close their connection open another one at once, so the queue of the listening socket never
empties by itself. After SIGTERM no request that a client could send may stay without an answer, with one process and
with two workers. After `kill -9` of a worker another one takes its place, and the number of requests in progress is
right; after `kill -9` of the main process the port becomes free. Writes stop_service.json. Exit code 1 if one of these
does not hold.
"""

import asyncio
import contextlib
import os
import re
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.networks import network_file
from benchmarks.common.results import write_results
from benchmarks.serving.load_generator import request
from benchmarks.serving.services import OURS, ask, running
from benchmarks.stress.closed_loop import Clients
from benchmarks.stress.malformed_requests import DIGIT

NAME = "stop_service"
CLIENTS = 50
LOAD_SECONDS = 1.0  # before the stop
PATIENCE = 60.0  # seconds for a process to start or end on a busy machine
REQUEST = request(OURS.path, OURS.body(DIGIT[None]))


def main() -> None:
    """Stop and kill, print and write."""
    options_parser = parser(__doc__, "one stop of each kind")
    options_parser.add_argument("--rounds", type=int, default=10, help="stops under load of each kind")
    options = options_parser.parse_args()
    rounds = 1 if options.quick else options.rounds
    circumstances = Circumstances.now(quick=options.quick)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        network = network_file(folder)
        stops = [stop(network, folder, workers) for workers in (1, 2) for _ in range(rounds)]
        killed_worker = kill_worker(network, folder)
        freed_after = kill_main_process(network, folder)
    findings: dict[str, Any] = {
        "clients": CLIENTS,
        "stops": stops,
        "killed_worker": killed_worker,
        "seconds_until_the_port_is_free_after_kill": freed_after,
    }
    path = write_results(NAME, circumstances, findings, n=rounds, quick=options.quick)
    lost = sum(sum(one["lost"].values()) for one in stops)
    defects = [f"{lost} requests lost"] if lost else []
    defects += [f"exit code {one['exit_code']} after a stop" for one in stops if one["exit_code"] != 0]
    defects += ["a killed worker counts as busy"] if killed_worker["in_progress"] else []
    defects += ["a killed worker was not replaced"] if killed_worker["workers"] != 2 else []
    defects += ["the port is not free after the main process was killed"] if freed_after is None else []
    answered = sum(sum(one["statuses"].values()) for one in stops)
    print(f"{len(stops)} stops: {answered:,} answers, {lost} requests lost. {'; '.join(defects) or 'No defects'}.")
    print(f"Wrote {path}.")
    sys.exit(bool(defects))


def stop(network: Path, folder: Path, workers: int) -> dict[str, Any]:
    """Stop a service under load; return the answers and the losses of its clients."""
    with running(OURS, network, folder, workers=workers) as (port, process):
        clients = Clients(port, REQUEST)

        async def stop_under_load() -> float:
            load = asyncio.create_task(clients.run(CLIENTS))
            await asyncio.sleep(LOAD_SECONDS)
            process.send_signal(signal.SIGTERM)
            started = time.monotonic()
            await load
            return time.monotonic() - started

        seconds = asyncio.run(stop_under_load())
        code = process.wait(PATIENCE)
    answers = clients.answers
    print(f"{workers} worker(s): {dict(answers.statuses)}, lost {dict(answers.lost)}, exit code {code}", flush=True)
    return {
        "workers": workers,
        "statuses": {str(status): count for status, count in answers.statuses.items()},
        "lost": dict(answers.lost),
        "exit_code": code,
        "seconds_until_all_are_refused": round(seconds, 2),
    }


def kill_worker(network: Path, folder: Path) -> dict[str, Any]:
    """Kill one of two workers under load; return what the service says about itself afterwards."""
    with running(OURS, network, folder, workers=2) as (port, process):
        _wait_until(lambda: len(_workers(process)) == 2)
        clients = Clients(port, REQUEST)

        async def kill_under_load() -> None:
            load = asyncio.create_task(clients.run(CLIENTS))
            await asyncio.sleep(LOAD_SECONDS)
            killed = min(_workers(process))
            os.kill(killed, signal.SIGKILL)
            await asyncio.to_thread(_wait_until, lambda: len(_workers(process) - {killed}) == 2)
            await asyncio.sleep(LOAD_SECONDS)
            clients.stop = True
            await load

        asyncio.run(kill_under_load())
        found = re.search(rb"^mnist_growth_requests_in_progress (\S+)", ask(port, "/metrics"), re.MULTILINE)
        assert found is not None
        return {
            "workers": len(_workers(process)),
            "in_progress": float(found[1]) - 1,  # without the request for the metrics
            "statuses": {str(status): count for status, count in clients.answers.statuses.items()},
            "lost": dict(Counter(clients.answers.lost)),
        }


def kill_main_process(network: Path, folder: Path) -> float | None:
    """Kill the main process of two workers; return the seconds until the port is free, None if it never is."""
    with running(OURS, network, folder, workers=2) as (port, process):
        _wait_until(lambda: len(_workers(process)) == 2)
        process.kill()
        started = time.monotonic()
        with contextlib.suppress(TimeoutError):
            _wait_until(lambda: _is_free(port))
            return round(time.monotonic() - started, 2)
    return None


def _workers(process: psutil.Process) -> set[int]:
    """Return the ids of the workers, without other children."""
    found = set()
    for child in process.children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            if any("spawn_main" in part for part in child.cmdline()):
                found.add(child.pid)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: It did not come about.
    """
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Nothing happened for {PATIENCE:g} seconds")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
