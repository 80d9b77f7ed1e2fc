import pandas as pd
import pytest


@pytest.fixture
def history() -> pd.DataFrame:
    """Seven epochs; grown at the start of epochs 3 and 5."""
    return pd.DataFrame(
        {
            "epoch": range(1, 8),
            "widths": ["128-128"] * 2 + ["192-192"] * 2 + ["256-256"] * 3,
            "parameters": [118_282] * 2 + [189_706] * 2 + [269_322] * 3,
            "grew": [False, False, True, False, True, False, False],
            "train_loss": [0.9, 0.5, 0.4, 0.3, 0.25, 0.22, 0.2],
            "validation_loss": [0.6, 0.3, 0.25, 0.2, 0.16, 0.15, 0.14],
            "train_accuracy": [0.7, 0.8, 0.85, 0.9, 0.92, 0.93, 0.94],
            "validation_accuracy": [0.9, 0.93, 0.94, 0.95, 0.96, 0.965, 0.97],
            "rss_bytes": [int(5e8)] * 7,
            "peak_rss_bytes": [int(6e8)] * 7,
            "gpu_bytes": [0] * 7,
        }
    )
