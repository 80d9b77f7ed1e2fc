import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from sklearn.metrics import accuracy_score, log_loss
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from mnist_growth.evaluation import (
    compare,
    comparison_by_class,
    comparison_summary,
    disagreements,
    mcnemar_p_value,
    paired_difference_interval,
    prediction_table,
    probabilities,
)


@pytest.fixture
def baseline(predictions):
    """Another network's predictions for the same digits."""
    generator = np.random.default_rng(11)
    labels = predictions["label"].to_numpy()
    logits = np.log(probabilities(predictions)) + generator.normal(size=(300, 10))
    return prediction_table(logits, labels)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_test_matches_statsmodels(only_first, only_second):
    expected = mcnemar([[100, only_first], [only_second, 7]], exact=True).pvalue if only_first + only_second else 1.0

    assert mcnemar_p_value(only_first, only_second) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_test_approaches_chi_squared_test_for_many_digits():
    approximate = mcnemar([[0, 640], [560, 0]], exact=False, correction=True).pvalue

    assert mcnemar_p_value(640, 560) == pytest.approx(approximate, rel=0.01)


def test_hand_computed_case():
    # Of 4 digits, all are the first one's: 2 * (1 / 2)^4.
    assert mcnemar_p_value(4, 0) == pytest.approx(0.125)


def test_comparison_matches_scikit_learn(predictions, baseline):
    result = compare(predictions, baseline)
    labels = predictions["label"]
    right, other = (labels == table["prediction"] for table in (predictions, baseline))

    assert result["accuracy"] == pytest.approx(accuracy_score(labels, predictions["prediction"]))
    assert result["baseline_accuracy"] == pytest.approx(accuracy_score(labels, baseline["prediction"]))
    assert result["difference"] == pytest.approx(result["accuracy"] - result["baseline_accuracy"])
    assert (result["accuracy_low"], result["accuracy_high"]) == pytest.approx(
        proportion_confint(right.sum(), 300, method="wilson")
    )
    assert (result["baseline_accuracy_low"], result["baseline_accuracy_high"]) == pytest.approx(
        proportion_confint(other.sum(), 300, method="wilson")
    )
    assert result["both_correct"] == (right & other).sum()
    assert result["only_network_correct"] == (right & ~other).sum()
    assert result["only_baseline_correct"] == (~right & other).sum()
    assert result["both_wrong"] == (~right & ~other).sum()
    assert result["agreement"] == pytest.approx((predictions["prediction"] == baseline["prediction"]).mean())
    assert result["loss"] == pytest.approx(log_loss(labels, probabilities(predictions)))
    assert result["baseline_loss"] == pytest.approx(log_loss(labels, probabilities(baseline)))
    assert result["difference_low"] < result["difference"] < result["difference_high"]
    assert json.loads(json.dumps(result)) == result


def test_difference_interval_matches_bootstrap(predictions, baseline):
    result = compare(predictions, baseline)
    labels = predictions["label"].to_numpy()
    gains = (predictions["prediction"].to_numpy() == labels).astype(int) - (baseline["prediction"].to_numpy() == labels)
    resampled = np.random.default_rng(0).choice(gains, (4_000, 300)).mean(axis=1)

    low, high = np.quantile(resampled, [0.025, 0.975])

    assert (result["difference_low"], result["difference_high"]) == pytest.approx((low, high), abs=0.012)


def test_swapped_networks_have_the_opposite_difference(predictions, baseline):
    there, back = compare(predictions, baseline), compare(baseline, predictions)

    assert back["difference"] == -there["difference"]
    assert (back["difference_low"], back["difference_high"]) == pytest.approx(
        (-there["difference_high"], -there["difference_low"])
    )
    assert back["mcnemar_p_value"] == pytest.approx(there["mcnemar_p_value"])


def test_a_network_does_not_differ_from_itself(predictions):
    result = compare(predictions, predictions)

    assert (result["difference"], result["mcnemar_p_value"], result["agreement"]) == (0, 1, 1)
    assert result["difference_low"] < 0 < result["difference_high"]
    assert disagreements(predictions, predictions).empty


def test_counts_of_classes_sum_to_total(predictions, baseline):
    table, entire = comparison_by_class(predictions, baseline), compare(predictions, baseline)

    total, classes = table.iloc[0], table.iloc[1:]
    assert table["digit"].tolist() == ["all", *map(str, range(10))]
    assert total["difference"] == pytest.approx(entire["difference"])
    for column in ("examples", "only_network_correct", "only_baseline_correct"):
        assert classes[column].sum() == total[column]
    for row in classes.itertuples():
        members = predictions["label"] == int(row.digit)
        part = compare(predictions[members], baseline[members])
        assert row.difference == pytest.approx(part["difference"])
        interval = paired_difference_interval(row.only_network_correct, row.only_baseline_correct, row.examples)
        assert (row.difference_low, row.difference_high) == interval


def test_difference_of_missing_class_is_nan(predictions, baseline):
    there = predictions["label"] != 8

    row = comparison_by_class(predictions[there], baseline[there]).set_index("digit").loc["8"]

    assert row["examples"] == 0
    assert row[["difference", "difference_low", "difference_high"]].isna().all()


def test_disagreements_are_the_digits_with_different_predictions(predictions, baseline):
    table = disagreements(predictions, baseline)
    differ = predictions["prediction"] != baseline["prediction"]

    assert sorted(table["index"]) == predictions["index"][differ].tolist()
    for row in table.itertuples():
        ours, theirs = predictions.iloc[row[1]], baseline.iloc[row[1]]
        assert (row.prediction, row.baseline_prediction) == (ours["prediction"], theirs["prediction"])
        assert (row.confidence, row.baseline_confidence) == (ours["confidence"], theirs["confidence"])
        expected = {row.prediction: "network", row.baseline_prediction: "baseline"}.get(row.label, "neither")
        assert row.correct == expected
    assert list(dict.fromkeys(table["correct"])) == ["network", "baseline", "neither"]
    wrong = table["baseline_confidence"].where(table["correct"] == "network", table["confidence"])
    for _, confidences in wrong.groupby(table["correct"]):
        assert confidences.is_monotonic_decreasing


def test_predictions_for_different_digits_are_rejected(predictions, baseline):
    for other in (baseline.head(299), baseline.iloc[::-1]):
        with pytest.raises(ValueError, match="expected the same digits"):
            compare(predictions, other)


@pytest.mark.parametrize(
    ("p_value", "difference", "verdict"),
    [(0.2, 0.01, "no evidence that one is better"), (0.01, 0.01, "the network is"), (0.01, -0.01, "the baseline is")],
)
def test_summary_states_the_conclusion_of_the_test(predictions, baseline, p_value, difference, verdict):
    numbers = {**compare(predictions, baseline), "mcnemar_p_value": p_value, "difference": difference}
    console = Console(file=io.StringIO(), width=100)

    console.print(comparison_summary({**numbers, "network": "A", "baseline_network": "B", "dataset": "sample"}))

    text = console.file.getvalue()
    assert f"p = {p_value}: {verdict}" in text
    assert f"{100 * difference:+.2f} points" in text
    assert "Comparison on 300 test digits of sample" in text
