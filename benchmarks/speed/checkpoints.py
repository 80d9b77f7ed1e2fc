"""Measure what checkpoints add to the time of a training.

Takes the network of the default parameters at its largest width, trains batches of 256 images for a few seconds, writes
checkpoints, and computes the share of the training time that writing takes if the best state is written every time as
well. Prints a table and writes checkpoints.json.
"""

import contextlib
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.common.base_parameters import base_with, from_base
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.results import write_results
from benchmarks.common.tables import machine_line, markdown
from benchmarks.common.training import noise, start
from mnist_growth.growth import GrowthConfig
from mnist_growth.training import (
    CheckpointStore,
    NoCheckpoints,
    TerminalMonitor,
    TrainingConfig,
    TrainingSetup,
    TrainingState,
    batches_per_epoch,
)

NAME = "checkpoints"
IMAGES, QUICK_IMAGES = 60_000, 2_000
SECONDS, QUICK_SECONDS = 5.0, 0.5  # of training before the state is written


class Stopped(Exception):  # noqa: N818
    """The training has reached the state to be written."""


class StopInEpoch(NoCheckpoints):
    """Stops the training instead of writing the first checkpoint in the middle of an epoch."""

    def save(self, state: TrainingState, setup: TrainingSetup) -> None:  # noqa: ARG002
        """Stop in the middle of an epoch."""
        if state.progress.batches:
            raise Stopped


def main() -> None:
    """Measure, print and write."""
    options_parser = parser(__doc__, "a few batches, two checkpoints")
    options_parser.add_argument("--repeats", type=int, default=20, help="number of checkpoints that are written")
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    repeats = 2 if options.quick else options.repeats
    findings = measure(repeats, quick=options.quick)
    path = write_results(NAME, circumstances, findings, n=repeats, quick=options.quick)
    print(table({**asdict(circumstances), **findings}))
    print(f"\nWrote {path}.")


def measure(repeats: int, *, quick: bool) -> dict[str, Any]:
    """Train to the middle of an epoch, write checkpoints, and compare."""
    growth, configured = from_base(GrowthConfig, "growth"), from_base(TrainingConfig, "training")
    parameters = base_with(
        growth={"initial_neurons": growth.max_neurons},
        training={"checkpoint_seconds": QUICK_SECONDS if quick else SECONDS},
    )
    training = start(noise(QUICK_IMAGES if quick else IMAGES), parameters)
    state = training.state
    with contextlib.suppress(Stopped):
        training.run(StopInEpoch(), TerminalMonitor())
    batch_seconds = state.progress.seconds / state.progress.batches
    batches = batches_per_epoch(len(training.data.train), configured.batch_size)
    with tempfile.TemporaryDirectory() as folder:
        store, times = CheckpointStore(Path(folder)), []
        for _ in range(repeats):
            started = time.perf_counter()
            store.save(state, training.setup)
            times.append(time.perf_counter() - started)
            state.updates += 1
        size = next(Path(folder).iterdir()).stat().st_size
    training_seconds = configured.epochs * batches * batch_seconds
    growths = -(-(growth.max_neurons - growth.initial_neurons) // growth.growth_rate)
    writes = 2 * training_seconds / configured.checkpoint_seconds + growths + 1
    return {
        "widths": list(state.network.widths),
        "bytes": size,
        "write_seconds": times,
        "batch_seconds": batch_seconds,
        "epochs": configured.epochs,
        "writes": writes,
        "share_of_training": statistics.median(times) * writes / training_seconds,
    }


def table(results: Mapping[str, Any]) -> str:
    """Format size, time and share of the checkpoints."""
    times = [1e3 * seconds for seconds in results["write_seconds"]]
    header = (
        "widths",
        "size, MB",
        "write, ms (median)",
        "longest, ms",
        "batch, ms",
        "writes, at most",
        "% of training",
    )
    row = (
        "-".join(map(str, results["widths"])),
        f"{results['bytes'] / 1e6:.1f}",
        f"{statistics.median(times):.0f}",
        f"{max(times):.0f}",
        f"{1e3 * results['batch_seconds']:.1f}",
        f"{results['writes']:.0f} in {results['epochs']} epochs",
        f"{100 * results['share_of_training']:.2f}",
    )
    return f"{markdown(header, [row])}\n\nn = {len(times)}. {machine_line(results)}"


if __name__ == "__main__":
    main()
