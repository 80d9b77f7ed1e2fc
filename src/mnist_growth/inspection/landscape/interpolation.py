"""Paths between two networks of one shape."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mnist_growth.inspection.landscape.config import InterpolationConfig
from mnist_growth.inspection.landscape.directions import origin
from mnist_growth.inspection.landscape.matching import matched
from mnist_growth.inspection.landscape.weights import WeightSpace
from mnist_growth.network import Network
from mnist_growth.progress import track

PATHS = ("straight", "matched", "curve")
"""The paths: a straight line; a straight line to the other network with its units reordered; a curve to that one."""

COLUMNS = {"path": "str", "position": "float64", "loss": "float64", "accuracy": "float64"}
"""Columns of the table and their types."""

Path = Callable[[float], Tensor]
"""From a position, 0 to 1, to parameters, float [P]."""


@dataclass(frozen=True)
class Paths:
    """The loss along paths from a network to another one.

    Attributes:
        table: One row per path and position with the columns ``path``, ``position`` (0 to 1), ``loss`` and
            ``accuracy``.
        barriers: Height of the barrier of each path in nats.
        distance: Euclidean distance of the parameters, before and after the units were reordered.
    """

    table: pd.DataFrame
    barriers: dict[str, float]
    distance: dict[str, float]

    def metrics(self) -> dict[str, Any]:
        """Return barriers and distances as entries of a mapping."""
        return {"barrier": self.barriers, "distance_to_other_network": self.distance}


def interpolate(
    network: Network,
    other: Network,
    images: Tensor,
    labels: Tensor,
    training_images: Tensor,
    training_labels: Tensor,
    config: InterpolationConfig,
    seed: int,
) -> Paths:
    """Measure the loss along a straight line, a straight line after matching the units, and a fitted curve.

    Batch norms normalise with the statistics of the images at every point: between two networks, interpolated running
    statistics are wrong, which would show as a barrier (Jordan, Sedghi, Saukh, Entezari and Neyshabur, "REPAIR", ICLR
    2023).

    Args:
        network: At position 0; not changed.
        other: At position 1, of the same kind and sizes; not changed.
        images: For the losses: uint8 [N, 28, 28], on the device of the networks.
        labels: int64 [N].
        training_images: The curve is fitted on these: uint8 [T, 28, 28].
        training_labels: int64 [T].
        config: Positions and the fit.
        seed: Of the order of groups, the batches and the positions of the fit.
    """
    reordered = matched(other, network, seed)
    start, end, near_end = origin(network), origin(other), origin(reordered)
    weights = WeightSpace(network, batch_statistics=True)
    middle = fit_curve(weights, start, near_end, training_images, training_labels, config, seed)
    paths: dict[str, Path] = {
        "straight": lambda position: torch.lerp(start, end, position),
        "matched": lambda position: torch.lerp(start, near_end, position),
        "curve": lambda position: bezier(start, middle, near_end, position),
    }
    positions = np.linspace(0, 1, config.points)
    tasks = [(name, float(position)) for name in PATHS for position in positions]
    rows = []
    for name, position in track(tasks, len(tasks)):
        found = weights.score(images, labels, paths[name](position))
        rows.append({"path": name, "position": position, "loss": found.loss, "accuracy": found.accuracy})
    table = pd.DataFrame(rows).astype(COLUMNS)
    return Paths(
        table,
        {name: barrier(table[table["path"] == name]) for name in PATHS},
        {"straight": float((end - start).norm()), "matched": float((near_end - start).norm())},
    )


def no_paths() -> pd.DataFrame:
    """Return the table without another network."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})


def barrier(path: pd.DataFrame) -> float:
    """Return by how much the loss along a path exceeds the line between the losses at its ends, in nats.

    The height of the barrier, 0 if the path is nowhere above that line (Entezari, Sedghi, Saukh and Neyshabur, "The
    role of permutation invariance in linear mode connectivity of neural networks", ICLR 2022, equation 1).

    Args:
        path: The columns ``position`` from 0 to 1 and ``loss``.
    """
    positions, losses = path["position"].to_numpy(), path["loss"].to_numpy()
    return float((losses - np.interp(positions, [0, 1], [losses[0], losses[-1]])).max())


def bezier(start: Tensor, middle: Tensor, end: Tensor, position: float) -> Tensor:
    """Return a point of the quadratic Bezier curve (1 - t)^2 a + 2 t (1 - t) m + t^2 b."""
    return (1 - position) ** 2 * start + 2 * position * (1 - position) * middle + position**2 * end


def fit_curve(
    weights: WeightSpace,
    start: Tensor,
    end: Tensor,
    images: Tensor,
    labels: Tensor,
    config: InterpolationConfig,
    seed: int,
) -> Tensor:
    """Return the middle of a quadratic Bezier curve along which the loss is low, float [P].

    The expected loss at a position drawn uniformly from 0 to 1 is minimised with Adam, one position and one batch per
    step (Garipov, Izmailov, Podoprikhin, Vetrov and Wilson, "Loss surfaces, mode connectivity, and fast ensembling of
    DNNs", NeurIPS 2018, section 3). It begins on the straight line.

    Args:
        weights: With batch statistics; left at another point.
        start: a, float [P].
        end: b, float [P].
        images: uint8 [T, 28, 28].
        labels: int64 [T].
        config: The fit.
        seed: Of positions and batches.
    """
    generator = torch.Generator().manual_seed(seed)
    middle = torch.lerp(start, end, 0.5)
    optimizer = torch.optim.Adam([middle], lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.curve_steps)
    for _ in track(range(config.curve_steps), config.curve_steps):
        position = float(torch.rand((), generator=generator))
        batch = torch.randint(len(images), (config.batch_size,), generator=generator).to(images.device)
        gradient = weights.gradient(images[batch], labels[batch], bezier(start, middle, end, position))
        middle.grad = 2 * position * (1 - position) * gradient
        optimizer.step()
        schedule.step()
    middle.grad = None
    return middle
