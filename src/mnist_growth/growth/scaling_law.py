"""How the error depends on the width of a network and on the images that it is trained on, also if it grows."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class ScalingLaw:
    """Expected validation error, in percent, of a training with a cosine schedule.

    error = floor + width_error (w / 256)^-width_exponent + passes_error (n / 10)^-passes_exponent

    with the final width w and n passes over 54,000 images, a sum of power laws as in Hoffmann et al., "Training
    compute-optimal large language models", NeurIPS 2022, section 3.3. If the network grows, a pass with the smaller
    width v counts as max(0, 1 - (useless_width / v)^value_exponent) passes: the wider network would have learned more
    from the same images.

    Attributes:
        floor: Error, in percent, that neither width nor passes remove.
        width_error: Error, in percent, of a network with 256 units per hidden layer.
        width_exponent: How fast that error decreases with the width.
        passes_error: Error, in percent, after ten passes.
        passes_exponent: How fast that error decreases with the number of passes.
        useless_width: Width at and below which a pass is worth nothing to the grown network.
        value_exponent: How fast the value of a pass increases with the width.
    """

    floor: float
    width_error: float
    width_exponent: float
    passes_error: float
    passes_exponent: float
    useless_width: float
    value_exponent: float

    def error(self, width: int, images: float) -> float:
        """Return the expected validation error in percent.

        Args:
            width: Units of each hidden layer at the end.
            images: Number of training images, each counted as often as it is used, weighted with ``value``.
        """
        return (
            self.floor
            + self.width_error * math.pow(width / 256, -self.width_exponent)
            + self.passes_error * math.pow(images / 540_000, -self.passes_exponent)
        )

    def value(self, width: int) -> float:
        """Return what an image seen with a smaller width is worth, as a share of one seen with the final width.

        Args:
            width: Units of each hidden layer before growth.
        """
        return max(0.0, 1 - math.pow(self.useless_width / width, self.value_exponent))


MEASURED = ScalingLaw(
    floor=0.391,
    width_error=0.115,
    width_exponent=1.479,
    passes_error=0.476,
    passes_exponent=0.629,
    useless_width=183.7,
    value_exponent=1.94,
)
"""Least-squares fit to MNIST networks with three hidden layers (`benchmarks/growth/law.py`)."""
