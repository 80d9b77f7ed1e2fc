"""The figures of the landscape."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from mnist_growth import figures
from mnist_growth.pipelines.landscape.inputs import Samples


def draw_curvature(
    density: pd.DataFrame, blocks: pd.DataFrame, metrics: dict[str, Any], provenance: str
) -> tuple[go.Figure, go.Figure]:
    """Return the figures of the spectral density and of the blocks of the Hessian."""
    digits = _digits(provenance, metrics["hessian_digits"])
    return (
        figures.stamp(figures.hessian_spectrum(density), digits),
        figures.stamp(figures.hessian_blocks(blocks), digits),
    )


def draw_surface(surface: pd.DataFrame, metrics: dict[str, Any], provenance: str) -> tuple[go.Figure, go.Figure]:
    """Return the contours and the relief of the loss on the plane of random directions."""
    plane, digits = surface[surface["plane"] == "random"], _digits(provenance, metrics["digits"])
    return (
        figures.stamp(figures.loss_contours(plane), digits),
        figures.stamp(figures.loss_relief(plane), digits),
    )


def draw_trajectory(
    surface: pd.DataFrame, trajectory: pd.DataFrame, metrics: dict[str, Any], provenance: str
) -> tuple[go.Figure, go.Figure]:
    """Return the path of the training over the contours of the loss, and on its relief."""
    digits = _digits(provenance, metrics["digits"])
    if trajectory.empty:
        empty = figures.nothing_to_draw("Path of the training", metrics["trajectory_missing"])
        relief = figures.nothing_to_draw("Path of the training on the loss", metrics["trajectory_missing"])
        return figures.stamp(empty, digits), figures.stamp(relief, digits)
    plane = surface[surface["plane"] == "trajectory"]
    explained = metrics["trajectory_explained_x"], metrics["trajectory_explained_y"]
    return (
        figures.stamp(figures.trajectory_contours(plane, trajectory, explained), digits),
        figures.stamp(figures.trajectory_relief(plane, trajectory), digits),
    )


def draw_growths(curvature: pd.DataFrame, metrics: dict[str, Any], samples: Samples, provenance: str) -> go.Figure:
    """Return the figure of the curvature before and after each growth."""
    if curvature.empty:
        reason = metrics["trajectory_missing"] or "The network did not grow"
        return figures.stamp(figures.nothing_to_draw("Curvature before and after each growth", reason), provenance)
    return figures.stamp(figures.growth_curvature(curvature), _digits(provenance, len(samples.growth.labels)))


def draw_paths(paths: pd.DataFrame, metrics: dict[str, Any], provenance: str) -> go.Figure:
    """Return the figure of the loss along the paths to another network."""
    digits = _digits(provenance, metrics["digits"])
    if paths.empty:
        reason = metrics["interpolation_missing"]
        return figures.stamp(figures.nothing_to_draw("Loss between two networks", reason), digits)
    return figures.stamp(figures.loss_paths(paths), f"{digits}<br>other network: version {metrics['other_network']}")


def _digits(provenance: str, count: int) -> str:
    """The provenance with the number of digits that were used."""
    return f"{provenance} · loss of {count:,} of them"
