import numpy as np
import pandas as pd
import pytest

from mnist_growth.digits import sample_digits
from mnist_growth.evaluation import digit_difficulty, hardest_digits, prediction_table, probabilities, suspected_labels


def table(rows, labels):
    """Predictions with the given probabilities of the first classes, the rest shared among the others."""
    classes = np.array([[*row, *[(1 - sum(row)) / (10 - len(row))] * (10 - len(row))] for row in rows])
    return prediction_table(np.log(classes), np.array(labels))


def test_hand_computed_case():
    # Class 0 believes 0.9, 0.7 and 0.02 in itself: threshold 0.54. Class 1 believes 0.8: threshold 0.8.
    predictions = table([[0.9, 0.05], [0.7, 0.2], [0.02, 0.95], [0.15, 0.8]], [0, 0, 0, 1])

    result = digit_difficulty(predictions, np.array([1.0, 2.0, 3.0, 4.0]), "training")

    assert result["suspected"].tolist() == [False, False, True, False]
    assert result["suggestion"].tolist() == [0, 0, 1, 1]
    assert result["label_probability"].tolist() == pytest.approx([0.9, 0.7, 0.02, 0.8])
    assert set(result["part"]) == {"training"}


def test_uncertain_mistake_is_not_suspected():
    predictions = table([[0.9, 0.05], [0.45, 0.5], [0.05, 0.9]], [0, 0, 1])

    assert not digit_difficulty(predictions, np.ones(3), "test")["suspected"].any()


def test_planted_wrong_labels_are_found():
    digits = sample_digits().test
    labels = digits.labels.copy()
    planted = np.random.default_rng(1).choice(500, 25, replace=False)
    labels[planted] = (labels[planted] + 3) % 10
    generator = np.random.default_rng(2)
    logits = generator.normal(size=(500, 10))
    logits[np.arange(500), digits.labels] += 8  # a network that has learned the true classes

    result = digit_difficulty(prediction_table(logits, labels), np.ones(500), "test")

    found = set(result["index"][result["suspected"]])
    assert len(found & set(planted)) >= 23
    assert len(found - set(planted)) == 0
    right = result.set_index("index").loc[sorted(found & set(planted))]
    assert (right["suggestion"].to_numpy() == digits.labels[right.index]).all()


def test_class_without_labels_is_never_suggested(predictions):
    few = predictions[predictions["label"] != 8]

    assert 8 not in set(digit_difficulty(few, np.ones(len(few)), "test")["suggestion"])


def test_hardest_and_most_suspicious_digits_come_first(predictions):
    norms = np.random.default_rng(0).random(300)
    result = digit_difficulty(predictions, norms, "training")

    assert hardest_digits(result, 5)["index"].tolist() == np.argsort(-norms)[:5].tolist()
    suspected = suspected_labels(result, 1000)
    assert set(suspected["index"]) == set(result["index"][result["suspected"]])
    assert suspected["label_probability"].is_monotonic_increasing
    own = probabilities(predictions)[suspected["index"], suspected["label"]]
    assert suspected["label_probability"].tolist() == own.tolist()
    assert isinstance(suspected_labels(result.head(0), 3), pd.DataFrame)
