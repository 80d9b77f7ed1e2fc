"""The test digits that a network is inspected with."""

import pandas as pd

from mnist_growth.evaluation.chance import accuracy_without_learning
from mnist_growth.evaluation.predictions import spread_sample


def inspected_digits(predictions: pd.DataFrame, count: int, parameter: str) -> pd.DataFrame:
    """Return the predictions of ``count`` evenly spaced test digits.

    Args:
        predictions: Labelled ``prediction_table`` of all test digits.
        count: Number of digits.
        parameter: Name of the parameter that gives the number, for messages.

    Raises:
        ValueError: There are fewer test digits, or the network is no better than a constant answer.
    """
    if count > len(predictions):
        raise ValueError(
            f"Parameter '{parameter}' asks for {count:,} test digits, but there are {len(predictions):,}; "
            f"set it to at most {len(predictions)}"
        )
    correct = predictions["label"] == predictions["prediction"]
    if correct.mean() <= accuracy_without_learning(predictions["label"].to_numpy()):
        raise ValueError(
            f"The network classifies {correct.mean():.1%} of the test digits correctly, no more than a constant answer "
            "would: there is nothing to inspect; train it first, or choose another network with "
            "--load-versions network:<version>"
        )
    return spread_sample(predictions, count)
