"""Spectral density, trace and share of negative curvature of a symmetric matrix."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.special import stdtrit
from torch import Tensor

from mnist_growth.inspection.landscape.hessian import Product
from mnist_growth.inspection.landscape.lanczos import Quadrature, lanczos, probes
from mnist_growth.progress import track

_GRID = 400  # eigenvalues at which the density is computed
_MARGIN = 4  # widths of the kernel beyond the outermost eigenvalues


@dataclass(frozen=True)
class Estimate:
    """A mean over independent samples.

    Attributes:
        value: Estimate.
        standard_error: Of the estimate.
        low: Lower end of its 95 % interval, of Student's t distribution.
        high: Upper end.
        samples: Number of samples.
    """

    value: float
    standard_error: float
    low: float
    high: float
    samples: int

    @classmethod
    def of(cls, value: float, standard_error: float, samples: int) -> "Estimate":
        """Return an estimate with its interval."""
        half = float(stdtrit(samples - 1, 0.975)) * standard_error
        return cls(value, standard_error, value - half, value + half, samples)

    @classmethod
    def of_mean(cls, samples: NDArray[np.float64]) -> "Estimate":
        """Return the mean of two or more samples."""
        return cls.of(float(samples.mean()), float(samples.std(ddof=1)) / len(samples) ** 0.5, len(samples))


def quadratures(product: Product, like: Tensor, count: int, steps: int, generator: torch.Generator) -> list[Quadrature]:
    """Return the quadratures of random vectors: their mean is that of the whole spectrum, in expectation.

    Stochastic Lanczos quadrature (Ubaru, Chen and Saad, SIAM Journal on Matrix Analysis 38, 2017; for the Hessian of
    networks Ghorbani, Krishnan and Xiao, ICML 2019).

    Args:
        product: The matrix.
        like: A vector with the size, dtype and device of the start vectors.
        count: Number of start vectors.
        steps: Products for each.
        generator: On the CPU.
    """
    return [lanczos(product, probe, steps)[0] for probe in track(probes(count, like, generator), count)]


def spectral_density(found: Sequence[Quadrature], relative_width: float) -> pd.DataFrame:
    """Return the density of the eigenvalues, smoothed with a Gaussian kernel.

    Args:
        found: Two or more quadratures of the matrix.
        relative_width: Standard deviation of the kernel, as a share of the range of the nodes.

    Returns:
        The columns ``eigenvalue`` and ``density`` (integrates to 1) with its 95 % interval ``density_low`` and
        ``density_high`` over the start vectors, cut at 0; float64.
    """
    low = min(float(each.nodes[0]) for each in found)
    high = max(float(each.nodes[-1]) for each in found)
    width = relative_width * (high - low)
    grid = np.linspace(low - _MARGIN * width, high + _MARGIN * width, _GRID)
    curves = np.stack([_smoothed(each, grid, width) for each in found])
    estimates = [Estimate.of_mean(column) for column in curves.T]
    return pd.DataFrame(
        {
            "eigenvalue": grid,
            "density": curves.mean(axis=0),
            "density_low": [max(0.0, estimate.low) for estimate in estimates],
            "density_high": [estimate.high for estimate in estimates],
        }
    )


def _smoothed(found: Quadrature, grid: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    kernels = np.exp(-(((grid[:, np.newaxis] - found.nodes) / width) ** 2) / 2) / (width * np.sqrt(2 * np.pi))
    density: NDArray[np.float64] = kernels @ found.weights
    return density


def negative_share(found: Sequence[Quadrature]) -> Estimate:
    """Return the share of negative curvature: the sum of |lambda| over negative eigenvalues, divided by that over all.

    Unlike the share of negative eigenvalues, it does not depend on the signs of the many that are 0 up to rounding.
    The standard error is that of the jackknife over the start vectors.
    """
    negative = np.array([-(each.weights * np.minimum(each.nodes, 0)).sum() for each in found])
    total = np.array([(each.weights * np.abs(each.nodes)).sum() for each in found])
    if not total.sum():
        return Estimate.of(0.0, 0.0, len(found))
    left_out = (negative.sum() - negative) / (total.sum() - total)
    count = len(found)
    error = float(np.sqrt((count - 1) / count * ((left_out - left_out.mean()) ** 2).sum()))
    estimate = Estimate.of(float(negative.sum() / total.sum()), error, count)
    return Estimate(estimate.value, error, max(0.0, estimate.low), min(1.0, estimate.high), count)


def block_traces(
    product: Product, basis: Tensor, masks: Sequence[Tensor], count: int, generator: torch.Generator
) -> NDArray[np.float64]:
    """Return samples of the traces of diagonal blocks, float64 [count, blocks]; their means are the traces.

    Hutchinson's estimator: E[v . H v] is the trace for random signs v. Its variance comes from the large eigenvalues,
    so the trace on a subspace that contains most of their eigenvectors is computed exactly, and the estimator is used
    on its complement (Meyer, Musco, Musco and Woodruff, "Hutch++: optimal stochastic trace estimation", SOSA 2021; here
    with a Krylov space). Sums over the entries of a block estimate the trace of the block, so that the samples of
    blocks that make up the matrix sum to those of its trace.

    Args:
        product: The matrix.
        basis: Orthonormal vectors of the subspace, float [k, P], chosen without the random vectors.
        masks: bool [P] for each block.
        count: Number of random vectors.
        generator: On the CPU.
    """
    exact = np.zeros(len(masks))
    for vector in track(basis, len(basis)):
        exact += _sums(vector * product(vector), masks)
    samples = np.empty((count, len(masks)))
    for row, probe in enumerate(track(probes(count, basis[0], generator), count)):
        outside = probe - basis.T @ (basis @ probe)
        samples[row] = _sums(outside * product(outside), masks)
    return exact + samples


def _sums(terms: Tensor, masks: Sequence[Tensor]) -> NDArray[np.float64]:
    """Return the sum over the entries of each block."""
    return np.array([float(terms[mask].sum(dtype=torch.float64)) for mask in masks])
