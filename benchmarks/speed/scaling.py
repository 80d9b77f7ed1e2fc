"""Compare two processes of one thread that train together with one process of one thread.

Both make updates from batches of the same size, with warps, in turn: one process, two processes, one, two. Two
processes need a core each: nothing else should run on the machine. The time of an update of two processes is compared
with

- independent: an update of half of the images by each process, as if it were alone, in both processes at the same time.
  The processors share memory bandwidth, and perhaps more, so this is what the machine allows;
- compute: the update of two processes without any exchange, in both at the same time;
- all-reduce: the same exchanges without anything else;
- wait: how long an update of two processes waits for exchanges; those that overlap with computing are not waited for.

Writes scaling.json. Exit code 1 if the efficiency in float32, the time of one process divided by twice that of two, is
below 0.85.
"""

import multiprocessing
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.results import write_results
from benchmarks.common.tables import markdown
from benchmarks.speed.training_steps import Steps, Variant
from mnist_growth.machine import Pending, ProcessGroup, choose_precision
from mnist_growth.training.distribution import ProcessTeam

NAME = "scaling"
PROCESSES, WIDTH, BATCH, TARGET = 2, 512, 512, 0.85
MODES = ("one", "two", "independent", "compute", "all_reduce")


class _Timed:
    """A sum whose waiting time is measured."""

    def __init__(self, pending: Pending, group: "TimedGroup") -> None:
        self._pending, self._group = pending, group

    def wait(self) -> None:
        started = time.perf_counter()
        self._pending.wait()
        self._group.waited += time.perf_counter() - started


class TimedGroup(ProcessGroup):
    """A group that measures how long it is waited for, and records what is exchanged.

    Attributes:
        waited: Seconds.
        exchanged: Shape and dtype of every tensor.
    """

    waited = 0.0

    def start_sum(self, tensor: Tensor) -> Pending:
        """Begin a sum."""
        self.exchanged: list[tuple[torch.Size, torch.dtype]] = getattr(self, "exchanged", [])
        self.exchanged.append((tensor.shape, tensor.dtype))
        return _Timed(super().start_sum(tensor), self)


class SilentGroup(ProcessGroup):
    """A group that exchanges nothing."""

    def start_sum(self, tensor: Tensor) -> Pending:  # noqa: ARG002
        """Return at once."""
        return _Done()


class _Done:
    def wait(self) -> None:
        """Return at once."""


def main() -> None:
    """Measure, print and write."""
    options_parser = parser(__doc__, "two rounds of three updates")
    options_parser.add_argument("--rounds", type=int, default=20)
    options_parser.add_argument("--updates", type=int, default=20, help="of each measurement")
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    rounds, updates = (2, 3) if options.quick else (options.rounds, options.updates)
    precisions = dict.fromkeys(["float32", choose_precision("auto", torch.device("cpu"))])
    findings, rows = [], []
    for precision in precisions:
        variant = Variant(WIDTH, BATCH, precision, warps=True, growths=0)
        found = measure(variant, rounds, updates)
        findings.append({**asdict(variant), **found})
        milliseconds = [f"{1e3 * found[name]:.2f}" for name in (*MODES, "wait")]
        rows.append((precision, *milliseconds, f"{found['efficiency']:.2f}", f"{found['possible']:.2f}"))
    columns = ("one process", "two", "independent", "compute", "all-reduce", "wait")
    header = ("precision", *(f"{name}, ms" for name in columns), "efficiency", "possible")
    path = write_results(NAME, circumstances, {"variants": findings}, n=rounds, quick=options.quick)
    print(f"{markdown(header, rows)}\n\nWidth {WIDTH}, batch {BATCH}, median of {rounds} rounds. Wrote {path}.")
    if not options.quick and findings[0]["efficiency"] < TARGET:
        sys.exit(f"The target is an efficiency of at least {TARGET} in {findings[0]['precision']}.")


def measure(variant: Variant, rounds: int, updates: int) -> dict[str, Any]:
    """Return the median seconds of an update in each mode, those waited for exchanges, and efficiencies.

    The efficiency that is possible is that of independent processes.

    Args:
        variant: Kind of update.
        rounds: Number of measurements of each mode, taken in turn.
        updates: Number of updates of a measurement.
    """
    context = multiprocessing.get_context("spawn")
    times: dict[str, list[float]] = {name: [] for name in (*MODES, "wait")}
    with tempfile.TemporaryDirectory() as folder:
        pipes = [context.Pipe() for _ in range(PROCESSES)]
        workers = [
            context.Process(target=_work, args=(variant, rank, folder, theirs), daemon=True)
            for rank, (_, theirs) in enumerate(pipes)
        ]
        for worker in workers:
            worker.start()
        for number in range(rounds + 1):
            for mode in MODES:
                asked = [ours for ours, _ in pipes[: 1 if mode == "one" else PROCESSES]]
                for connection in asked:
                    connection.send((mode, updates))
                answers = [connection.recv() for connection in asked]
                if number:  # the first round warms up
                    times[mode].append(max(seconds for seconds, _ in answers))
                    if mode == "two":
                        times["wait"].append(statistics.mean(waited for _, waited in answers))
        for connection, _ in pipes:
            connection.send(None)
        for worker in workers:
            worker.join()
    medians = {name: statistics.median(values) for name, values in times.items()}
    efficiency, possible = (medians["one"] / (PROCESSES * medians[name]) for name in ("two", "independent"))
    spread = {f"{name}_quartiles": statistics.quantiles(values, n=4)[::2] for name, values in times.items()}
    return {**medians, "efficiency": efficiency, "possible": possible, **spread}


def _work(variant: Variant, rank: int, folder: str, connection: "Connection[Any, Any]") -> None:
    """Measure as one of the processes whenever asked."""
    torch.set_num_threads(1)
    meeting = f"file://{Path(folder) / 'meeting'}"
    joined = TimedGroup.join(
        torch.device("cpu"), 600.0, init_method=meeting, rank=rank, size=PROCESSES, shares_memory=True
    )
    assert isinstance(joined, TimedGroup)
    silent = SilentGroup(rank, PROCESSES, joined.device)
    steps = {
        "two": Steps(variant, team=ProcessTeam(joined, is_norm_global=True)),
        "independent": Steps(replace(variant, batch=variant.batch // PROCESSES)),
        "compute": Steps(variant, team=ProcessTeam(silent, is_norm_global=True)),
        **({"one": Steps(variant)} if rank == 0 else {}),
    }
    joined.exchanged = []
    steps["two"].run(1)
    exchanged = [torch.ones(shape, dtype=dtype) for shape, dtype in joined.exchanged]
    while (request := connection.recv()) is not None:
        mode, updates = request
        joined.waited = 0.0
        if mode == "all_reduce":
            started = time.perf_counter()
            for _ in range(updates):
                for tensor in exchanged:
                    joined.sum(tensor)
                    tensor.fill_(1)
            seconds = (time.perf_counter() - started) / updates
        else:
            seconds = steps[mode].run(updates)
        connection.send((seconds, joined.waited / updates))
    joined.leave()


if __name__ == "__main__":
    main()
