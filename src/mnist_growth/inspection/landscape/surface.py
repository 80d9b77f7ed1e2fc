"""The loss on a plane through the parameters of a network."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
from torch import Tensor

from mnist_growth.inspection.landscape.weights import WeightSpace
from mnist_growth.progress import track


def loss_surface(
    weights: WeightSpace,
    images: Tensor,
    labels: Tensor,
    centre: Tensor,
    directions: tuple[Tensor, Tensor],
    x: Sequence[float],
    y: Sequence[float],
) -> pd.DataFrame:
    """Return loss and accuracy at centre + x d_1 + y d_2 for every pair of coordinates.

    Args:
        weights: The network. With batch statistics, batch norms are measured again at each point; running statistics
            belong to the centre only, and away from it the loss would mostly show that they no longer fit.
        images: uint8 [N, 28, 28], on the device of the network.
        labels: int64 [N].
        centre: float [P].
        directions: d_1 and d_2, float [P].
        x: Coordinates along d_1.
        y: Coordinates along d_2.

    Returns:
        The columns ``x``, ``y``, ``loss`` (nats) and ``accuracy``, float64, row after row of equal ``y``.
    """
    points = [(float(column), float(row)) for row, column in product(y, x)]
    rows = []
    for column, row in track(points, len(points)):
        found = weights.score(images, labels, centre + column * directions[0] + row * directions[1])
        rows.append({"x": column, "y": row, "loss": found.loss, "accuracy": found.accuracy})
    weights.move_to(centre)
    return pd.DataFrame(rows).astype(np.float64)


def square(radius: float, points: int) -> list[float]:
    """Return evenly spaced coordinates from -radius to radius; with an odd number of points, 0 is one of them."""
    return [float(value) for value in np.linspace(-radius, radius, points)]


def around(values: Sequence[float], margin: float, points: int) -> list[float]:
    """Return evenly spaced coordinates that cover values and a margin, given as a share of their range."""
    low, high = min(values), max(values)
    extra = margin * (high - low or 1.0)
    return [float(value) for value in np.linspace(low - extra, high + extra, points)]
