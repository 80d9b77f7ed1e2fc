"""The path of a training through the space of the parameters of its final network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
import torch
from torch import Tensor

from mnist_growth.inspection.landscape.embedding import embedded_in_last
from mnist_growth.inspection.landscape.weights import WeightSpace
from mnist_growth.network import Network
from mnist_growth.progress import track

Event = Literal["start", "epoch", "before growth", "after growth", "end"]
"""Where in a training a network is."""

COLUMNS = {
    "epoch": "int64",
    "event": "str",
    "widths": "str",
    "parameters": "int64",
    "x": "float64",
    "y": "float64",
    "explained": "float64",
    "distance": "float64",
    "loss": "float64",
    "accuracy": "float64",
}
"""Columns of the table of a trajectory and their types."""


@dataclass(frozen=True)
class Moment:
    """A network along a training.

    Attributes:
        epoch: Number of completed epochs.
        network: In evaluation mode.
    """

    epoch: int
    network: Network


@dataclass(frozen=True)
class Trajectory:
    """A training as points on a plane.

    Attributes:
        table: One row per network; see ``trajectory``.
        directions: Orthonormal directions of the plane, float [P]; its origin is the last network.
        explained: Share of the squared distances from the last network that each direction accounts for.
        skipped: Number of networks before the last deepening, which have other parameters and are left out.
    """

    table: pd.DataFrame
    directions: tuple[Tensor, Tensor]
    explained: tuple[float, float]
    skipped: int


def trajectory(moments: Sequence[Moment], images: Tensor, labels: Tensor) -> Trajectory:
    """Return the path of a training on the plane that shows most of it.

    Networks before a growth are embedded exactly in the final network's space. The plane is spanned by the first two
    principal directions of their differences from the last network (Li, Xu, Taylor, Studer and Goldstein, NeurIPS 2018,
    section 7).

    Args:
        moments: Three or more, in the order of the training.
        images: uint8 [N, 28, 28], on the device of the networks.
        labels: int64 [N].

    Returns:
        A table with the columns ``epoch`` (completed epochs), ``event``, ``widths`` (joined by "-"), ``parameters`` (of
        the network itself), ``x`` and ``y`` (on the plane), ``explained`` (share of the squared distance from the last
        network that lies in the plane; missing for the last), ``distance`` (from the last network, Euclidean), ``loss``
        (nats) and ``accuracy`` on the images, in evaluation mode.

    Raises:
        ValueError: There are fewer than three networks after the last deepening.
    """
    kept = _after_deepening(moments)
    if len(kept) < 3:
        raise ValueError(
            f"The training has {len(kept)} snapshots since its last new layer, too few for a plane; expected at least "
            "3: train with a larger checkpoints.keep"
        )
    last = WeightSpace(kept[-1].network).vector()
    differences = last.new_empty(len(kept), len(last))
    for row, network in zip(differences, embedded_in_last([moment.network for moment in kept]), strict=True):
        torch.sub(WeightSpace(network).vector(), last, out=row)
    directions, explained = _plane(differences)
    coordinates = (differences @ torch.stack(directions).T).double().cpu()
    distances = torch.linalg.vector_norm(differences, dim=1).double().cpu()
    rows = []
    for index, moment in enumerate(track(kept, len(kept))):
        found = WeightSpace(moment.network).score(images, labels)
        rows.append(
            {
                "epoch": moment.epoch,
                "event": _event(kept, index),
                "widths": "-".join(map(str, moment.network.widths)),
                "parameters": moment.network.parameter_count,
                "x": float(coordinates[index, 0]),
                "y": float(coordinates[index, 1]),
                "explained": float((coordinates[index] / distances[index]).square().sum())
                if distances[index]
                else None,
                "distance": float(distances[index]),
                "loss": found.loss,
                "accuracy": found.accuracy,
            }
        )
    return Trajectory(pd.DataFrame(rows).astype(COLUMNS), directions, explained, len(moments) - len(kept))


def no_trajectory() -> pd.DataFrame:
    """Return the table of a training of which no networks were kept."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})


def _after_deepening(moments: Sequence[Moment]) -> Sequence[Moment]:
    """Return the networks that have as many groups of units as the last one."""
    layers = [len(moment.network.widths) for moment in moments]
    first = next((index for index in range(len(layers)) if set(layers[index:]) == {layers[-1]}), len(layers))
    return moments[first:]


def _plane(differences: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[float, float]]:
    """Return the first two principal directions of vectors [S, P], and the share of the squares that each explains."""
    values, vectors = torch.linalg.eigh((differences @ differences.T).double())
    total = float(values.clamp(min=0).sum())
    found: list[Tensor] = []
    shares = []
    for index in (-1, -2):
        direction = vectors[:, index].to(differences) @ differences
        for earlier in found:  # orthogonal in exact arithmetic
            direction = direction - (earlier @ direction) * earlier
        length = direction.norm()
        direction = direction / length
        # The path ends at the origin: let it come from the positive side.
        largest = (differences @ direction).abs().argmax()
        found.append(direction if differences[largest] @ direction > 0 else -direction)
        shares.append(max(0.0, float(values[index])) / total)
    return (found[0], found[1]), (shares[0], shares[1])


def _event(moments: Sequence[Moment], index: int) -> Event:
    widths = [moment.network.widths for moment in moments]
    if index == 0:
        return "start"
    if index == len(moments) - 1:
        return "end"
    if widths[index + 1] != widths[index] and moments[index + 1].epoch == moments[index].epoch:
        return "before growth"
    return "after growth" if widths[index - 1] != widths[index] else "epoch"
