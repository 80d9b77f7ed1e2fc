import itertools

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix
from statsmodels.stats.proportion import proportion_confint

from mnist_growth.evaluation import confused_digits, confused_pairs, prediction_table


def table(labels, predicted):
    return prediction_table(10 * np.eye(10)[predicted], np.array(labels))


def test_every_pair_occurs_once(predictions):
    pairs = confused_pairs(predictions)

    assert sorted(zip(pairs["first"], pairs["second"], strict=True)) == list(itertools.combinations(range(10), 2))
    assert pairs["mistakes"].sum() == (predictions["label"] != predictions["prediction"]).sum()
    assert pairs["mistakes"].is_monotonic_decreasing


def test_counts_and_rates_match_scikit_learn_and_statsmodels(predictions):
    matrix = confusion_matrix(predictions["label"], predictions["prediction"])
    support = matrix.sum(axis=1)

    for row in confused_pairs(predictions).itertuples():
        there, back = matrix[row.first, row.second], matrix[row.second, row.first]
        assert (row.first_as_second, row.second_as_first, row.mistakes) == (there, back, there + back)
        assert row.examples == support[row.first] + support[row.second]
        for name, count, examples in (
            ("first_as_second_rate", there, support[row.first]),
            ("second_as_first_rate", back, support[row.second]),
            ("rate", there + back, row.examples),
        ):
            assert getattr(row, name) == pytest.approx(count / examples)
            interval = getattr(row, f"{name}_low"), getattr(row, f"{name}_high")
            assert interval == pytest.approx(proportion_confint(count, examples, method="wilson"), abs=1e-12)


def test_hand_counted_case():
    pairs = confused_pairs(table([4, 4, 4, 4, 9, 9], [9, 9, 4, 4, 4, 9]))

    first = pairs.iloc[0]
    assert (first["first"], first["second"], first["mistakes"]) == (4, 9, 3)
    assert (first["first_as_second_rate"], first["second_as_first_rate"], first["rate"]) == (0.5, 0.5, 0.5)
    assert pairs["mistakes"].tolist() == [3] + [0] * 44


def test_rate_of_missing_classes_is_nan():
    pairs = confused_pairs(table([4], [4])).set_index(["first", "second"])

    assert np.isnan(pairs.loc[(3, 8), "rate"])
    assert pairs.loc[(4, 9), "first_as_second_rate"] == 0
    assert np.isnan(pairs.loc[(4, 9), "second_as_first_rate"])


def test_confused_digits_are_mistakes_of_the_first_pairs(predictions):
    pairs = confused_pairs(predictions)
    mistakes = confused_digits(predictions, pairs, max_pairs=3, max_digits=2)

    kinds = list(dict.fromkeys(zip(mistakes["label"], mistakes["prediction"], strict=True)))
    allowed = [
        kind
        for first, second in zip(pairs["first"][:3], pairs["second"][:3], strict=True)
        for kind in ((first, second), (second, first))
    ]
    assert [kind for kind in allowed if kind in kinds] == kinds
    assert mistakes.groupby(["label", "prediction"]).size().max() <= 2
    for kind, rows in mistakes.groupby(["label", "prediction"]):
        of_kind = predictions[(predictions["label"] == kind[0]) & (predictions["prediction"] == kind[1])]
        assert rows["confidence"].tolist() == sorted(of_kind["confidence"], reverse=True)[:2]


def test_a_perfect_network_has_no_confused_digits():
    perfect = table([4, 7], [4, 7])

    assert confused_digits(perfect, confused_pairs(perfect), 3, 2).empty
