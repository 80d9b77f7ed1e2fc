import pandas as pd
import pytest

from mnist_growth.network import MLPSpec
from mnist_growth.training import training_summary


def test_a_training_is_summed_up_by_hand():
    history = pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "widths": ["8-8", "16-8", "16-8"],
            "grew": [False, True, False],
            "train_loss": [1.0, 0.6, 0.5],
            "train_accuracy": [0.5, 0.8, 0.9],
            "validation_loss": [0.9, 0.4, 0.5],
            "validation_accuracy": [0.6, 0.95, 0.94],
            "seconds": [2.0, 4.0, 4.0],
            "images_per_second": [100.0, 50.0, 50.0],
            "peak_rss_bytes": [5, 9, 9],
            "multiply_adds": [200 * 3 * 6416, 200 * 3 * (6416 + 12752), 200 * 3 * (6416 + 2 * 12752)],
        }
    )

    summary = training_summary(history)

    assert MLPSpec(hidden_widths=(16, 8), batch_norm=True).training_multiply_adds == 3 * 12752
    assert summary == {
        "epochs": 3,
        "growths": 1,
        "first_widths": [8, 8],
        "last_widths": [16, 8],
        "images": 600,
        "multiply_adds": 19_152_000,
        "multiply_adds_of_the_last_widths": 22_953_600,
        "multiply_adds_share": pytest.approx(0.8343789209535759),
        "seconds": 10.0,
        "images_per_second": 60.0,
        "peak_rss_bytes": 9,
        "train_accuracy": 0.9,
        "train_loss": 0.5,
        "validation_accuracy": 0.94,
        "validation_loss": 0.5,
        "best_validation_accuracy": 0.95,
        "best_epoch": 2,
    }
