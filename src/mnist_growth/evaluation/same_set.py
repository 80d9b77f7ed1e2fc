"""The guards against comparing a network with another set than its own, or with another network's predictions."""

import numpy as np
import pandas as pd

from mnist_growth.digits.digits import Digits
from mnist_growth.evaluation.predictions import prediction_table, probabilities
from mnist_growth.network.mlp import GrowingMLP
from mnist_growth.network.prediction import predict_logits

_COMPARED = 100  # predictions
_ROUNDING = 1e-3  # of a probability: other hardware sums in another order


def check_same_set(trained_dataset: str, trained_fingerprint: str, digits: Digits, entry: str = "network") -> None:
    """Refuse test digits that do not belong to the set that a network was trained on.

    Args:
        trained_dataset: Name of the set that the network was trained on.
        trained_fingerprint: SHA-256 of that set.
        digits: The digits that the network is to be evaluated on.
        entry: Name of the network in the catalog.

    Raises:
        ValueError: The fingerprints differ: the numbers would describe neither set, and where the two sets overlap the
            network could be tested on digits that it has learned.
    """
    if digits.fingerprint == trained_fingerprint:
        return
    if digits.dataset == trained_dataset:
        trained_on = f"'{trained_dataset}' with the fingerprint {trained_fingerprint[:12]}"
        tested_on = f"'{digits.dataset}' with the fingerprint {digits.fingerprint[:12]}"
    else:
        trained_on, tested_on = f"'{trained_dataset}'", f"'{digits.dataset}'"
    raise ValueError(
        f"The {entry.replace('_', ' ')} was trained on {trained_on}, but the test digits are from {tested_on}: "
        "evaluate it with the digits it was trained on (--load-versions test_digits:<version>), or pick a network that "
        f"was trained on these (--load-versions {entry}:<version>)"
    )


def check_same_network(network: GrowingMLP, digits: Digits, predictions: pd.DataFrame) -> None:
    """Refuse predictions that another network has made, judged by the first of them.

    Args:
        network: That is said to have made them.
        digits: The test digits that the predictions are of.
        predictions: Table of ``prediction_table``.

    Raises:
        ValueError: They are of other digits, or differ by more than rounding can explain.
    """
    labels = np.asarray(digits.labels[:_COMPARED])
    if len(predictions) == len(digits) and np.array_equal(labels, predictions["label"].head(_COMPARED)):
        own = probabilities(prediction_table(predict_logits(network, digits.images[:_COMPARED])))
        if np.allclose(own, probabilities(predictions.head(_COMPARED)), atol=_ROUNDING):
            return
    raise ValueError(
        "The predictions evaluated last are not of this network and these test digits: run `kedro run --pipeline "
        "evaluate` with the same --load-versions first, or pick those that belong together (--load-versions "
        "predictions:<version>,test_metrics:<version>)"
    )
