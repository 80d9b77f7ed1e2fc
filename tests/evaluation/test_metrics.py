import json
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as reference
from statsmodels.stats.proportion import proportion_confint

from mnist_growth.evaluation import (
    class_metrics,
    confusion_matrix,
    expected_calibration_error,
    metrics,
    prediction_table,
    probabilities,
)

PROVENANCE = {
    "dataset": "mnist",
    "requested_dataset": "mnist",
    "fingerprint": "ab" * 32,
    "hidden_widths": (192, 128),
    "parameters": 1234,
    "epochs": 7,
}


def measure(predictions: pd.DataFrame) -> dict:
    return metrics.test_metrics(predictions, **PROVENANCE, calibration_bins=15)


def test_metrics_match_scikit_learn(predictions):
    labels, predicted = predictions["label"], predictions["prediction"]
    result = measure(predictions)

    assert result["accuracy"] == pytest.approx(reference.accuracy_score(labels, predicted), abs=1e-15)
    assert result["error_rate"] == pytest.approx(1 - result["accuracy"], abs=1e-15)
    assert (result["accuracy_low"], result["accuracy_high"]) == pytest.approx(
        proportion_confint(sum(labels == predicted), len(labels), method="wilson")
    )
    assert result["brier_score"] == pytest.approx(
        reference.brier_score_loss(labels, probabilities(predictions), scale_by_half=False, labels=list(range(10)))
    )
    assert result["errors"] == reference.zero_one_loss(labels, predicted, normalize=False)
    assert result["loss"] == pytest.approx(reference.log_loss(labels, probabilities(predictions)), rel=1e-12)
    assert result["macro_f1"] == pytest.approx(reference.f1_score(labels, predicted, average="macro"))
    assert result["top_2_accuracy"] == pytest.approx(
        reference.top_k_accuracy_score(labels, probabilities(predictions), k=2)
    )
    assert result["expected_calibration_error"] == expected_calibration_error(
        predictions["confidence"].to_numpy(), (labels == predicted).to_numpy(), 15
    )


def test_hand_computed_case():
    # Softmax of (ln 7, 0, 0, ..., 0) is (7, 1, ..., 1) / 16: the first digit right, the second wrong.
    logits = np.zeros((2, 10))
    logits[:, 0] = math.log(7)

    result = measure(prediction_table(logits, np.array([0, 3])))

    assert (result["accuracy"], result["errors"], result["examples"]) == (0.5, 1, 2)
    assert result["loss"] == pytest.approx((math.log(16 / 7) + math.log(16)) / 2)
    assert result["expected_calibration_error"] == pytest.approx(abs(1 / 2 - 7 / 16))
    assert result["macro_f1"] == pytest.approx((2 / 3 + 0) / 2)
    # Squared distances to (1, 0, ...) and to the class 3: 9^2 + 9 and 7^2 + 15^2 + 8, in 256ths.
    assert result["brier_score"] == pytest.approx((90 / 256 + (49 + 225 + 8) / 256) / 2)
    assert result["top_2_accuracy"] == 1.0  # nothing but class 0 is more probable than class 3


def test_the_loss_of_an_impossible_label_is_finite():
    logits = np.array([[5000.0] + [0.0] * 9])

    assert measure(prediction_table(logits, np.array([1])))["loss"] == pytest.approx(708.4, abs=0.1)


def test_metrics_include_the_network_description(predictions):
    result = measure(predictions)

    assert result["hidden_widths"] == [192, 128]
    assert {key: result[key] for key in ("dataset", "fingerprint", "parameters", "epochs", "examples")} == {
        "dataset": "mnist",
        "fingerprint": "ab" * 32,
        "parameters": 1234,
        "epochs": 7,
        "examples": 300,
    }


def test_all_values_have_plain_python_types(predictions):
    result = measure(predictions)

    assert {type(value) for value in result.values()} <= {float, int, str, list}
    assert json.loads(json.dumps(result)) == result


def test_metrics_are_identical_in_another_process(predictions, tmp_path):
    predictions.to_parquet(tmp_path / "predictions.parquet")
    program = (
        "import json, sys, pandas; from mnist_growth.evaluation import metrics;"
        "table = pandas.read_parquet(sys.argv[1]);"
        "result = metrics.test_metrics(table, **json.loads(sys.argv[2]), calibration_bins=15);"
        "print(json.dumps(result), end='')"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "predictions.parquet"), json.dumps(PROVENANCE)]

    other = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert other == json.dumps(measure(predictions))


def test_class_metrics_match_scikit_learn(predictions):
    report = reference.classification_report(predictions["label"], predictions["prediction"], output_dict=True)
    table = class_metrics(predictions)

    assert list(table.columns)[:5] == ["digit", "precision", "recall", "f1", "support"]
    assert list(table.columns)[5:] == ["precision_low", "precision_high", "recall_low", "recall_high", "class_name"]
    assert table["digit"].tolist() == list(range(10))
    for row in table.itertuples():
        expected = report[str(row.digit)]
        assert row.precision == pytest.approx(expected["precision"])
        assert row.recall == pytest.approx(expected["recall"])
        assert row.f1 == pytest.approx(expected["f1-score"])
        assert row.support == expected["support"]
        right = ((labels := predictions["label"]) == row.digit) & (predictions["prediction"] == row.digit)
        taken = (predictions["prediction"] == row.digit).sum()
        assert (row.recall_low, row.recall_high) == pytest.approx(
            proportion_confint(right.sum(), (labels == row.digit).sum(), method="wilson")
        )
        assert (row.precision_low, row.precision_high) == pytest.approx(
            proportion_confint(right.sum(), taken, method="wilson")
        )


def test_missing_class_scores_zero_without_a_warning(predictions):
    few = predictions[(predictions["label"] != 8) & (predictions["prediction"] != 8)]

    row = class_metrics(few).loc[8]

    assert row.tolist()[:5] == [8, 0, 0, 0, 0]
    assert row.iloc[5:-1].isna().all()
    assert row["class_name"] == "8"
    assert confusion_matrix(few).loc[8].sum() == 0
    present = sorted(set(few["label"]))
    assert measure(few)["macro_f1"] == pytest.approx(
        reference.f1_score(few["label"], few["prediction"], average="macro", labels=present)
    )


def test_the_confusion_matrix_counts_labels_in_rows(predictions):
    matrix = confusion_matrix(predictions)

    for label in range(10):
        for prediction in range(10):
            matching = (predictions["label"] == label) & (predictions["prediction"] == prediction)
            assert matrix.loc[label, str(prediction)] == matching.sum()
    assert matrix.index.name == "label"


def test_confusion_matrix_round_trips_through_parquet(predictions, tmp_path):
    matrix = confusion_matrix(predictions)
    matrix.to_parquet(tmp_path / "matrix.parquet")

    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "matrix.parquet"), matrix)


def test_metrics_do_not_depend_on_the_order_of_the_digits(predictions):
    shuffled = predictions.sample(frac=1, random_state=3)

    expected, result = measure(predictions), measure(shuffled)

    assert result.keys() == expected.keys()
    for name, value in expected.items():
        assert result[name] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value)
    assert confusion_matrix(shuffled).equals(confusion_matrix(predictions))
