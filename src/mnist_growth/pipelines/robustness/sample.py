"""The test digits that robustness is measured with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from mnist_growth import evaluation
from mnist_growth.digits import Digits
from mnist_growth.inspection.robustness.config import RobustnessConfig


@dataclass(frozen=True, eq=False)
class Sample:
    """Some test digits.

    Attributes:
        index: Positions in the test set, int64 [N].
        images: uint8 [N, 28, 28].
        labels: int64 [N].
        prediction: Answers of the network, int64 [N].
        fingerprint: SHA-256 of the set of digits.
    """

    index: NDArray[np.int64]
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    prediction: NDArray[np.int64]
    fingerprint: str

    @property
    def pixels(self) -> Tensor:
        """Float32 [N, 28, 28], from 0 to 1."""
        return torch.from_numpy(self.images).float() / 255

    @property
    def truth(self) -> Tensor:
        """The labels as a tensor."""
        return torch.from_numpy(self.labels)


def choose_digits(predictions: pd.DataFrame, test_digits: Digits, config: RobustnessConfig) -> Sample:
    """Return the test digits that are attacked and corrupted.

    Raises:
        ValueError: There are fewer, or the network is no better than a constant answer.
    """
    chosen = evaluation.inspected_digits(predictions, config.digits, "robustness.digits")
    index = chosen["index"].to_numpy()
    return Sample(
        index=index,
        images=np.ascontiguousarray(test_digits.images[index]),
        labels=np.asarray(test_digits.labels[index]),
        prediction=chosen["prediction"].to_numpy(),
        fingerprint=test_digits.fingerprint,
    )


def accuracy_table(rows: Sequence[Mapping[str, object]], examples: int) -> pd.DataFrame:
    """Return a table of accuracies with 95 % intervals.

    Args:
        rows: With the number of correct answers, ``correct``, and what they are for.
        examples: Number of digits.

    Returns:
        The rows with ``examples``, ``accuracy``, ``accuracy_low`` and ``accuracy_high`` (fractions of 1).
    """
    table = pd.DataFrame(rows).assign(examples=examples)
    low, high = evaluation.wilson_interval(table["correct"], table["examples"])
    return table.assign(accuracy=table["correct"] / examples, accuracy_low=low, accuracy_high=high)
