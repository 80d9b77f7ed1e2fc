"""Training, validation and test accuracy beside each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import pandas as pd

from mnist_growth.evaluation.intervals import wilson_interval
from mnist_growth.evaluation.metrics import mean_negative_log_likelihood


@dataclass(frozen=True)
class Tally:
    """What is counted of predictions; the tallies of two pieces of a part add up.

    Attributes:
        examples: Number of digits.
        errors: How many of them are not recognised.
        loss: Negative log-likelihood of the labels in nats, summed.
    """

    examples: int = 0
    errors: int = 0
    loss: float = 0.0

    @classmethod
    def of(cls, predictions: pd.DataFrame) -> Self:
        """Count a labelled table of ``prediction_table``."""
        examples = len(predictions)
        errors = int((predictions["label"] != predictions["prediction"]).sum())
        return cls(examples, errors, mean_negative_log_likelihood(predictions) * examples)

    def __add__(self, other: Self) -> Self:
        return type(self)(self.examples + other.examples, self.errors + other.errors, self.loss + other.loss)


def accuracy_by_part(tallies: Mapping[str, Tally]) -> pd.DataFrame:
    """Return how well a network does on each part of its digits: what it learned from, and what it did not see.

    Args:
        tallies: Of at least one digit each, by the name of the part.

    Returns:
        One row per part, in their order: ``part``, ``examples`` and ``errors`` (int64), ``accuracy`` with its 95 %
        Wilson interval ``accuracy_low`` to ``accuracy_high`` (fractions of 1) and the mean ``loss`` (nats).
    """
    table = pd.DataFrame(
        {
            "part": list(tallies),
            "examples": [tally.examples for tally in tallies.values()],
            "errors": [tally.errors for tally in tallies.values()],
        }
    )
    right = table["examples"] - table["errors"]
    low, high = wilson_interval(right, table["examples"])
    return table.assign(
        accuracy=right / table["examples"],
        accuracy_low=low,
        accuracy_high=high,
        loss=[tally.loss / tally.examples for tally in tallies.values()],
    )
