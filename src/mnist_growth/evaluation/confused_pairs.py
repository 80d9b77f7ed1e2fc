"""Pairs of classes that are confused, with counts in both directions."""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from mnist_growth.digits.digits import DIGIT_NAMES
from mnist_growth.evaluation.intervals import wilson_interval
from mnist_growth.evaluation.predictions import class_count


def confused_pairs(predictions: pd.DataFrame, class_names: Sequence[str] = DIGIT_NAMES) -> pd.DataFrame:
    """Return all pairs of classes, the most confused first.

    Args:
        predictions: Labelled ``prediction_table``.
        class_names: Names of the classes.

    Returns:
        One row per pair of classes ``first`` < ``second``, in descending order of ``mistakes``, then by class. Counts
        (int64): ``first_as_second`` and ``second_as_first`` in the two directions, ``mistakes`` in total, ``examples``
        the test digits of both classes. Fractions of 1: ``first_as_second_rate`` of all digits of the first class,
        ``second_as_first_rate`` of all of the second, ``rate`` of all of both; each with its 95 % Wilson interval
        ``..._low`` to ``..._high``; NaN for classes without digits. ``first_name`` and ``second_name`` (text): names of
        the two classes.
    """
    labels, predicted = predictions["label"].to_numpy(), predictions["prediction"].to_numpy()
    classes = class_count(predictions)
    counts = np.bincount(labels * classes + predicted, minlength=classes**2).reshape(classes, -1)
    support = counts.sum(axis=1)
    first, second = np.array(list(itertools.combinations(range(classes), 2))).T
    table: dict[str, np.ndarray] = {"first": first, "second": second}
    rates = {
        "first_as_second": (counts[first, second], support[first]),
        "second_as_first": (counts[second, first], support[second]),
        "": (counts[first, second] + counts[second, first], support[first] + support[second]),
    }
    for direction, (mistakes, examples) in rates.items():
        prefix = f"{direction}_" if direction else ""
        table[direction or "mistakes"] = mistakes
        if not direction:
            table["examples"] = examples
        with np.errstate(invalid="ignore"):
            table[f"{prefix}rate"] = mistakes / examples
        table[f"{prefix}rate_low"], table[f"{prefix}rate_high"] = wilson_interval(mistakes, examples)
    pairs = pd.DataFrame(table)
    for side in ("first", "second"):
        pairs[f"{side}_name"] = [class_names[number] for number in pairs[side]]
    return pairs.sort_values(["mistakes", "first", "second"], ascending=[False, True, True], ignore_index=True)


def confused_digits(predictions: pd.DataFrame, pairs: pd.DataFrame, max_pairs: int, max_digits: int) -> pd.DataFrame:
    """Return the mistakes of the most confused pairs, grouped by pair and direction, the most confident ones first.

    Args:
        predictions: Labelled ``prediction_table``.
        pairs: Result of ``confused_pairs`` for these predictions.
        max_pairs: Maximum number of pairs; pairs without mistakes are omitted.
        max_digits: Maximum number of mistakes per direction of a pair.

    Returns:
        Rows of ``predictions``, in the order of ``pairs`` and its directions.
    """
    wrong = predictions.sort_values(["confidence", "index"], ascending=[False, True])
    mistakes = [
        wrong[(wrong["label"] == label) & (wrong["prediction"] == prediction)].head(max_digits)
        for pair in pairs.head(max_pairs).itertuples()
        for label, prediction in ((pair.first, pair.second), (pair.second, pair.first))
    ]
    return pd.concat(mistakes, ignore_index=True)
