import io

import numpy as np
from rich.console import Console

from mnist_growth.evaluation import metrics, prediction_table, summary


def shown(predictions, dataset="mnist", requested_dataset="mnist") -> str:
    result = metrics.test_metrics(
        predictions, dataset=dataset, requested_dataset=requested_dataset, fingerprint="ab", calibration_bins=15,
        hidden_widths=[512, 256], parameters=669706, epochs=20,
    )  # fmt: skip
    console = Console(file=io.StringIO(), width=80)
    console.print(summary(result, predictions))
    return console.file.getvalue()


def one_hot(labels, predicted):
    return prediction_table(10 * np.eye(10)[predicted], np.array(labels))


def test_summary_shows_result_network_and_dataset():
    text = shown(one_hot([4, 4, 4, 4, 7], [9, 9, 4, 4, 1]))

    assert "40.00%" in text
    assert "3 of 5 digits" in text
    assert "512-256, 669,706 parameters, 20 epochs" in text
    assert "mnist" in text


def test_summary_names_weakest_digits_and_most_confused_pair():
    text = shown(one_hot([4, 4, 4, 4, 7, 2], [9, 9, 4, 4, 1, 2]))

    assert "7 (0.0% recall), 4 (50.0% recall)" in text
    assert "2 (" not in text
    assert "4 predicted as 9 (2 times)" in text


def test_a_perfect_network_has_no_weakest_digit():
    text = shown(one_hot([4, 7], [4, 7]))

    assert "100.00%" in text
    assert "weakest" not in text
    assert "confused" not in text


def test_warning_about_the_fallback_comes_first():
    text = shown(one_hot([4, 7], [4, 7]), dataset="sample", requested_dataset="mnist")

    assert text.startswith("THESE ARE NOT MNIST RESULTS: mnist could not be downloaded")
    assert "sample (fallback: mnist could not be downloaded)" in text


def test_no_fallback_warning_for_the_requested_dataset():
    text = shown(one_hot([4, 7], [4, 7]), dataset="sample", requested_dataset="sample")

    assert "fallback" not in text
    assert "NOT" not in text
