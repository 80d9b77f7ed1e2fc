"""Check that memory does not grow with the number of epochs.

Trains 200 small epochs with 6 growths, prints the resident memory during the training, and fits a line to it after the
last growth. The training history, which every checkpoint contains, also grows with the epochs but is not a leak: with
a checkpoint in every epoch (`--checkpoint-seconds 1`) the memory for writing it is part of the slope. Writes leak.json.
Exit code 1 if the slope is above 20 kB per epoch.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.common.base_parameters import base_with
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.results import write_results
from benchmarks.common.training import start
from mnist_growth.digits.sample import sample_digits
from mnist_growth.training import CheckpointStore, TerminalMonitor, history_table

NAME = "leak"
GROWTHS = 6
MAX_SLOPE = 20_000  # bytes per epoch
QUICK_EPOCHS = 24


def main() -> None:
    """Train, fit a line, and write."""
    options_parser = parser(__doc__, f"{QUICK_EPOCHS} epochs; the slope is not checked")
    options_parser.add_argument("--epochs", type=int, default=200)
    options_parser.add_argument("--checkpoint-seconds", type=float, default=30.0)
    options = options_parser.parse_args()
    circumstances = Circumstances.now(quick=options.quick)
    epochs = QUICK_EPOCHS if options.quick else options.epochs
    parameters = base_with(
        device="cpu",
        threads=1,
        growth={
            "initial_neurons": 16,
            "growth_rate": 8,
            "growth_epochs": epochs // 12,
            "max_neurons": 16 + GROWTHS * 8,
        },
        training={
            "epochs": epochs,
            "batch_size": 64,
            "checkpoint_seconds": options.checkpoint_seconds,
            "precision": "float32",
        },
    )
    training = start(sample_digits().train, parameters)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        training.run(CheckpointStore(Path(folder)), TerminalMonitor())
    seconds = time.monotonic() - started
    history = history_table(training.state.records)
    growths = int(history["grew"].sum())
    after = history.iloc[int(history.index[history["grew"]].max()) + 1 :]
    slope = float(np.polyfit(after["epoch"], after["rss_bytes"], 1)[0])
    for row in history.iloc[:: max(1, len(history) // 20)].to_dict("records"):
        print(f"Epoch {row['epoch']:4d}  widths {row['widths']:12}  resident {row['rss_bytes'] / 1e6:8.2f} MB")
    findings = {
        "epochs": epochs,
        "checkpoint_seconds": options.checkpoint_seconds,
        "growths": growths,
        "epochs_after_last_growth": len(after),
        "bytes_per_epoch": slope,
        "max_bytes_per_epoch": MAX_SLOPE,
        "rss_bytes": [int(used) for used in history["rss_bytes"]],
    }
    path = write_results(NAME, circumstances, findings, n=len(after), quick=options.quick)
    print(
        f"{epochs} epochs with {growths} growths in {seconds:.0f} s. In the {len(after)} epochs after the last growth: "
        f"{slope / 1e3:+.2f} kB per epoch (at most {MAX_SLOPE / 1e3:.0f}). Wrote {path}."
    )
    sys.exit(growths != GROWTHS or (slope > MAX_SLOPE and not options.quick))


if __name__ == "__main__":
    main()
