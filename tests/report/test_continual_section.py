"""The section of the report about continual learning."""

import numpy as np
import pandas as pd

from mnist_growth.report.sections import continual_learning


def test_every_measure_is_shown_once_with_its_interval():
    row = {"scenario": "permuted", "method": "ewc", "width": 512, "average_accuracy": 0.9, "forgetting": 0.05}
    row |= {
        "average_accuracy_low": 0.89,
        "average_accuracy_high": 0.91,
        "forgetting_low": 0.04,
        "forgetting_high": 0.06,
    }
    row |= dict.fromkeys(("backward_transfer", "backward_transfer_low", "backward_transfer_high"), np.nan)

    [table] = continual_learning.TOPIC.body({"continual_forgetting": pd.DataFrame([row])}).tables

    assert list(table.rows) == [("permuted", "ewc", "512", "90.00 % (89.00 to 91.00 %)", "+5.00 (+4.00 to +6.00)", "–")]
