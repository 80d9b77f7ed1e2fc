"""Measure training on a GPU: one update, the time to 98 % and 99 %, and complete trainings. Under four minutes.

Recording the updates as CUDA graphs happens again after each growth; its time is part of all figures and also stated
apart. Every training runs twice, and the second one counts: libraries are loaded then. Prints a table and writes
gpu.json. Without a GPU, `--quick` tries everything on the CPU.
"""

import gc
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from typing import Any

import torch

from benchmarks.common import cli, recipes
from benchmarks.common import training as trainings
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.results import write_results
from benchmarks.common.tables import markdown
from benchmarks.speed.contestants import ours
from benchmarks.speed.race import Arrays, Finished, Race
from benchmarks.speed.time_to_accuracy import GOALS
from benchmarks.speed.training_steps import Steps, Variant
from mnist_growth import kernels
from mnist_growth.digits import Digits, DigitSet
from mnist_growth.machine import choose_precision
from mnist_growth.training import Monitors, NoCheckpoints
from mnist_growth.training.graph import GraphRecorder, Work

NAME = "gpu"
WIDTH, BATCHES = 512, (256, 1024)
OURS, PLAIN = "ours", "torch's"
KINDS = (OURS, PLAIN)
UPDATES, QUICK_UPDATES, REPEATS = 1000, 20, 3
PROFILED_UPDATES, LISTED_KERNELS = 64, 40
ENVIRONMENTS = ("base", "best")
SEEDS = 3
RUNS = 2  # the first one loads libraries
QUICK_ACCURACY, QUICK_DIGITS = 0.2, 400
QUICK_RECIPE: dict[str, Any] = {
    "growth": {"initial_neurons": 16, "growth_rate": 8, "growth_epochs": 1, "max_neurons": 32},
    "training": {"epochs": 3, "batch_size": 32},
}


class Recordings:
    """Measures the time that recordings take.

    Attributes:
        seconds: Time so far.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Measure all recordings within the block."""
        record = GraphRecorder.record

        def timed(recorder: GraphRecorder, work: Work) -> Work:
            started = time.perf_counter()
            recorded = record(recorder, work)
            self.seconds += time.perf_counter() - started
            return recorded

        setattr(GraphRecorder, "record", timed)  # noqa: B010
        try:
            yield
        finally:
            setattr(GraphRecorder, "record", record)  # noqa: B010


def main() -> None:
    """Measure, print and write."""
    options = cli.parser(__doc__, "few updates, small trainings, on the CPU if there is no GPU").parse_args()
    if not (torch.cuda.is_available() or options.quick):
        sys.exit("This benchmark needs a GPU, and torch finds none; `--quick` tries it on the CPU.")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    circumstances = Circumstances.now(quick=options.quick)
    seeds = 1 if options.quick else SEEDS
    findings: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if device == "cuda" else "CPU",
        "updates": [
            update(kind, batch, device, QUICK_UPDATES if options.quick else UPDATES)
            for batch in BATCHES
            for kind in KINDS
        ],
        "races": [time_to_accuracy(name, device, seed, quick=options.quick) for name in GOALS for seed in range(seeds)],
        "trainings": [
            complete_training(environment, device, seed, quick=options.quick)
            for environment in ENVIRONMENTS
            for seed in range(seeds)
        ],
    }
    print(table(findings))
    print(f"\nWrote {write_results(NAME, circumstances, findings, n=seeds, quick=options.quick)}.")


