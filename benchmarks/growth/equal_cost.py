"""Growing compared with fixed widths at equal multiply-adds, from the trainings that the scaling law was fitted to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy import stats

from benchmarks.common.pages import wrapped
from benchmarks.common.tables import markdown
from benchmarks.growth.law import IMAGES
from mnist_growth.network.mlp import MLPSpec

TOLERANCE = 0.02
"""Largest relative difference between costs that count as equal."""

HEADER = (
    "final width",
    "budget, epochs",
    "fixed",
    "grown",
    "grown minus fixed",
    "best fixed width",
    "grown minus best",
)


@dataclass(frozen=True)
class Measured:
    """Networks that were trained in the same way.

    Attributes:
        widths: Units per hidden layer of each stage.
        epochs: Epochs of each stage.
        n: Number of networks.
        accuracy: Mean test accuracy in percent.
        deviation: Standard deviation of the test accuracy in percentage points.
        validation_error: Mean validation error in percent.
    """

    widths: tuple[int, ...]
    epochs: tuple[float, ...]
    n: int
    accuracy: float
    deviation: float
    validation_error: float

    @classmethod
    def of(cls, training: Mapping[str, Any]) -> "Measured":
        """Convert an entry of scaling_law.json."""
        return cls(
            tuple(training["widths"]),
            tuple(training["epochs"]),
            training["n"],
            100 - training["test_error"],
            training["test_deviation"],
            training["validation_error"],
        )

    @property
    def multiply_adds(self) -> float:
        """Return the multiply-adds of the training."""
        return sum(epochs * epoch_cost(width) for width, epochs in zip(self.widths, self.epochs, strict=True))

    @property
    def narrow_share(self) -> float:
        """Return the share of the epochs before the last growth; 0 for a fixed width."""
        return 1 - self.epochs[-1] / sum(self.epochs)


@dataclass(frozen=True)
class Recipe:
    """A way of growing once: from one width to another after a share of the epochs."""

    first: int
    last: int
    share: float

    def __str__(self) -> str:
        """Describe the recipe."""
        after = {0.5: "half", 0.75: "three quarters"}[self.share]
        return f"{self.first} to {self.last:,} after {after} of the epochs"

    def select(self, trainings: Sequence[Measured]) -> list[Measured]:
        """Return the trainings with this recipe, cheapest first."""
        found = [
            training
            for training in trainings
            if training.widths == (self.first, self.last) and abs(training.narrow_share - self.share) < 0.01
        ]
        return sorted(found, key=lambda training: training.multiply_adds)


RECIPES = (Recipe(256, 512, 0.5), Recipe(512, 2048, 0.75))
"""The best measured recipe for each final width."""


def read_measured(trainings: Sequence[Mapping[str, Any]]) -> list[Measured]:
    """Convert the entries of scaling_law.json, without the second of two equal ones."""
    return list(dict.fromkeys(Measured.of(training) for training in trainings))


def epoch_cost(width: int) -> int:
    """Return the multiply-adds of an epoch with three hidden layers of a width, forward and backward."""
    return IMAGES * MLPSpec(hidden_widths=(width,) * 3, batch_norm=True).training_multiply_adds


def fixed(trainings: Sequence[Measured], width: int) -> list[Measured]:
    """Return the trainings of a fixed width, cheapest first."""
    return sorted((one for one in trainings if one.widths == (width,)), key=lambda one: one.multiply_adds)


def equally_expensive(trainings: Sequence[Measured], cost: float) -> list[Measured]:
    """Return the trainings of fixed widths that cost as many multiply-adds as given."""
    return [
        training
        for training in trainings
        if len(training.widths) == 1 and abs(training.multiply_adds / cost - 1) < TOLERANCE
    ]


def difference(one: Measured, other: Measured) -> str:
    """Format the difference of two mean accuracies with its 95 % interval (Welch's t)."""
    variances = [training.deviation**2 / training.n for training in (one, other)]
    freedom = sum(variances) ** 2 / sum(
        variance**2 / (training.n - 1) for variance, training in zip(variances, (one, other), strict=True)
    )
    mean, half = one.accuracy - other.accuracy, stats.t.ppf(0.975, freedom) * sum(variances) ** 0.5
    return f"{mean:+z.2f} [{mean - half:+z.2f}, {mean + half:+z.2f}]"


def table(trainings: Sequence[Mapping[str, Any]]) -> str:
    """Format a row for each budget at which a recipe was measured.

    The best fixed width is the one with the smallest validation error among those with the same cost.

    Args:
        trainings: Entries of scaling_law.json.
    """
    measured = read_measured(trainings)
    rows = []
    for recipe in RECIPES:
        for grown in recipe.select(measured):
            rivals = equally_expensive(measured, grown.multiply_adds)
            (wide,) = (rival for rival in rivals if rival.widths == (recipe.last,))
            best = min(rivals, key=lambda rival: rival.validation_error)
            rows.append(
                (
                    f"{recipe.last:,}",
                    f"{wide.epochs[0]:g}",
                    f"{wide.accuracy:.2f} %",
                    f"{grown.accuracy:.2f} %",
                    difference(grown, wide),
                    f"{best.widths[0]:,}: {best.accuracy:.2f} %",
                    difference(grown, best),
                )
            )
    counts = sorted({training.n for recipe in RECIPES for training in recipe.select(measured)})
    source = (
        f"Mean test accuracy of {' or '.join(map(str, counts))} networks, with 95 % intervals of the differences in "
        "percentage points. The best fixed width is the measured one with the smallest validation error. Three hidden "
        "layers, MNIST, one NVIDIA H200 ([benchmarks/growth/scaling_law.json](benchmarks/growth/scaling_law.json))."
    )
    return f"{markdown(HEADER, rows)}\n\n{wrapped(source)}"
