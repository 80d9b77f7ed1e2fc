"""The table of phases: one row for each stretch of epochs with the same widths."""

import pandas as pd

from benchmarks.accuracy.phases import phases, row


def test_a_phase_is_a_stretch_of_epochs_with_the_same_widths():
    widths = ["8", "8", "12", "16", "16", "16"]
    history = pd.DataFrame(
        {
            "epoch": range(1, 7),
            "widths": widths,
            "parameters": [10, 10, 20, 30, 30, 30],
            "learning_rate": [0.1, 0.2, 0.3, 0.2, 0.1, 0.05],
            "train_loss": [3.0, 2.0, 1.0, 0.5, 0.4, 0.3],
            "train_accuracy": [0.5, 0.6, 0.7, 0.8, 0.85, 0.9],
            "validation_loss": [2.0, 1.0, 0.9, 0.5, 0.4, 0.25],
            "validation_accuracy": [0.6, 0.7, 0.8, 0.9, 0.91, 0.9234],
            "seconds": [1.0, 3.0, 5.0, 6.0, 7.0, 8.0],
            "peak_rss_bytes": [1e8, 2e8, 3e8, 3e8, 4e8, 5e8],
        }
    )
    rows = [row(phase) for phase in phases(history).to_dict("records")]
    assert [cells[0] for cells in rows] == ["1-2", "3-3", "4-6"]
    last = ["4-6", "16", "30", "0.2 to 0.05", "0.3000", "90.00", "0.2500", "92.34", "7.00", "500"]
    assert rows[2] == last
    assert rows[0][3] == "0.1 to 0.2"
