"""Whether one network is better than another on the same digits, or was only luckier."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mnist_growth.digits.digits import NUM_CLASSES
from mnist_growth.evaluation.intervals import paired_difference_interval, wilson_interval
from mnist_growth.evaluation.metrics import mean_negative_log_likelihood


def compare(predictions: pd.DataFrame, baseline: pd.DataFrame) -> dict[str, Any]:
    """Return how the predictions of two networks for the same digits differ, ready for JSON.

    Args:
        predictions: Labelled table of ``prediction_table``, of the network in question.
        baseline: The same of the network that it is compared with.

    Returns:
        Fractions of 1: ``accuracy`` and ``baseline_accuracy`` with their 95 % Wilson intervals ``..._low`` to
        ``..._high``, ``difference`` of the accuracies (positive: the network is better) with the 95 % interval for
        paired digits ``difference_low`` to ``difference_high``, ``agreement`` (share of equal predictions). Counts:
        ``examples``, ``both_right``, ``only_network_right``, ``only_baseline_right``, ``both_wrong``.
        ``mcnemar_p_value``, 0 to 1; ``loss`` and ``baseline_loss`` in nats.

    Raises:
        ValueError: The tables are not of the same digits.
    """
    right, baseline_right = _right(predictions, baseline)
    examples = len(predictions)
    only_network, only_baseline = int((right & ~baseline_right).sum()), int((~right & baseline_right).sum())
    low, high = wilson_interval([right.sum(), baseline_right.sum()], [examples, examples])
    difference_low, difference_high = paired_difference_interval(only_network, only_baseline, examples)
    return {
        "examples": examples,
        "accuracy": float(right.mean()),
        "accuracy_low": float(low[0]),
        "accuracy_high": float(high[0]),
        "baseline_accuracy": float(baseline_right.mean()),
        "baseline_accuracy_low": float(low[1]),
        "baseline_accuracy_high": float(high[1]),
        "difference": (only_network - only_baseline) / examples,
        "difference_low": difference_low,
        "difference_high": difference_high,
        "both_right": int((right & baseline_right).sum()),
        "only_network_right": only_network,
        "only_baseline_right": only_baseline,
        "both_wrong": int((~right & ~baseline_right).sum()),
        "mcnemar_p_value": mcnemar_p_value(only_network, only_baseline),
        "agreement": float((predictions["prediction"].to_numpy() == baseline["prediction"].to_numpy()).mean()),
        "loss": mean_negative_log_likelihood(predictions),
        "baseline_loss": mean_negative_log_likelihood(baseline),
    }


def mcnemar_p_value(only_first: int, only_second: int) -> float:
    """Return how probable it is that equally good networks differ as much as these, 0 to 1.

    McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12, 1947, in its exact form: of the digits that one network alone recognises, each is as likely to be
    the first one's as the second one's. It holds for few digits, where the chi-squared form does not.

    Args:
        only_first: Digits that the first network alone recognises.
        only_second: Digits that the second network alone recognises.
    """
    from scipy.stats import binomtest  # here: it takes long to import, and only comparisons need it

    discordant = only_first + only_second
    return float(binomtest(only_first, discordant).pvalue) if discordant else 1.0


def comparison_by_class(predictions: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """Return by how much the two networks differ on all digits and on those of each class.

    Args:
        predictions: Labelled table of ``prediction_table``, of the network in question.
        baseline: The same of the network that it is compared with.

    Returns:
        A row for "all" digits and one for each class "0" to "9" (``digit``, text): counts ``examples``,
        ``only_network_right`` and ``only_baseline_right`` (int64), and the ``difference`` of the shares that are
        recognised, with its 95 % interval ``difference_low`` to ``difference_high`` (fractions of 1; not a number where
        a class does not occur).

    Raises:
        ValueError: The tables are not of the same digits.
    """
    right, baseline_right = _right(predictions, baseline)
    labels = predictions["label"].to_numpy()
    groups = {"all": np.ones(len(labels), dtype=np.bool_)} | {str(k): labels == k for k in range(NUM_CLASSES)}
    rows = []
    for digit, members in groups.items():
        examples = int(members.sum())
        ours, theirs = int((members & right & ~baseline_right).sum()), int((members & ~right & baseline_right).sum())
        low, high = paired_difference_interval(ours, theirs, examples) if examples else (np.nan, np.nan)
        rows.append(
            {
                "digit": digit,
                "examples": examples,
                "only_network_right": ours,
                "only_baseline_right": theirs,
                "difference": (ours - theirs) / examples if examples else np.nan,
                "difference_low": low,
                "difference_high": high,
            }
        )
    return pd.DataFrame(rows)


def disagreements(predictions: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    """Return the digits that the two networks take for different classes.

    Args:
        predictions: Labelled table of ``prediction_table``, of the network in question.
        baseline: The same of the network that it is compared with.

    Returns:
        The columns ``index``, ``label``, ``prediction``, ``baseline_prediction`` (int64), ``confidence``,
        ``baseline_confidence`` (float64) and ``right`` ("network", "baseline" or "neither"). First the digits that the
        network alone recognises, then those of the baseline alone, then those of neither; within these, first those
        where the wrong one was most sure (for neither: where the network was).

    Raises:
        ValueError: The tables are not of the same digits.
    """
    right, baseline_right = _right(predictions, baseline)
    table = predictions[["index", "label", "prediction", "confidence"]].assign(
        baseline_prediction=baseline["prediction"].to_numpy(),
        baseline_confidence=baseline["confidence"].to_numpy(),
        right=np.select([right, baseline_right], ["network", "baseline"], "neither"),
    )
    wrong_confidence = np.where(right, table["baseline_confidence"], table["confidence"])
    order = table["right"].map({"network": 0, "baseline": 1, "neither": 2})
    table = table.assign(order=order, wrong_confidence=wrong_confidence)
    table = table[table["prediction"] != table["baseline_prediction"]]
    table = table.sort_values(["order", "wrong_confidence", "index"], ascending=[True, False, True], ignore_index=True)
    columns = ["index", "label", "prediction", "baseline_prediction", "confidence", "baseline_confidence", "right"]
    return table[columns]


def _right(predictions: pd.DataFrame, baseline: pd.DataFrame) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which digits each network recognises."""
    same = (
        len(predictions) == len(baseline)
        and (predictions[["index", "label"]].to_numpy() == baseline[["index", "label"]].to_numpy()).all()
    )
    if not same:
        raise ValueError(
            f"The predictions of the two networks are for {len(predictions):,} and {len(baseline):,} digits, expected "
            "the same digits: predict both anew"
        )
    labels = predictions["label"].to_numpy()
    return predictions["prediction"].to_numpy() == labels, baseline["prediction"].to_numpy() == labels
