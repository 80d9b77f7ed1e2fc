import numpy as np
import pytest
from sklearn.metrics import log_loss
from statsmodels.stats.proportion import proportion_confint

from mnist_growth.evaluation import Tally, accuracy_by_part, probabilities


def test_accuracy_by_part_matches_scikit_learn_and_statsmodels(predictions):
    parts = {"training": predictions.head(200), "test": predictions.tail(100)}

    table = accuracy_by_part({name: Tally.of(part) for name, part in parts.items()})

    assert table["part"].tolist() == ["training", "test"]
    for row, part in zip(table.itertuples(), parts.values(), strict=True):
        right = (part["label"] == part["prediction"]).sum()
        assert (row.examples, row.errors) == (len(part), len(part) - right)
        assert row.accuracy == pytest.approx(right / len(part))
        interval = proportion_confint(right, len(part), method="wilson")
        assert (row.accuracy_low, row.accuracy_high) == pytest.approx(interval)
        assert row.loss == pytest.approx(log_loss(part["label"], probabilities(part), labels=list(range(10))))


def test_sum_of_tallies_equals_tally_of_all(predictions):
    pieces = [Tally.of(piece) for piece in (predictions.head(70), predictions.iloc[70:71], predictions.tail(229))]

    total, entire = sum(pieces, Tally()), Tally.of(predictions)

    assert (total.examples, total.errors) == (entire.examples, entire.errors)
    assert total.loss == pytest.approx(entire.loss, rel=1e-12)
    assert np.isfinite(total.loss)
