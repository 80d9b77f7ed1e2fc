"""Which classes are taken for each other, and how often in either direction."""

import itertools

import numpy as np
import pandas as pd

from mnist_growth.digits.digits import NUM_CLASSES
from mnist_growth.evaluation.intervals import wilson_interval


def confused_pairs(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return all 45 pairs of classes, the most confused first.

    Args:
        predictions: Labelled table of ``prediction_table``.

    Returns:
        One row per pair of classes ``first`` < ``second``, by falling ``mistakes`` and then by class. Counts (int64):
        ``first_as_second`` and ``second_as_first`` in the two directions, ``mistakes`` both together, ``examples`` the
        test digits of both classes. Fractions of 1: ``first_as_second_rate`` of all digits of the first class,
        ``second_as_first_rate`` of all of the second, ``rate`` of all of both; each with its 95 % Wilson interval
        ``..._low`` to ``..._high``; not a number where a class does not occur.
    """
    labels, predicted = predictions["label"].to_numpy(), predictions["prediction"].to_numpy()
    counts = np.bincount(labels * NUM_CLASSES + predicted, minlength=NUM_CLASSES**2).reshape(NUM_CLASSES, -1)
    support = counts.sum(axis=1)
    first, second = np.array(list(itertools.combinations(range(NUM_CLASSES), 2))).T
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
    return pairs.sort_values(["mistakes", "first", "second"], ascending=[False, True, True], ignore_index=True)


def confused_digits(predictions: pd.DataFrame, pairs: pd.DataFrame, most_pairs: int, most_digits: int) -> pd.DataFrame:
    """Return mistakes of the most confused pairs, grouped by pair, the most confident ones of each direction first.

    Args:
        predictions: Labelled table of ``prediction_table``.
        pairs: What ``confused_pairs`` made of it.
        most_pairs: Pairs to take, at most; those without mistakes are left out.
        most_digits: Mistakes to take of each direction of a pair, at most.

    Returns:
        Rows of ``predictions``, in the order of ``pairs`` and its directions.
    """
    wrong = predictions.sort_values(["confidence", "index"], ascending=[False, True])
    chosen = [
        wrong[(wrong["label"] == label) & (wrong["prediction"] == prediction)].head(most_digits)
        for pair in pairs.head(most_pairs).itertuples()
        for label, prediction in ((pair.first, pair.second), (pair.second, pair.first))
    ]
    return pd.concat(chosen, ignore_index=True)
