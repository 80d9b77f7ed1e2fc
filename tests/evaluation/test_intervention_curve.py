import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from mnist_growth.evaluation import intervention_row, paired_difference_interval


def test_row_matches_counts():
    right = np.array([True, True, False, False, True, False])
    before = np.array([True, True, True, True, False, False])

    row = intervention_row("slant", "degrees", 10, right, before)

    assert (row["intervention"], row["unit"], row["strength"]) == ("slant", "degrees", 10.0)
    assert (row["examples"], row["errors"], row["accuracy"]) == (6, 3, 0.5)
    assert (row["accuracy_low"], row["accuracy_high"]) == pytest.approx(proportion_confint(3, 6, method="wilson"))
    assert row["difference"] == pytest.approx(3 / 6 - 4 / 6)
    assert (row["difference_low"], row["difference_high"]) == paired_difference_interval(1, 2, 6)
