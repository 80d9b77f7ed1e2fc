"""Curvature, surfaces, trajectory and paths of the loss."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from mnist_growth.digits import Digits, Split
from mnist_growth.inspection import landscape
from mnist_growth.inspection.landscape import LandscapeConfig, Trajectory
from mnist_growth.network import TrainedNetwork
from mnist_growth.pipelines.landscape.inputs import OtherNetwork, Samples, Snapshots
from mnist_growth.training import training_parts


def measure_curvature(
    trained: TrainedNetwork, growth_events: pd.DataFrame, samples: Samples, config: LandscapeConfig
) -> tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]:
    """Return numbers, spectral density and blocks of the Hessian at the network.

    Raises:
        ValueError: The growth events are of another network.
    """
    found = landscape.measure_curvature(
        trained.network,
        growth_events,
        samples.hessian.images,
        samples.hessian.labels,
        samples.noise.images,
        samples.noise.labels,
        config.hessian,
        config.seed,
    )
    return found.metrics, found.density, found.blocks


def measure_growths(
    trained: TrainedNetwork,  # noqa: ARG001  # the result belongs to it
    snapshots: Snapshots,
    samples: Samples,
    config: LandscapeConfig,
) -> pd.DataFrame:
    """Return the curvature before and after each growth; no rows without snapshots."""
    digits = samples.growth
    return landscape.growth_curvature(snapshots.moments(), digits.images, digits.labels, config.growth, config.seed)


def trace_training(
    trained: TrainedNetwork,  # noqa: ARG001  # the result belongs to it
    snapshots: Snapshots,
    samples: Samples,
) -> tuple[pd.DataFrame, list[Trajectory], dict[str, Any]]:
    """Return the table of the trajectory, the trajectory itself, and what is known about it.

    Without snapshots the table has no rows, there is no trajectory, and the numbers say why.
    """
    if not snapshots.saved:
        return landscape.no_trajectory(), [], _trajectory_numbers(None, snapshots.reason)
    digits = samples.surface
    try:
        found = landscape.trajectory(snapshots.moments(), digits.images, digits.labels)
    except ValueError as error:
        return landscape.no_trajectory(), [], _trajectory_numbers(None, str(error))
    return found.table, [found], _trajectory_numbers(found, "")


def _trajectory_numbers(found: Trajectory | None, reason: str) -> dict[str, Any]:
    """Entries of the metrics about the trajectory; None where there is none."""
    return {
        "trajectory_missing": reason,
        "trajectory_snapshots": len(found.table) if found else 0,
        "trajectory_snapshots_left_out": found.skipped if found else 0,
        "trajectory_explained": sum(found.explained) if found else None,
        "trajectory_explained_x": found.explained[0] if found else None,
        "trajectory_explained_y": found.explained[1] if found else None,
    }


def measure_surfaces(
    trained: TrainedNetwork, samples: Samples, trajectories: list[Trajectory], config: LandscapeConfig
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the loss on the plane of random directions and on that of the trajectory, if there is one.

    Returns:
        A table with the columns ``plane`` ("random" or "trajectory"), ``x``, ``y``, ``loss`` and ``accuracy``; and the
        loss at the network, in evaluation mode and with the batch statistics of the digits.
    """
    images, labels = samples.surface.images, samples.surface.labels
    weights = landscape.WeightSpace(trained.network, batch_statistics=True)
    centre = weights.vector()
    numbers = {
        "loss": landscape.WeightSpace(trained.network).score(images, labels).loss,
        "loss_with_batch_statistics": weights.score(images, labels).loss,
        "digits": len(images),
    }
    side = landscape.square(config.surface.radius, config.surface.points)
    plane = landscape.random_plane(trained.network, config.seed)
    tables = [landscape.loss_surface(weights, images, labels, centre, plane, side, side).assign(plane="random")]
    for found in trajectories:
        x, y = (
            landscape.around(found.table[name].tolist(), config.surface.margin, config.surface.points) for name in "xy"
        )
        surface = landscape.loss_surface(weights, images, labels, centre, found.directions, x, y)
        tables.append(surface.assign(plane="trajectory"))
    table = pd.concat(tables, ignore_index=True)
    return table[["plane", "x", "y", "loss", "accuracy"]], numbers


def measure_paths(
    trained: TrainedNetwork,
    other: OtherNetwork,
    samples: Samples,
    train_digits: Digits,
    split: Split,
    config: LandscapeConfig,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the loss along paths to another network; no rows and a reason without one."""
    if other.trained is None:
        nothing = {"barrier": None, "distance_to_other_network": None, "other_network": None}
        return landscape.no_paths(), {"interpolation_missing": other.reason, **nothing}
    images, labels = _training_digits(trained, train_digits, split, config)
    found = landscape.interpolate(
        trained.network,
        other.trained.network,
        samples.surface.images,
        samples.surface.labels,
        torch.from_numpy(images),
        torch.from_numpy(labels),
        config.interpolation,
        config.seed,
    )
    return found.table, {"interpolation_missing": "", **found.metrics(), "other_network": other.trained.version}


def _training_digits(
    trained: TrainedNetwork, train_digits: Digits, split: Split, config: LandscapeConfig
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return as many training digits as the fit of the curve can see."""
    part = next(iter(training_parts(trained, split, len(train_digits)).values()))
    count = min(len(part), config.interpolation.curve_steps * config.interpolation.batch_size, _MAX_FITTED)
    chosen = part[np.linspace(0, len(part) - 1, count).round().astype(np.int64)]
    return np.array(train_digits.images[chosen]), np.array(train_digits.labels[chosen])


_MAX_FITTED = 20_000  # training digits held in memory for the curve, 16 MB


def collect(trained: TrainedNetwork, *numbers: dict[str, Any]) -> dict[str, Any]:
    """Return all numbers as one mapping, with the network and the digits that they belong to."""
    merged = {name: value for each in numbers for name, value in each.items()}
    return {
        **merged,
        "parameters": trained.network.parameter_count,
        "dataset": trained.dataset,
        "fingerprint": trained.fingerprint,
        "network_sha256": trained.sha256,
    }
