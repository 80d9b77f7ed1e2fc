"""Training, validation and test accuracy side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import pandas as pd

from mnist_growth.evaluation.intervals import wilson_interval
from mnist_growth.evaluation.metrics import mean_negative_log_likelihood


@dataclass(frozen=True)
class Tally:
    """Counts of predictions; tallies of the pieces of a part can be added.

    Attributes:
        examples: Number of digits.
        errors: Number of wrong predictions.
        loss: Sum of the negative log-likelihoods of the labels in nats.
    """

    examples: int = 0
    errors: int = 0
    loss: float = 0.0

    @classmethod
    def of(cls, predictions: pd.DataFrame) -> Self:
        """Compute the tally of a labelled ``prediction_table``."""
        examples = len(predictions)
        errors = int((predictions["label"] != predictions["prediction"]).sum())
        return cls(examples, errors, mean_negative_log_likelihood(predictions) * examples)

    def __add__(self, other: Self) -> Self:
        return type(self)(self.examples + other.examples, self.errors + other.errors, self.loss + other.loss)


def accuracy_by_part(tallies: Mapping[str, Tally]) -> pd.DataFrame:
    """Return the accuracy and the loss of a network on each part of its digits.

    Args:
        tallies: Tallies of at least one digit each, by name of the part.

    Returns:
        One row per part, in the same order: ``part``, ``examples`` and ``errors`` (int64), ``accuracy`` with its 95 %
        Wilson interval ``accuracy_low`` to ``accuracy_high`` (fractions of 1) and the mean ``loss`` (nats).
    """
    table = pd.DataFrame(
        {
            "part": list(tallies),
            "examples": [tally.examples for tally in tallies.values()],
            "errors": [tally.errors for tally in tallies.values()],
        }
    )
    correct = table["examples"] - table["errors"]
    low, high = wilson_interval(correct, table["examples"])
    return table.assign(
        accuracy=correct / table["examples"],
        accuracy_low=low,
        accuracy_high=high,
        loss=[tally.loss / tally.examples for tally in tallies.values()],
    )
