"""Does memory grow with the epochs? `python -m benchmarks.stress.leak` trains 200 small epochs with 6 growths.

Prints the resident memory along the training and its slope after the last growth, by least squares. Exit code 1 if
that is above 20 kB per epoch. The history of all epochs, which every checkpoint holds, is no leak but grows as well:
with a checkpoint in every epoch (`--checkpoint-seconds 1`) the memory that writing it takes shows in the slope.
Writes benchmarks/results/leak.json.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks.common.base_parameters import from_base
from benchmarks.common.tables import keep_findings
from benchmarks.common.training import prepare
from mnist_growth.digits.sample import sample_digits
from mnist_growth.network import GrowthConfig, NetworkConfig
from mnist_growth.training import CheckpointStore, TerminalMonitor, TrainingConfig, history_table

GROWTHS = 6
MOST = 20_000  # bytes per epoch


def main() -> None:
    """Train, fit a line and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--checkpoint-seconds", type=float, default=30.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    digits = sample_digits().train
    growth = from_base(
        GrowthConfig,
        "growth",
        initial_neurons=16,
        growth_rate=8,
        growth_epochs=options.epochs // 12,
        max_neurons=16 + GROWTHS * 8,
    )
    training = from_base(
        TrainingConfig,
        "training",
        epochs=options.epochs,
        batch_size=64,
        checkpoint_seconds=options.checkpoint_seconds,
        precision="float32",
    )
    prepared = prepare(digits, network=from_base(NetworkConfig, "network"), growth=growth, training=training)
    state = prepared.begin()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        prepared.train(state, CheckpointStore(Path(folder)), TerminalMonitor())
    history = history_table(state.records)
    last = int(history.index[history["grew"]].max())
    after = history.iloc[last + 1 :]
    slope, _ = np.polyfit(after["epoch"], after["rss_bytes"], 1)
    for row in history.iloc[:: max(1, len(history) // 20)].to_dict("records"):
        print(f"epoch {row['epoch']:4d}  width {row['widths']:12}  resident {row['rss_bytes'] / 1e6:8.2f} MB")
    print(
        f"{options.epochs} epochs, {int(history['grew'].sum())} growths, {time.monotonic() - started:.0f} s; "
        f"after the last growth, in {len(after)} epochs: {slope / 1e3:+.2f} kB per epoch (at most {MOST / 1e3:.0f})"
    )
    findings = {
        "epochs": options.epochs,
        "checkpoint_seconds": options.checkpoint_seconds,
        "growths": int(history["grew"].sum()),
        "epochs_after_last_growth": len(after),
        "bytes_per_epoch": float(slope),
        "most_bytes_per_epoch": MOST,
        "rss_bytes": [int(used) for used in history["rss_bytes"]],
    }
    print(keep_findings("leak", findings))
    sys.exit(1 if history["grew"].sum() != GROWTHS or slope > MOST else 0)


if __name__ == "__main__":
    main()
