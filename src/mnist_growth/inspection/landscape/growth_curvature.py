"""The curvature of the loss just before and just after each growth."""

from collections.abc import Sequence
from itertools import pairwise

import pandas as pd
import torch
from torch import Tensor

from mnist_growth.inspection.landscape.config import GrowthCurvatureConfig
from mnist_growth.inspection.landscape.hessian import Hessian
from mnist_growth.inspection.landscape.lanczos import lanczos, random_signs
from mnist_growth.inspection.landscape.spectrum import Estimate, block_traces
from mnist_growth.inspection.landscape.trajectory import Moment
from mnist_growth.inspection.landscape.weights import WeightSpace
from mnist_growth.machine import return_freed_memory
from mnist_growth.progress import track

COLUMNS = {
    "epoch": "int64",
    "moment": "str",
    "widths": "str",
    "parameters": "int64",
    "loss": "float64",
    "largest_eigenvalue": "float64",
    "smallest_eigenvalue": "float64",
    "trace": "float64",
    "trace_low": "float64",
    "trace_high": "float64",
}
"""Columns of the table and their types."""


def growth_pairs(moments: Sequence[Moment]) -> list[tuple[Moment, Moment]]:
    """Return the networks just before and just after each growth."""
    return [
        (before, after)
        for before, after in pairwise(moments)
        if before.epoch == after.epoch and before.network.parameter_count < after.network.parameter_count
    ]


def growth_curvature(
    moments: Sequence[Moment], images: Tensor, labels: Tensor, config: GrowthCurvatureConfig, seed: int
) -> pd.DataFrame:
    """Return what each growth did to the Hessian of the loss.

    A growth preserves the function, but not the curvature: the new parameters are new directions.

    Args:
        moments: Networks in the order of the training.
        images: uint8 [N, 28, 28], on the device of the networks.
        labels: int64 [N].
        config: Accuracy and costs.
        seed: Of the random vectors; the same ones serve for all networks of one size.

    Returns:
        Two rows for each growth with the columns ``epoch`` (completed epochs), ``moment`` ("before" or "after"),
        ``widths``, ``parameters``, ``loss`` (nats), ``largest_eigenvalue`` and ``smallest_eigenvalue`` (extreme Ritz
        values after ``config.steps`` steps, which lie within the spectrum) and ``trace`` with its 95 % interval.
    """
    pairs = growth_pairs(moments)
    rows = []
    tasks = [(moment, name) for pair in pairs for moment, name in zip(pair, ("before", "after"), strict=True)]
    for moment, name in track(tasks, len(tasks)):
        return_freed_memory()
        weights = WeightSpace(moment.network)
        hessian = Hessian(weights, images, labels)
        like, generator = weights.vector(), torch.Generator().manual_seed(seed)
        quadrature, basis = lanczos(hessian.product, random_signs(len(like), like, generator), config.steps)
        everything = torch.ones(len(like), dtype=torch.bool, device=like.device)
        samples = block_traces(hessian.product, basis, [everything], config.trace_probes, generator)
        trace = Estimate.of_mean(samples[:, 0])
        rows.append(
            {
                "epoch": moment.epoch,
                "moment": name,
                "widths": "-".join(map(str, moment.network.widths)),
                "parameters": moment.network.parameter_count,
                "loss": weights.score(images, labels).loss,
                "largest_eigenvalue": float(quadrature.nodes[-1]),
                "smallest_eigenvalue": float(quadrature.nodes[0]),
                "trace": trace.value,
                "trace_low": trace.low,
                "trace_high": trace.high,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
