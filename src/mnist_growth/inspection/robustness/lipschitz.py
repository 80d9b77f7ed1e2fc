"""Bounds of the Lipschitz constant of a network: how fast its logits can change with its pixels (Euclidean norms)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mnist_growth.inspection.robustness.margins import Logits
from mnist_growth.network import AffineLayer, Network
from mnist_growth.network.interface import PIXEL_RANGE

_SPREAD = (0.03, 0.1, 0.3)  # standard deviations of the moves of the search, for pixels from 0 to 1


@dataclass(frozen=True)
class UpperBounds:
    """Bounds from above, for pixels from 0 to 1.

    Attributes:
        product: Product of the spectral norms of all layers, of the map to all logits.
        logits: A smaller bound of the same map.
        leads: Of the differences z_a - z_b of two logits, float64 [C, C]; 0 on the diagonal.
    """

    product: float
    logits: float
    leads: NDArray[np.float64]


def upper_bounds(network: Network) -> UpperBounds | None:
    """Return bounds of the Lipschitz constant; None for a network that is not a chain of affine maps and relu."""
    layers = network.affine_chain()
    return None if layers is None else chain_bounds(layers)


def chain_bounds(layers: Sequence[AffineLayer]) -> UpperBounds:
    """Return bounds of the Lipschitz constant of affine maps with relu between them.

    Between two inputs, relu is a diagonal matrix D with entries from 0 to 1, and D = (I + R) / 2 with a matrix R of
    norm at most 1. Multiplying out, the map is a mean of products in which neighbouring layers are either multiplied
    (I) or separated (R), so the mean of the products of the spectral norms of the multiplied layers is a bound
    (Combettes and Pesquet, "Lipschitz certificates for layered network structures driven by averaged activation
    operators", SIAM Journal on Mathematics of Data Science 2 (2), 2020). It is at most the product of all spectral
    norms.

    Args:
        layers: From grey values from 0 to 255 to logits.
    """
    weights = [layer.weight for layer in layers]
    weights[0] = weights[0] * PIXEL_RANGE
    *hidden, last = weights
    until: list[NDArray[np.float64]] = []  # bounds of the maps from the pixels to the sums of each hidden layer
    for depth in range(len(hidden)):
        until.append(_mean_of_products(hidden[: depth + 1], until, _spectral_norm))
    classes = len(last)
    first, second = np.triu_indices(classes, 1)
    differences = last[first] - last[second]
    leads = np.zeros((classes, classes))
    leads[first, second] = _mean_of_products([*hidden, differences], until, _row_norms)
    return UpperBounds(
        product=float(np.prod([_spectral_norm(weight) for weight in weights])),
        logits=float(_mean_of_products(weights, until, _spectral_norm)),
        leads=leads + leads.T,
    )


def _mean_of_products(
    weights: Sequence[NDArray[np.float64]],
    until: Sequence[NDArray[np.float64]],
    norm_of: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Return the bound of a chain from those of its beginnings: the sum over the position of the last R.

    Args:
        weights: Matrices of the chain, the first one applied first.
        until: Bounds of the chains of the first 1, 2, ... matrices.
        norm_of: Norms of a matrix.
    """
    block = weights[-1]
    total, share = np.zeros(()), 1.0
    for depth in range(len(weights) - 1, 0, -1):
        share /= 2
        total = total + share * until[depth - 1] * norm_of(block)
        block = block @ weights[depth - 1]
    return total + share * norm_of(block)


def _spectral_norm(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(matrix, 2))


def _row_norms(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(matrix, axis=1))


def certified_radii(
    logits: NDArray[np.floating], labels: NDArray[np.int64], leads: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the length of changes up to which each answer is certain: the smallest lead over its Lipschitz constant.

    Tsuzuku, Sato and Sugiyama, "Lipschitz-margin training", NeurIPS 2018, with a constant for each pair of classes.

    Args:
        logits: [N, C].
        labels: int64 [N].
        leads: ``UpperBounds.leads``.

    Returns:
        float64 [N], for pixels from 0 to 1; 0 for mistakes.
    """
    number = np.arange(len(labels))
    ahead = logits[number, labels][:, np.newaxis].astype(np.float64) - logits
    slopes = leads[labels]
    radii = np.divide(ahead, slopes, out=np.full(ahead.shape, np.inf), where=slopes > 0)
    radii[number, labels] = np.inf
    return np.asarray(np.maximum(radii.min(axis=1), 0))


def jacobian_norms(logits: Logits, pixels: Tensor) -> Tensor:
    """Return the spectral norm of the Jacobian of the logits at each image [N]."""
    with torch.enable_grad():
        inputs = pixels.detach().requires_grad_()
        outputs = logits(inputs)
        rows = [
            torch.autograd.grad(outputs[:, number].sum(), inputs, retain_graph=True)[0]
            for number in range(outputs.shape[1])
        ]
    jacobian = torch.stack(rows, dim=1).flatten(2).double()
    squares: Tensor = torch.linalg.eigvalsh(jacobian @ jacobian.transpose(1, 2))[:, -1]
    return squares.clamp(min=0).sqrt()


def steepest(logits: Logits, pixels: Tensor, *, points: int, steps: int, seed: int) -> Iterator[float]:
    """Yield lower bounds of the Lipschitz constant: the largest norm of a Jacobian found so far.

    A piecewise linear network has no gradient of its slope to follow. The search starts at the steepest of the images,
    of points halfway between two of them and of noise, and keeps random moves that lead to a steeper point.

    Args:
        logits: A network.
        pixels: Images to start from, float [N, 28, 28], from 0 to 1.
        points: Number of points that move.
        steps: Number of moves.
        seed: Of the random moves.
    """
    generator = torch.Generator().manual_seed(seed)
    other = pixels[torch.randperm(len(pixels), generator=generator)]
    noise = torch.rand(pixels.shape, generator=generator)
    starts, sizes = [], []
    for group in (pixels, (pixels + other) / 2, noise):
        starts.append(group)
        sizes.append(jacobian_norms(logits, group))
        yield float(torch.cat(sizes).max())
    kept = torch.cat(sizes).topk(min(points, 3 * len(pixels))).indices
    at, size = torch.cat(starts)[kept], torch.cat(sizes)[kept]
    for step in range(steps):
        move = _SPREAD[step % len(_SPREAD)] * torch.randn(at.shape, generator=generator)
        moved = (at + move).clamp(0, 1)
        found = jacobian_norms(logits, moved)
        better = found > size
        at[better], size[better] = moved[better], found[better]
        yield float(size.max())
