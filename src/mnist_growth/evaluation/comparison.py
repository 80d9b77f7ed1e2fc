"""Statistical comparison of two networks on the same digits."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth.digits.digits import DIGIT_NAMES
from mnist_growth.evaluation.intervals import paired_difference_interval, wilson_interval
from mnist_growth.evaluation.metrics import mean_negative_log_likelihood
from mnist_growth.evaluation.predictions import class_count


def compare(predictions: pd.DataFrame, baseline: pd.DataFrame) -> dict[str, Any]:
    """Compare the predictions of two networks for the same digits, as values that can be written as JSON.

    Args:
        predictions: Labelled ``prediction_table`` of the network.
        baseline: Labelled ``prediction_table`` of the baseline for the same digits.

    Returns:
        Fractions of 1: ``accuracy`` and ``baseline_accuracy`` with their 95 % Wilson intervals ``..._low`` to
        ``..._high``, ``difference`` of the accuracies (positive: the network is better) with the 95 % interval for
        paired digits ``difference_low`` to ``difference_high``, ``agreement`` (fraction of equal predictions). Counts:
        ``examples``, ``both_correct``, ``only_network_correct``, ``only_baseline_correct``, ``both_wrong``.
        ``mcnemar_p_value``, 0 to 1; ``loss`` and ``baseline_loss`` in nats.

    Raises:
        ValueError: The tables contain different digits.
    """
    correct, baseline_correct = _correct(predictions, baseline)
    examples = len(predictions)
    only_network, only_baseline = int((correct & ~baseline_correct).sum()), int((~correct & baseline_correct).sum())
    low, high = wilson_interval([correct.sum(), baseline_correct.sum()], [examples, examples])
    difference_low, difference_high = paired_difference_interval(only_network, only_baseline, examples)
    return {
        "examples": examples,
        "accuracy": float(correct.mean()),
        "accuracy_low": float(low[0]),
        "accuracy_high": float(high[0]),
        "baseline_accuracy": float(baseline_correct.mean()),
        "baseline_accuracy_low": float(low[1]),
        "baseline_accuracy_high": float(high[1]),
        "difference": (only_network - only_baseline) / examples,
        "difference_low": difference_low,
        "difference_high": difference_high,
        "both_correct": int((correct & baseline_correct).sum()),
        "only_network_correct": only_network,
        "only_baseline_correct": only_baseline,
        "both_wrong": int((~correct & ~baseline_correct).sum()),
        "mcnemar_p_value": mcnemar_p_value(only_network, only_baseline),
        "agreement": float((predictions["prediction"].to_numpy() == baseline["prediction"].to_numpy()).mean()),
        "loss": mean_negative_log_likelihood(predictions),
        "baseline_loss": mean_negative_log_likelihood(baseline),
    }


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """Return the p-value of McNemar's test, 0 to 1, for the hypothesis that both networks are equally accurate.

    McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12, 1947, in its exact binomial form: a digit that only one network classifies correctly is equally
    likely to be the first one's or the second one's. Unlike the chi-squared form, it is valid for few digits.

    Args:
        only_first: Number of digits that only the first network classifies correctly.
        only_second: Number of digits that only the second network classifies correctly.
    """
    from scipy.stats import binomtest  # imported here: slow, and only comparisons need it

    discordant = only_first + only_second
    return float(binomtest(only_first, discordant).pvalue) if discordant else 1.0


def comparison_by_class(
    predictions: pd.DataFrame, baseline: pd.DataFrame, class_names: Sequence[str] = DIGIT_NAMES
) -> pd.DataFrame:
    """Compare the accuracy of two networks on all digits and on each class.

    Args:
        predictions: Labelled ``prediction_table`` of the network.
        baseline: Labelled ``prediction_table`` of the baseline for the same digits.
        class_names: Names of the classes.

    Returns:
        A row for "all" digits and one for each class (``digit`` and its ``class_name``, text): counts ``examples``,
        ``only_network_correct`` and ``only_baseline_correct`` (int64), and the ``difference`` of the accuracies
        with its 95 % interval ``difference_low`` to ``difference_high`` (fractions of 1; NaN for classes without
        digits).

    Raises:
        ValueError: The tables contain different digits.
    """
    correct, baseline_correct = _correct(predictions, baseline)
    labels = predictions["label"].to_numpy()
    groups = {"all": np.ones(len(labels), dtype=np.bool_)} | {
        str(k): labels == k for k in range(class_count(predictions))
    }
    rows = []
    for digit, members in groups.items():
        examples = int(members.sum())
        only_network = int((members & correct & ~baseline_correct).sum())
        only_baseline = int((members & ~correct & baseline_correct).sum())
        low, high = paired_difference_interval(only_network, only_baseline, examples) if examples else (np.nan, np.nan)
        rows.append(
            {
                "digit": digit,
                "class_name": digit if digit == "all" else class_names[int(digit)],
                "examples": examples,
                "only_network_correct": only_network,
                "only_baseline_correct": only_baseline,
                "difference": (only_network - only_baseline) / examples if examples else np.nan,
                "difference_low": low,
                "difference_high": high,
            }
        )
    return pd.DataFrame(rows)


def disagreements(predictions: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """Return the digits for which the two networks predict different classes.

    Args:
        predictions: Labelled ``prediction_table`` of the network.
        baseline: Labelled ``prediction_table`` of the baseline for the same digits.

    Returns:
        The columns ``index``, ``label``, ``prediction``, ``baseline_prediction`` (int64), ``confidence``,
        ``baseline_confidence`` (float64) and ``correct`` ("network", "baseline" or "neither"). First the digits that
        only the network classifies correctly, then those of only the baseline, then those of neither; each group in
        descending order of the confidence of the wrong prediction (for neither: of the network).

    Raises:
        ValueError: The tables contain different digits.
    """
    correct, baseline_correct = _correct(predictions, baseline)
    table = predictions[["index", "label", "prediction", "confidence"]].assign(
        baseline_prediction=baseline["prediction"].to_numpy(),
        baseline_confidence=baseline["confidence"].to_numpy(),
        correct=np.select([correct, baseline_correct], ["network", "baseline"], "neither"),
    )
    wrong_confidence = np.where(correct, table["baseline_confidence"], table["confidence"])
    order = table["correct"].map({"network": 0, "baseline": 1, "neither": 2})
    table = table.assign(order=order, wrong_confidence=wrong_confidence)
    table = table[table["prediction"] != table["baseline_prediction"]]
    table = table.sort_values(["order", "wrong_confidence", "index"], ascending=[True, False, True], ignore_index=True)
    columns = ["index", "label", "prediction", "baseline_prediction", "confidence", "baseline_confidence", "correct"]
    return table[columns]


def _correct(predictions: pd.DataFrame, baseline: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which digits each network classifies correctly."""
    same = (
        len(predictions) == len(baseline)
        and (predictions[["index", "label"]].to_numpy() == baseline[["index", "label"]].to_numpy()).all()
    )
    if not same:
        raise ValueError(
            f"The tables of predictions ({len(predictions):,} and {len(baseline):,} rows) are for different digits, "
            "expected the same digits: evaluate both networks again"
        )
    labels = predictions["label"].to_numpy()
    return predictions["prediction"].to_numpy() == labels, baseline["prediction"].to_numpy() == labels
