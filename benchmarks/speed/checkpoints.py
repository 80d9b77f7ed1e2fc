"""What checkpoints cost: `python -m benchmarks.speed.checkpoints` compares writing with training.

Takes the network of the default parameters at its largest width, trains some batches of 256 images, writes some
checkpoints and prints the share of the training time that writing takes if the best one is written every time as well.
Writes benchmarks/results/checkpoints.json.
"""

import contextlib
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.common.base_parameters import from_base
from benchmarks.common.tables import keep_findings
from benchmarks.common.training import prepare
from mnist_growth.digits import Digits
from mnist_growth.network import GrowthConfig, NetworkConfig
from mnist_growth.training import CheckpointStore, TerminalMonitor, TrainingConfig, TrainingSetup, TrainingState

IMAGES = 60_000
REPEATS = 20


class Taken(Exception):  # noqa: N818
    """The training has come as far as it has to."""


class Moment:
    """Takes the first checkpoint in the middle of an epoch and stops the training."""

    def save(self, state: TrainingState, _setup: TrainingSetup) -> None:
        """Stop; what came before is the state that is written."""
        if state.progress.batches:
            raise Taken

    def note_epoch(self, *_: object) -> None:
        """Nothing to note."""


def main() -> None:
    """Measure and report."""
    growth, network_config = from_base(GrowthConfig, "growth"), from_base(NetworkConfig, "network")
    chance = np.random.default_rng(0)
    labels = np.arange(IMAGES, dtype=np.int64) % 10
    digits = Digits(chance.integers(0, 256, (IMAGES, 28, 28), dtype=np.uint8), labels, "noise", "ab" * 32)
    seconds = from_base(TrainingConfig, "training").checkpoint_seconds
    training = from_base(TrainingConfig, "training", checkpoint_seconds=5.0)
    prepared = prepare(digits, network=network_config, growth=growth, training=training)
    setup = prepared.setup
    state = prepared.begin([growth.max_neurons] * network_config.hidden_layers)
    with contextlib.suppress(Taken):
        prepared.train(state, Moment(), TerminalMonitor())
    batch_seconds = state.progress.seconds / state.progress.batches
    batches = len(prepared.data.train) // setup.training.batch_size
    with tempfile.TemporaryDirectory() as folder:
        store, times = CheckpointStore(Path(folder)), []
        for _ in range(REPEATS):
            started = time.perf_counter()
            store.save(state, setup)
            times.append(time.perf_counter() - started)
            state.updates += 1
        size = next(Path(folder).iterdir()).stat().st_size
    write = statistics.median(times)
    epoch_seconds, epochs = batches * batch_seconds, setup.training.epochs
    growths = -(-(growth.max_neurons - growth.initial_neurons) // growth.growth_rate)
    writes = 2 * epochs * epoch_seconds / seconds + growths + 1
    share = write * writes / (epochs * epoch_seconds)
    print(
        f"{'-'.join(map(str, state.network.widths))}: {size / 1e6:.1f} MB, {1e3 * write:.0f} ms (median of {REPEATS}, "
        f"longest {1e3 * max(times):.0f}); a batch takes {1e3 * batch_seconds:.1f} ms, an epoch {epoch_seconds:.1f} s. "
        f"{epochs} epochs write at most {writes:.0f} times: {share:.2%} of training"
    )
    findings = {
        "widths": list(state.network.widths),
        "bytes": size,
        "write_seconds": times,
        "batch_seconds": batch_seconds,
        "epochs": epochs,
        "writes": writes,
        "share_of_training": share,
    }
    print(keep_findings("checkpoints", findings))


if __name__ == "__main__":
    main()
