"""The curvature of the loss at a trained network, as a table and numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mnist_growth.inspection.landscape.blocks import Block, cohort_blocks, layer_blocks
from mnist_growth.inspection.landscape.config import HessianConfig
from mnist_growth.inspection.landscape.hessian import Hessian
from mnist_growth.inspection.landscape.lanczos import Extremes, extremes, lanczos, random_signs
from mnist_growth.inspection.landscape.noise_scale import gradient_noise_scale
from mnist_growth.inspection.landscape.sharpness import sharpness
from mnist_growth.inspection.landscape.spectrum import (
    Estimate,
    block_traces,
    negative_share,
    quadratures,
    spectral_density,
)
from mnist_growth.inspection.landscape.weights import WeightSpace
from mnist_growth.machine import return_freed_memory
from mnist_growth.network import Network
from mnist_growth.progress import track


@dataclass(frozen=True)
class Curvature:
    """The curvature of the mean cross-entropy of some digits with respect to all trainable parameters.

    Attributes:
        metrics: Numbers by name; see ``measure_curvature``.
        density: Table of ``spectral_density``.
        blocks: One row for each cohort of units, each layer and the output.
    """

    metrics: dict[str, Any]
    density: pd.DataFrame
    blocks: pd.DataFrame


def measure_curvature(
    network: Network,
    growth_events: pd.DataFrame,
    images: Tensor,
    labels: Tensor,
    noise_images: Tensor,
    noise_labels: Tensor,
    config: HessianConfig,
    seed: int,
) -> Curvature:
    """Measure the Hessian of a network in evaluation mode, its sharpness and its gradient noise.

    Args:
        network: Any kind; not changed.
        growth_events: Table of ``training.growth_table``.
        images: uint8 [N, 28, 28], on the device of the network.
        labels: int64 [N].
        noise_images: For the gradient noise scale, which needs more images.
        noise_labels: int64.
        config: Accuracy and costs.
        seed: Of all random vectors.

    Returns:
        Metrics: ``hessian_largest``, ``hessian_smallest`` and their residuals, ``condition_number`` (largest divided by
        smallest eigenvalue, negative at a saddle; None if the smallest is 0), ``condition_number_of_moduli``,
        ``hessian_trace`` and ``negative_curvature_share`` with their standard errors and intervals, ``sharpness``
        (nats), ``gradient_noise_scale`` (images; None where the gradient is too small) with its interval, and how they
        were measured.

        Blocks: ``layer`` (0 for the output), ``born_epoch`` (missing for whole layers and the output), ``units``,
        ``parameters``, ``largest_eigenvalue`` of the diagonal block of the Hessian (from below, by ``block_steps``
        Lanczos steps), ``trace``, ``trace_per_parameter`` and its bounds ``..._low`` and ``..._high``.

    Raises:
        ValueError: The growth events belong to another network.
    """
    blocks = cohort_blocks(network, growth_events)
    weights = WeightSpace(network)
    hessian = Hessian(weights, images, labels)
    like = weights.vector()
    generator = torch.Generator().manual_seed(seed)

    ends = extremes(hessian.product, random_signs(len(like), like, generator), config.tolerance)
    return_freed_memory()
    _, basis = lanczos(hessian.product, random_signs(len(like), like, generator), config.block_steps)
    traces = block_traces(hessian.product, basis, [block.mask for block in blocks], config.trace_probes, generator)
    del basis
    return_freed_memory()
    found = quadratures(hessian.product, like, config.density_probes, config.density_steps, generator)
    return_freed_memory()
    shown = [*blocks, *layer_blocks(blocks)]
    names = ["output", *(group.label for group in network.unit_groups())]
    rows = []
    for block in track(shown, len(shown)):
        start = random_signs(len(like), like, generator) * block.mask
        quadrature, _ = lanczos(hessian.block(block.mask), start, config.block_steps)
        rows.append(_row(block, names[block.layer], float(quadrature.nodes[-1]), _trace(block, blocks, traces)))
    noise = gradient_noise_scale(weights, noise_images, noise_labels, config.noise_batches)
    metrics = {
        **_conditions(ends),
        **named("hessian_trace", Estimate.of_mean(traces.sum(axis=1))),
        **named("negative_curvature_share", negative_share(found)),
        "sharpness": sharpness(weights, images, labels, config.sharpness_radius, config.sharpness_steps),
        "sharpness_radius": config.sharpness_radius,
        "gradient_noise_scale": noise.value,
        "gradient_noise_scale_low": noise.low,
        "gradient_noise_scale_high": noise.high,
        "hessian_digits": len(images),
        "noise_digits": len(noise_images),
    }
    table = pd.DataFrame(rows).sort_values(["layer", "born_epoch"], ignore_index=True, na_position="last")
    return Curvature(metrics, spectral_density(found, config.density_width), table)


def _conditions(ends: Extremes) -> dict[str, Any]:
    return {
        "hessian_largest": ends.largest,
        "hessian_smallest": ends.smallest,
        "hessian_largest_residual": ends.largest_residual,
        "hessian_smallest_residual": ends.smallest_residual,
        "condition_number": ends.largest / ends.smallest if ends.smallest else None,
        "condition_number_of_moduli": abs(ends.largest / ends.smallest) if ends.smallest else None,
    }


def named(name: str, estimate: Estimate) -> dict[str, float]:
    """Return an estimate with its standard error and interval as entries of a mapping."""
    return {
        name: estimate.value,
        f"{name}_standard_error": estimate.standard_error,
        f"{name}_low": estimate.low,
        f"{name}_high": estimate.high,
    }


def _trace(block: Block, blocks: list[Block], samples: np.ndarray) -> Estimate:
    """Return the trace of a block, or of the blocks that a layer consists of."""
    parts = [index for index, part in enumerate(blocks) if bool((part.mask & block.mask).any())]
    return Estimate.of_mean(samples[:, parts].sum(axis=1))


def _row(block: Block, group: str, largest: float, trace: Estimate) -> dict[str, Any]:
    return {
        "layer": block.layer,
        "group": group,
        "born_epoch": block.born,
        "units": block.units,
        "parameters": block.size,
        "largest_eigenvalue": largest,
        "trace": trace.value,
        "trace_per_parameter": trace.value / block.size,
        "trace_per_parameter_low": trace.low / block.size,
        "trace_per_parameter_high": trace.high / block.size,
    }