def update(kind: str, batch: int, device: str, updates: int) -> dict[str, Any]:
    """Return the time of an update at the largest default width in the real loop, and the kernels it consists of.

    Args:
        kind: One of ``KINDS``.
        batch: Number of images.
        device: What is measured.
        updates: Number of updates.
    """
    with torchs_kernels() if kind == PLAIN else nullcontext():
        variant = Variant(WIDTH, batch, choose_precision("auto", torch.device(device)), warps=True, growths=0)
        steps = Steps(variant, device)
        steps.run(updates // 10 + 32)  # all recordings
        seconds = min(steps.run(updates) for _ in range(REPEATS))
        return {"kernels": kind, "batch": batch, "microseconds": 1e6 * seconds, **kernels_of(steps, device)}


def kernels_of(steps: Steps, device: str) -> dict[str, Any]:
    """Return how many kernels an update has and the time of each; they run one beside the other in part."""
    if device != "cuda":
        return {}
    before = steps.state.updates
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profiler:
        steps.run(PROFILED_UPDATES)
    updates = steps.state.updates - before
    rows = [row for row in profiler.key_averages() if row.device_time_total > 0]
    rows.sort(key=lambda row: -row.device_time_total)
    return {
        "count": sum(row.count for row in rows) / updates,
        "busy_microseconds": sum(row.device_time_total for row in rows) / updates,
        "longest": [
            {"kernel": row.key[:200], "count": row.count / updates, "microseconds": row.device_time_total / updates}
            for row in rows[:LISTED_KERNELS]
        ],
    }


@contextmanager
def torchs_kernels() -> Iterator[None]:
    """Compute without the kernels of this project within the block."""
    usable = kernels.are_usable
    setattr(kernels, "are_usable", lambda _device: False)  # noqa: B010
    try:
        yield
    finally:
        setattr(kernels, "are_usable", usable)  # noqa: B010


def time_to_accuracy(name: str, device: str, seed: int, *, quick: bool) -> dict[str, Any]:
    """Return the training time until an accuracy is reached; see ``time_to_accuracy.py``.

    Args:
        name: Of the goal.
        device: What it is trained on.
        seed: Of the training.
        quick: Whether a small recipe and few digits suffice.
    """
    goal = GOALS[name]
    accuracy = QUICK_ACCURACY if quick else goal.accuracy
    recipe, digits = _loaded(goal.environment, device, quick=quick)
    arrays = Arrays(digits.train.images, digits.train.labels, digits.test.images, digits.test.labels)
    for _ in range(RUNS):
        race, recordings = Race(arrays, {accuracy: 60.0}), Recordings()
        with frozen(), recordings.watched(), suppress(Finished):
            ours.run(race, seed, recipe)
    return {
        "accuracy": goal.accuracy,
        "seed": seed,
        "seconds": race.seconds_to(accuracy),
        "recording_seconds": recordings.seconds,
    }


def complete_training(environment: str, device: str, seed: int, *, quick: bool) -> dict[str, Any]:
    """Return time, validation accuracy and memory of a training with its validation, without checkpoints.

    Args:
        environment: Kedro environment.
        device: What it is trained on.
        seed: Of the training.
        quick: Whether a small recipe and few digits suffice.
    """
    recipe, digits = _loaded(environment, device, quick=quick)
    parameters = {**recipe, "training": {**recipe["training"], "seed": seed}}
    for _ in range(RUNS):
        training, recordings = trainings.start(digits.train, parameters), Recordings()
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        with frozen(), recordings.watched():
            started = time.perf_counter()
            training.run(NoCheckpoints(), Monitors([]))
            seconds = time.perf_counter() - started
    return {
        "environment": environment,
        "seed": seed,
        "seconds": seconds,
        "recording_seconds": recordings.seconds,
        "validation_accuracy": training.state.records[-1].validation_accuracy,
        "peak_gpu_bytes": torch.cuda.max_memory_allocated() if device == "cuda" else None,
    }


@contextmanager
def frozen() -> Iterator[None]:
    """Exclude the objects that there are from garbage collection within the block, as the nodes of a pipeline do."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def table(findings: Mapping[str, Any]) -> str:
    """Format the results of one card; times as the range over seeds."""
    rows = [
        (
            f"update, {WIDTH} neurons, batch {each['batch']}, {each['kernels']} kernels",
            f"{each['microseconds']:,.0f} µs",
            "",
            "",
        )
        for each in findings["updates"]
    ]
    for key, entries in (("accuracy", findings["races"]), ("environment", findings["trainings"])):
        for value in dict.fromkeys(entry[key] for entry in entries):
            runs = [entry for entry in entries if entry[key] == value]
            label = f"{value:.0%} of the test digits" if key == "accuracy" else f"training, `{value}`"
            memory = max((entry.get("peak_gpu_bytes") or 0 for entry in runs), default=0)
            rows.append((label, _span(runs, "seconds"), _span(runs, "recording_seconds"), f"{memory / 1e6:,.0f} MB"))
    return markdown((findings["device"], "time", "of it recording", "peak GPU memory"), rows)


def _span(runs: list[dict[str, Any]], name: str) -> str:
    found = [run[name] for run in runs if run[name] is not None]
    missed = f", {len(runs) - len(found)} not reached" if len(found) < len(runs) else ""
    return (f"{min(found):.3f} to {max(found):.3f} s" if found else "") + missed


def _loaded(environment: str, device: str, *, quick: bool) -> tuple[dict[str, Any], DigitSet]:
    """Return the recipe of an environment for a device, and the digits."""
    recipe, digits = recipes.load(environment, "sample" if quick else "mnist", QUICK_RECIPE if quick else {})
    if quick:
        digits = replace(digits, train=_first(digits.train, QUICK_DIGITS), test=_first(digits.test, QUICK_DIGITS))
    return {**recipe, "device": device}, digits


def _first(digits: Digits, count: int) -> Digits:
    return replace(digits, images=digits.images[:count], labels=digits.labels[:count])


if __name__ == "__main__":
    main()
